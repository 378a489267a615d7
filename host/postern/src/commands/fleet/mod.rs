//! `postern fleet`: people, rules, settings, models and firmware of many doors, from one computer.
//!
//! The crate `fleet` has what is sealed, sent and applied. These files read photographs, use the board, and print.

mod at_door;
mod begin;
mod board;
mod encoders;
mod installing;
mod leaving;
mod number;
mod open;
mod operator;
mod overruling;
mod setup;
mod simulate;
mod status;
mod trusted;

pub use at_door::rotated;

use std::path::PathBuf;

use ::fleet::connection::{Connection, Hub, Route, Traffic};
use ::fleet::folder::Folder;
use ::fleet::identity::Identity;
use ::fleet::publish::fault_of;
use anyhow::Context;
use client::Signer;
use emulator::Machine;

use crate::broker_args::BrokerArgs;
use crate::output::{Outcome, Output};
use crate::signing_key;

/// Options of `postern fleet`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Begin a fleet on the operator's computer
    Init(begin::InitArgs),
    /// Print the operator's code again
    Code(begin::CodeArgs),
    /// Reach the broker in another way, or another broker, and send it everything
    SetBroker(begin::InitArgs),
    /// At a door: trust an operator, and print the door's code
    Join(at_door::JoinArgs),
    /// At a door: list the operators who it trusts
    Trusted(trusted::Args),
    /// Add a door by the code that `postern fleet join` printed there
    AddDoor(operator::AddDoorArgs),
    /// Take a door out of the fleet; it keeps its people
    RemoveDoor(operator::DoorArgs),
    /// Enrol a person at all doors from photographs
    Enroll(operator::EnrollArgs),
    /// Remove a person from all doors
    Remove(operator::PersonArgs),
    /// Refuse a person at all doors until they are resumed
    Suspend(operator::PersonArgs),
    /// Admit a person who is suspended again
    Resume(operator::PersonArgs),
    /// Change when a person may pass, and whether a PIN is asked for
    Rule(operator::RuleArgs),
    /// Give a person another name
    Rename(operator::RenameArgs),
    /// Decide settings of all doors, or show those that the fleet decides
    Settings(setup::SettingsArgs),
    /// Release a model or firmware to all doors
    Release(setup::ReleaseArgs),
    /// Leave settings, a model or firmware to each door again
    Withdraw(setup::WithdrawArgs),
    /// Send what the broker does not have yet
    Publish(operator::PublishArgs),
    /// Make the operator's folder again from the broker, with the operator's key
    Recover(begin::RecoverArgs),
    /// Open a door by a signed command, where an installer has allowed that
    Open(open::OpenArgs),
    /// Show who has what, which door is behind, and why
    Status(status::Args),
    /// At a door: apply what the operator sends, until Ctrl-C
    Apply(at_door::ApplyArgs),
    /// Measure a fleet of simulated doors on a broker of its own: what is sent stays there
    Simulate(simulate::Args),
}

/// Runs an action.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    match args.action {
        Action::Init(args) => begin::init(args, output),
        Action::Code(args) => begin::code(&args, output),
        Action::SetBroker(args) => begin::set_broker(args, output),
        Action::Join(args) => at_door::join(&args, output),
        Action::Trusted(args) => trusted::run(&args, output),
        Action::AddDoor(args) => operator::add_door(&args, output),
        Action::RemoveDoor(args) => operator::remove_door(&args, output),
        Action::Enroll(args) => operator::enroll(&args, output),
        Action::Remove(args) => operator::remove(&args, output),
        Action::Suspend(args) => operator::suspend(&args, true, output),
        Action::Resume(args) => operator::suspend(&args, false, output),
        Action::Rule(args) => operator::rule(&args, output),
        Action::Rename(args) => operator::rename(&args, output),
        Action::Settings(args) => setup::settings(&args, output),
        Action::Release(args) => setup::release(&args, output),
        Action::Withdraw(args) => setup::withdraw(&args, output),
        Action::Publish(args) => operator::publish_now(&args, output),
        Action::Open(args) => open::open(&args, output),
        Action::Status(args) => status::run(&args, output),
        Action::Apply(args) => at_door::apply(args, output),
        Action::Recover(args) => begin::recover_folder(args, output),
        Action::Simulate(args) => simulate::run(&args, output),
    }
}

/// The options that choose a fleet on the operator's computer.
#[derive(clap::Args, Clone)]
struct FleetArgs {
    /// The folder of the fleet [default: ~/.local/state/postern/fleet]
    #[arg(long, value_name = "DIR", help_heading = "Fleet")]
    fleet: Option<PathBuf>,

    /// The operator's key [default: operator.key beside the signing key of the boards]
    #[arg(long, value_name = "FILE", help_heading = "Fleet")]
    key: Option<PathBuf>,
}

/// A fleet that is open.
struct Opened {
    folder: Folder,
    identity: Identity,
    broker: BrokerArgs,
}

impl FleetArgs {
    /// The folder of the fleet.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.fleet {
            Some(folder) => Ok(folder.clone()),
            None => Ok(boards()?.with_file_name("fleet")),
        }
    }

    /// The file of the operator's key.
    fn key(&self) -> anyhow::Result<PathBuf> {
        match &self.key {
            Some(key) => Ok(key.clone()),
            None => Ok(boards()?.join("operator.key")),
        }
    }

    /// The operator's keys.
    fn identity(&self) -> anyhow::Result<Identity> {
        Ok(identity_of(&signing_key::operators(&self.key()?)?))
    }

    /// The operator's keys of a new fleet. The file is made if there is none.
    fn new_identity(&self) -> anyhow::Result<Identity> {
        Ok(identity_of(&signing_key::new_operators(&self.key()?)?))
    }

    /// Opens the folder of the fleet alone, for what needs no key.
    fn open_folder(&self) -> anyhow::Result<Folder> {
        Ok(Folder::open(&self.folder()?)?)
    }

    /// Opens the fleet.
    fn open(&self) -> anyhow::Result<Opened> {
        let folder = self.open_folder()?;
        let identity = self.identity()?;
        let wanted = folder.settings.operator;
        if identity.public() != wanted {
            return Err(::fleet::Error::OtherKey { path: self.key()?, wanted: wanted.level() }.into());
        }
        let broker = serde_json::from_value(folder.settings.broker.clone())
            .with_context(|| format!("{} names no broker", folder.path().join("fleet.json").display()))?;
        Ok(Opened { folder, identity, broker })
    }
}

/// The keys of an operator with this signing key.
fn identity_of(signer: &Signer) -> Identity {
    Identity::of(&signer.derive(b"postern fleet operator"))
}

/// The folder of the boards of this computer.
fn boards() -> anyhow::Result<PathBuf> {
    let any = emulator::Folder::new(None, Machine::An547.name())?;
    Ok(any.path().parent().context("the folder of boards lies in a folder")?.to_owned())
}

/// The way to the broker.
fn route(broker: &BrokerArgs) -> anyhow::Result<Route> {
    let user = broker.user.clone().map(|user| anyhow::Ok((user, broker.password()?))).transpose()?;
    Ok(Route::new(&broker.broker, user, &broker.certificates())?)
}

/// A connection of the operator to the broker, with the thread that drives it.
fn connect(opened: &Opened) -> anyhow::Result<(Hub, Connection)> {
    const KEPT: &str = "What was changed is kept in the folder: `postern fleet publish` sends it when the broker is there. Where its user, its \
         password or a certificate is wrong, `postern fleet set-broker` with the right ones mends it";
    connect_to(&opened.broker, &opened.identity, KEPT)
}

/// As [`connect`], to a broker of no folder; `kept` says what to do where there is none.
fn connect_to(
    broker: &BrokerArgs,
    identity: &Identity,
    kept: &'static str,
) -> anyhow::Result<(Hub, Connection)> {
    let (hub, route) = (Hub::start()?, route(broker)?);
    let client = format!("postern_operator_{}", identity.public().level());
    let connected = hub.connect(&route, &client, &std::sync::Arc::new(Traffic::default()));
    let connection = connected.map_err(|fault| fault_of(fault, &route.broker(), kept))?;
    Ok((hub, connection))
}
