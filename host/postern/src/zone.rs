//! The door's time zone: from a name, and in words.
//!
//! A board keeps no names. It keeps what the database of time zones says of the coming years, as one yearly rule: then it
//! changes to daylight saving time by itself, however long it is alone.

mod name;

pub use name::{Named, Names, parse};

use client::protocol::{DaylightSaving, YearlyChange, Zone};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// For how long the rule must give what the database says.
const AHEAD: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

const DAY: i16 = 24 * 60;
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

/// `UTC`, or an offset from it.
fn offset(text: &str) -> Option<Zone> {
    if text == "UTC" {
        return Some(Zone::UTC);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str| digits.parse::<i16>().ok().filter(|_| digits.len() == 2);
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|&minutes| minutes < 60)?);
    Some(Zone::fixed(sign * (hours * 60 + minutes))).filter(Zone::is_valid)
}

/// The rule that gives what a zone of the database does in the years from a moment; `None` if no such rule does.
fn rule(zone: &TimeZone, from: Timestamp) -> Option<Zone> {
    let until = from.checked_add(AHEAD).ok()?;
    let now = minutes(zone.to_offset(from))?;
    let mut changes = Vec::new();
    let mut before = now;
    for change in zone.following(from).take_while(|change| change.timestamp() < until) {
        let after = minutes(change.offset())?;
        if after != before {
            changes.push(Change { at: change.timestamp(), before, after });
        }
        before = after;
    }
    let (Some(first), Some(second)) = (changes.first(), changes.get(1)) else {
        return changes.is_empty().then(|| Zone::fixed(now));
    };
    let (forward, back) = if first.after > first.before { (first, second) } else { (second, first) };
    let saving = DaylightSaving {
        offset_minutes: forward.after,
        begins: forward.yearly(&changes)?,
        ends: back.yearly(&changes)?,
    };
    let zone = Zone { offset_minutes: forward.before, daylight_saving: Some(saving) };
    // Ten years of a rule have a change of each kind a year.
    let regular = changes.iter().all(|change| [forward, back].iter().any(|kind| kind.is_like(change)));
    (regular && changes.len() >= 18 && zone.is_valid()).then_some(zone)
}

/// A change of the clocks.
struct Change {
    at: Timestamp,
    before: i16,
    after: i16,
}

impl Change {
    fn is_like(&self, other: &Self) -> bool {
        (self.before, self.after) == (other.before, other.after)
    }

    /// What the clock showed before it.
    fn shown(&self) -> Option<DateTime> {
        Some(Offset::from_seconds(i32::from(self.before) * 60).ok()?.to_datetime(self.at))
    }

    /// The yearly moment at which all changes of this kind happen.
    fn yearly(&self, all: &[Self]) -> Option<YearlyChange> {
        let shown = self.shown()?;
        let minute = i16::from(shown.hour()) * 60 + i16::from(shown.minute());
        // Days between the weekday of the rule and the day of the change: `M3.4.4/50` is a Saturday.
        let shifts = [0, 1, 2, 3, -1, -2, -3];
        let candidates = shifts.into_iter().flat_map(|shift: i16| {
            let day = shown.date().checked_sub(jiff::Span::new().days(shift)).ok();
            day.into_iter().flat_map(move |day| {
                let number = (day.day() as u8 - 1) / 7 + 1;
                let last = day.day() + 7 > day.days_in_month();
                let weeks = [Some(number), last.then_some(5)];
                weeks.into_iter().flatten().map(move |week| YearlyChange {
                    month: day.month() as u8,
                    week,
                    weekday: day.weekday().to_monday_zero_offset() as u8,
                    minute: minute + shift * DAY,
                })
            })
        });
        let mut candidates = candidates.filter(|candidate| {
            all.iter().filter(|change| change.is_like(self)).all(|change| {
                change.shown().is_some_and(|shown| {
                    let minute = candidate.in_year(shown.year().into(), change.before);
                    i64::from(minute) * 60 == change.at.as_second()
                })
            })
        });
        candidates.next()
    }
}

/// An offset in minutes; `None` if it has seconds.
fn minutes(offset: Offset) -> Option<i16> {
    let seconds = offset.seconds();
    (seconds % 60 == 0).then(|| i16::try_from(seconds / 60).ok()).flatten()
}

/// The offset at this moment.
pub fn offset_now(zone: &Zone) -> i16 {
    zone.offset_at(client::unix_ms())
}

/// An offset of a zone whose name is known or not, as `Europe/Berlin, UTC+01:00`.
pub fn offset_with_name(name: Option<&str>, offset_minutes: i16) -> String {
    with_name(name, &offset_text(offset_minutes))
}

/// A zone in words, with its name if that is known.
pub fn text(zone: &Zone, name: Option<&str>) -> String {
    with_name(name, &rule_text(zone))
}

/// What is said of a zone, after its name.
fn with_name(name: Option<&str>, said: &str) -> String {
    name.map_or_else(|| said.to_owned(), |name| format!("{name}, {said}"))
}

/// An offset in words, as `UTC+01:00`.
fn offset_text(offset_minutes: i16) -> String {
    if offset_minutes == 0 { "UTC".to_owned() } else { format!("UTC{}", signed(offset_minutes, ":")) }
}

/// The rule of a zone in words.
fn rule_text(zone: &Zone) -> String {
    let standard = offset_text(zone.offset_minutes);
    let Some(saving) = &zone.daylight_saving else { return standard };
    format!(
        "{standard}; {} from the {} to the {}",
        offset_text(saving.offset_minutes),
        change_text(&saving.begins),
        change_text(&saving.ends)
    )
}

/// `last Sunday in March, 02:00`.
fn change_text(change: &YearlyChange) -> String {
    let name = |names: &[&'static str], at: u8| names.get(usize::from(at)).copied().unwrap_or("?");
    let clock = change.minute.rem_euclid(DAY);
    let days = match change.minute.div_euclid(DAY) {
        0 => String::new(),
        1 => "day after the ".to_owned(),
        -1 => "day before the ".to_owned(),
        days @ 2.. => format!("{days} days after the "),
        days => format!("{} days before the ", days.unsigned_abs()),
    };
    format!(
        "{days}{} {} in {}, {:02}:{:02}",
        name(&WEEKS, change.week.wrapping_sub(1)),
        name(&WEEKDAYS, change.weekday),
        name(&MONTHS, change.month.wrapping_sub(1)),
        clock / 60,
        clock % 60
    )
}

/// A zone as the `TZ` variable of POSIX has it, for programs.
pub fn posix(zone: &Zone) -> String {
    let offset = |minutes: i16| format!("<{}>{}", signed(minutes, ""), posix_time(-minutes));
    let Some(saving) = &zone.daylight_saving else { return offset(zone.offset_minutes) };
    let change = |change: &YearlyChange| {
        // There 0 is Sunday.
        let weekday = (change.weekday + 1) % 7;
        format!("M{}.{}.{weekday}/{}", change.month, change.week, posix_time(change.minute))
    };
    format!(
        "{}{},{},{}",
        offset(zone.offset_minutes),
        offset(saving.offset_minutes),
        change(&saving.begins),
        change(&saving.ends)
    )
}

/// `+01:00`, with this between hours and minutes.
fn signed(minutes: i16, between: &str) -> String {
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60)
}

/// Hours, and minutes if there are any.
fn posix_time(minutes: i16) -> String {
    let (sign, minutes) = (if minutes < 0 { "-" } else { "" }, minutes.unsigned_abs());
    match minutes % 60 {
        0 => format!("{sign}{}", minutes / 60),
        rest => format!("{sign}{}:{rest:02}", minutes / 60),
    }
}

#[cfg(test)]
mod tests;
