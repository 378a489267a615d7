//! Draws the logs of several trainings into one plot: `compare_runs PLOT.png FOLDER…`.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let (plot, folders) = paths.split_first().ok_or("usage: compare_runs PLOT.png FOLDER…")?;
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
    let runs: Vec<(&str, &Path)> =
        names.iter().map(String::as_str).zip(folders.iter().map(PathBuf::as_path)).collect();
    train::report::compare(plot, "Which triplets teach", &runs)?;
    Ok(())
}
