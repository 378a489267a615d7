//! Local time at the door: the offset from UTC, and daylight saving time by a yearly rule.

use serde::{Deserialize, Serialize};

use crate::DAY_MINUTES;

const DAY: i32 = DAY_MINUTES as i32;
/// Most minutes of an offset, ahead of UTC or behind.
const MOST_OFFSET: u16 = 14 * 60;
/// Most minutes of a change from midnight of its day: a week, as POSIX has it.
const MOST_MINUTE: u16 = 7 * DAY_MINUTES;

/// A time zone: its offset, and daylight saving time if it has that.
///
/// The rule has no end, so the board needs nobody to tell it of the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Zone {
    /// Minutes of local time ahead of UTC, without daylight saving.
    pub offset_minutes: i16,
    /// Daylight saving time.
    pub daylight_saving: Option<DaylightSaving>,
}

/// The part of each year with another offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DaylightSaving {
    /// Minutes of local time ahead of UTC meanwhile.
    pub offset_minutes: i16,
    /// Where it begins.
    pub begins: YearlyChange,
    /// Where it ends. South of the equator that is earlier in the year.
    pub ends: YearlyChange,
}

/// A moment of each year, as a `TZ` variable of POSIX has it (`Mm.w.d/time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct YearlyChange {
    /// 1 to 12.
    pub month: u8,
    /// The first to fourth such weekday of the month, or 5 for the last one.
    pub week: u8,
    /// 0 is Monday, 6 is Sunday.
    pub weekday: u8,
    /// Minutes from midnight of that day, by the clock before the change. It may lie on another day.
    pub minute: i16,
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::fixed(0);

    /// A zone without daylight saving time.
    #[must_use]
    pub const fn fixed(offset_minutes: i16) -> Self {
        Self { offset_minutes, daylight_saving: None }
    }

    /// Whether offsets and changes are in range. Call this after deserialization.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let near = |offset: i16| offset.unsigned_abs() <= MOST_OFFSET;
        near(self.offset_minutes)
            && self.daylight_saving.is_none_or(|saving| {
                let [begins, ends] = [saving.begins, saving.ends];
                near(saving.offset_minutes)
                    && begins.is_valid()
                    && ends.is_valid()
                    && begins.month != ends.month
            })
    }

    /// Minutes of local time ahead of UTC at a time, in milliseconds since 1970.
    #[must_use]
    pub fn offset_at(&self, unix_ms: u64) -> i16 {
        let Some(saving) = &self.daylight_saving else { return self.offset_minutes };
        let now = i32::try_from(unix_ms / 60_000).unwrap_or(i32::MAX);
        let year = year_of(now.saturating_add(self.offset_minutes.into()).div_euclid(DAY));
        let begins = saving.begins.in_year(year, self.offset_minutes);
        let ends = saving.ends.in_year(year, saving.offset_minutes);
        let saves =
            if begins < ends { (begins..ends).contains(&now) } else { !(ends..begins).contains(&now) };
        if saves { saving.offset_minutes } else { self.offset_minutes }
    }
}

impl YearlyChange {
    /// Whether all fields are in range.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=5).contains(&self.week)
            && self.weekday < 7
            && self.minute.unsigned_abs() <= MOST_MINUTE
    }

    /// Minutes since 1970 in UTC at which it happens in a year, where the clock before it has this offset.
    #[must_use]
    pub fn in_year(&self, year: i32, offset_minutes: i16) -> i32 {
        let first = first_day(year, self.month.into());
        let next = first_day(year, i32::from(self.month) + 1);
        // 1970-01-01 was a Thursday: 3.
        let days = (i32::from(self.weekday) - (first + 3)).rem_euclid(7);
        let mut day = first + days + 7 * (i32::from(self.week) - 1);
        if day >= next {
            day -= 7;
        }
        let clock = i32::from(self.minute) - i32::from(offset_minutes);
        day.saturating_mul(DAY).saturating_add(clock)
    }
}

/// Days from 1970-01-01 to the first day of a month, 1 to 13. Years begin in March here, so that a leap day is the last.
fn first_day(year: i32, month: i32) -> i32 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 - 719_468
}

/// The year of a day since 1970-01-01.
fn year_of(day: i32) -> i32 {
    // No year has more than 366 days, and 400 years have 146,097: a guess that is right or one too small.
    let guess = 1970 + (day.saturating_mul(4) / 1461).min(100_000);
    let near = guess - 1..=guess + 1;
    near.rev().find(|&year| first_day(year, 1) <= day).unwrap_or(guess)
}
