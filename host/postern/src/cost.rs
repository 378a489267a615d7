//! What an answer cost the board, in seconds at a stated clock.
//!
//! A board counts instructions. For a whole frame with liveness, the pipeline model of docs/performance.md estimates the
//! cycles: this gives the cycles of an instruction, low and high (`postern bench --cycles --frame`). With another encoder, or
//! without liveness, the mix of instructions is a little different.
//!
//! | board | counts | cycles an instruction | clock |
//! |---|---|---|---|
//! | an547 | instructions | 1.22 to 1.43 | 400 MHz |
//! | an500 | instructions | 0.68 to 0.74 | 480 MHz |
//! | linux | nanoseconds of processor time | | |

use std::fmt;

use client::Machine;

/// Cycles of a hundred instructions, low and high, and the clock in MHz.
const AN547: ([u64; 2], u64) = ([122, 143], 400);
const AN500: ([u64; 2], u64) = ([68, 74], 480);

/// What a board counted.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Instructions, or nanoseconds of processor time on Linux.
    pub count: u64,
    /// The kind of board, if it is a known one.
    pub machine: Option<Machine>,
    /// Whether the count itself is shown, too.
    pub verbose: bool,
}

impl Cost {
    /// Seconds, low and high, where the kind of board is known.
    pub fn seconds(&self) -> Option<[f64; 2]> {
        let ([low, high], clock) = match self.machine? {
            Machine::An547 => AN547,
            Machine::An500 => AN500,
            Machine::Linux => return Some([self.count as f64 / 1e9; 2]),
        };
        let at = |cycles: u64| self.count as f64 * cycles as f64 / 100.0 / (clock as f64 * 1e6);
        Some([at(low), at(high)])
    }

    /// The heading of a column of costs.
    pub fn column(machine: Option<Machine>, verbose: bool) -> String {
        match machine {
            Some(Machine::An547 | Machine::An500) if verbose => "M instructions".to_owned(),
            Some(Machine::Linux) => "s of processor".to_owned(),
            _ => format!("s {}", Self::clock(machine)),
        }
    }

    /// A cell of that column: seconds by the low estimate, or the count.
    pub fn cell(&self) -> String {
        match self.seconds() {
            Some([low, _]) if !self.verbose || self.machine == Some(Machine::Linux) => format!("{low:.2}"),
            _ => (self.count / 1_000_000).to_string(),
        }
    }

    /// What the seconds are counted at.
    fn clock(machine: Option<Machine>) -> &'static str {
        match machine {
            Some(Machine::An547) => "at 400 MHz",
            Some(Machine::An500) => "at 480 MHz",
            Some(Machine::Linux) => "of processor time",
            None => "",
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.machine != Some(Machine::Linux) && (self.verbose || self.machine.is_none());
        if let Some([low, high]) = self.seconds() {
            match (low * 100.0).round() == (high * 100.0).round() {
                true => write!(f, "{low:.2} s {}", Self::clock(self.machine))?,
                false => write!(f, "{low:.2} to {high:.2} s {}", Self::clock(self.machine))?,
            }
        }
        if counted {
            let comma = if self.machine.is_some() { ", " } else { "" };
            write!(f, "{comma}{} M instructions", self.count / 1_000_000)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_told_in_seconds_and_counted_only_if_asked_for() {
        let of = |machine, verbose| Cost { count: 100_000_000, machine, verbose }.to_string();
        assert_eq!(of(Some(Machine::An547), false), "0.30 to 0.36 s at 400 MHz");
        assert_eq!(of(Some(Machine::An547), true), "0.30 to 0.36 s at 400 MHz, 100 M instructions");
        assert_eq!(of(Some(Machine::An500), false), "0.14 to 0.15 s at 480 MHz");
        assert_eq!(of(Some(Machine::Linux), true), "0.10 s of processor time");
        assert_eq!(of(None, false), "100 M instructions");
    }
}
