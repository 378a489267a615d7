//! `--vary`: one option with several values.

use std::str::FromStr;

use anyhow::{Context, anyhow, bail, ensure};

use super::Args;
use crate::numbers::{count, factor, positive};

/// An option with the values that it takes in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    /// Its name without dashes.
    pub option: String,
    /// As they are written.
    pub values: Vec<String>,
}

impl FromStr for Vary {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (option, values) = text.split_once('=').context("write OPTION=A,B,…")?;
        let values: Vec<String> = values.split(',').map(str::to_owned).collect();
        ensure!(values.iter().all(|value| !value.is_empty()), "a value is empty");
        Ok(Self { option: option.trim_start_matches('-').into(), values })
    }
}

impl Vary {
    /// Fails if a value is none of the option's, before the first picture is painted.
    pub fn check(&self, args: &Args) -> anyhow::Result<()> {
        self.values.iter().try_for_each(|value| self.set(&mut args.clone(), value))
    }

    /// Gives the option one of its values.
    pub fn set(&self, args: &mut Args, value: &str) -> anyhow::Result<()> {
        let of_option = |problem: String| anyhow!("--vary {}: {problem}", self.option);
        let number = || factor::<f64>(value).map_err(of_option);
        match &*self.option {
            "alpha" => args.costs.alpha = Some(number()?),
            "beta" => args.costs.beta = Some(number()?),
            "variation" => args.costs.variation = Some(number()?),
            "style-scale" => args.costs.style_scale = positive(value).map_err(of_option)?,
            "iterations" => args.search.iterations = count(value).map_err(of_option)?,
            "seed" => {
                args.search.seed = value.parse().map_err(|_| of_option(format!("{value} is no seed")))?
            }
            "preset" => args.preset = super::preset(value)?,
            other => bail!(
                "--vary {other} is not known; alpha, beta, variation, style-scale, iterations, seed and preset can be varied"
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_values() {
        let vary: Vary = "beta=10,40".parse().unwrap();
        assert_eq!(vary, Vary { option: "beta".into(), values: vec!["10".into(), "40".into()] });
        assert!("beta".parse::<Vary>().is_err());
        assert!("beta=1,,2".parse::<Vary>().is_err());
    }
}
