//! Pictures as a network will see them on the device, for the compiler to take ranges from.
//!
//! Photographs go before the door's camera first, so that the samples have its resolution and
//! its colours. Few photographs go far: each is also mirrored, and made darker and brighter.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::float::{Detector, Rgb, align, nearest_centre};
use imaging::{Photo, Region};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use vision::{InputSize, PixelFormat, Rect};

use crate::models::{self, Kind, Manifest};

/// Most photographs that are looked at; more change the ranges little.
const MOST_PHOTOGRAPHS: usize = 200;

/// Photographs below this are varied.
const FEW_PHOTOGRAPHS: usize = 40;

/// Brightness of the variations: as it is, in dusk, and overexposed.
const GAINS: [f32; 3] = [1.0, 0.55, 1.4];

/// Samples for the network of `manifest`: RGB, `height * width * 3` bytes each.
pub fn collect(manifest: &Manifest, folder: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    let step = files.len().div_ceil(MOST_PHOTOGRAPHS).max(1);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let detector = Detector::new(&Manifest::read(models::DETECTOR)?.onnx()?);
    let style = ProgressStyle::with_template("  photographs {bar:30} {pos}/{len} {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(files.len() as u64).with_style(style);
    let samples = files
        .par_iter()
        .map(|file| {
            let photo = Photo::open(file)?;
            let samples = of_photograph(manifest, &detector, &photo)?;
            bar.inc(1);
            Ok(samples)
        })
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    bar.finish_and_clear();
    ensure!(!samples.is_empty(), "{} has no picture with a face", folder.display());
    if files.len() >= FEW_PHOTOGRAPHS {
        return Ok(samples);
    }
    let width = manifest.input.width;
    Ok(samples.iter().flat_map(|sample| variations(sample, width)).collect())
}

/// Picture files below `folder`.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let is_picture = path.extension().is_some_and(|extension| {
            ["jpg", "jpeg", "png"].contains(&extension.to_string_lossy().to_lowercase().as_str())
        });
        if path.is_dir() {
            walk(&path, files)?;
        } else if is_picture {
            files.push(path);
        }
    }
    Ok(())
}

fn of_photograph(manifest: &Manifest, detector: &Detector, photo: &Photo) -> anyhow::Result<Vec<Vec<u8>>> {
    // As a whole, and as somebody who stands nearer.
    let mut views = vec![Photo::from_frame(&photo.to_frame(PixelFormat::Yuyv).view()?)];
    let faces = detector.detect(rgb(photo))?;
    if let Some(face) = nearest_centre(&faces, photo.width() as usize, photo.height() as usize) {
        let [x, y, width, height] = face.area.map(f64::from);
        let near = photo.crop_around(Region { x, y, width, height });
        views.push(Photo::from_frame(&near.to_frame(PixelFormat::Yuyv).view()?));
    }
    let mut samples = Vec::new();
    for view in &views {
        match manifest.kind {
            Kind::Detector => samples.push(detector_input(manifest, view)?),
            Kind::Encoder => {
                let faces = detector.detect(rgb(view))?;
                let side = manifest.input.width;
                samples.extend(faces.iter().map(|face| align(rgb(view), &face.landmarks, side)));
            }
            Kind::Liveness => samples.extend(surroundings(&detector.detect(rgb(view))?, view)?),
        }
    }
    Ok(samples)
}

/// The view as `vision` places it in the detector's input.
fn detector_input(manifest: &Manifest, view: &Photo) -> anyhow::Result<Vec<u8>> {
    let size = InputSize::new(manifest.input.width, manifest.input.height)?;
    let frame = view.to_frame(PixelFormat::Yuyv);
    let mut input = vec![0i8; manifest.input.width * manifest.input.height * 3];
    vision::fill_input(&frame.view()?, size, &mut input)?;
    Ok(input.into_iter().map(|value| (i16::from(value) + 128) as u8).collect())
}

/// Every face of the view with its surroundings.
fn surroundings(faces: &[eval::float::Detection], view: &Photo) -> anyhow::Result<Vec<Vec<u8>>> {
    let frame = view.to_frame(PixelFormat::Yuyv);
    let frame = frame.view()?;
    let subpixels = |value: f32| (value * (1 << vision::SUBPIXEL_BITS) as f32) as i32;
    let of_face = |face: &eval::float::Detection| {
        let [x, y, width, height] = face.area.map(subpixels);
        let mut crop = [0; vision::SURROUNDINGS_BYTES];
        vision::crop_surroundings(&frame, &Rect { x, y, width, height }, &mut crop);
        crop.iter().map(|&value| (i16::from(value) + 128) as u8).collect()
    };
    Ok(faces.iter().map(of_face).collect())
}

fn rgb(photo: &Photo) -> Rgb<'_> {
    Rgb { width: photo.width() as usize, height: photo.height() as usize, pixels: photo.rgb() }
}

/// The sample and its mirror image, at every brightness.
fn variations(sample: &[u8], width: usize) -> Vec<Vec<u8>> {
    let mirrored: Vec<u8> =
        sample.chunks_exact(width * 3).flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect();
    let brighten =
        |pixels: &[u8], gain: f32| pixels.iter().map(|&value| (f32::from(value) * gain) as u8).collect();
    GAINS.iter().flat_map(|&gain| [brighten(sample, gain), brighten(&mirrored, gain)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_mirrored_by_pixels_and_kept_in_range() {
        let found = variations(&[10, 20, 30, 200, 210, 220], 2);
        assert_eq!(found.len(), 6);
        assert_eq!(found[0], [10, 20, 30, 200, 210, 220]);
        assert_eq!(found[1], [200, 210, 220, 10, 20, 30]);
        assert_eq!(found[4], [14, 28, 42, 255, 255, 255]);
    }
}
