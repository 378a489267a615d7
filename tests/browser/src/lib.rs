//! The console in a real browser: Chromium, driven by its chromedriver, before a door on Linux that runs here.
//!
//! ```text
//! door       a door on Linux in a folder of its own, its console, and the commands beside it
//! chromium   a browser with a profile of its own, as wide, as light or as dark as a test wants it
//! driver     the program that drives a browser
//! pictures   the photographs that set-up fetched
//! axe        the accessibility checker axe-core, which set-up fetched
//! ```
//! A test waits for what a page shows, and asks again until then. Nothing here sleeps for luck.
#![forbid(unsafe_code)]

pub mod axe;
pub mod chromium;
pub mod door;
mod driver;
pub mod pictures;

/// A wait ends after this time, on a machine however busy.
pub const GENEROUS: std::time::Duration = std::time::Duration::from_secs(600);

/// Between two looks at what is waited for.
pub const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
