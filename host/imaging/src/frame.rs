//! A photograph as the camera at the door would deliver it.

use image::imageops::{self, FilterType};
use vision::{MAX_HEIGHT, MAX_WIDTH, PixelFormat};

use crate::photo::MIN_SIDE;
use crate::{Photo, Region};

/// What a photograph is shrunk to; the usual frame of a small sensor.
const FRAME_WIDTH: u32 = 320;
const FRAME_HEIGHT: u32 = 240;

/// How high a region that the frame is cropped around stands in it.
const REGION_SHARE: f64 = 0.5;

/// A camera frame that owns its bytes, and knows which photograph's pixels it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraFrame {
    /// How the bytes are to be read.
    pub format: PixelFormat,
    /// Width in pixels; even.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// The bytes, as a sensor gives them.
    pub bytes: Vec<u8>,
    /// Photograph pixels a frame pixel, horizontally.
    scale_x: f64,
    /// Photograph pixels a frame pixel, vertically.
    scale_y: f64,
}

impl CameraFrame {
    /// The frame, borrowed as the device sees it.
    ///
    /// # Errors
    /// None for a frame that [`Photo::to_frame`] made and nobody altered.
    pub fn view(&self) -> Result<vision::Frame<'_>, vision::Error> {
        vision::Frame::new(self.format, self.width, self.height, &self.bytes)
    }

    /// Where in the photograph a region of this frame lies.
    pub fn to_photo(&self, region: Region) -> Region {
        // Frame coordinates count from the centre of the first pixel.
        Region {
            x: (region.x + 0.5) * self.scale_x - 0.5,
            y: (region.y + 0.5) * self.scale_y - 0.5,
            width: region.width * self.scale_x,
            height: region.height * self.scale_y,
        }
    }
}

impl Photo {
    /// The photograph before the door's camera.
    ///
    /// One that fits into 320 x 256 keeps its pixels (an odd last column is dropped, as YUYV needs pairs);
    /// a larger one is shrunk to fit into 320 x 240, its aspect kept to a pixel.
    pub fn to_frame(&self, format: PixelFormat) -> CameraFrame {
        let (width, height) = (self.width(), self.height());
        let fits = self.fits();
        let image = if fits {
            imageops::crop_imm(&self.image, 0, 0, width & !1, height).to_image()
        } else {
            let scale = self.frame_scale();
            let side = |length: u32| (f64::from(length) * scale).round() as u32;
            shrink(&self.image, (side(width) & !1).max(2), side(height).max(1))
        };
        let (shown_width, shown_height) = if fits { image.dimensions() } else { (width, height) };
        let (width, height) = (image.width() as usize, image.height() as usize);
        let mut bytes = vec![0; width * height * format.bytes_per_pixel()];
        let encoded = vision::encode(format, width, height, image.as_raw(), &mut bytes);
        debug_assert_eq!(encoded, Ok(()), "the sizes above are those of a frame");
        CameraFrame {
            format,
            width,
            height,
            bytes,
            scale_x: f64::from(shown_width) / width as f64,
            scale_y: f64::from(shown_height) / height as f64,
        }
    }

    /// How long a pixel of the photograph is in its frame: 1 or less. A photograph that is not as wide as a camera's frame is
    /// shrunk until its height fits.
    pub fn frame_scale(&self) -> f64 {
        let [across, down] = [(FRAME_WIDTH, self.width()), (FRAME_HEIGHT, self.height())]
            .map(|(frame, side)| f64::from(frame) / f64::from(side));
        if self.fits() { 1.0 } else { across.min(down) }
    }

    /// Whether it keeps its pixels in the frame.
    fn fits(&self) -> bool {
        self.width() as usize <= MAX_WIDTH && self.height() as usize <= MAX_HEIGHT && self.width() >= 2
    }

    /// The part of the photograph in which `region`, a face's box, is half as high as the picture.
    ///
    /// So a face that is small in a large photograph fills the frame. The part has the camera's aspect
    /// and is moved, and if need be cut, to stay inside the photograph.
    pub fn crop_around(&self, region: Region) -> Photo {
        let (width, height) = (f64::from(self.width()), f64::from(self.height()));
        let aspect = f64::from(FRAME_WIDTH) / f64::from(FRAME_HEIGHT);
        let least = f64::from(MIN_SIDE);
        let part_height = (region.height.max(region.width / aspect) / REGION_SHARE).max(least);
        let place = |centre: f64, part: f64, whole: f64| {
            let part = part.min(whole).round();
            let start = (centre - part / 2.0).clamp(0.0, whole - part).floor();
            (start as u32, part as u32)
        };
        let (x, part_width) = place(region.x + region.width / 2.0, part_height * aspect, width);
        let (y, part_height) = place(region.y + region.height / 2.0, part_height, height);
        let image = imageops::crop_imm(&self.image, x, y, part_width, part_height).to_image();
        Photo { image }
    }
}

/// Shrinks with a Lanczos filter; a very large picture first by averaging, which is fast.
fn shrink(image: &image::RgbImage, width: u32, height: u32) -> image::RgbImage {
    let (coarse_width, coarse_height) = (width * 4, height * 4);
    if image.width() > 2 * coarse_width && image.height() > 2 * coarse_height {
        let coarse = imageops::thumbnail(image, coarse_width, coarse_height);
        return imageops::resize(&coarse, width, height, FilterType::Lanczos3);
    }
    imageops::resize(image, width, height, FilterType::Lanczos3)
}
