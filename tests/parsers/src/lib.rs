//! What may not happen whatever comes: one check a parser, which takes any bytes and panics if the parser
//! does not do as it promises.
//!
//! The same checks are run by the fuzz targets (`fuzz/`, with a nightly compiler) for as long as somebody
//! likes, and by this crate's test for seconds, over the corpus that the fuzzer left and changes of it.
//! Each costs microseconds: what is dear (curves, megabytes of flash) is made once or replaced, so that a
//! fuzzer's time goes into what is parsed.
#![forbid(unsafe_code)]

mod deframe;
mod messages;

mod handshake;
mod session;

mod image;

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
pub use osdp::check as osdp;
pub use picture::check as picture;
pub use record::check as record;
pub use records::check as records;
pub use session::check as session;

/// A parser's check.
pub struct Target {
    /// Its name, which its fuzz target and its corpus have, too.
    pub name: &'static str,
    /// Takes any bytes.
    pub check: fn(&[u8]),
}

/// All parsers that take bytes from outside.
pub const TARGETS: [Target; 11] = [
    Target { name: "deframe", check: deframe },
    Target { name: "messages", check: messages },
    Target { name: "handshake", check: handshake },
    Target { name: "session", check: session },
    Target { name: "image", check: image },
    Target { name: "gallery", check: gallery },
    Target { name: "records", check: records },
    Target { name: "osdp", check: osdp },
    Target { name: "firmware", check: firmware },
    Target { name: "record", check: record },
    Target { name: "picture", check: picture },
];
