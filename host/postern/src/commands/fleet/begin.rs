//! How a fleet begins, which broker it has, and how its folder is made again.

use std::path::Path;
use std::time::Duration;

use ::fleet::counted;
use ::fleet::folder::Folder;
use ::fleet::identity::Public;
use ::fleet::recover::{Recovered, recover};
use anyhow::ensure;
use client::Signer;

use super::operator::{note_without, note_without_chunks, published, send_over};
use super::status::is_signed;
use super::{FleetArgs, connect_to};
use crate::answers::Sorted;
use crate::answers::fleet::{Code, FleetRecovered};
use crate::broker_args::BrokerArgs;
use crate::output::{Outcome, Output, note};

/// What others can read on the way to a broker.
const SEEN: &str = "how many people and doors there are, and when they change,";

#[derive(clap::Args)]
pub struct InitArgs {
    #[command(flatten)]
    broker: BrokerArgs,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct CodeArgs {
    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct RecoverArgs {
    /// Recover although this door has acknowledged nothing, or more than the broker gives; may be repeated
    #[arg(long, value_name = "DOOR")]
    without: Vec<String>,

    #[command(flatten)]
    to: InitArgs,
}

/// Begins a fleet.
pub fn init(args: InitArgs, output: &Output) -> anyhow::Result<Outcome> {
    let broker = args.broker.absolute()?;
    let path = args.fleet.folder()?;
    // Before a key is made: one beside a fleet that is there would hide that its own is gone.
    Folder::is_none(&path)?;
    let key = args.fleet.key()?;
    // Doors that trust it have seen more than a new fleet has, and the broker has its people: all of that would be written over.
    ensure!(
        !key.exists(),
        "there is an operator's key {} already, so it has had a fleet: `postern fleet recover --broker ADDRESS` makes its folder again \
         from the broker. For a new fleet beside it, name other files with --key and --fleet; for one in its place, put this key away \
         first, and then `postern fleet join CODE --only` at each door",
        key.display()
    );
    broker.note_readers(SEEN);
    // A wrong address or password is found here, and not by the first change. Nobody is to be known by this connection.
    let passing = super::identity_of(&Signer::passing()?);
    drop(connect_to(&broker, &passing, "Nothing was made: check the broker and its options")?);
    let identity = args.fleet.new_identity()?;
    Folder::make(&path, identity.public(), serde_json::json!(broker))?;
    print_code(&identity.public(), &path, output)?;
    note!(
        "The fleet is in {}. Its code is above: `postern fleet join CODE` at each door trusts this operator.",
        path.display()
    );
    Ok(Outcome::Done)
}

/// Prints the operator's code again.
pub fn code(args: &CodeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let folder = args.fleet.open_folder()?;
    print_code(&folder.settings.operator, folder.path(), output)?;
    Ok(Outcome::Done)
}

fn print_code(public: &Public, folder: &Path, output: &Output) -> anyhow::Result<()> {
    let code = public.to_string();
    let report = Code { code: code.clone(), folder: folder.to_owned() };
    output.print(&Sorted(report), |out| writeln!(out, "{code}"))
}

/// Reaches the broker in another way, and sends it everything.
pub fn set_broker(args: InitArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    opened.broker = args.broker.absolute()?;
    opened.broker.note_readers(SEEN);
    // A broker that does not answer leaves the folder as it was.
    let connected = connect_to(&opened.broker, &opened.identity, "Nothing was changed: check the address")?;
    opened.folder.move_to(serde_json::json!(opened.broker))?;
    let sent = send_over(&mut opened, false, &connected.1)?;
    published(&opened, &sent, output)?;
    note!(
        "From now on the fleet is on {}: start `postern fleet apply` with this address at each door.",
        opened.broker.broker
    );
    Ok(Outcome::Done)
}

/// Makes the folder again.
pub fn recover_folder(args: RecoverArgs, output: &Output) -> anyhow::Result<Outcome> {
    let RecoverArgs { without, to: args } = args;
    let broker = args.broker.absolute()?;
    let (path, key) = (args.fleet.folder()?, args.fleet.key()?);
    ensure!(
        key.exists(),
        "there is no key {}: nothing is recovered without the operator's key (--key)",
        key.display()
    );
    let identity = args.fleet.identity()?;
    let (_hub, connection) = connect_to(&broker, &identity, "Nothing was written: try again")?;
    note!("Waiting for what {} has of this operator: a minute at most for each answer.", broker.broker);
    let (address, patience) = (broker.broker.to_string(), Duration::from_secs(60));
    let settings = (&broker.prefix, serde_json::json!(broker));
    let found = recover(&path, &identity, settings, &connection, (&address, patience), &without, &is_signed)?;
    let Recovered { people, doors, without_pictures, without_chunks, run } = found;
    let report = FleetRecovered { folder: path.clone(), people, doors, without_pictures, run };
    output.print(&Sorted(report), |out| {
        writeln!(
            out,
            "{}: {} and {}, as of run {run}",
            path.display(),
            counted::people(people),
            counted::doors(doors)
        )
    })?;
    note_without(without_pictures);
    note_without_chunks(without_chunks);
    Ok(Outcome::Done)
}
