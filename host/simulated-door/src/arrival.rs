//! Somebody walks up to the camera of a door in memory, until the lock opens.

use std::rc::Rc;

use board_api::{Camera, Capture};
use client::{Applicant, Device, Picture, Signer, Step};
use embassy_time::{Instant, Timer};
use imaging::CameraFrame;
use protocol::{Enrolment, ModelKind, PixelFormat, Role, Settings, Source};
use synthetic_attacks::{Approach, Subject, WALKS};

use crate::boot::{boot, stand};
use crate::error::Result;
use crate::{Cells, Costs, Error, Stopwatch, Timeline};

/// Milliseconds after which somebody who was not admitted goes away.
pub const LIMIT_MS: u64 = 15_000;

/// Milliseconds from the boot until somebody appears, and the range of a random rest on top.
const APPEARS_MS: [u64; 2] = [1_000, 500];

/// Frames of the camera in a second.
const RATE: u64 = 30;

/// Somebody who is enrolled.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The portrait that is enrolled.
    pub portrait: CameraFrame,
    /// Who walks up.
    pub subject: Subject,
}

/// One arrival.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What the door did.
    pub timeline: Timeline,
    /// Milliseconds from the first frame that shows the face until the lock opens; `None` if it stays locked.
    pub opens_ms: Option<f64>,
}

/// A door that knows these people, with these models.
///
/// # Errors
/// [`Error::Door`] if it refuses a model or the settings, [`Error::NoFace`] if it refuses a portrait.
pub fn enrol(models: &[(ModelKind, Vec<u8>)], people: &[Person]) -> Result<Cells> {
    let signer = Signer::passing()?;
    let mut cells = Cells::erased();
    let enrolled: Result<()> = boot(&mut cells, 1, |line, wires| {
        let mut device = Device::over(line)?;
        let applicant = Applicant {
            role: Role::Installer,
            label: "arrival",
            signer: Some(signer.public()),
            host_key: None,
        };
        let paired = device.pair(&applicant, &mut |step| {
            wires.press_pairing(matches!(step, Step::Press | Step::Confirm));
            Ok(())
        });
        wires.press_pairing(false);
        paired?;
        for (kind, image) in models {
            device.install_model(*kind, image, &signer, &mut |_, _| {})?;
        }
        device.set_settings(Settings::default())?;
        for person in people {
            let frame = &person.portrait;
            let (width, height) = (frame.width as u16, frame.height as u16);
            device.stage(&Picture { width, height, format: PixelFormat::Yuyv, data: &frame.bytes })?;
            let enrolled = device.enrol(&person.name, Source::Staged, Enrolment::NewPerson);
            enrolled.map_err(|_| Error::NoFace(person.name.clone()))?;
        }
        Ok(())
    });
    enrolled.map(|()| cells)
}

/// Lets `subject` walk up to the door on that flash, which stays as it is.
pub fn arrive(cells: &Cells, subject: &Subject, seed: u64, costs: Costs) -> Arrival {
    let watch = Rc::new(Stopwatch::new(costs));
    let appears = Instant::from_millis(APPEARS_MS[0] + seed.wrapping_mul(7_919) % APPEARS_MS[1]);
    let camera = Walkway { scene: Approach::new(subject, seed), appears, shown: None, frame: None };
    let until = appears + embassy_time::Duration::from_millis(LIMIT_MS);
    let opened = stand(&mut cells.copy(), 2, camera, watch.clone(), until);
    let since = |at: Instant| at.as_micros() as f64 / 1000.0;
    let timeline = Timeline {
        costs,
        appears_us: appears.as_micros(),
        stands_us: appears.as_micros() + (WALKS * 1e6) as u64,
        opens_us: opened.map(|opened| opened.as_micros()),
        done: watch.done(),
    };
    Arrival { opens_ms: opened.map(|opened| since(opened) - since(appears)), timeline }
}

/// A camera before which somebody walks up.
struct Walkway<'a> {
    scene: Approach<'a>,
    appears: Instant,
    /// The number of the frame that was given last.
    shown: Option<u64>,
    frame: Option<CameraFrame>,
}

impl Camera for Walkway<'_> {
    async fn next(&mut self) -> Capture<'_> {
        let number = loop {
            // It also lets io have its turn.
            Timer::after_micros(100).await;
            let number = Instant::now().as_micros() * RATE / 1_000_000;
            if self.shown != Some(number) {
                break number;
            }
        };
        self.shown = Some(number);
        let since = (number * 1_000_000 / RATE) as f64 - self.appears.as_micros() as f64;
        let photo = self.scene.at((since / 1e6) as f32);
        let frame = self.frame.insert(photo.to_frame(vision::PixelFormat::Yuyv));
        let frame = frame.view().expect("a frame of the camera's size");
        Capture { sequence: number as u32, frame }
    }
}
