//! The rule of a person for the console's page, and a new one from its form.

use client::Device;
use console::station::{BoardTime, NewRule, Rule};

use crate::clock::ClockReport;
use crate::commands::rule::{Given, LOST, check, known, parse_pin, remarks};
use crate::{hours, zone};

/// The rule of a person. Of one that the board lost, the page says so and has the form.
pub fn of(device: &mut Device, name: &str, names: &zone::Names) -> anyhow::Result<Rule> {
    let rule = known(device, name)?;
    let status = device.status()?;
    let lost = || {
        format!(
            "The board lost the rule of {name}, and refuses them until it is set again. It cannot tell whether they were \
             suspended, so they are then, until they are resumed."
        )
    };
    let remarks = rule.map_or_else(|| vec![lost()], |rule| remarks(&rule.schedule, status.clock));
    let zone_name = names.name(&status.settings.limits.zone);
    let (pin, duress_pin) = rule.map_or(LOST, |rule| (rule.pin, rule.duress_pin));
    Ok(Rule {
        hours: rule.map(|rule| hours::text(&rule.schedule)).unwrap_or_default(),
        always: rule.is_some_and(|rule| rule.schedule.is_always()),
        pin,
        duress_pin,
        suspended: rule.is_some_and(|rule| rule.suspended),
        time: BoardTime {
            zone: zone::text(&status.settings.limits.zone, zone_name.as_deref()),
            clock: ClockReport::of(status.clock).text(),
            remarks,
        },
    })
}

/// Sets the rule of a person.
pub fn set(device: &mut Device, name: &str, rule: &NewRule) -> anyhow::Result<()> {
    let schedule = hours::parse(&rule.hours).map_err(anyhow::Error::msg)?;
    let pin = |digits: &str, what: &str| match digits {
        "" => Ok(None),
        digits => parse_pin(what, digits).map(Some),
    };
    let (pin, duress_pin) = (pin(&rule.pin, "PIN")?, pin(&rule.duress_pin, "Duress PIN")?);
    let now = known(device, name)?;
    let given = Given {
        pin: pin.is_some(),
        no_pin: rule.no_pin,
        duress_pin: duress_pin.is_some(),
        no_duress_pin: rule.no_duress_pin,
    };
    check(name, now.map_or(LOST, |now| (now.pin, now.duress_pin)), given)?;
    device.set_rule(name, client::protocol::Rule { schedule, pin, duress_pin, suspended: false })?;
    Ok(())
}
