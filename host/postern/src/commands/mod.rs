//! The commands: one file each, with its `Args` and its `run`.
//!
//! A new command is a file here, a variant below, and its name in a group of `help`.

use crate::output::{Outcome, Output};

mod bench;
mod board;
mod calibrate;
mod compile;
mod completions;
mod embed;
mod enroll;
mod eval;
mod flash;
mod identify;
mod inspect;
mod keys;
mod log;
mod osdp;
mod pair;
mod remove;
mod rule;
mod settings;
mod show;
mod simulate_attacks;
pub mod stylize;
mod train;
mod train_liveness;
mod users;
mod verify;
mod watch;

/// What the user can ask for.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Compile a network from ONNX to the int8 image that a board runs
    Compile(compile::Args),
    /// Show what is in a model image: operators, shapes, cost and memory
    Inspect(inspect::Args),
    /// Count what each operator of a model costs on a board, or time it here
    Bench(bench::Args),
    /// Train an encoder on a folder of people
    Train(Box<train::Args>),
    /// Train a small encoder to put faces where a larger one does
    Distill(Box<train::DistillArgs>),
    /// Find an encoder's thresholds on a folder of people like those at the door
    Calibrate(Box<calibrate::Args>),
    /// Train the sequence model of liveness on looks at living heads and at attacks
    TrainLiveness(train_liveness::Args),
    /// Measure how often the door would be wrong
    Eval(eval::Args),
    /// Make presentations of a photograph: a living head, prints, screens, replays
    SimulateAttacks(simulate_attacks::Args),
    /// Switch an emulated board on and off, show its state and its log
    Board(board::Args),
    /// Pair this computer with a board: both show a code, and its button is pressed
    Pair(pair::Args),
    /// Show, invite, remove and rotate the keys by which boards and computers know each other
    Keys(keys::Args),
    /// Put firmware or models on a board
    Flash(flash::Args),
    /// Show or change how sure the door must be, how long it opens, and what shuts it
    Settings(settings::Args),
    /// Show or change which access controller the board answers on its bus (OSDP)
    Osdp(osdp::Args),
    /// Enrol a person from photographs; one is enough
    Enroll(enroll::Args),
    /// List who is enrolled, and how similar a face must be
    Users(users::Args),
    /// Show or change when a person may pass, and with which code besides their face
    Rule(rule::Args),
    /// Forget a person
    Remove(remove::Args),
    /// Is this who they say? Compare a photograph with one person (1:1)
    Verify(verify::Args),
    /// Who is this? Compare a photograph with everybody enrolled (1:N)
    Identify(identify::Args),
    /// Print the template of a face, as the board or this computer makes it
    Embed(embed::Args),
    /// Hold pictures before the camera of an emulated board, and see whom the door lets in
    Show(show::Args),
    /// Watch what happens at the door, live
    Watch(watch::Args),
    /// Print the board's audit log, as JSON lines with --json; check that nothing is missing from it
    Log(log::Args),
    /// Paint a picture in the style of others
    Stylize(Box<stylize::Args>),
    /// Print a completion script for your shell
    Completions(completions::Args),
}

impl Command {
    /// Runs the command; an error is for the user to read.
    pub fn run(self, output: &Output) -> anyhow::Result<Outcome> {
        match self {
            Self::Compile(args) => compile::run(args, output),
            Self::Inspect(args) => inspect::run(args, output),
            Self::Bench(args) => bench::run(args, output),
            Self::Train(args) => train::run(&args, output),
            Self::Distill(args) => train::distill(*args, output),
            Self::Calibrate(args) => calibrate::run(&args, output),
            Self::TrainLiveness(args) => train_liveness::run(&args, output),
            Self::Eval(args) => eval::run(args, output),
            Self::SimulateAttacks(args) => simulate_attacks::run(&args, output),
            Self::Board(args) => board::run(args, output),
            Self::Pair(args) => pair::run(args, output),
            Self::Keys(args) => keys::run(args, output),
            Self::Flash(args) => flash::run(args, output),
            Self::Settings(args) => settings::run(args, output),
            Self::Osdp(args) => osdp::run(args, output),
            Self::Enroll(args) => enroll::run(args, output),
            Self::Users(args) => users::run(args, output),
            Self::Rule(args) => rule::run(args, output),
            Self::Remove(args) => remove::run(args, output),
            Self::Verify(args) => verify::run(args, output),
            Self::Identify(args) => identify::run(args, output),
            Self::Embed(args) => embed::run(args, output),
            Self::Show(args) => show::run(args, output),
            Self::Watch(args) => watch::run(args, output),
            Self::Log(args) => log::run(args, output),
            Self::Stylize(args) => stylize::run(&args, output),
            Self::Completions(args) => completions::run(args, output),
        }
    }
}
