//! Trains the liveness network: presentation attack detection (PAD) from one crop of a face.
//!
//! 1. [`Material`] holds crops of living faces and of attacks, 1.2 times the face's box, in groups of recordings.
//! 2. [`medium`] makes a print or a screen of the crop of a living face.
//! 3. [`camera`] varies every crop, living or not, as cameras and light do.
//! 4. [`Texture`] is the network; it sees textures, and not where they are.
//! 5. [`fit`] draws batches and moves the weights against the cross-entropy of three classes.
//!
//! **What it must not learn.** Recorded prints are lit otherwise than the living faces beside them, and a simulated print
//! has the look of its simulator. So exposure, white balance, contrast, camera curve, blur, sharpening, resolution, noise
//! and compression are drawn at random for living faces and for attacks alike, from one distribution, after whatever
//! made the attack. What is left to tell them apart is in the attack, not in the camera.
//!
//! Everything follows from the crops, the settings and a seed, also after an interruption.

pub mod camera;
mod class;
mod fit;
mod material;
pub mod medium;
mod raster;
mod scores;
mod texture;

pub use class::Class;
pub use fit::{Settings, Trained, Watch, fit, samples};
pub use material::{Group, Material};
pub use raster::Raster;
pub use scores::Scale;
pub use texture::Texture;

/// Side of a stored crop in pixels.
pub const STORED: usize = 160;

/// Bytes of a stored crop: RGB.
pub const STORED_BYTES: usize = STORED * STORED * 3;

/// Side of the network's input in pixels.
pub const SEEN: usize = 96;

/// Number of classes, the values of the network's output.
pub const CLASSES: usize = 3;
