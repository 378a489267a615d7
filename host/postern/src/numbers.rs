//! Numbers of the command line: each option's type says which numbers it takes.
//!
//! A text such as `nan` or `inf` is a number for the standard library, and for no option of this program.

use std::fmt::Display;
use std::str::FromStr;

/// A finite number.
///
/// # Errors
/// What the text is instead.
pub fn finite<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    let number = text.trim().parse::<T>().map_err(|_| format!("{text} is no number"))?;
    if number.into().is_finite() { Ok(number) } else { Err(format!("{text} is not finite")) }
}

/// A finite number above zero.
///
/// # Errors
/// What the text is instead.
pub fn positive<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    let number = finite::<T>(text)?;
    if number.into() > 0.0 { Ok(number) } else { Err("the number must be above zero".to_owned()) }
}

/// A finite number that is zero or more.
///
/// # Errors
/// What the text is instead.
pub fn factor<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    let number = finite::<T>(text)?;
    if number.into() >= 0.0 { Ok(number) } else { Err("the number must not be negative".to_owned()) }
}

/// A share: from 0 to less than 1.
///
/// # Errors
/// What the text is instead.
pub fn share(text: &str) -> Result<f64, String> {
    let number = factor::<f64>(text)?;
    if number < 1.0 { Ok(number) } else { Err("a share is from 0 to less than 1".to_owned()) }
}

/// A whole number that is one or more.
///
/// # Errors
/// What the text is instead.
pub fn count<T: FromStr + PartialEq + From<u8>>(text: &str) -> Result<T, String>
where
    T::Err: Display,
{
    let number = text.trim().parse::<T>().map_err(|error| format!("{text} is no count: {error}"))?;
    if number == T::from(0) { Err("the number must be 1 or more".to_owned()) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn numbers_are_of_their_kind() {
        assert_eq!((positive::<f64>("2.5"), factor::<f32>("0"), share("0.05")), (Ok(2.5), Ok(0.0), Ok(0.05)));
        assert_eq!((finite::<f64>("-3"), count::<usize>("3")), (Ok(-3.0), Ok(3)));
        for text in ["nan", "NaN", "inf", "-inf", "infinity", "1e999", "", "x"] {
            assert!(finite::<f64>(text).is_err() && positive::<f32>(text).is_err(), "{text}");
            assert!(factor::<f64>(text).is_err() && share(text).is_err(), "{text}");
        }
        assert!(positive::<f64>("0").is_err() && factor::<f64>("-1").is_err() && share("1").is_err());
        assert!(count::<usize>("0").is_err() && count::<u32>("-1").is_err() && count::<u8>("256").is_err());
    }

    /// Options that take fractions below zero.
    const SIGNED: [&str; 2] = ["mean", "offset"];

    /// Options whose zero has a meaning of its own: a seed, a time that is switched off, a first number, no additional work,
    /// an immediate checkpoint.
    const ZERO: [&str; 11] = [
        "seed",
        "from",
        "passback",
        "held",
        "rounding",
        "morphs",
        "checkpoint-every",
        // A stage without blocks of its own.
        "train-liveness network depth",
        "release",
        "template",
        "address",
    ];

    /// Options whose numbers the board checks; its message names the bounds.
    const BOARD: [&str; 6] = ["one-in", "agreement", "open-ms", "failures", "lockout", "pin-time"];

    /// Every option of the command line, with the commands before it.
    fn options(command: &clap::Command, before: &[String], found: &mut Vec<(Vec<String>, clap::Arg)>) {
        for option in command.get_arguments().filter(|option| option.get_long().is_some()) {
            found.push((before.to_vec(), option.clone()));
        }
        for sub in command.get_subcommands() {
            options(sub, &[before, &[sub.get_name().to_owned()]].concat(), found);
        }
    }

    /// Whether the command line refuses an option's value before it asks what else is missing.
    fn refuses(before: &[String], option: &clap::Arg, value: &str) -> bool {
        let name = option.get_long().unwrap_or_default();
        let given = format!("--{name}={value}");
        let arguments =
            ["postern"].into_iter().map(str::to_owned).chain(before.iter().cloned()).chain([given]);
        let parsed = crate::help::grouped::<crate::Cli>().try_get_matches_from(arguments);
        matches!(parsed, Err(error) if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue))
    }

    #[test]
    fn no_option_takes_a_number_without_a_meaning() {
        let mut command = crate::help::grouped::<crate::Cli>();
        command.build();
        let mut found = Vec::new();
        options(&command, &[], &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for (before, option) in &found {
            let is = |types: &[TypeId]| types.iter().any(|id| option.get_value_parser().type_id() == *id);
            let name = option.get_long().unwrap_or_default();
            let place = format!("postern {} --{name}", before.join(" "));
            if is(&[TypeId::of::<f64>(), TypeId::of::<f32>()]) {
                for value in ["nan", "inf", "-inf"] {
                    assert!(refuses(before, option, value), "{place}={value}");
                }
                assert!(SIGNED.contains(&name) || refuses(before, option, "-1"), "{place}=-1");
            }
            let whole = [TypeId::of::<u8>(), TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>()];
            if is(&whole) || is(&[TypeId::of::<usize>()]) {
                let whole_name = format!("{} {name}", before.join(" "));
                let has_zero = ZERO.contains(&name) || ZERO.contains(&whole_name.as_str());
                assert!(has_zero || BOARD.contains(&name) || refuses(before, option, "0"), "{place}=0");
            }
        }
    }
}
