//! Sequences of living heads and of attacks with pictures, made from photographs.
//!
//! [`sequence`] turns one photograph into what a camera at the door would see over some pictures: as a
//! living head that turns, nods and blinks ([`AttackType::BonaFide`]), or as the same photograph presented
//! in one of the ways that ISO/IEC 30107-3 calls attack_type of presentation-attack instruments.
//! All of it follows from the photograph, the attack_type and a seed.
//!
//! What it can show: whether a rule that looks at motion or at borders does what it should, and which
//! attack_type it is blind to. What it cannot: how paper, ink, displays and skin really look. A rate
//! measured on these sequences is no rate of a door; recorded presentations are what counts.
//!
//! ```text
//! subject   the photograph, scaled, with its face
//! motion    smooth pseudo-random poses
//! head      the face as a head in space, rotated and lit    -> bona fide, and what a replay shows
//! medium    the photograph as a print or a screen shows it
//! sheet     a flat or bent sheet held before the camera
//! camera    blur, light, noise, and the frame
//! ```
//! [`answer`] does the same for a door that asks for movements: heads that follow, and what an attacker can do
//! with a picture ([`Answer`]). [`Reacting`] is somebody who does what the door shows when it shows it ([`Actor`]).
//! [`Approach`] is somebody who walks up to the door; [`walking_at`] makes such presentations, and those of pictures that are
//! carried up to it.
#![forbid(unsafe_code)]

mod answer;
mod approach;
mod attack_type;
mod camera;
mod head;
mod medium;
mod motion;
mod picture;
mod reacting;
mod reaction;
mod sheet;
mod subject;
mod walk;

pub use answer::{Answer, answer, draw};
pub use approach::{Approach, HEIGHTS, WALKS};
pub use attack_type::{AttackType, sequence, sequence_at, walking_at};
pub use reacting::{Actor, Reacting};
pub use subject::Subject;
