//! Arm's compiler Vela, as a program, and what it writes.
//!
//! Vela lies in a folder of its own (`cargo xtask setup --npu`), outside of Python's path. It is the only part that this
//! project did not write, and it is not trusted: [`npu_section::Section::read`] checks every command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::npz::Npz;

/// The folder of Vela in the cache.
pub const FOLDER: &str = "vela";
/// The file in it that says that it is whole.
pub const STAMP: &str = "requirements.txt";

/// What Vela made of a network.
#[derive(Debug)]
pub struct Compiled {
    /// The payload for Arm's driver.
    pub payload: Vec<u8>,
    /// Weights, scales and tables.
    pub data: Vec<u8>,
    /// Bytes of scratch.
    pub scratch: u32,
    /// Offset in the scratch of each input, then of each output, with its bytes.
    pub inputs: Vec<[u32; 2]>,
    /// As `inputs`.
    pub outputs: Vec<[u32; 2]>,
    /// Estimated cycles of the whole network.
    pub cycles: u32,
    /// Estimates by operator of Vela: number of the operator in the image, cycles, multiply-adds.
    pub layers: Vec<[u32; 3]>,
}

/// Compiles the TOSA file `network` for `accelerator` by the Vela in `folder`.
///
/// # Errors
/// [`Error::NoVela`], [`Error::Vela`], [`Error::Written`], [`Error::Left`].
pub fn compile(network: &[u8], accelerator: &str, folder: &Path) -> Result<Compiled, Error> {
    if !folder.join(STAMP).exists() {
        return Err(Error::NoVela(folder.display().to_string()));
    }
    let place = tempfile::tempdir()?;
    fs::write(place.path().join("network.tosa"), network)?;
    let run = Command::new("python3")
        .args(["-c", "import sys\nsys.path.insert(0, sys.argv.pop(1))\nfrom ethosu.vela.vela import main\nmain(sys.argv[1:])"])
        .arg(folder)
        .arg("network.tosa")
        .args(["--accelerator-config", accelerator, "--output-format", "raw", "--output-dir", "."])
        .arg("--verbose-performance")
        .env_remove("PYTHONPATH")
        .current_dir(place.path())
        .output()?;
    let said = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if !run.status.success() {
        let last = said.iter().flat_map(|text| text.lines()).rfind(|line| !line.trim().is_empty());
        return Err(Error::Vela(last.unwrap_or("it said nothing").to_owned()));
    }
    read(place.path())
}

/// Reads the files in `folder`.
fn read(folder: &Path) -> Result<Compiled, Error> {
    let arrays = Npz::read(&folder.join("network_vela.npz"))?;
    let whole = |name: &str| arrays.integer(name);
    if whole("weight_region")? != 0 || whole("scratch_region")? != 1 || whole("scratch_fast_size")? != 0 {
        return Err(Error::Written(
            "its regions are not those of one read-only and one scratch memory".into(),
        ));
    }
    let places = |kind: &str| -> Result<Vec<[u32; 2]>, Error> {
        let offsets = arrays.integers(&format!("{kind}_offset"))?;
        let sizes = arrays.integers(&format!("{kind}_elem_size"))?;
        let shapes = arrays.integers(&format!("{kind}_shape"))?;
        let rank = shapes.len() / offsets.len().max(1);
        if sizes.len() != offsets.len() || rank == 0 {
            return Err(Error::Written(format!("it has no {kind}")));
        }
        let shapes = shapes.chunks(rank).map(|shape| shape.iter().product::<u32>());
        Ok(offsets.into_iter().zip(sizes).zip(shapes).map(|((at, size), count)| [at, size * count]).collect())
    };
    let layers = fs::read_to_string(folder.join("network_per-layer.csv"))?;
    let layers = table(&layers, &["Target", "Op Cycles", "MAC Count", "Name"])?;
    let left = layers.iter().filter(|row| row[0] != "NPU").count();
    if left > 0 {
        return Err(Error::Left(left));
    }
    let number = |text: &str| text.parse::<f64>().map(|value| value as u32);
    let layers = layers.iter().map(|row| {
        let operator = row[3].split('.').next().unwrap_or_default();
        Ok([number(operator)?, number(&row[1])?, number(&row[2])?])
    });
    let layers: Result<Vec<_>, std::num::ParseFloatError> = layers.collect();
    let mut cycles = 0;
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("network_summary")) {
            let rows = table(&fs::read_to_string(&path)?, &["cycles_total"])?;
            cycles = rows.first().and_then(|row| number(&row[0]).ok()).unwrap_or(0);
        }
    }
    Ok(Compiled {
        payload: arrays.bytes("cmd_data")?.to_vec(),
        data: arrays.bytes("weight_data")?.to_vec(),
        scratch: whole("scratch_size")?,
        inputs: places("input")?,
        outputs: places("output")?,
        cycles,
        layers: layers.map_err(|error| Error::Written(error.to_string()))?,
    })
}

/// The columns of a table whose fields have no quotes.
fn table(text: &str, columns: &[&str]) -> Result<Vec<Vec<String>>, Error> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let places: Option<Vec<usize>> =
        columns.iter().map(|column| head.iter().position(|name| name == column)).collect();
    let places = places.ok_or(Error::Written(format!("a table lacks one of {columns:?}")))?;
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let row: Option<Vec<String>> =
                places.iter().map(|&place| fields.get(place).map(|&field| field.to_owned())).collect();
            row.ok_or(Error::Written(format!("a short line in a table: {line}")))
        })
        .collect()
}
