//! Pictures as a network sees them on the device, from which the compiler takes the ranges of activations.
//!
//! Each photograph is first converted to a frame of the door's camera, so that the samples have its resolution and its
//! colours. If there are few photographs, each sample is also mirrored, darkened and brightened.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use imaging::{Photo, Region};
use models::{Kind, Manifest};
use rayon::prelude::*;
use vision::{InputSize, PixelFormat, Rect, Surroundings};

use crate::{Detection, Detector, Error, Result, Rgb, align, nearest_centre};

/// Maximum number of photographs; more change the ranges little.
const MOST_PHOTOGRAPHS: usize = 200;

/// With fewer photographs, the samples are varied.
const FEW_PHOTOGRAPHS: usize = 40;

/// Brightness of the variations: unchanged, dusk, overexposed.
const GAINS: [f32; 3] = [1.0, 0.55, 1.4];

/// Samples for the network of `manifest` from the photographs in `folder`: RGB, `height * width * 3` bytes each.
/// `progress` gets the number of photographs done, and their total.
///
/// # Errors
/// [`Error::NoFace`] if no photograph gives a sample; as [`Detector::detect`] and [`Photo::open`].
pub fn collect(
    manifest: &Manifest,
    folder: &Path,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    let step = files.len().div_ceil(MOST_PHOTOGRAPHS).max(1);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let detector = Detector::open(&Manifest::read(models::DETECTOR)?)?;
    let done = AtomicUsize::new(0);
    let samples = files
        .par_iter()
        .map(|file| {
            let photo = Photo::open(file)?;
            let samples = of_photograph(manifest, &detector, &photo)?;
            progress(1 + done.fetch_add(1, Ordering::Relaxed), files.len());
            Ok(samples)
        })
        .collect::<Result<Vec<_>>>()?
        .concat();
    if samples.is_empty() {
        return Err(Error::NoFace { folder: folder.to_owned() });
    }
    if files.len() >= FEW_PHOTOGRAPHS {
        return Ok(samples);
    }
    let width = manifest.input.width;
    Ok(samples.iter().flat_map(|sample| variations(sample, width)).collect())
}

/// Picture files below `folder`.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
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

fn of_photograph(manifest: &Manifest, detector: &Detector, photo: &Photo) -> Result<Vec<Vec<u8>>> {
    // The whole photograph, and the face from a shorter distance.
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
            // Other kinds are not compiled for a device.
            Kind::Encoder | Kind::Features | Kind::Painter => {
                let faces = detector.detect(rgb(view))?;
                let side = manifest.input.width;
                samples.extend(faces.iter().map(|face| align(rgb(view), &face.landmarks, side)));
            }
            Kind::Liveness => {
                let width = manifest.input.width;
                let seen = Surroundings::of_side(width).ok_or(Error::Surroundings { width })?;
                samples.extend(surroundings(&detector.detect(rgb(view))?, view, seen)?);
            }
        }
    }
    Ok(samples)
}

/// The view as `vision` scales it into the detector's input.
fn detector_input(manifest: &Manifest, view: &Photo) -> Result<Vec<u8>> {
    let size = InputSize::new(manifest.input.width, manifest.input.height)?;
    let frame = view.to_frame(PixelFormat::Yuyv);
    let mut input = vec![0i8; manifest.input.width * manifest.input.height * 3];
    vision::fill_input(&frame.view()?, size, &mut input)?;
    Ok(input.into_iter().map(|value| (i16::from(value) + 128) as u8).collect())
}

/// Each face of the view with its surroundings.
fn surroundings(faces: &[Detection], view: &Photo, seen: Surroundings) -> Result<Vec<Vec<u8>>> {
    let frame = view.to_frame(PixelFormat::Yuyv);
    let frame = frame.view()?;
    let subpixels = |value: f32| (value * (1 << vision::SUBPIXEL_BITS) as f32) as i32;
    let of_face = |face: &Detection| {
        let [x, y, width, height] = face.area.map(subpixels);
        let mut crop = vec![0; seen.bytes()];
        vision::crop_surroundings(&frame, &Rect { x, y, width, height }, seen, &mut crop);
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
