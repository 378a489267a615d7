//! What can go wrong in a training.

use std::io;
use std::path::PathBuf;

/// Why a training could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written; what was there before is whole.
    #[error("the training is not saved; what was saved before is whole: go on with --resume")]
    Replace(#[from] output_file::Error),
    /// A file that grows could not be written; what was in it before is whole.
    #[error("cannot write {path}; what was saved before is whole: make room and go on with --resume")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder has no pictures in folders of people.
    #[error("{path} has no pictures of people: it takes a folder a person, as {path}/NAME/1.jpg")]
    NoPictures {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of strangers has fewer than two pictures.
    #[error("{path} has no pictures, or one: it takes many in it, as {path}/1.jpg, each of another person")]
    NoStrangers {
        /// The folder.
        path: PathBuf,
    },
    /// Too few people or pictures to learn from.
    #[error("{0}")]
    TooFew(String),
    /// A line of a list of people is not of the format.
    #[error("line {line} of {path}: {problem}")]
    People {
        /// The list.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is not what it should be.
    #[error("{path}: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The run in the folder was begun with other settings.
    #[error("{path} was begun otherwise: {difference}; give the same options, or another --out")]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// Which setting differs.
        difference: String,
    },
    /// The loss is no number any more.
    #[error(
        "the loss of epoch {epoch}, step {step} is no number: the learning rate {rate:.1e} is too high for \
         this network and these pictures. {kept} Begin again with a tenth of --rate, or a longer --warm-up"
    )]
    NotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Step in the epoch, from 1.
        step: usize,
        /// The learning rate.
        rate: f64,
        /// What was saved before.
        kept: String,
    },
    /// A plot could not be drawn.
    #[error("cannot draw {path}: {problem}")]
    Plot {
        /// The picture's file.
        path: PathBuf,
        /// What the plotting library said.
        problem: String,
    },
    /// A plot of the evaluation could not be drawn.
    #[error(transparent)]
    Evaluation(#[from] eval::Error),
}
