//! Unpacks the seeds of every fuzz target into the fuzzer's folders, or packs the folders: `corpus unpack|pack`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use parsers::{TARGETS, seeds};

fn main() -> Result<(), Box<dyn Error>> {
    let task = env::args().nth(1);
    for target in &TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name);
        match task.as_deref() {
            Some("unpack") => unpack(target.name, &folder)?,
            Some("pack") => pack(target.name, &folder)?,
            _ => return Err("say unpack or pack".into()),
        }
    }
    Ok(())
}

/// Writes each input under its number; inputs that the fuzzer found stay.
fn unpack(target: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let file = fs::read(seeds::path(target))?;
    for (number, input) in seeds::unpack(&file)?.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:04}")), input)?;
    }
    Ok(())
}

fn pack(target: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let files =
        fs::read_dir(folder).map_err(|error| format!("{}: {error}: unpack first", folder.display()))?;
    let inputs = files.map(|file| fs::read(file?.path())).collect::<Result<Vec<_>, _>>()?;
    let file = seeds::pack(inputs.iter().map(Vec::as_slice))?;
    println!("{target}: {} inputs, {} bytes", inputs.len(), file.len());
    Ok(fs::write(seeds::path(target), file)?)
}
