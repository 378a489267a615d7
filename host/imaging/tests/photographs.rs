//! Photographs of every kind that people have, made here: what is read, and what is said of what is not.

use std::fs;
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use imaging::{Error, Photo, Region};
use jpeg_encoder::{ColorType, Encoder};
use tempfile::TempDir;
use vision::PixelFormat;

const WIDTH: u32 = 64;
const HEIGHT: u32 = 48;

/// Red to the left, blue to the right, and brighter towards the top.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let light = 255 - (y * 120 / height) as u8;
        if x < width / 2 { Rgb([light, 20, 20]) } else { Rgb([20, 20, light]) }
    })
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn picture(&self, name: &str, image: impl Into<DynamicImage>, format: ImageFormat) -> PathBuf {
        let path = self.0.path().join(name);
        image.into().save_with_format(&path, format).unwrap();
        path
    }

    fn refusal(&self, name: &str, bytes: &[u8]) -> Error {
        let error = Photo::open(self.file(name, bytes)).unwrap_err();
        assert!(error.to_string().contains(name), "the message should name the file: {error}");
        error
    }
}

fn jpeg(pixels: &[u8], color: ColorType, segment: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    if let Some(segment) = segment {
        encoder.add_app_segment(1, segment.to_vec()).unwrap();
    }
    encoder.encode(pixels, WIDTH as u16, HEIGHT as u16, color).unwrap();
    bytes
}

fn pixel(photo: &Photo, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * photo.width() + x) * 3) as usize;
    photo.rgb()[at..at + 3].try_into().unwrap()
}

fn assert_near(got: [u8; 3], want: [u8; 3]) {
    assert!(got.iter().zip(want).all(|(a, b)| a.abs_diff(b) <= 12), "{got:?} is not {want:?}");
}

fn assert_scene(photo: &Photo) {
    assert_eq!((photo.width(), photo.height()), (WIDTH, HEIGHT));
    for (x, y) in [(8, 8), (56, 8), (8, 40), (56, 40)] {
        assert_near(pixel(photo, x, y), scene(WIDTH, HEIGHT).get_pixel(x, y).0);
    }
}

/// An EXIF segment with nothing but an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

#[test]
fn exif_orientation_is_applied() {
    let folder = Folder::new();
    let pixels = scene(WIDTH, HEIGHT).into_raw();
    for (orientation, red, blue, size) in [
        (1, (4, 24), (60, 24), (WIDTH, HEIGHT)),
        (3, (60, 24), (4, 24), (WIDTH, HEIGHT)), // upside down
        (6, (24, 4), (24, 60), (HEIGHT, WIDTH)), // turn clockwise: left becomes top
        (8, (24, 60), (24, 4), (HEIGHT, WIDTH)),
    ] {
        let bytes = jpeg(&pixels, ColorType::Rgb, Some(&exif(orientation)));
        let photo = Photo::open(folder.file("turned.jpg", &bytes)).unwrap();
        assert_eq!((photo.width(), photo.height()), size, "orientation {orientation}");
        let [red, blue] = [red, blue].map(|(x, y)| pixel(&photo, x, y));
        assert!(red[0] > 120 && red[2] < 60, "orientation {orientation}: {red:?}");
        assert!(blue[2] > 120 && blue[0] < 60, "orientation {orientation}: {blue:?}");
    }
}

#[test]
fn cmyk_and_ycck_jpegs_have_their_colours() {
    let folder = Folder::new();
    let inks: Vec<u8> = scene(WIDTH, HEIGHT)
        .pixels()
        .flat_map(|p| {
            let [r, g, b] = p.0;
            [255 - r, 255 - g, 255 - b, 0]
        })
        .collect();
    for (name, color) in [("cmyk.jpg", ColorType::Cmyk), ("ycck.jpg", ColorType::CmykAsYcck)] {
        assert_scene(&Photo::open(folder.file(name, &jpeg(&inks, color, None))).unwrap());
    }
}

#[test]
fn greyscale_and_progressive_jpegs_are_read() {
    let folder = Folder::new();
    let grey: Vec<u8> = (0..WIDTH * HEIGHT).map(|i| (i % WIDTH * 3) as u8).collect();
    let photo = Photo::open(folder.file("grey.jpg", &jpeg(&grey, ColorType::Luma, None))).unwrap();
    assert_near(pixel(&photo, 32, 20), [96; 3]);

    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    encoder.set_progressive(true);
    encoder.set_restart_interval(2);
    let pixels = scene(WIDTH, HEIGHT).into_raw();
    encoder.encode(&pixels, WIDTH as u16, HEIGHT as u16, ColorType::Rgb).unwrap();
    assert_scene(&Photo::open(folder.file("progressive.jpg", &bytes)).unwrap());
}

#[test]
fn sixteen_bits_grey_alpha_and_other_formats_are_read() {
    let folder = Folder::new();
    let image = DynamicImage::from(scene(WIDTH, HEIGHT));
    let deep = DynamicImage::from(image.to_rgb16());
    assert_scene(&Photo::open(folder.picture("deep.png", deep, ImageFormat::Png)).unwrap());
    for (name, format) in [
        ("a.bmp", ImageFormat::Bmp),
        ("a.tiff", ImageFormat::Tiff),
        ("a.ppm", ImageFormat::Pnm),
        ("a.webp", ImageFormat::WebP),
        ("wrongly_named.jpg", ImageFormat::Png),
    ] {
        assert_scene(&Photo::open(folder.picture(name, image.clone(), format)).unwrap());
    }
    // A palette.
    let gif = DynamicImage::from(image.to_rgba8());
    assert_scene(&Photo::open(folder.picture("a.gif", gif, ImageFormat::Gif)).unwrap());
    let grey = GrayImage::from_pixel(WIDTH, HEIGHT, Luma([77]));
    let photo = Photo::open(folder.picture("grey.png", grey, ImageFormat::Png)).unwrap();
    assert_eq!(pixel(&photo, 3, 3), [77; 3]);
    // Hidden colours of transparent pixels do not come to light.
    let clear = RgbaImage::from_fn(WIDTH, HEIGHT, |x, _| Rgba([200, 0, 0, if x < 32 { 0 } else { 255 }]));
    let photo = Photo::open(folder.picture("clear.png", clear, ImageFormat::Png)).unwrap();
    assert_eq!((pixel(&photo, 3, 3), pixel(&photo, 40, 3)), ([255; 3], [200, 0, 0]));
}

#[test]
fn files_that_are_no_good_are_refused_with_their_name() {
    let folder = Folder::new();
    assert!(matches!(folder.refusal("empty.jpg", b""), Error::Empty { .. }));
    let text = folder.refusal("notes.jpg", b"not a picture at all");
    assert!(matches!(text, Error::Format { .. }) && text.to_string().contains("text"));
    let heic = folder.refusal("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1\xff\xfe");
    assert!(heic.to_string().contains("HEIC"));
    let missing = Photo::open(folder.0.path().join("missing.jpg")).unwrap_err();
    assert!(matches!(missing, Error::Read { .. }) && missing.to_string().contains("missing.jpg"));
    let a_folder = Photo::open(folder.0.path()).unwrap_err();
    assert!(matches!(a_folder, Error::Read { .. }));
}

#[test]
fn truncated_files_are_damaged_wherever_they_end() {
    let folder = Folder::new();
    let whole = jpeg(&scene(WIDTH, HEIGHT).into_raw(), ColorType::Rgb, Some(&exif(6)));
    for end in 3..whole.len() - 1 {
        let error = folder.refusal("cut.jpg", &whole[..end]);
        assert!(matches!(error, Error::Damaged { .. }), "cut at {end}: {error}");
    }
    let png = folder.picture("whole.png", scene(WIDTH, HEIGHT), ImageFormat::Png);
    let png = fs::read(png).unwrap();
    for end in [9, 30, png.len() / 2] {
        let error = folder.refusal("cut.png", &png[..end]);
        assert!(matches!(error, Error::Damaged { .. }), "cut at {end}: {error}");
    }
}

/// A thumbnail's own end marker must not pass for the photograph's.
#[test]
fn a_cut_jpeg_with_a_whole_thumbnail_is_damaged() {
    let folder = Folder::new();
    let pixels = scene(WIDTH, HEIGHT).into_raw();
    let mut segment = exif(1);
    segment.extend(jpeg(&pixels, ColorType::Rgb, None));
    let whole = jpeg(&pixels, ColorType::Rgb, Some(&segment));
    assert_scene(&Photo::open(folder.file("whole.jpg", &whole)).unwrap());
    let error = folder.refusal("cut.jpg", &whole[..whole.len() - 40]);
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn sizes_beyond_reason_are_refused_before_decoding() {
    let folder = Folder::new();
    // A header that promises 60000x60000 pixels and a file that has none of them.
    let mut bytes = jpeg(&scene(WIDTH, HEIGHT).into_raw(), ColorType::Rgb, None);
    let start = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[start + 5..start + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    let error = folder.refusal("huge.jpg", &bytes);
    assert!(matches!(error, Error::TooLarge { width: 60_000, height: 60_000, .. }), "{error}");
    let tiny = folder.picture("tiny.png", scene(8, 8), ImageFormat::Png);
    assert!(matches!(Photo::open(tiny), Err(Error::TooSmall { width: 8, height: 8, .. })));
}

fn photo(width: u32, height: u32) -> Photo {
    Photo::from_rgb(width, height, scene(width, height).into_raw()).unwrap()
}

#[test]
fn frames_fit_the_camera() {
    for (size, frame_size) in [
        ((320, 256), (320, 256)),
        ((101, 50), (100, 50)),
        ((640, 480), (320, 240)),
        ((1434, 2333), (148, 240)),
        ((321, 100), (320, 100)),
        ((4000, 40), (320, 3)),
        ((40, 9000), (2, 240)),
    ] {
        for format in [PixelFormat::Yuyv, PixelFormat::Rgb565] {
            let frame = photo(size.0, size.1).to_frame(format);
            assert_eq!((frame.width, frame.height), frame_size, "{size:?}");
            assert!(frame.view().is_ok());
        }
    }
    // Unscaled pixels are those of the photograph.
    let frame = photo(320, 240).to_frame(PixelFormat::Yuyv);
    let want = scene(320, 240).get_pixel(100, 100).0;
    assert_near(frame.view().unwrap().rgb(100, 100), want);
}

#[test]
fn a_small_face_is_brought_near() {
    let photo = photo(2000, 3000);
    let frame = photo.to_frame(PixelFormat::Yuyv);
    assert_eq!((frame.width, frame.height), (160, 240));
    let face = Region { x: 40.0, y: 20.0, width: 8.0, height: 12.0 };
    let near = photo.crop_around(frame.to_photo(face));
    // Twelve rows of 12.5 pixels, twice: half of the frame is face.
    assert_eq!((near.width(), near.height()), (400, 300));
    let frame = near.to_frame(PixelFormat::Yuyv);
    assert_eq!((frame.width, frame.height), (320, 240));
    // At a corner or without bounds, the part stays inside the photograph.
    for (x, y, side) in [(-500.0, -500.0, 100.0), (1990.0, 2990.0, 500.0), (0.0, 0.0, 1e9), (9e9, 5.0, 0.0)] {
        let part = photo.crop_around(Region { x, y, width: side, height: side });
        assert!(part.width() <= 2000 && part.height() <= 3000);
        assert!(part.width() >= 32 && part.height() >= 32);
    }
}

/// A JPEG with odd sampling, over which the decoder (zune-jpeg 0.5.15) panics. A fuzzer found it.
#[test]
fn a_jpeg_that_its_decoder_panics_over_is_damaged() {
    let error = Folder::new().refusal("odd.jpg", include_bytes!("odd-sampling.jpg")).to_string();
    assert!(error.contains("the decoder gave up"), "{error}");
}
