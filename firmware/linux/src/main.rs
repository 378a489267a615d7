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
#[command(version)]
struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/postern/postern-door.toml")]
    config: PathBuf,

    /// Open all that the configuration names, say what is missing, and end
    #[arg(long)]
    check: bool,

    /// The door was asked to restart
    #[arg(long, hide = true)]
    restarted: bool,

    /// Be the keeper of this lock
    #[arg(long, hide = true, value_name = "LINE")]
    keep: Option<String>,
}

fn main() -> ExitCode {
    // A door of which half is gone must not go on: its supervisor starts it again.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
    let args = Args::parse();
    let ran = match &args.keep {
        Some(line) => linux_door::keep_for_parent(line),
        None => run(&args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("postern-door: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> linux_door::Result<()> {
    CLOCK.start()?;
    let config = Config::read(&args.config)?;
    let reason = if args.restarted { ResetReason::Requested } else { ResetReason::PowerOn };
    let door = Door::open(&config, reason)?;
    if args.check {
        println!("the door can start: it has all that {} names", args.config.display());
        return Ok(());
    }
    eprintln!("the door runs; hosts connect at {}", config.host.listen);
    door.run().map(|never| match never {})
}
