//! The option that permits to replace files, and the check of files that a command will write.

use std::path::{Path, PathBuf};

use output_file::OutputFile;

/// The option that permits to replace files.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct ForceArgs {
    /// Replace files that are there already; a result never replaces an input
    #[arg(long)]
    pub force: bool,
}

impl ForceArgs {
    /// Checks a file that the user named for a result, before the work. `inputs` are what the result is made from.
    pub fn check<I: AsRef<Path>>(
        self,
        path: impl Into<PathBuf>,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<OutputFile, output_file::Error> {
        OutputFile::new(path, self.force, inputs)
    }

    /// As [`check`](Self::check), for a file that the user may have named.
    pub fn check_any<I: AsRef<Path>>(
        self,
        path: Option<&PathBuf>,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Option<OutputFile>, output_file::Error> {
        path.map(|path| self.check(path, inputs)).transpose()
    }
}

/// No inputs: the result is made from what the board or the program has.
pub const NONE: [&Path; 0] = [];
