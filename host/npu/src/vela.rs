//! Arm's compiler Vela, as a program, and what it writes.
//!
//! Vela lies in a folder of its own (`cargo xtask setup --npu`), outside of Python's path. It is the only part that this
//! project did not write, and it is not trusted: [`npu_section::Section::read`] checks every command, and each number of
//! its reports is checked here.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Error;
use crate::npz::Npz;

/// The folder of Vela in the cache.
pub const FOLDER: &str = "vela";
/// The file in it that says that it is whole.
pub const STAMP: &str = "requirements.txt";
/// The longest run of Vela. It takes seconds for the networks of a door.
const LIMIT: Duration = Duration::from_secs(15 * 60);

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
/// [`Error::NoVela`], [`Error::NoPython`], [`Error::Vela`], [`Error::Slow`], [`Error::Written`], [`Error::Left`].
pub fn compile(network: &[u8], accelerator: &str, folder: &Path) -> Result<Compiled, Error> {
    compile_within(network, accelerator, folder, LIMIT)
}

fn compile_within(
    network: &[u8],
    accelerator: &str,
    folder: &Path,
    limit: Duration,
) -> Result<Compiled, Error> {
    if !folder.join(STAMP).exists() {
        return Err(Error::NoVela(folder.display().to_string()));
    }
    let place = tempfile::tempdir()?;
    fs::write(place.path().join("network.tosa"), network)?;
    let log = place.path().join("log");
    let mut vela = Command::new("python3");
    vela.args(["-c", "import sys\nsys.path.insert(0, sys.argv.pop(1))\nfrom ethosu.vela.vela import main\nmain(sys.argv[1:])"])
        .arg(folder)
        .arg("network.tosa")
        .args(["--accelerator-config", accelerator, "--output-format", "raw", "--output-dir", "."])
        .arg("--verbose-performance")
        .env_remove("PYTHONPATH")
        .current_dir(place.path());
    if !run(vela, &log, limit)? {
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        return Err(Error::Vela(last.chars().filter(|letter| !letter.is_control()).collect()));
    }
    read(place.path())
}

/// Runs a program that writes what it says to `log`; whether it ended well.
fn run(mut program: Command, log: &Path, limit: Duration) -> Result<bool, Error> {
    let log = File::create(log)?;
    let child = program.stdin(std::process::Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    let mut child = child.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoPython,
        _ => Error::Io(error),
    })?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Err(Error::Slow(limit.as_secs() / 60));
        }
        sleep(Duration::from_millis(20));
    }
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
    let layers = text(folder, "network_per-layer.csv")?;
    let layers = table(&layers, &["Target", "Op Cycles", "MAC Count", "Name"])?;
    let left = layers.iter().filter(|row| row[0] != "NPU").count();
    if left > 0 {
        return Err(Error::Left(left));
    }
    let layers = layers.iter().map(|row| {
        let operator = row[3].split('.').next().unwrap_or_default();
        Ok([number(operator)?, number(&row[1])?, number(&row[2])?])
    });
    Ok(Compiled {
        payload: arrays.bytes("cmd_data")?.to_vec(),
        data: arrays.bytes("weight_data")?.to_vec(),
        scratch: whole("scratch_size")?,
        inputs: places(&arrays, "input")?,
        outputs: places(&arrays, "output")?,
        cycles: cycles(folder)?,
        layers: layers.collect::<Result<_, Error>>()?,
    })
}

/// Offset and bytes of all inputs or of all outputs.
fn places(arrays: &Npz, kind: &str) -> Result<Vec<[u32; 2]>, Error> {
    let offsets = arrays.integers(&format!("{kind}_offset"))?;
    let sizes = arrays.integers(&format!("{kind}_elem_size"))?;
    let shapes = arrays.integers(&format!("{kind}_shape"))?;
    let rank = shapes.len() / offsets.len().max(1);
    if sizes.len() != offsets.len() || rank == 0 || shapes.len() != rank * offsets.len() {
        return Err(Error::Written(format!("it has no {kind}")));
    }
    let places = offsets.into_iter().zip(sizes).zip(shapes.chunks(rank)).map(|((at, size), shape)| {
        let bytes = shape.iter().try_fold(size, |bytes, side| bytes.checked_mul(*side));
        bytes.map(|bytes| [at, bytes]).ok_or(Error::Written(format!("an {kind} has more than 4 GiB")))
    });
    places.collect()
}

/// The cycles of the whole network, from the summary.
fn cycles(folder: &Path) -> Result<u32, Error> {
    for file in fs::read_dir(folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.starts_with("network_summary") {
            let rows = table(&text(folder, &name)?, &["cycles_total"])?;
            let row = rows.first().ok_or(Error::Written("its summary is empty".into()))?;
            return number(&row[0]);
        }
    }
    Err(Error::Written("there is no summary".into()))
}

/// A file of text.
fn text(folder: &Path, name: &str) -> Result<String, Error> {
    fs::read_to_string(folder.join(name)).map_err(|error| Error::Written(format!("{name}: {error}")))
}

/// A number of a report: not negative, of 32 bits.
fn number(text: &str) -> Result<u32, Error> {
    let value = text.parse::<f64>().ok().filter(|value| (0.0..=f64::from(u32::MAX)).contains(value));
    value
        .map(|value| value as u32)
        .ok_or_else(|| Error::Written(format!("{text:?} in a table is no number of 32 bits")))
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
            row.ok_or(Error::Written(format!("a short line in a table: {line:?}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when `program` stands in Vela's place.
    fn with(program: &str, limit: Duration) -> Error {
        let folder = tempfile::tempdir().expect("a folder");
        let vela = folder.path().join("ethosu/vela");
        fs::create_dir_all(&vela).expect("a folder");
        fs::write(folder.path().join(STAMP), "").expect("written");
        fs::write(vela.join("vela.py"), program).expect("written");
        compile_within(b"network", "ethos-u55-128", folder.path(), limit).expect_err("it is not Vela")
    }

    #[test]
    fn a_compiler_that_does_not_end_is_killed() {
        let endless = "import time\ndef main(arguments):\n  while True: time.sleep(3600)\n";
        let error = with(endless, Duration::ZERO);
        assert!(matches!(error, Error::Slow(_)), "{error}");
    }

    #[test]
    fn what_a_compiler_says_last_is_its_error_without_control_characters() {
        let program = "import sys\ndef main(arguments):\n  print('\\x1b[31mno memory\\x07')\n  sys.exit(3)\n";
        let error = with(program, LIMIT);
        assert_eq!(error.to_string(), "Vela ended with an error: [31mno memory");
        let error = with("def main(arguments): pass\n", LIMIT);
        assert!(matches!(error, Error::Written(_)), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = run(Command::new("no-such-python"), &folder.path().join("log"), LIMIT).expect_err("none");
        assert!(error.to_string().contains("python3"), "{error}");
    }

    #[test]
    fn numbers_of_a_report_have_32_bits_and_no_sign() {
        assert_eq!(["0", "12.0", "4294967295"].map(|text| number(text).expect(text)), [0, 12, u32::MAX]);
        for text in ["-5", "nan", "inf", "4294967296", "4e9e", "", "\u{1b}[31m"] {
            let error = number(text).expect_err(text);
            assert!(!error.to_string().contains('\u{1b}'), "{error}");
        }
    }

    #[test]
    fn a_network_without_a_summary_has_no_cycles() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(cycles(folder.path()).is_err());
        fs::write(folder.path().join("network_summary_x.csv"), "cycles_total\n").expect("written");
        assert!(cycles(folder.path()).is_err());
        fs::write(folder.path().join("network_summary_x.csv"), "cycles_total\n7.0\n").expect("written");
        assert_eq!(cycles(folder.path()).expect("a number"), 7);
    }
}
