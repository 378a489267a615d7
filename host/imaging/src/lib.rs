//! Photographs in, camera frames and annotated pictures out.
//!
//! [`Photo::open`] takes what people have: JPEG with an EXIF rotation or in CMYK, 16 bits, palettes,
//! transparency; and says of what it cannot take which file it was and what to do.
//! [`Photo::to_frame`] makes of it what a camera at the door would deliver, and
//! [`annotate()`] draws on a frame what the door saw in it.
//!
//! Nothing here runs on a board, so floating point is fine; but the pixels that a network sees
//! come from `vision`'s integer conversion alone.
#![forbid(unsafe_code)]

mod animation;
mod annotate;
mod canvas;
mod error;
mod fonts;
mod frame;
mod jpeg;
mod photo;
mod place;
mod profile;
mod region;
mod sheet;
mod text;

pub use animation::save_gif;
pub use annotate::{Annotation, Decision, annotate};
pub use error::Error;
pub use frame::CameraFrame;
pub use photo::{MAX_PIXELS, MIN_SIDE, Photo, QuarterTurn};
pub use region::Region;
pub use sheet::{Tile, sheet};
pub use text::readable;
