//! How much memory a picture will take, computed before any work.

use crate::features::Features;
use crate::stylize::Method;
use crate::{Error, Picture, Settings};

/// What a core needs beside, at the most: transformed tiles of the widest layers.
const CORE: usize = 24 << 20;

/// Vectors of the picture's size that exist beside those of the method.
const VECTORS: usize = 12;

/// Bytes that the last and largest size of a stylization takes at its peak, the program without.
///
/// # Errors
/// The picture is too small for the network.
pub fn needed(features: &Features, content: &Picture, settings: &Settings) -> Result<usize, Error> {
    let side = settings.sides.iter().copied().max().unwrap_or(1);
    at(features, content, settings, side)
}

/// Refuses a stylization that takes more than `available` bytes.
///
/// # Errors
/// [`Error::Memory`] with the longer side that would fit; a picture too small for the network.
pub fn check(
    features: &Features,
    content: &Picture,
    settings: &Settings,
    available: usize,
) -> Result<(), Error> {
    let side = settings.sides.iter().copied().max().unwrap_or(1);
    let needed = at(features, content, settings, side)?;
    if needed <= available {
        return Ok(());
    }
    // Memory rises with the side.
    let (mut fits, mut too_large) = (0, side);
    while too_large - fits > 8 {
        let middle = fits.midpoint(too_large);
        match at(features, content, settings, middle) {
            Ok(bytes) if bytes > available => too_large = middle,
            _ => fits = middle,
        }
    }
    Err(Error::Memory { side, needed, available, fits: fits / 8 * 8 })
}

/// Bytes that this process may still take; none where the system does not tell.
pub fn available() -> Option<usize> {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok();
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = 1024 * line.split_whitespace().next()?.parse::<usize>().ok()?;
    // A container may have less than the machine.
    let group = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    Some(group.map_or(free, |(most, used)| free.min(most.saturating_sub(used))))
}

fn at(features: &Features, content: &Picture, settings: &Settings, side: usize) -> Result<usize, Error> {
    let [height, width] = content.fitted(side);
    let network = &features.network;
    let pass = network.pass_bytes(height, width)?;
    let vectors = match settings.method {
        Method::Lbfgs(history) => 2 * history + VECTORS,
        Method::Adam(_) => VECTORS,
    };
    let kept: usize = settings
        .weights
        .content_layers
        .iter()
        .map(|(name, _)| Ok(network.shapes(height, width)?[features.layer(name)?].len()))
        .sum::<Result<usize, Error>>()?;
    let values = vectors * height * width * 3 + kept;
    Ok(pass + network.bytes() + values * size_of::<f32>() + CORE * rayon::current_num_threads())
}
