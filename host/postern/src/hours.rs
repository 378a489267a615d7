//! Hours of the week as people write them: `mon-fri 08:00-18:00, sat 10:00-12:00`.

use client::protocol::{Schedule, Window};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The schedule of a text; `always` is at any time.
///
/// # Errors
/// What is wrong, and how it is written.
pub fn parse(text: &str) -> Result<Schedule, String> {
    if text.trim() == "always" {
        return Ok(Schedule::ALWAYS);
    }
    let windows = text.split(',').map(window).collect::<Result<Vec<_>, _>>()?;
    Schedule::new(&windows).ok_or_else(|| format!("`{text}` has more than four times, or a day of none"))
}

/// The text of a schedule.
pub fn text(schedule: &Schedule) -> String {
    if schedule.is_always() {
        return "always".to_owned();
    }
    let windows: Vec<String> = schedule
        .windows()
        .map(|window| {
            format!("{} {}-{}", days_text(window.days), time_text(window.from), time_text(window.to))
        })
        .collect();
    windows.join(", ")
}

fn window(text: &str) -> Result<Window, String> {
    let wrong = || format!("`{}` is no time as in `mon-fri 08:00-18:00`", text.trim());
    let (names, times) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let (from, to) = times.trim().split_once('-').ok_or_else(wrong)?;
    let days = names.split('+').map(days).collect::<Option<Vec<u8>>>().ok_or_else(wrong)?;
    let days = days.into_iter().fold(0, |all, days| all | days);
    let (from, to) = (time(from).ok_or_else(wrong)?, time(to).ok_or_else(wrong)?);
    if from == to {
        return Err(format!(
            "`{}` is empty: it ends when it begins; a whole day is `00:00-24:00`",
            text.trim()
        ));
    }
    let window = Window { days, from, to };
    if window.is_valid() { Ok(window) } else { Err(wrong()) }
}

/// A day, or days from one to another, which may go over the week's end.
fn days(text: &str) -> Option<u8> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name.to_lowercase());
    let Some((first, last)) = text.split_once('-') else { return day(text).map(|day| 1 << day) };
    let (first, last) = (day(first)?, day(last)?);
    let length = (last + 7 - first) % 7;
    Some((first..=first + length).fold(0, |days, day| days | 1 << (day % 7)))
}

fn time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then(|| hours * 60 + minutes)
}

fn days_text(days: u8) -> String {
    let names: Vec<&str> =
        DAYS.iter().enumerate().filter(|(day, _)| days >> day & 1 == 1).map(|(_, name)| *name).collect();
    let consecutive = days >> days.trailing_zeros() & (days >> days.trailing_zeros()).wrapping_add(1) == 0;
    match names[..] {
        [first, .., last] if consecutive => format!("{first}-{last}"),
        _ => names.join("+"),
    }
}

fn time_text(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_back_as_they_were_written() {
        for hours in
            ["always", "mon-fri 08:00-18:00", "mon+wed 00:00-24:00, sun 22:00-06:00", "sat 10:05-10:06"]
        {
            assert_eq!(text(&parse(hours).unwrap()), hours);
        }
        assert_eq!(text(&parse("Fri-Mon 08:00-18:00").unwrap()), "mon+fri+sat+sun 08:00-18:00");
        assert_eq!(text(&parse("mon-sun 00:00-24:00").unwrap()), "mon-sun 00:00-24:00");
    }

    #[test]
    fn an_empty_window_is_refused() {
        for empty in ["mon 08:00-08:00", "mon-fri 09:00-10:00, sat 00:00-00:00"] {
            let error = parse(empty).unwrap_err();
            assert!(error.contains("is empty") && error.contains("00:00-24:00"), "{error}");
        }
        assert!(parse("mon 22:00-06:00").is_ok() && parse("mon 00:00-24:00").is_ok());
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        let five = ["mon 01:00-02:00"; 5].join(",");
        for bad in [
            "",
            "mon",
            "08:00-18:00",
            "xyz 08:00-18:00",
            "mon 8-18",
            "mon 25:00-26:00",
            "mon 24:00-08:00",
            "mon 08:61-09:00",
            &five,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("monday 08:00-18:00").unwrap_err().contains("mon-fri 08:00-18:00"));
    }
}
