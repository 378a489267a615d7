//! Logging by defmt where the feature is on; without it the arguments are only looked at.

macro_rules! log {
    ($level:ident, $($argument:expr),+ $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($($argument),+);
        #[cfg(not(feature = "defmt"))]
        let _ = ($(&$argument),+);
    }};
}
pub(crate) use log;
