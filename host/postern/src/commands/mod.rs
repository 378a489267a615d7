//! The commands: one file each, with its `Args` and its `run`.
//!
//! A new command is a file here, a variant below, and its name in a group of `help`.

use crate::output::{Outcome, Output};

mod bench;
mod board;
#[cfg(feature = "bridge")]
mod bridge;
mod calibrate;
mod compile;
mod completions;
#[cfg(feature = "console")]
mod console;
mod embed;
mod enroll;
mod eval;
mod flash;
#[cfg(feature = "bridge")]
mod fleet;
mod identify;
mod inspect;
mod json_schema;
mod keys;
mod log;
mod osdp;
mod pair;
mod remove;
mod rename;
mod rule;
mod settings;
mod setup;
mod show;
mod sign;
mod simulate_attacks;
pub mod stylize;
mod suspend;
mod train;
mod train_liveness;
mod users;
mod verify;
mod watch;

/// What the user can ask for.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Fetch models and pictures, and copy the boards' firmware, into the data folder
    Setup(setup::Args),
    /// Compile a network from ONNX to the int8 image that a board runs
    Compile(compile::Args),
    /// Show what is in a model image: operators, shapes, cost and memory
    Inspect(inspect::Args),
    /// Count what each operator of a model costs on a board, or time it here
    Bench(bench::Args),
    /// Train an encoder on a folder of people
    Train(Box<train::Args>),
    /// Train a small encoder to imitate a larger one
    Distill(Box<train::DistillArgs>),
    /// Find an encoder's thresholds on a folder of people like those at the door
    Calibrate(Box<calibrate::Args>),
    /// Train the sequence model of liveness on samples of live heads and of attacks
    TrainLiveness(train_liveness::Args),
    /// Measure how often the door would be wrong
    Eval(eval::Args),
    /// Make presentation attacks from a photograph: prints, screens, replays, and a live head
    SimulateAttacks(simulate_attacks::Args),
    /// Switch an emulated board on and off, show its state and its log
    Board(board::Args),
    /// Pair this computer with a board: type the code that it shows, then hold its button
    Pair(pair::Args),
    /// Show, invite, remove and rotate the keys of boards and computers
    Keys(keys::Args),
    /// Sign firmware or a model on a computer that reaches no board
    Sign(sign::Args),
    /// Install firmware or models on a board
    Flash(flash::Args),
    /// Show or change the settings: threshold, times, liveness, lockout
    Settings(settings::Args),
    /// Show or change the board's OSDP address and key for an access controller
    Osdp(osdp::Args),
    /// Enrol a person from photographs; one is enough
    Enroll(enroll::Args),
    /// List the people enrolled, and the threshold
    Users(users::Args),
    /// Show or change a person's rule: time windows and PIN
    Rule(rule::Args),
    /// Refuse a person until they are resumed: templates, rule and PIN stay
    Suspend(suspend::Args),
    /// Admit a person who is suspended again, as their rule says
    Resume(suspend::Args),
    /// Give a person another name
    Rename(rename::Args),
    /// Remove a person
    Remove(remove::Args),
    /// Compare a photograph with one person (1:1)
    Verify(verify::Args),
    /// Compare a photograph with everybody enrolled (1:N)
    Identify(identify::Args),
    /// Print the template of a face, computed by the board or by this computer
    Embed(embed::Args),
    /// Show photographs to the camera of an emulated board, and print the door's decisions
    Show(show::Args),
    /// Print the events at the door as they happen
    Watch(watch::Args),
    /// Open the console: pages for a browser on this computer, for one board or many
    #[cfg(feature = "console")]
    Console(console::Args),
    /// Publish events and state of a door on an MQTT broker, also for Home Assistant
    #[cfg(feature = "bridge")]
    Bridge(Box<bridge::Args>),
    /// Carry people and rules to many doors by an MQTT broker, and show which door has what
    #[cfg(feature = "bridge")]
    Fleet(Box<fleet::Args>),
    /// Print or check the board's audit log
    Log(log::Args),
    /// Paint a picture in the style of other pictures
    Stylize(Box<stylize::Args>),
    /// Print the JSON Schema of what a command prints with --json
    JsonSchema(json_schema::Args),
    /// Print a completion script for your shell
    Completions(completions::Args),
}

impl Command {
    /// Runs the command; an error is for the user to read.
    pub fn run(self, output: &Output) -> anyhow::Result<Outcome> {
        match self {
            Self::Setup(args) => setup::run(&args, output),
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
            Self::Sign(args) => sign::run(&args, output),
            Self::Flash(args) => flash::run(args, output),
            Self::Settings(args) => settings::run(args, output),
            Self::Osdp(args) => osdp::run(args, output),
            Self::Enroll(args) => enroll::run(args, output),
            Self::Users(args) => users::run(args, output),
            Self::Rule(args) => rule::run(args, output),
            Self::Suspend(args) => suspend::run(&args, true, output),
            Self::Resume(args) => suspend::run(&args, false, output),
            Self::Rename(args) => rename::run(args, output),
            Self::Remove(args) => remove::run(args, output),
            Self::Verify(args) => verify::run(args, output),
            Self::Identify(args) => identify::run(args, output),
            Self::Embed(args) => embed::run(args, output),
            Self::Show(args) => show::run(args, output),
            Self::Watch(args) => watch::run(args, output),
            #[cfg(feature = "console")]
            Self::Console(args) => console::run(args, output),
            #[cfg(feature = "bridge")]
            Self::Bridge(args) => bridge::run(*args, output),
            #[cfg(feature = "bridge")]
            Self::Fleet(args) => fleet::run(*args, output),
            Self::Log(args) => log::run(args, output),
            Self::Stylize(args) => stylize::run(&args, output),
            Self::JsonSchema(args) => json_schema::run(&args),
            Self::Completions(args) => completions::run(args, output),
        }
    }
}
