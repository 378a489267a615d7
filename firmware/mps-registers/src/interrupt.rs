//! The vector table of interrupt lines, since these boards have no generated register crate.

/// A handler of an interrupt.
pub type Handler = unsafe extern "C" fn();

/// An entry of the vector table.
#[derive(Clone, Copy)]
pub union Vector {
    handler: Handler,
    reserved: usize,
}

/// The vector table of `N` lines whose `handlers` are named by line; the others are reserved.
///
/// # Panics
/// If a line is not below `N`.
pub const fn vectors<const N: usize>(handlers: &[(u16, Handler)]) -> [Vector; N] {
    let mut table = [Vector { reserved: 0 }; N];
    let mut index = 0;
    while index < handlers.len() {
        let (line, handler) = handlers[index];
        table[line as usize] = Vector { handler };
        index += 1;
    }
    table
}
