//! Folders of results, whose files a command names itself.
//!
//! | the folder | without `--force` | with it |
//! |---|---|---|
//! | is not there, or is empty | used | used |
//! | has results of this command before | used | used |
//! | has other files | refused | used |
//! | is an input, has an input in it, or lies in one | refused | refused |

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// A folder that the user named for results, and that may be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFolder {
    path: PathBuf,
}

impl OutputFolder {
    /// Checks the folder before the work. A file with one of the names `marks` tells that its files are results of the same
    /// command; `inputs` are the files and folders that the results are made from.
    ///
    /// # Errors
    /// [`Error::InInput`], [`Error::NotEmpty`].
    pub fn new<I: AsRef<Path>>(
        path: impl Into<PathBuf>,
        force: bool,
        marks: &[&str],
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Self, Error> {
        let path = path.into();
        let whole = whole(&path);
        for input in inputs {
            let input = input.as_ref();
            let other = self::whole(input);
            if whole.starts_with(&other) || other.starts_with(&whole) {
                return Err(Error::InInput { path, input: input.to_owned() });
            }
        }
        let is_used = fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
        if is_used && !force && !marks.iter().any(|mark| path.join(mark).exists()) {
            return Err(Error::NotEmpty { path });
        }
        Ok(Self { path })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The path without links, also of what is not there yet.
fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in absolute.ancestors() {
        if let (Ok(whole), Ok(rest)) = (fs::canonicalize(there), absolute.strip_prefix(there)) {
            return if rest.as_os_str().is_empty() { whole } else { whole.join(rest) };
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_files_wants_force_and_one_of_inputs_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (pictures, mine) = (at("pictures"), at("mine"));
        fs::create_dir_all(pictures.join("Ada")).expect("made");
        fs::create_dir(&mine).expect("made");
        std::os::unix::fs::symlink(&pictures, at("link")).expect("linked");
        let check = |path: &Path, force| OutputFolder::new(path, force, &["state"], [&pictures]);
        for inside in [&pictures, &pictures.join("Ada"), &pictures.join("new/one"), &at("link/Ada"), &at("")]
        {
            let refused = check(inside, true).expect_err("an input");
            assert!(matches!(refused, Error::InInput { .. }), "{}: {refused}", inside.display());
        }
        for free in [at("new"), at("new/deeper"), at("pictures-of-mine"), mine.clone()] {
            assert_eq!(check(&free, false).expect("free").path(), free);
        }
        fs::write(mine.join("loss.png"), "mine").expect("written");
        let refused = check(&mine, false).expect_err("a file of mine");
        assert!(
            matches!(refused, Error::NotEmpty { .. }) && refused.to_string().contains("--force"),
            "{refused}"
        );
        assert!(check(&mine, true).is_ok());
        fs::write(mine.join("state"), "of a run before").expect("written");
        assert!(check(&mine, false).is_ok());
    }
}
