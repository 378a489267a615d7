//! `--vary`: one option with several values.

use std::str::FromStr;

use anyhow::{Context, bail, ensure};

use super::Args;

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
    /// Gives the option one of its values.
    pub fn set(&self, args: &mut Args, value: &str) -> anyhow::Result<()> {
        let number =
            || value.parse::<f64>().with_context(|| format!("--vary {}: {value} is no number", self.option));
        let count = || value.parse().with_context(|| format!("--vary {}: {value} is no count", self.option));
        match &*self.option {
            "alpha" => args.costs.alpha = Some(number()?),
            "beta" => args.costs.beta = Some(number()?),
            "variation" => args.costs.variation = Some(number()?),
            "style-scale" => args.costs.style_scale = number()?,
            "iterations" => args.search.iterations = count()?,
            "seed" => args.search.seed = u64::from(count()?),
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
