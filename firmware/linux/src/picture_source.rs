//! Where pictures come from: a command's stdout, or a V4L2 camera. A thread takes each picture and keeps the newest.
//!
//! A source that fails is opened again, for as long as the door runs: a camera is unplugged and comes back, a command
//! ends and is started again. What failed is said once, until it works again.
//!
//! Infrared cameras light every other picture. So one dark picture after a bright one is skipped. The second one in a row is
//! shown: the lens is covered, and whoever comes after that is not the face of before. If they go on, the door says so. It stays
//! the next one to be looked at, whatever comes after it: the door looks at a few pictures a second, and would miss it. A dark
//! picture stands for an interruption of the source, too.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use board_api::Capture;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use vision::{Frame, PixelFormat};

use crate::close_up::Behind;
use crate::outlook::Outlook;
use crate::pictures::{Pictures, Raw, Unusable};
use crate::pixels::{Format, Small};
use crate::standstill::Standstill;
use crate::{Error, Result, command, v4l2};

/// How long a source rests before it is opened again.
const REST: Duration = Duration::from_secs(1);

/// The mean brightness below which a picture is dark.
const DARK: u8 = 12;

/// Dark pictures in a row of which the last one is shown: the light of a camera is off for one.
const SHOWN: u32 = 2;

/// Dark pictures in a row after which that is said.
const ALL_DARK: u32 = 8;

/// Where pictures come from, and how they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureSource {
    /// From which place.
    pub place: Place,
    /// How large they are asked for.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The format that is asked for.
    pub format: Format,
}

/// A place that gives pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Raw pictures from the stdout of a command, one after the other without anything between.
    Command(Vec<String>),
    /// A V4L2 camera, by the path of its node.
    Device(std::path::PathBuf),
}

impl PictureSource {
    /// Opens the source once, so that a door without a camera does not start.
    ///
    /// # Errors
    /// [`Error::Camera`], which says what to do.
    pub fn open(&self) -> Result<Box<dyn Pictures>> {
        let opened: io::Result<Box<dyn Pictures>> = match &self.place {
            Place::Command(words) => command::start(words),
            Place::Device(path) => v4l2::open(path, self.width, self.height, self.format),
        };
        opened.map_err(|error| self.failed(error))
    }

    /// The error of a source that fails so, with what to do.
    pub fn failed(&self, source: io::Error) -> Error {
        let hint = match &self.place {
            Place::Command(_) => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                    "is the program installed, and is its name right?"
                }
                io::ErrorKind::TimedOut => {
                    "it gives no pictures, so it is ended, and started again: does its camera give any?"
                }
                io::ErrorKind::UnexpectedEof => "it ended without a picture: run it in a terminal to see why",
                _ => {
                    "run it in a terminal: pictures of the size and format in [camera] must come to its stdout"
                }
            },
            Place::Device(_) => v4l2::hint(&source),
        };
        Error::Camera { camera: self.to_string(), hint: hint.to_owned(), source }
    }

    /// Room for a picture.
    pub fn empty(&self) -> Raw {
        let (width, height, format) = (self.width, self.height, self.format);
        let stride = format.stride(width);
        let bytes = vec![0; format.bytes(stride, height).unwrap_or(0)];
        Raw { width, height, stride, format, bytes }
    }
}

impl std::fmt::Display for PictureSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::Command(words) => write!(f, "`{}`", words.join(" ")),
            Place::Device(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The newest picture and its number.
type Newest = Signal<CriticalSectionRawMutex, Numbered>;

/// A picture with its number, and that of the [standstill](crate::standstill) before it.
struct Numbered {
    sequence: u32,
    gap: u32,
    small: Small,
}

/// The camera over a source of pictures.
pub struct Camera {
    newest: Arc<Newest>,
    taken: Numbered,
    behind: Behind,
    standstill: Standstill,
    outlook: Outlook,
}

impl Camera {
    /// Starts the thread that takes pictures.
    ///
    /// # Errors
    /// [`Error::Camera`], [`Error::Thread`].
    pub fn start(source: PictureSource, standstill: Standstill) -> Result<Self> {
        let pictures = source.open()?;
        let newest: Arc<Newest> = Arc::default();
        let outlook = Outlook::new();
        let (to, before, seen) = (newest.clone(), standstill.clone(), outlook.clone());
        let thread = thread::Builder::new().name("camera".into());
        thread.spawn(move || take(&source, pictures, &to, before, seen)).map_err(Error::Thread)?;
        let nothing = Numbered { sequence: 0, gap: 0, small: Small::new(0, 0, Vec::new()) };
        Ok(Self { newest, taken: nothing, behind: Behind::default(), standstill, outlook })
    }

    /// What it gives, for the status.
    pub fn outlook(&self) -> Outlook {
        self.outlook.clone()
    }

    /// The picture behind the frame that was taken last.
    pub fn behind(&self) -> Behind {
        self.behind.clone()
    }

    /// The newest frame, once there is one that was not taken. One from before a standstill is passed over.
    pub async fn next(&mut self) -> Capture<'_> {
        loop {
            let mut taken = self.newest.wait().await;
            if taken.gap != self.standstill.gaps() {
                continue;
            }
            self.behind.is_of(&mut taken.small);
            self.taken = taken;
            let small = &self.taken.small;
            if Frame::new(PixelFormat::Yuyv, small.width, small.height, &small.yuyv).is_ok() {
                break;
            }
        }
        let Numbered { sequence, small, .. } = &self.taken;
        let frame = Frame::new(PixelFormat::Yuyv, small.width, small.height, &small.yuyv);
        Capture { sequence: *sequence, frame: frame.expect("it was looked at above") }
    }
}

/// Takes pictures as long as the door runs.
fn take(
    source: &PictureSource,
    mut pictures: Box<dyn Pictures>,
    to: &Newest,
    standstill: Standstill,
    outlook: Outlook,
) -> ! {
    let (mut raw, mut said, mut shown) = (source.empty(), false, Shown::new(to, standstill.clone()));
    let mut unusable = Unusable::default();
    loop {
        match pictures.next(&mut raw).and_then(|()| unusable.small(&raw)) {
            Ok(None) => continue,
            Ok(Some(small)) => {
                said = false;
                if standstill.is_over() {
                    shown.put(small);
                }
                outlook.saw(shown.light.is_dark());
                continue;
            }
            Err(error) if !said => {
                eprintln!("camera: {}: {error}", source.failed(io::Error::from(error.kind())))
            }
            Err(_) => {}
        }
        said = true;
        shown.interrupt();
        drop(pictures);
        pictures = loop {
            thread::sleep(REST);
            if let Ok(pictures) = source.open() {
                break pictures;
            }
        };
    }
}

/// The picture that is looked at next: the newest, but a gap until it was looked at.
struct Shown<'n> {
    to: &'n Newest,
    sequence: u32,
    light: Light,
    /// Width and height of the last picture.
    size: [usize; 2],
    /// Whether the last picture that was shown is a gap.
    gap: bool,
    standstill: Standstill,
}

impl<'n> Shown<'n> {
    fn new(to: &'n Newest, standstill: Standstill) -> Self {
        Self { to, sequence: 0, light: Light::default(), size: [0; 2], gap: false, standstill }
    }

    /// A picture came.
    fn put(&mut self, small: Small) {
        let brightness = small.brightness();
        if self.light.shows(brightness) {
            self.size = [small.width, small.height];
            self.show(small, brightness < DARK);
        }
    }

    /// No picture came for a while.
    fn interrupt(&mut self) {
        let [width, height] = self.size;
        if width * height > 0 {
            self.show(Small::new(width, height, [0, 128].repeat(width * height)), true);
        }
    }

    fn show(&mut self, small: Small, gap: bool) {
        if !self.gap || !self.to.signaled() {
            self.gap = gap;
            self.sequence = self.sequence.wrapping_add(1);
            self.to.signal(Numbered { sequence: self.sequence, gap: self.standstill.gaps(), small });
        }
    }
}

/// Whether a picture is dark because the scene is, or because the light of the camera blinks.
#[derive(Debug, Default)]
struct Light {
    dark: u32,
}

impl Light {
    /// Whether to use a picture of this brightness.
    fn shows(&mut self, brightness: u8) -> bool {
        if brightness >= DARK {
            self.dark = 0;
            return true;
        }
        self.dark = self.dark.saturating_add(1);
        if self.dark == ALL_DARK {
            eprintln!("camera: all pictures are dark: is there light, and is the lens free?");
        }
        self.dark >= SHOWN
    }

    /// Whether so many pictures in a row are dark that the scene is.
    fn is_dark(&self) -> bool {
        self.dark >= ALL_DARK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::ALL_UNUSABLE;

    #[test]
    fn a_camera_that_gives_another_format_than_it_said_is_an_error_after_some_pictures() {
        // A camera that said YUYV, and gives the half of it.
        let place = Place::Device("/dev/video7".into());
        let source = PictureSource { place, width: 64, height: 48, format: Format::Yuyv };
        let mut raw = source.empty();
        raw.bytes.truncate(64 * 48);
        let mut unusable = Unusable::default();
        for _ in 1..ALL_UNUSABLE {
            assert_eq!(unusable.small(&raw).ok(), Some(None));
        }
        let error = unusable.small(&raw).expect_err("it is no camera of YUYV");
        assert_eq!(error.to_string(), "3072 bytes came that are no picture of 64x48 in yuyv");
        let said = source.failed(error).to_string();
        assert!(said.contains("/dev/video7") && said.contains("v4l2-ctl --list-formats"), "{said}");
        unusable.small(&raw).expect("the next one may do");
        raw.bytes.resize(2 * 64 * 48, 90);
        assert!(unusable.small(&raw).is_ok_and(|small| small.is_some()));
    }

    #[test]
    fn a_camera_that_cannot_be_used_is_said_with_what_to_do() {
        let place = Place::Device("/dev/video7".into());
        let source = PictureSource { place, width: 64, height: 48, format: Format::Yuyv };
        for (kind, what) in [
            (io::ErrorKind::ResourceBusy, "`fuser -v /dev/video*` names it"),
            (io::ErrorKind::TimedOut, "rpicam-vid"),
            (io::ErrorKind::NotFound, "ls /dev/v4l/by-id"),
            (io::ErrorKind::PermissionDenied, "group `video`"),
        ] {
            let said = source.failed(kind.into()).to_string();
            assert!(said.contains(what) && said.contains("/dev/video7"), "{said}");
        }
    }

    #[test]
    fn dark_pictures_between_bright_ones_are_skipped() {
        let mut light = Light::default();
        let shown = [90, 3, 92, 2, 88].map(|brightness| light.shows(brightness));
        assert_eq!(shown, [true, false, true, false, true]);
        let covered = [90, 3, 3, 90, 3].map(|brightness| light.shows(brightness));
        assert_eq!(covered, [true, false, true, true, false], "the door sees that the lens was covered");
    }

    #[test]
    fn pictures_of_a_command_come_and_it_is_started_again_when_it_ends() {
        let script = "head -c 38400 /dev/zero | tr '\\0' Z";
        let place = Place::Command(["sh", "-c", script].map(str::to_owned).into());
        let source = PictureSource { place, width: 240, height: 160, format: Format::Grey };
        let mut camera = Camera::start(source, Standstill::default()).expect("it starts");
        let mut bright = 0;
        for picture in 1..=5 {
            let capture = pollster::block_on(camera.next());
            assert_eq!((capture.frame.width(), capture.frame.height()), (240, 160));
            assert!(capture.sequence >= picture);
            match capture.frame.bytes()[..4] {
                [b'Z', 128, b'Z', 128] => bright += 1,
                // The end of the command is a gap.
                [0, 128, 0, 128] => {}
                ref other => panic!("{other:?}"),
            }
        }
        assert!(bright >= 2, "{bright}");
    }

    #[test]
    fn a_gap_waits_until_it_was_looked_at() {
        let small = |luma: u8| Small::new(2, 1, vec![luma, 128, luma, 128]);
        let newest = Newest::new();
        let mut shown = Shown::new(&newest, Standstill::default());
        let look = || newest.try_take().map(|newest| newest.small.yuyv[0]);
        shown.interrupt();
        assert_eq!(look(), None, "there was no picture yet");
        for luma in [90, 91] {
            shown.put(small(luma));
        }
        assert_eq!(look(), Some(91), "the newest");
        for luma in [92, 3, 3, 93, 94] {
            shown.put(small(luma));
        }
        assert_eq!(look(), Some(3), "the lens was covered");
        assert_eq!(look(), None);
        shown.put(small(95));
        shown.interrupt();
        shown.put(small(96));
        assert_eq!(look(), Some(0), "the camera was gone");
    }

    #[test]
    fn a_scene_that_is_dark_is_shown_as_it_is() {
        let mut light = Light::default();
        let shown = (0..ALL_DARK).map(|_| light.shows(4)).filter(|shown| *shown).count();
        assert_eq!(shown, 7);
        assert!(light.is_dark());
        assert!(light.shows(100) && !light.is_dark());
        assert!(!light.shows(4));
    }
}
