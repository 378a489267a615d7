//! The pictures below a folder of people: `FOLDER/NAME/*.jpg`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::Error;

/// What a picture's name may end in.
const EXTENSIONS: [&str; 10] = ["jpg", "jpeg", "png", "webp", "bmp", "ppm", "pgm", "tif", "tiff", "gif"];

/// A picture of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its file.
    pub path: PathBuf,
    /// Number of the person in [`Found::names`].
    pub person: usize,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// The pictures below a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Names of the people, sorted.
    pub names: Vec<String>,
    /// The pictures, by person and name; none twice.
    pub pictures: Vec<Picture>,
    /// Pictures that are left out, and why.
    pub left_out: Vec<(PathBuf, String)>,
}

/// Finds the pictures of the people below `folder` whose names `wanted` accepts.
///
/// Of a person's picture that is there twice one is kept. A picture that is there under two names is
/// left out altogether: its person is not known.
///
/// # Errors
/// [`Error::NoPictures`], [`Error::Read`].
pub fn find(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Found, Error> {
    let mut names = Vec::new();
    let mut files = Vec::new();
    for path in list(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() || !wanted(&name) {
            continue;
        }
        let own: Vec<PathBuf> = list(&path)?.into_iter().filter(|path| is_picture(path)).collect();
        if !own.is_empty() {
            files.extend(own.into_iter().map(|path| (path, names.len())));
            names.push(name);
        }
    }
    if files.is_empty() {
        return Err(Error::NoPictures { path: folder.into() });
    }
    let read = |(path, person): (PathBuf, usize)| {
        let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        Ok(Picture { path, person, digest: Sha256::digest(&bytes).into() })
    };
    let pictures = files.into_par_iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    Ok(without_duplicates(names, pictures))
}

/// The pictures in plain folders, each of a person of their own, in the order of their SHA-256, which is random; none twice.
///
/// # Errors
/// [`Error::NoStrangers`] of fewer than two pictures, [`Error::Read`].
pub fn strangers(folders: &[PathBuf]) -> Result<Vec<Picture>, Error> {
    let mut paths = Vec::new();
    for folder in folders {
        paths.extend(list(folder)?.into_iter().filter(|path| path.is_file() && is_picture(path)));
    }
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        Ok((Sha256::digest(&bytes).into(), path))
    };
    let found = paths.into_par_iter().map(read).collect::<Result<Vec<([u8; 32], PathBuf)>, Error>>()?;
    let found: BTreeMap<[u8; 32], PathBuf> = found.into_iter().collect();
    if found.len() < 2 {
        return Err(Error::NoStrangers { path: folders.first().cloned().unwrap_or_default() });
    }
    let picture = |(person, (digest, path))| Picture { path, person, digest };
    Ok(found.into_iter().enumerate().map(picture).collect())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let error = |source| Error::Read { path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(error)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(error)?;
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&&*extension))
}

fn without_duplicates(names: Vec<String>, pictures: Vec<Picture>) -> Found {
    let mut same: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        same.entry(picture.digest).or_default().push(at);
    }
    let mut found = Found { names, ..Found::default() };
    for (at, picture) in pictures.iter().enumerate() {
        let copies = &same[&picture.digest];
        let other = copies.iter().map(|&copy| &pictures[copy]).find(|copy| copy.person != picture.person);
        let reason = match other {
            Some(other) => {
                format!("the same picture is {}: whose it is cannot be told", other.path.display())
            }
            None if copies[0] != at => {
                format!("the same picture is {}", pictures[copies[0]].path.display())
            }
            None => {
                found.pictures.push(picture.clone());
                continue;
            }
        };
        found.left_out.push((picture.path.clone(), reason));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    #[test]
    fn people_are_folders_and_pictures_are_told_by_their_ending() {
        let folder = folder(&[
            ("Bob/2.JPG", "b2"),
            ("Bob/1.pgm", "b1"),
            ("Ann/x.png", "a"),
            ("Ann/notes.txt", "n"),
            ("loose.jpg", "l"),
        ]);
        let found = find(folder.path(), |_| true).unwrap();
        assert_eq!(found.names, ["Ann", "Bob"]);
        let people: Vec<usize> = found.pictures.iter().map(|picture| picture.person).collect();
        assert_eq!(people, [0, 1, 1]);
        assert_eq!(find(folder.path(), |name| name == "Bob").unwrap().names, ["Bob"]);
    }

    #[test]
    fn a_picture_under_two_names_is_left_out_with_both_told() {
        let folder = folder(&[("Ann/1.jpg", "same"), ("Bob/7.jpg", "same"), ("Bob/8.jpg", "own")]);
        let found = find(folder.path(), |_| true).unwrap();
        assert_eq!(found.pictures.len(), 1);
        assert_eq!(found.left_out.len(), 2);
        assert!(found.left_out[0].0.ends_with("Ann/1.jpg") && found.left_out[0].1.contains("7.jpg"));
    }

    #[test]
    fn of_a_picture_that_is_there_twice_one_is_kept() {
        let folder = folder(&[("Ann/1.jpg", "same"), ("Ann/2.jpg", "same")]);
        let found = find(folder.path(), |_| true).unwrap();
        assert_eq!((found.pictures.len(), found.left_out.len()), (1, 1));
        assert!(found.pictures[0].path.ends_with("1.jpg"));
    }

    #[test]
    fn strangers_are_a_person_each_none_twice_and_what_is_no_picture_is_passed_over() {
        let all =
            [("a.jpg", "one"), ("b.JPG", "one"), ("c.png", "two"), ("d.txt", "three"), ("sub/e.jpg", "four")];
        let folder = folder(&all);
        let found = strangers(&[folder.path().into()]).unwrap();
        assert_eq!(found.iter().map(|one| one.person).collect::<Vec<_>>(), [0, 1]);
        let empty = tempfile::tempdir().unwrap();
        let error = strangers(&[empty.path().into()]).err().unwrap().to_string();
        assert!(error.contains("has no pictures"), "{error}");
    }

    #[test]
    fn a_folder_without_people_says_what_it_should_look_like() {
        let error = find(folder(&[("loose.jpg", "l")]).path(), |_| true).unwrap_err();
        assert!(error.to_string().contains("NAME/1.jpg"), "{error}");
        assert!(matches!(find(Path::new("/nowhere/at/all"), |_| true), Err(Error::Read { .. })));
    }
}
