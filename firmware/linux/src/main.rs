//! `postern-door`: the door as a program for Linux.

use std::error::Error as _;
use std::path::PathBuf;
use std::process::ExitCode;

use board_api::ResetReason;
use clap::Parser;
use linux_door::{Clock, Config, Door};

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock::new());

/// A door with a camera: lets in who is enrolled. It is administered by `postern COMMAND --device`.
#[derive(Parser)]
#[command(name = "postern-door", version)]
struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/postern/postern-door.toml")]
    config: PathBuf,

    /// Open all that the configuration names, say what is missing, and end
    #[arg(long)]
    check: bool,

    /// With --check: write what the camera sees to this PNG file, and draw the faces that are found in it
    #[arg(long, value_name = "FILE", requires = "check")]
    picture: Option<PathBuf>,

    /// Lock, and end: what a supervisor runs after the door has ended
    #[arg(long, conflicts_with = "check")]
    lock: bool,

    /// The door was asked to restart
    #[arg(long, hide = true)]
    restarted: bool,

    /// Be the keeper of this lock
    #[arg(long, hide = true, value_name = "LINE")]
    keep: Option<String>,
}

fn main() -> ExitCode {
    // A door of which half is gone must not go on: its supervisor starts it again.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        if !linux_door::is_guarded() {
            std::process::abort();
        }
    }));
    let args = Args::parse();
    let ran = match &args.keep {
        Some(line) => linux_door::keep_for_parent(line),
        None if args.check => return check(&args),
        None => run(&args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::from(2)
        }
    }
}

/// Says an error with its causes.
fn tell(error: &linux_door::Error) {
    eprint!("postern-door: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
}

fn run(args: &Args) -> linux_door::Result<()> {
    CLOCK.start()?;
    let config = Config::read(&args.config)?;
    if args.lock {
        return linux_door::lock(&config);
    }
    let reason = if args.restarted { ResetReason::Requested } else { ResetReason::PowerOn };
    let door = Door::open(&config, reason)?;
    eprintln!("the door runs; hosts connect at {}", config.host.listen);
    door.run().map(|never| match never {})
}

/// Says all that is there, and all that is missing.
fn check(args: &Args) -> ExitCode {
    let missing = match Config::read(&args.config) {
        Ok(config) => linux_door::check(&config, args.picture.as_deref(), |good| println!("  {good}")),
        Err(error) => vec![error],
    };
    missing.iter().for_each(tell);
    if !missing.is_empty() {
        return ExitCode::from(2);
    }
    println!("the door can start: it has all that {} names", args.config.display());
    ExitCode::SUCCESS
}
