//! What the door says on the log port, which anybody with a wire can read.
//!
//! Two macros, and no other way (`cargo xtask tidy` finds one):
//!
//! | macro | is in | takes |
//! |---|---|---|
//! | `log!` | each firmware | a fixed text and no value, so a line can hold no name, no score and no code |
//! | `log_private!` | development firmware alone (feature `development`) | a text and values of any kind |
//!
//! An error is a value, too: some hold a name and a score.

/// Logs a fixed text.
macro_rules! log {
    ($level:ident, $text:literal) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($text);
    }};
}

/// Logs values in development firmware. In production firmware it is no code, and the values are not computed.
macro_rules! log_private {
    ($level:ident, $format:literal, $($argument:expr),+ $(,)?) => {{
        #[cfg(feature = "development")]
        defmt::$level!($format, $($argument),+);
        #[cfg(not(feature = "development"))]
        let _ = || {
            let _ = ($(&$argument),+);
        };
    }};
}

pub(crate) use {log, log_private};
