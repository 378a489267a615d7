//! Painted portraits of the people of a board, on the host alone; no photograph is kept anywhere.
//!
//! They lie beside what else the host keeps of a board, in `portraits/`, a file a person. A file is
//! called after the bytes of the person's name in hexadecimal, so that any name will do.

use std::path::{Path, PathBuf};

use anyhow::Context;
use imaging::{Photo, Region, Tile};
use reference::{Detection, Detector, Rgb};
use style::Picture;
use vision::PixelFormat;

use crate::commands::stylize;
use crate::device::DeviceArgs;
use models::Manifest;

/// Side of a portrait in pixels.
const SIDE: usize = 320;

/// Side of a person who has no portrait.
const EMPTY: u32 = 320;

/// The portraits of a board.
pub struct Portraits {
    folder: PathBuf,
}

impl Portraits {
    /// Those of the device that `device` chooses.
    pub fn of(device: &DeviceArgs) -> anyhow::Result<Self> {
        Ok(Self { folder: device.folder()?.path().join("portraits") })
    }

    /// Paints the largest face of a photograph in the style of a picture, and keeps it.
    pub fn paint(&self, name: &str, photo: &Photo, style: &Path) -> anyhow::Result<PathBuf> {
        let face = match face(photo)? {
            Some(region) => photo.crop_around(region),
            None => photo.clone(),
        };
        let painted = stylize::portrait(&Picture::from(&face).middle(), style, SIDE)?;
        let path = self.path(name);
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))?;
        painted.save_png(&path)?;
        Ok(path)
    }

    /// Whether there is a portrait of a person.
    #[cfg(feature = "console")]
    pub fn has(&self, name: &str) -> bool {
        self.path(name).is_file()
    }

    /// A person's portrait as a PNG file, if there is one.
    #[cfg(feature = "console")]
    pub fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path(name);
        let read = || std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
        if path.is_file() { read().map(Some) } else { Ok(None) }
    }

    /// Forgets a person's portrait, if there is one.
    pub fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        if path.is_file() {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }

    /// Keeps a person's portrait under another name, if there is one.
    pub fn rename(&self, name: &str, new: &str) -> anyhow::Result<()> {
        let (from, to) = (self.path(name), self.path(new));
        if from.is_file() {
            std::fs::rename(&from, to).with_context(|| format!("cannot rename {}", from.display()))?;
        }
        Ok(())
    }

    /// A gallery of the people with these names; who has no portrait gets an empty canvas.
    pub fn sheet(&self, names: &[&str]) -> anyhow::Result<Photo> {
        let tile = |name: &&str| -> anyhow::Result<Tile> {
            let path = self.path(name);
            let photo = if path.is_file() { Photo::open(&path)? } else { empty()? };
            Ok(Tile { photo, label: (*name).into() })
        };
        Ok(imaging::sheet(&names.iter().map(tile).collect::<anyhow::Result<Vec<_>>>()?, EMPTY))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.png", hex::encode(name)))
    }
}

/// Where the largest face of a photograph is, as the door's camera shows it.
fn face(photo: &Photo) -> anyhow::Result<Option<Region>> {
    let frame = photo.to_frame(PixelFormat::Yuyv);
    let view = Photo::from_frame(&frame.view()?);
    let (width, height) = (view.width() as usize, view.height() as usize);
    let faces = Detector::open(&Manifest::read(models::DETECTOR)?)?.detect(Rgb {
        width,
        height,
        pixels: view.rgb(),
    })?;
    let area = |face: &Detection| face.area[2] * face.area[3];
    let largest = faces.iter().max_by(|a, b| area(a).total_cmp(&area(b)));
    Ok(largest.map(|face| {
        let [x, y, width, height] = face.area.map(f64::from);
        frame.to_photo(Region { x, y, width, height })
    }))
}

fn empty() -> anyhow::Result<Photo> {
    let grey = vec![225; (EMPTY * EMPTY * 3) as usize];
    Photo::from_rgb(EMPTY, EMPTY, grey).context("a grey picture has no pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_way_out_of_the_folder() {
        let portraits = Portraits { folder: PathBuf::from("portraits") };
        assert_eq!(portraits.path("../Åsa"), Path::new("portraits/2e2e2fc3857361.png"));
    }

    #[test]
    fn who_has_no_portrait_is_on_the_sheet_all_the_same() {
        let portraits = Portraits { folder: PathBuf::from("nowhere") };
        let sheet = portraits.sheet(&["Ada", "Grace", "Mary"]).unwrap();
        assert!(sheet.width() > 2 * EMPTY && sheet.height() > 2 * EMPTY);
        portraits.remove("Ada").unwrap();
    }
}
