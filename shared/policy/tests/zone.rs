//! Local time by zone, at moments that `date` of GNU coreutils gives.

use policy::{DaylightSaving, YearlyChange, Zone};

const fn change(month: u8, week: u8, weekday: u8, minute: i16) -> YearlyChange {
    YearlyChange { month, week, weekday, minute }
}

const SUNDAY: u8 = 6;

/// `CET-1CEST,M3.5.0,M10.5.0/3`
const BERLIN: Zone = Zone {
    offset_minutes: 60,
    daylight_saving: Some(DaylightSaving {
        offset_minutes: 120,
        begins: change(3, 5, SUNDAY, 120),
        ends: change(10, 5, SUNDAY, 180),
    }),
};
/// `AEST-10AEDT,M10.1.0,M4.1.0/3`
const SYDNEY: Zone = Zone {
    offset_minutes: 600,
    daylight_saving: Some(DaylightSaving {
        offset_minutes: 660,
        begins: change(10, 1, SUNDAY, 120),
        ends: change(4, 1, SUNDAY, 180),
    }),
};

/// The offset in the second before a moment, and at it.
fn around(zone: Zone, unix_s: u64) -> (i16, i16) {
    (zone.offset_at((unix_s - 1) * 1000), zone.offset_at(unix_s * 1000))
}

#[test]
fn clocks_change_to_the_second_north_and_south_of_the_equator() {
    // 2026-03-29 and 2026-10-25, 01:00 UTC.
    assert_eq!(around(BERLIN, 1_774_746_000), (60, 120));
    assert_eq!(around(BERLIN, 1_792_890_000), (120, 60));
    // 2026-04-04 and 2026-10-03, 16:00 UTC.
    assert_eq!(around(SYDNEY, 1_775_318_400), (660, 600));
    assert_eq!(around(SYDNEY, 1_791_043_200), (600, 660));
    // The years 2028, 2100 and 2400: leap, not leap, leap.
    for unix_s in [1_837_645_200, 4_109_878_800, 13_576_813_200] {
        assert_eq!(around(BERLIN, unix_s), (60, 120), "{unix_s}");
    }
}

#[test]
fn a_year_begins_at_midnight_of_the_zone() {
    // 2027-01-01 00:00 in Sydney and in Berlin.
    assert_eq!(around(SYDNEY, 1_798_722_000), (660, 660));
    assert_eq!(around(BERLIN, 1_798_758_000), (60, 60));
    // A change in the first minutes of a year, by the clock before it: it happens in that year.
    let january =
        DaylightSaving { offset_minutes: 120, begins: change(1, 1, 4, 0), ends: change(6, 1, 0, 0) };
    let zone = Zone { offset_minutes: 60, daylight_saving: Some(january) };
    assert_eq!(around(zone, 1_798_758_000), (60, 120), "2027-01-01 is a Friday");
}

#[test]
fn a_change_may_lie_on_another_day_than_its_weekday() {
    // Thursday and 50 hours is Saturday, 02:00 (`EET-2EEST,M3.4.4/50,M10.4.4/50`): 2026-03-28, 00:00 UTC.
    let [begins, ends] = [3, 10].map(|month| change(month, 4, 3, 3000));
    let saving = DaylightSaving { offset_minutes: 180, begins, ends };
    let zone = Zone { offset_minutes: 120, daylight_saving: Some(saving) };
    assert_eq!(around(zone, 1_774_656_000), (120, 180));
}

#[test]
fn a_zone_out_of_range_is_not_valid_and_harms_nothing() {
    assert!([BERLIN, SYDNEY, Zone::UTC, Zone::fixed(-840)].iter().all(Zone::is_valid));
    let saving = BERLIN.daylight_saving.unwrap();
    let with = |saving| Zone { daylight_saving: Some(saving), ..BERLIN };
    let wrong = [
        Zone::fixed(841),
        Zone::fixed(i16::MIN),
        with(DaylightSaving { offset_minutes: i16::MAX, ..saving }),
        with(DaylightSaving { begins: change(0, 5, SUNDAY, 0), ..saving }),
        with(DaylightSaving { begins: change(255, 5, SUNDAY, 0), ..saving }),
        with(DaylightSaving { begins: change(3, 0, SUNDAY, 0), ..saving }),
        with(DaylightSaving { begins: change(3, 255, SUNDAY, 0), ..saving }),
        with(DaylightSaving { begins: change(3, 5, 7, 0), ..saving }),
        with(DaylightSaving { begins: change(3, 5, SUNDAY, i16::MIN), ..saving }),
        with(DaylightSaving { begins: saving.ends, ..saving }),
    ];
    for zone in wrong {
        assert!(!zone.is_valid(), "{zone:?}");
        for unix_ms in [0, 1, 1_774_746_000_000, u64::MAX / 2, u64::MAX] {
            let _ = zone.offset_at(unix_ms);
        }
    }
}
