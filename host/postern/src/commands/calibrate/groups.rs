//! False matches within groups of strangers, for people.

use std::io::{self, Write};

use eval::{GroupRate, WorstGroup};

/// Thresholds that are shown: those for so many comparisons.
const SHOWN: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Writes how many times the rate of all strangers the rate within each group is.
pub fn print(groups: &[GroupRate], worst: &WorstGroup, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "within a group, times the false matches of all strangers, at the threshold for 1 in")?;
    write!(to, "  {:>30}  {:>7}", "", "people")?;
    SHOWN.iter().try_for_each(|one_in| write!(to, "  {one_in:>9}"))?;
    writeln!(to)?;
    for group in groups {
        write!(to, "  {:>30}  {:>7}", format!("{}: {}", group.column, group.group), group.people)?;
        for one_in in SHOWN {
            let times = group.times(one_in);
            write!(to, "  {:>9}", times.map_or("too few".to_owned(), |times| format!("{times:.1}")))?;
        }
        writeln!(to)?;
    }
    writeln!(
        to,
        "  the worst: {} {}, {:.1} times at 1 in {}",
        worst.column, worst.group, worst.times, worst.one_in
    )
}
