//! `postern eval`: measures on pictures of people how often the door would be wrong.

pub mod conditions;
pub mod crops;
pub mod detection;
pub mod distance;
mod embed;
pub mod liveness;
mod liveness_report;
pub mod material;
mod meeting;
pub mod orientation;
pub mod page;
mod pairs;
pub mod people;
pub mod presentations;
mod promise;
pub mod report;
pub mod samples;
mod standing;
pub mod tracking;

use crate::output::{Outcome, Output};

/// Options of `postern eval`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to measure.
#[derive(clap::Subcommand)]
enum What {
    /// Verification by the protocol of Labeled Faces in the Wild, and over all pairs
    Pairs(pairs::Args),
    /// Write the same as an HTML page with plots and the worst pairs, for several encoders
    Report(page::Args),
    /// Presentation attacks: error rates by attack type (ISO/IEC 30107-3), on sequences made from photographs or
    /// on recorded ones
    Liveness(liveness::Args),
    /// Recall of a detector by the height of the face
    Detection(detection::Args),
    /// What a camera with more pixels than the door's frame gains for faces that are far away
    Distance(distance::Args),
    /// Who is recognised in little light, with a mask or with glasses, and at which distance
    Conditions(conditions::Args),
    /// How well enrolment tells an upright photograph from a turned one, by the detector's scores
    Orientation(orientation::Args),
    /// What it costs to search near the last face only: faces found, people known and strangers taken for them
    Tracking(tracking::Args),
}

/// Runs the measurement asked for.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.what {
        What::Pairs(args) => pairs::run(&args, output),
        What::Report(args) => page::run(&args, output),
        What::Liveness(args) => liveness::run(&args, output),
        What::Detection(args) => detection::run(&args, output),
        What::Distance(args) => distance::run(&args, output),
        What::Conditions(args) => conditions::run(&args, output),
        What::Orientation(args) => orientation::run(&args, output),
        What::Tracking(args) => tracking::run(&args, output),
    }
}
