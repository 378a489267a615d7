//! The stream in memory of the board.

use npu_section::register as r;
use npu_section::{Error, StreamMemory};

use crate::made::{registers, stream, with};

/// A stream with this value of a register that moves nothing.
fn words(activation: u64) -> Vec<u32> {
    let mut registers = registers();
    registers.retain(|(register, _)| *register != r::ACTIVATION);
    registers.push((r::ACTIVATION, activation));
    stream(&registers)
}

#[test]
fn a_stream_that_is_held_is_not_fetched_again() {
    let (first, second) = (words(0), words(16));
    let mut buffer = vec![0; first.len() + 3];
    let place = buffer.as_ptr();
    let mut memory = StreamMemory::new(&mut buffer);
    let mut held = |words: &[u32], clear: bool| {
        if clear {
            memory.clear();
        }
        with(
            words,
            |_| (),
            |section| {
                let section = section.expect("a section");
                let held = memory.hold(&section).expect("it is safe");
                assert_eq!((held.stream().as_ptr(), held.data()), (place, section.data()));
                held.stream().to_vec()
            },
        )
    };
    assert_eq!(held(&first, false), first);
    // The flash has changed, and its header has not.
    assert_eq!(held(&second, false), first);
    assert_eq!(held(&second, true), second);
}

#[test]
fn a_stream_that_is_too_long_is_refused() {
    let words = words(0);
    let mut buffer = vec![0; words.len() - 1];
    let mut memory = StreamMemory::new(&mut buffer);
    with(
        &words,
        |_| (),
        |section| {
            let section = section.expect("a section");
            assert_eq!(memory.fits(&section), Err(Error::LongStream(words.len())));
            assert_eq!(memory.hold(&section).map(|_| ()), Err(Error::LongStream(words.len())));
        },
    );
}
