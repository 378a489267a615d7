//! Zones against the database of time zones.

use super::*;

/// 2026-11-29.
fn november() -> Timestamp {
    Timestamp::from_second(1_795_910_400).unwrap()
}

/// Each zone of the database has an exact rule, or is refused.
#[test]
fn a_zone_gives_the_offsets_of_the_database_for_ten_years_or_is_refused() {
    let mut refused = Vec::new();
    let mut saving = 0;
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        let Some(ours) = rule(&zone, november()) else {
            refused.push(name.to_string());
            continue;
        };
        saving += usize::from(ours.daylight_saving.is_some());
        let until = november() + SignedDuration::from_hours(9 * 365 * 24);
        let around = zone.following(november()).take_while(|change| change.timestamp() < until);
        let changes =
            around.flat_map(|change| [change.timestamp().as_second() - 1, change.timestamp().as_second()]);
        let weeks = (0..9 * 52).map(|week| november().as_second() + week * 7 * 86_400 + 3_599);
        for second in changes.chain(weeks) {
            let theirs = zone.to_offset(Timestamp::from_second(second).unwrap()).seconds() / 60;
            assert_eq!(i32::from(ours.offset_at(second as u64 * 1000)), theirs, "{name} at {second}");
        }
        let read = TimeZone::posix(&posix(&ours)).unwrap();
        assert_eq!(rule(&read, november()), Some(ours), "{name}: {}", posix(&ours));
    }
    assert!(saving > 100, "{saving} zones have daylight saving time");
    assert!(refused.iter().any(|name| name == "Africa/Casablanca"), "it follows the moon: {refused:?}");
    assert!(refused.len() < 20, "{refused:?}");
}

#[test]
fn zones_are_told_in_words_and_as_posix_has_them() {
    let told = |name| {
        let zone = rule(&TimeZone::get(name).unwrap(), november()).unwrap();
        (text(&zone, None), posix(&zone))
    };
    assert_eq!(
        told("Europe/Berlin"),
        (
            "UTC+01:00; UTC+02:00 from the last Sunday in March, 02:00 to the last Sunday in October, 03:00"
                .to_owned(),
            "<+0100>-1<+0200>-2,M3.5.0/2,M10.5.0/3".to_owned()
        )
    );
    assert_eq!(told("Asia/Kolkata"), ("UTC+05:30".to_owned(), "<+0530>-5:30".to_owned()));
    assert_eq!(told("Asia/Jerusalem").1, "<+0200>-2<+0300>-3,M3.4.4/26,M10.5.0/2");
    assert_eq!(told("America/St_Johns").1, "<-0330>3:30<-0230>2:30,M3.2.0/2,M11.1.0/2");
    assert!(told("Asia/Jerusalem").0.contains("from the day after the fourth Thursday in March, 02:00"));
}

#[test]
fn what_is_no_zone_is_refused_with_how_it_is_written() {
    for (text, minutes) in [("UTC", 0), ("+00:00", 0), ("+05:30", 330), ("-03:30", -210), ("+14:00", 840)] {
        assert_eq!(parse(text).map(|named| named.zone), Ok(Zone::fixed(minutes)), "{text}");
    }
    for text in ["", "+5", "+05:60", "+15:00", "-99:99", "Mars/Phobos", "berlin", "+5:30", "60"] {
        let why = parse(text).unwrap_err();
        assert!(why.contains("Europe/Berlin") && why.contains("+05:30"), "{text}: {why}");
    }
    let why = parse("Africa/Casablanca").unwrap_err();
    assert!(why.contains("set the offset"), "{why}");
}
