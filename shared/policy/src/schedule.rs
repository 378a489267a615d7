//! Weekly schedules: the times at which a person may enter.

use serde::{Deserialize, Serialize};

/// Minutes in a day.
pub const DAY_MINUTES: u16 = 24 * 60;
/// Most windows of a schedule.
pub const MAX_WINDOWS: usize = 4;

const MINUTE_MS: u64 = 60_000;
const MINUTES_OF_WEEK: u64 = 7 * DAY_MINUTES as u64;
/// 1970-01-01 was a Thursday: day 3 of a week that starts on Monday.
const FIRST_DAY: u64 = 3;

/// A local time of the week at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LocalTime {
    /// 0 is Monday, 6 is Sunday.
    pub day: u8,
    /// Minutes since midnight, below [`DAY_MINUTES`].
    pub minute: u16,
}

impl LocalTime {
    /// The local time at a door that is `utc_offset_minutes` ahead of UTC.
    #[must_use]
    pub const fn new(unix_ms: u64, utc_offset_minutes: i16) -> Self {
        let minutes = (unix_ms / MINUTE_MS % MINUTES_OF_WEEK + FIRST_DAY * DAY_MINUTES as u64) as i64;
        let local = (minutes + utc_offset_minutes as i64).rem_euclid(MINUTES_OF_WEEK as i64) as u64;
        let day = local / DAY_MINUTES as u64;
        Self { day: day as u8, minute: (local % DAY_MINUTES as u64) as u16 }
    }
}

/// A daily time window: from one minute, inclusive, to another, exclusive, on selected days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Window {
    /// Bit `d` is set if the window starts on day `d`; 0 is Monday.
    pub days: u8,
    /// Start in minutes since midnight.
    pub from: u16,
    /// End in minutes since midnight. If not later than `from`, the window ends on the next day.
    pub to: u16,
}

impl Window {
    /// Whether days and minutes are in range.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.days != 0 && self.days < 1 << 7 && self.from < DAY_MINUTES && self.to <= DAY_MINUTES
    }

    /// Whether `time` is inside the window.
    #[must_use]
    pub const fn contains(&self, time: LocalTime) -> bool {
        let (after, before) = (time.minute >= self.from, time.minute < self.to);
        if self.from < self.to {
            return self.begins_on(time.day) && after && before;
        }
        self.begins_on(time.day) && after || self.begins_on(time.day + 6) && before
    }

    const fn begins_on(&self, day: u8) -> bool {
        self.days >> (day % 7) & 1 == 1
    }
}

/// The times at which a person may enter: always, or within windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Schedule {
    windows: [Option<Window>; MAX_WINDOWS],
}

impl Schedule {
    /// At any time. It needs no clock.
    pub const ALWAYS: Self = Self { windows: [None; MAX_WINDOWS] };

    /// A schedule of these windows; `None` if there are too many, or one is invalid. An empty list is
    /// [`Schedule::ALWAYS`].
    #[must_use]
    pub fn new(windows: &[Window]) -> Option<Self> {
        let mut schedule = Self::ALWAYS;
        if windows.len() > MAX_WINDOWS || !windows.iter().all(Window::is_valid) {
            return None;
        }
        for (place, window) in schedule.windows.iter_mut().zip(windows) {
            *place = Some(*window);
        }
        Some(schedule)
    }

    /// Whether the schedule has no windows, so that it needs no clock.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.windows().next().is_none()
    }

    /// The windows.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.windows.iter().flatten()
    }

    /// Whether entry is allowed at `time`.
    #[must_use]
    pub fn allows(&self, time: LocalTime) -> bool {
        self.is_always() || self.windows().any(|window| window.contains(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(day: u8, hour: u16, minute: u16) -> LocalTime {
        LocalTime { day, minute: hour * 60 + minute }
    }

    #[test]
    fn unix_time_converts_to_local_time_of_the_week() {
        assert_eq!(LocalTime::new(0, 0), at(3, 0, 0));
        // 2026-11-25T12:34:56Z, a Wednesday.
        let noon = 1_795_610_096_000;
        assert_eq!(LocalTime::new(noon, 0), at(2, 12, 34));
        assert_eq!(LocalTime::new(noon, 60), at(2, 13, 34));
        assert_eq!(LocalTime::new(noon, -13 * 60), at(1, 23, 34));
        // Monday, 2026-11-23T00:30Z.
        assert_eq!(LocalTime::new(1_795_393_800_000, -60), at(6, 23, 30));
        assert_eq!(LocalTime::new(1_795_393_800_000, 0), at(0, 0, 30));
    }

    #[test]
    fn office_hours() {
        let office = Schedule::new(&[Window { days: 0b1_1111, from: 8 * 60, to: 18 * 60 }]).unwrap();
        assert!(office.allows(at(0, 8, 0)) && office.allows(at(4, 17, 59)));
        assert!(!office.allows(at(0, 7, 59)) && !office.allows(at(4, 18, 0)) && !office.allows(at(5, 12, 0)));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_its_first_day() {
        let night = Schedule::new(&[Window { days: 1 << 6, from: 22 * 60, to: 6 * 60 }]).unwrap();
        assert!(night.allows(at(6, 22, 0)) && night.allows(at(0, 5, 59)));
        assert!(!night.allows(at(0, 6, 0)) && !night.allows(at(6, 5, 0)) && !night.allows(at(0, 22, 0)));
    }

    #[test]
    fn invalid_windows_are_refused() {
        let good = Window { days: 1, from: 0, to: DAY_MINUTES };
        assert!(Schedule::new(&[good; MAX_WINDOWS]).is_some());
        assert!(Schedule::new(&[good; MAX_WINDOWS + 1]).is_none());
        for bad in [
            Window { days: 0, ..good },
            Window { days: 0x80, ..good },
            Window { from: DAY_MINUTES, ..good },
            Window { to: DAY_MINUTES + 1, ..good },
        ] {
            assert!(Schedule::new(&[bad]).is_none());
        }
        assert!(Schedule::new(&[]).unwrap().is_always());
    }

    proptest! {
        /// Compares `contains` with counting minutes over a week.
        #[test]
        fn windows_agree_with_counting_minutes(
            days in 1u8..128, from in 0u16..DAY_MINUTES, to in 0u16..=DAY_MINUTES, minute in 0u64..7 * 24 * 60,
        ) {
            let window = Window { days, from, to };
            let length = if from < to { to - from } else { DAY_MINUTES - from + to };
            let counted = (0..7u64).filter(|day| days >> day & 1 == 1).any(|day| {
                let begin = day * u64::from(DAY_MINUTES) + u64::from(from);
                (minute + MINUTES_OF_WEEK - begin) % MINUTES_OF_WEEK < u64::from(length)
            });
            let time = LocalTime {
                day: (minute / u64::from(DAY_MINUTES)) as u8,
                minute: (minute % u64::from(DAY_MINUTES)) as u16,
            };
            prop_assert_eq!(window.contains(time), counted);
        }
    }
}
