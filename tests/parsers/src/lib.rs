//! One check for each parser of foreign bytes. A check takes any bytes and panics if the parser breaks its contract.
//!
//! Two programs run the checks. The fuzz targets (`fuzz/`, with a nightly compiler) run for as long as you like. This
//! crate's test runs for seconds, over the seeds that the fuzzer found and mutations of them. A check costs
//! microseconds: expensive parts (elliptic curves, megabytes of flash) are made once or replaced, so that the time goes
//! into parsing.
#![forbid(unsafe_code)]

pub mod seeds;

mod deframe;
mod messages;

mod handshake;
mod session;

mod image;

mod npu;

mod gallery;
mod records;

mod osdp;

mod firmware;
mod record;

mod picture;

pub use deframe::check as deframe;
pub use firmware::check as firmware;
pub use gallery::check as gallery;
pub use handshake::check as handshake;
pub use image::check as image;
pub use messages::check as messages;
pub use npu::check as npu;
pub use osdp::check as osdp;
pub use picture::check as picture;
pub use record::check as record;
pub use records::check as records;
pub use session::check as session;

/// A parser's check.
pub struct Target {
    /// The name of the parser, of its fuzz target and of its seeds.
    pub name: &'static str,
    /// Takes any bytes.
    pub check: fn(&[u8]),
}

/// All parsers that take bytes from outside.
pub const TARGETS: [Target; 12] = [
    Target { name: "deframe", check: deframe },
    Target { name: "messages", check: messages },
    Target { name: "handshake", check: handshake },
    Target { name: "session", check: session },
    Target { name: "image", check: image },
    Target { name: "npu", check: npu },
    Target { name: "gallery", check: gallery },
    Target { name: "records", check: records },
    Target { name: "osdp", check: osdp },
    Target { name: "firmware", check: firmware },
    Target { name: "record", check: record },
    Target { name: "picture", check: picture },
];
