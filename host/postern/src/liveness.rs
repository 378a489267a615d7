//! How alive a face looked to a board, in words and for programs.

use client::protocol::{Liveness, LivenessMode};

use crate::answers::door;

/// A score in Q15 as people read it.
pub fn score(score: u16) -> f64 {
    f64::from(score) / 32768.0
}

/// The score for a column; a dash if there is no score.
pub fn column(liveness: Option<&Liveness>) -> String {
    liveness.map_or("-".to_owned(), |liveness| format!("{:.2}", score(liveness.score)))
}

/// For JSON, rounded to the significant digits.
pub fn report(liveness: Option<&Liveness>) -> Option<door::Liveness> {
    let rounded = |value: u16| (score(value) * 1e4).round() / 1e4;
    liveness.map(|liveness| door::Liveness {
        live: liveness.reject.is_none(),
        score: rounded(liveness.score),
        needed: rounded(liveness.needed),
        reject_reason: liveness.reject.map(|reason| reason.to_string()),
    })
}

/// The mode called `name`.
pub fn mode(name: &str) -> Result<LivenessMode, String> {
    match name {
        "off" => Ok(LivenessMode::Off),
        "passive" => Ok(LivenessMode::Passive),
        "challenge" => Ok(LivenessMode::Challenge),
        _ => Err(format!("{name} is not off, passive or challenge")),
    }
}
