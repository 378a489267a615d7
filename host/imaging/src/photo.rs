//! Reading a photograph into upright 8-bit RGB.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::error::ImageError;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, imageops};

use crate::{Error, jpeg, profile};

/// Most pixels of a photograph; more than any phone takes.
pub const MAX_PIXELS: u64 = 120_000_000;

/// Least width and height of a photograph in pixels.
pub const MIN_SIDE: u32 = 32;

/// Most memory that a decoder may ask for, a pixel: 16-bit RGBA.
const BYTES_A_PIXEL: u64 = 8;

/// How far a picture is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarterTurn {
    /// A quarter, clockwise.
    Clockwise,
    /// Upside down.
    Half,
    /// A quarter, counterclockwise.
    Counterclockwise,
}

/// A picture: upright, 8 bits, RGB, without transparency.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    pub(crate) image: RgbImage,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Photo({}x{})", self.width(), self.height())
    }
}

impl Photo {
    /// Reads a photograph of any common format.
    ///
    /// Its EXIF orientation is applied; greyscale, CMYK, 16-bit and palette pictures become 8-bit RGB;
    /// what is transparent becomes white; colours of another profile become sRGB. The format is told by the content, not by the name.
    ///
    /// # Errors
    /// Everything but [`Error::Write`]; each names `path`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
        Self::decode(&bytes, path, MAX_PIXELS)
    }

    /// Reads a photograph of at most so many pixels from the bytes of a file, as [`Photo::open`] does.
    /// `path` is for the errors alone.
    ///
    /// A decoder that panics over damaged bytes, as some do, ends here: the picture is damaged.
    ///
    /// # Errors
    /// Everything but [`Error::Read`] and [`Error::Write`].
    pub fn decode(bytes: &[u8], path: &Path, most: u64) -> Result<Self, Error> {
        std::panic::catch_unwind(|| Self::decode_trusting(bytes, path, most)).unwrap_or_else(|_| {
            let reason = "the decoder gave up".into();
            Err(Error::Damaged { path: path.into(), reason })
        })
    }

    fn decode_trusting(bytes: &[u8], path: &Path, most: u64) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::Empty { path: path.into() });
        }
        let format = image::guess_format(bytes)
            .map_err(|_| Error::Format { path: path.into(), what: describe(bytes).into() })?;
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        // Sizes are checked below, with a better message.
        reader.no_limits();
        let mut decoder = reader.into_decoder().map_err(|error| refuse(path, error))?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > most {
            let limit = most / 1_000_000;
            return Err(Error::TooLarge { path: path.into(), width, height, limit });
        }
        if width.min(height) < MIN_SIDE {
            return Err(Error::TooSmall { path: path.into(), width, height });
        }
        if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
            let reason = "its end is missing".into();
            return Err(Error::Damaged { path: path.into(), reason });
        }
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(most * BYTES_A_PIXEL);
        decoder.set_limits(limits).map_err(|error| refuse(path, error))?;
        // A picture whose orientation cannot be read is taken as it lies.
        let orientation = decoder.orientation();
        let profile = decoder.icc_profile();
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| refuse(path, error))?;
        if let Ok(orientation) = orientation {
            image.apply_orientation(orientation);
        }
        let mut image = flatten(image);
        // A profile that cannot be read is taken for what most pictures have, as viewers do.
        if let Ok(Some(profile)) = profile {
            profile::to_srgb(&mut image, &profile);
        }
        Ok(Self { image })
    }

    /// A picture from RGB bytes, rows top to bottom; `None` if there are not `width * height * 3`.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        RgbImage::from_raw(width, height, rgb).map(|image| Self { image })
    }

    /// A picture of what a camera frame shows.
    pub fn from_frame(frame: &vision::Frame) -> Self {
        let image = RgbImage::from_fn(frame.width() as u32, frame.height() as u32, |x, y| {
            image::Rgb(frame.rgb(x as usize, y as usize))
        });
        Self { image }
    }

    /// The picture, turned.
    #[must_use]
    pub fn turned(&self, turn: QuarterTurn) -> Self {
        let image = match turn {
            QuarterTurn::Clockwise => imageops::rotate90(&self.image),
            QuarterTurn::Half => imageops::rotate180(&self.image),
            QuarterTurn::Counterclockwise => imageops::rotate270(&self.image),
        };
        Self { image }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.image.width()
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.image.height()
    }

    /// The pixels: RGB, rows top to bottom.
    pub fn rgb(&self) -> &[u8] {
        self.image.as_raw()
    }

    /// Whether [`Photo::save`] would know what to write to `path`.
    ///
    /// # Errors
    /// [`Error::Extension`].
    pub fn check_extension(path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        match ImageFormat::from_path(path) {
            Ok(ImageFormat::Png | ImageFormat::WebP | ImageFormat::Jpeg) => Ok(()),
            _ => Err(Error::Extension { path: path.into() }),
        }
    }

    /// Writes the picture in the format that the name's extension asks for: PNG, JPEG or WebP.
    ///
    /// WebP is lossless. JPEG is of a quality at which brush strokes show no blocks.
    ///
    /// # Errors
    /// [`Error::Extension`], [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        match ImageFormat::from_path(path) {
            Ok(format @ (ImageFormat::Png | ImageFormat::WebP)) => self.save_as(path, format),
            Ok(ImageFormat::Jpeg) => {
                let bytes = self.to_jpeg()?;
                Ok(output_file::replace_with(path, &bytes)?)
            }
            _ => Err(Error::Extension { path: path.into() }),
        }
    }

    /// The picture as the bytes of a PNG file.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Cursor::new(Vec::new());
        let refused = |error: ImageError| Error::Encode { reason: error.to_string() };
        self.image.write_to(&mut bytes, ImageFormat::Png).map_err(refused)?;
        Ok(bytes.into_inner())
    }

    /// The picture as the bytes of a JPEG file, of a quality at which brush strokes show no blocks.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn to_jpeg(&self) -> Result<Vec<u8>, Error> {
        const QUALITY: u8 = 95;
        let mut bytes = Vec::new();
        let refused = |error: ImageError| Error::Encode { reason: error.to_string() };
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&self.image).map_err(refused)?;
        Ok(bytes)
    }

    /// Writes the picture as PNG, whatever the name's extension is.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save_png(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.save_as(path.as_ref(), ImageFormat::Png)
    }

    fn save_as(&self, path: &Path, format: ImageFormat) -> Result<(), Error> {
        Ok(output_file::replace(path, |mut file| self.image.write_to(&mut file, format).map_err(into_io))?)
    }
}

/// An encoder's error as one of the file.
pub(crate) fn into_io(error: ImageError) -> std::io::Error {
    match error {
        ImageError::IoError(error) => error,
        error => std::io::Error::other(error),
    }
}

/// Lays a picture on white and makes it 8-bit RGB.
fn flatten(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, alpha] = rgba.get_pixel(x, y).0.map(u32::from);
        image::Rgb([r, g, b].map(|v| ((v * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    })
}

fn refuse(path: &Path, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(error) => Error::Format {
            path: path.into(),
            what: format!("this kind of picture is not supported ({error})"),
        },
        error => Error::Damaged { path: path.into(), reason: error.to_string() },
    }
}

/// What bytes that no decoder knows may be, as far as it helps.
fn describe(bytes: &[u8]) -> &'static str {
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => {
            "this is a HEIC picture, which phones take and few programs read"
        }
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', ..] => "this is an AVIF picture",
        [b'%', b'P', b'D', b'F', ..] => "this is a PDF document",
        _ if std::str::from_utf8(bytes).is_ok() => "this is a text, not a picture",
        _ => "this is no picture of a known format",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_turned_by_quarters() {
        // Four pixels of one row each, side by side: the first is red.
        let rgb = [[9, 0, 0], [0; 3], [0; 3], [0; 3]].concat();
        let row = Photo::from_rgb(4, 1, rgb).unwrap();
        let red = |photo: &Photo| photo.rgb().chunks(3).position(|pixel| pixel == [9, 0, 0]);
        let column = row.turned(QuarterTurn::Clockwise);
        assert_eq!((column.width(), column.height(), red(&column)), (1, 4, Some(0)));
        assert_eq!(red(&row.turned(QuarterTurn::Half)), Some(3));
        assert_eq!(red(&row.turned(QuarterTurn::Counterclockwise)), Some(3));
    }
}
