//! The operators who a door trusts, as `postern fleet join` left it.

use ::fleet::identity::Public;

use super::at_door::Trusted;
use crate::answers::Sorted;
use crate::answers::fleet::{TrustedOperator, TrustedOperators};
use crate::device::DeviceArgs;
use crate::output::{Outcome, Output};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    device: DeviceArgs,
}

/// Lists the operators of a door.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let (folder, _) = args.device.paired()?;
    let trusted = Trusted::read(&folder.path().join("fleet/trusted.json"))?;
    let one = |operator: &Public| TrustedOperator {
        operator: operator.level(),
        code: operator.to_string(),
        installer: trusted.installers.contains(operator),
    };
    let report = Sorted(TrustedOperators { operators: trusted.operators.iter().map(one).collect() });
    let operators = &report.0.operators;
    output.print(&report, |out| {
        if operators.is_empty() {
            writeln!(out, "this door is in no fleet: it trusts no operator")?;
        }
        operators.iter().try_for_each(|one| {
            let with = if one.installer { "people, settings, models and firmware" } else { "people" };
            writeln!(out, "{}…  with {with}; code {}", one.operator, one.code)
        })
    })?;
    Ok(Outcome::Done)
}
