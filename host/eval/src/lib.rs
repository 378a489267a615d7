//! How often the door is wrong: verification on pictures of known people.
//!
//! Two questions are asked of an encoder. [`accuracy`] is the protocol of Labeled Faces in the Wild
//! (Huang et al. 2007): the share of right answers over ten folds of pairs. It hides what matters
//! at a door, where strangers are many: so [`Comparison`] compares all pairs of the pictures, and
//! tells the true-accept rate (TAR) at a given false-match rate (FMR; ISO/IEC 19795-1), with
//! intervals that come from drawing the *people* again, for pairs of one person are not
//! independent. A rate that so few impostors bear out is said to be unknown.
#![forbid(unsafe_code)]

mod accuracy;
mod calibration;
mod comparison;
mod embedding;
mod error;
mod group_rates;
mod groups;
mod identification;
mod intervals;
mod misnamed;
mod operating_point;
mod paired;
mod plot;
pub mod presentation;
mod protocol;
pub mod recall;
pub mod recorded;
mod tail;
mod worst;

pub use accuracy::{Accuracy, HeldOut, accuracy, held_out};
pub use calibration::{Basis, CALIBRATED_RATES, CalibrationPoint, ENOUGH, REACH, calibrate};
pub use comparison::Comparison;
pub use embedding::Embeddings;
pub use error::Error;
pub use group_rates::{GroupRate, RateAt, WorstGroup, group_rates, worst_group};
pub use groups::{GroupErrors, Groups};
pub use identification::{OpenSet, Rank1, open_set, rank1};
pub use intervals::intervals;
pub use misnamed::{Misnamed, misnamed};
pub use operating_point::{Interval, OperatingPoint};
pub use paired::Paired;
pub use plot::{
    Curve, Sized, plot_det, plot_groups, plot_identification, plot_scores, plot_sizes, plot_trade_off,
};
pub use protocol::{Pair, Picture, Protocol};
pub use worst::{Scored, Worst, worst};
