//! The log of a training in two CSV files: a row a step, and a row a validation.
//!
//! Rows go to the file at once. A training that is resumed takes the rows off that come after its
//! checkpoint, for they are done again.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::loss::TripletFigures;

const STEPS: &str = "log.csv";
const VALIDATIONS: &str = "validation.csv";

const STEP_HEADER: &str =
    "done,epoch,step,loss,active,positive_distance,negative_distance,rate,images_per_second";
const VALIDATION_HEADER: &str = "done,epoch,equal_error_rate,tar_at_1e-2,tar_at_1e-3";

/// A step as it is logged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRow {
    /// Steps done from the beginning, this one included.
    pub done: u64,
    /// Epoch, from 1.
    pub epoch: usize,
    /// Step in the epoch, from 1.
    pub step: usize,
    /// The objective.
    pub loss: f64,
    /// Where triplets are mined.
    pub triplets: Option<TripletFigures>,
    /// The learning rate.
    pub rate: f64,
    /// Pictures trained on in a second.
    pub images_per_second: f64,
}

/// A validation as it is logged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidationRow {
    /// Steps done from the beginning.
    pub done: u64,
    /// Epochs done.
    pub epoch: usize,
    /// Where as many strangers are taken for somebody as people are not recognised; a share.
    pub equal_error_rate: f64,
    /// True-accept rates at false-match rates of 1 in 100 and 1 in 1,000, where the pictures can tell.
    pub tar: [Option<f64>; 2],
}

/// The two files, open to be written on.
pub(crate) struct Log {
    steps: (File, PathBuf),
    validations: (File, PathBuf),
}

impl Log {
    /// Opens the log in `folder`, without the rows after step `done`.
    pub fn open(folder: &Path, done: u64) -> Result<Self, Error> {
        let open = |name: &str, header: &str| {
            let path = folder.join(name);
            let kept = kept(&path, header, done);
            super::checkpoint::replace(&path, kept.as_bytes())?;
            let file = OpenOptions::new().append(true).open(&path);
            let file = file.map_err(|source| Error::Write { path: path.clone(), source })?;
            Ok::<_, Error>((file, path))
        };
        Ok(Self { steps: open(STEPS, STEP_HEADER)?, validations: open(VALIDATIONS, VALIDATION_HEADER)? })
    }

    pub fn step(&mut self, row: &StepRow) -> Result<(), Error> {
        let triplet = |value: fn(&TripletFigures) -> f64| text(row.triplets.as_ref().map(value));
        let StepRow { done, epoch, step, loss, rate, images_per_second, .. } = row;
        let [active, positive, negative] = [
            triplet(|figures| figures.active),
            triplet(|figures| figures.positive_distance),
            triplet(|figures| figures.negative_distance),
        ];
        write(
            &mut self.steps,
            &format!(
                "{done},{epoch},{step},{loss:.6},{active},{positive},{negative},{rate:.3e},{images_per_second:.1}\n"
            ),
        )
    }

    pub fn validation(&mut self, row: &ValidationRow) -> Result<(), Error> {
        let ValidationRow { done, epoch, equal_error_rate, tar } = row;
        let [often, rare] = tar.map(text);
        write(&mut self.validations, &format!("{done},{epoch},{equal_error_rate:.6},{often},{rare}\n"))
    }
}

fn text(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.6}"))
}

fn write((file, path): &mut (File, PathBuf), row: &str) -> Result<(), Error> {
    file.write_all(row.as_bytes()).map_err(|source| Error::Write { path: path.clone(), source })
}

/// The header and the whole rows up to step `done`.
fn kept(path: &Path, header: &str, done: u64) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut kept = format!("{header}\n");
    for line in text.split_inclusive('\n').skip(1).filter(|line| line.ends_with('\n')) {
        let at: Option<u64> = line.split(',').next().and_then(|first| first.parse().ok());
        if at.is_some_and(|at| at <= done) {
            kept.push_str(line);
        }
    }
    kept
}

/// The rows of the steps logged in `folder`.
///
/// # Errors
/// [`Error::Read`]. A row that is not whole is left out.
pub fn read_steps(folder: &Path) -> Result<Vec<StepRow>, Error> {
    let rows = rows(&folder.join(STEPS))?;
    let row = |cells: &Vec<Option<f64>>| {
        let [done, epoch, step, loss, active, positive, negative, rate, speed] = cells[..] else {
            return None;
        };
        let triplets = active.zip(positive.zip(negative)).map(|(active, (positive, negative))| {
            TripletFigures { active, positive_distance: positive, negative_distance: negative }
        });
        Some(StepRow {
            done: done? as u64,
            epoch: epoch? as usize,
            step: step? as usize,
            loss: loss?,
            triplets,
            rate: rate?,
            images_per_second: speed?,
        })
    };
    Ok(rows.iter().filter_map(row).collect())
}

/// The rows of the validations logged in `folder`.
///
/// # Errors
/// [`Error::Read`]. A row that is not whole is left out.
pub fn read_validations(folder: &Path) -> Result<Vec<ValidationRow>, Error> {
    let rows = rows(&folder.join(VALIDATIONS))?;
    let row = |cells: &Vec<Option<f64>>| {
        let [done, epoch, equal_error_rate, often, rare] = cells[..] else { return None };
        Some(ValidationRow {
            done: done? as u64,
            epoch: epoch? as usize,
            equal_error_rate: equal_error_rate?,
            tar: [often, rare],
        })
    };
    Ok(rows.iter().filter_map(row).collect())
}

/// The cells of a file; an empty one is none.
fn rows(path: &Path) -> Result<Vec<Vec<Option<f64>>>, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
    Ok(text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().ok()).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(done: u64) -> StepRow {
        let triplets = TripletFigures { active: 0.25, positive_distance: 0.5, negative_distance: 1.5 };
        StepRow {
            done,
            epoch: 1,
            step: done as usize,
            loss: 0.125,
            triplets: (done != 2).then_some(triplets),
            rate: 1e-3,
            images_per_second: 20.0,
        }
    }

    #[test]
    fn what_was_logged_is_read_and_a_resumed_log_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path(), 0).unwrap();
        let validation = ValidationRow { done: 2, epoch: 1, equal_error_rate: 0.25, tar: [Some(0.5), None] };
        (1..=3).for_each(|done| log.step(&step(done)).unwrap());
        log.validation(&validation).unwrap();
        assert_eq!(read_steps(folder.path()).unwrap(), [step(1), step(2), step(3)]);
        assert_eq!(read_validations(folder.path()).unwrap(), [validation]);
        // A kill in the middle of a row.
        let path = folder.path().join(STEPS);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 5]).unwrap();
        let mut log = Log::open(folder.path(), 1).unwrap();
        log.step(&step(2)).unwrap();
        assert_eq!(read_steps(folder.path()).unwrap(), [step(1), step(2)]);
        assert_eq!(read_validations(folder.path()).unwrap(), []);
    }
}
