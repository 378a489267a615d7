//! The tables of `postern eval liveness`.

use std::collections::BTreeMap;

use eval::presentation::{Ending, Rates, Share, present, rates};
use liveness::Gesture;
use synthetic_attacks::AttackType;

use super::samples::Presentation;
use crate::output::{Outcome, Output, note};

/// The door whose rates are reported.
pub struct Reported {
    /// Consecutive pictures that must agree.
    pub agreement: usize,
    /// Whether it asks for movements.
    pub challenge: bool,
    /// Whether the presentations were recorded, and not made.
    pub is_recorded: bool,
}

/// Prints the rates of every attack_type.
pub fn report(assessed: &[Presentation], door: &Reported, output: &Output) -> anyhow::Result<Outcome> {
    let mut attack_type: BTreeMap<&str, Vec<Ending>> = BTreeMap::new();
    for one in assessed {
        let asked = one.asked.filter(|_| door.challenge);
        attack_type.entry(&one.attack_type).or_default().push(present(&one.seen, door.agreement, asked));
    }
    let table: Vec<Rates> =
        attack_type.iter().map(|(name, endings)| rates(name, !AttackType::is_alive(name), endings)).collect();
    output.print(&table, |out| {
        writeln!(
            out,
            "{:<18} {:>13} {:>26} {:>26} {:>26} {:>6}",
            "attack_type", "presentations", "non-response", "taken for the other", "door opens", "looks"
        )?;
        for rates in &table {
            let names = if AttackType::is_alive(&rates.attack_type) {
                ["BPNRR", "BPCER", ""]
            } else {
                ["APNRR", "APCER", "IAPAR"]
            };
            let [silent, wrong, opened] =
                [rates.non_response, rates.classification_error, rates.opened].map(share);
            writeln!(
                out,
                "{:<18} {:>13} {:>26} {:>26} {:>26} {:>6}",
                rates.attack_type,
                rates.non_response.of,
                format!("{} {silent}", names[0]),
                format!("{} {wrong}", names[1]),
                format!("{} {opened}", names[2]),
                rates.looks.map_or("-".to_owned(), |looks| looks.to_string()),
            )?;
        }
        if door.challenge {
            let columns =
                |cells: [String; Gesture::ALL.len()]| cells.map(|cell| format!("{cell:>10}")).concat();
            let names = Gesture::ALL.map(|gesture| format!("{gesture:?}").to_lowercase());
            writeln!(
                out,
                "{:<16} {} {:>8}   made, of those asked for",
                "movement",
                columns(names),
                "failed"
            )?;
            for rates in &table {
                let made = rates.movements.map(|one| format!("{} of {}", one.made, one.asked));
                writeln!(out, "{:<16} {} {:>8}", rates.attack_type, columns(made), rates.failed)?;
            }
        }
        let attacks = table.iter().filter(|rates| !AttackType::is_alive(&rates.attack_type));
        let worst = attacks.max_by(|a, b| {
            let rate = |rates: &Rates| rates.classification_error.rate.unwrap_or(0.0);
            rate(a).total_cmp(&rate(b))
        });
        match worst {
            Some(worst) => writeln!(out, "the worst attack_type is {}", worst.attack_type),
            None => Ok(()),
        }
    })?;
    if !door.is_recorded {
        note!(
            "These presentations are made, not recorded: they show what a rule is blind to, not how a door \
             fares (docs/liveness.md)."
        );
    }
    Ok(Outcome::Done)
}

/// A share in percent with its interval.
fn share(share: Share) -> String {
    let percent = |value: f64| 100.0 * value;
    match share.rate {
        Some(rate) => {
            let [low, high] = share.interval.map(percent);
            format!("{:.1} % ({low:.0} to {high:.0})", percent(rate))
        }
        None => "-".to_owned(),
    }
}
