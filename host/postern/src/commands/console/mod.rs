//! `postern console`: pages for a browser on this computer, over the code of the other commands.
//!
//! The crate `console` has the server and the pages; this module has what they ask: [`boards`] for all boards, [`station`]
//! for one.

mod before;
mod boards;
mod button;
mod errors;
mod flashing;
mod job;
mod known;
mod line;
mod log;
mod pairing;
mod rules;
mod station;
mod trial;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::answers::board::ConsoleAddress;
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output, note};

/// Options of `postern console`.
#[derive(clap::Args)]
pub struct Args {
    /// Where to listen. Without TLS only an address of this computer for itself is taken; port 0 chooses a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8340", value_parser = listen)]
    listen: SocketAddr,

    /// The certificate by which other computers know this one, in PEM; those that vouch for it follow it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// The name that the pages have for the door at `--device`; without it, its address with other signs
    #[arg(long, value_name = "NAME", requires = "device")]
    name: Option<String>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// An address to listen at. `localhost` is this computer's own name, without a look at any name server.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let numbers = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numbers
        .parse()
        .map_err(|_| "give an address and a port, such as 127.0.0.1:8340 or localhost:0".to_owned())
}

/// Serves the pages until interrupted.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(console::Tls::read(certificate, key)?),
        _ => None,
    };
    let listener = console::bind(args.listen, tls.is_some())?;
    let boards = Arc::new(boards::Computer::new(args.device, args.name)?);
    note!("The console runs until Ctrl-C. Each address signs in one browser, once:");
    let tell: fn(&str) =
        if output.json { |address| tell(address, true) } else { |address| tell(address, false) };
    console::serve(boards, listener, tls, console::Limits::default(), tell)?;
    Ok(Outcome::Done)
}

/// Says an address. Whoever reads stdout may be gone; the console goes on.
fn tell(address: &str, json: bool) {
    let report = ConsoleAddress { address: address.to_owned() };
    let _ = Output { json, verbose: false }.print(&report, |out| writeln!(out, "{address}"));
}
