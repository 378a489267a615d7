//! The training itself: batches, steps, validation, a log, and checkpoints.

mod checkpoint;
mod log;
mod sampler;
mod schedule;
mod train;
mod validation;

pub use checkpoint::{Position, replace};
pub use log::{StepRow, ValidationRow, read_steps, read_validations};
pub use sampler::{BatchSize, Slot, batches};
pub use schedule::Schedule;
pub use train::{CHECKPOINT, End, Run, Settings, StepReport, Watch, train};
pub use validation::{Verification, embed, samples, validate, verifiers};
