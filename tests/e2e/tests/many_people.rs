//! An emulated AN547 with more people than a volume of the gallery has room for.
//!
//! Enrolling thousands of people on an emulated processor takes hours. So the door's own application enrols them in memory, by
//! requests and with an engine without networks, and the board's firmware then starts on that flash. The templates are those of
//! the board's encoder for all that the door can tell, and the last person is enrolled with the real networks.

use std::os::unix::fs::FileExt;
use std::path::Path;

use client::{Credentials, Device, Error, Picture, Signer, Transport};
use door::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind, Networks};
use e2e::{frame, pair_and_flash};
use emulator::{Board, Doorstep, Folder, Launch, Machine};
use fixtures::{Need, need};
use host_window::window::{MAGIC, MAGIC_WORD, VERSION, VERSION_WORD, VOLUMES};
use imaging::CameraFrame;
use nn::Arena;
use partitions::{AN547, Partitions, Region};
use protocol::{Enrolment, LivenessMode, ModelKind, PixelFormat, ResetReason, Settings, Source};
use simulated_door::{Cells, UNIQUE, boot, boot_with};
use template::Template;
use vision::{Face, Faces, Frame, Point, Quality, Rect, Thumbnail};

const MODELS: [(ModelKind, &str); 3] =
    [(ModelKind::Detector, "yunet"), (ModelKind::Encoder, "postern-128"), (ModelKind::Liveness, "liveness")];

/// Volumes that a board has beside the first one.
const FURTHER: u32 = AN547.volumes() as u32 - 1;

#[test]
fn a_board_knows_3000_people_with_two_templates_after_a_reset_and_forgets_who_is_removed() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let mut cells = Cells::of(&AN547);
    let credentials = enrolled(&mut cells, 3_000, 2);
    boot(&mut cells, 3, |line, _| enrol(&mut session(line, &credentials), "Barack", "obama.jpg"));
    let state = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(Some(state.path()), "an547").expect("a name");
    programmed(&folder, &cells, &credentials, FURTHER);

    let mut board = up(&folder);
    let status = board.connect().and_then(|mut device| Ok(device.status()?)).expect("a status");
    assert_eq!((status.people, status.templates), (3_001, 6_001));
    assert_eq!(status.reset, ResetReason::PowerOn, "no watchdog reset it");
    println!("{} ms after its start the board answers with 6,001 templates in memory", status.uptime_ms);
    assert!(comes(&board, "obama.jpg"), "somebody of the last volume");
    assert!(!comes(&board, "astronaut.png"), "a stranger");
    let last = AN547.further_volumes().last().expect("a volume");
    assert!(flash(&folder, last) == cells_of(&cells, last), "nobody has changed, so no record has");
    board.connect().and_then(|mut device| Ok(device.remove("Barack")?)).expect("removed");
    assert!(!comes(&board, "obama.jpg"), "whoever is removed");

    board.cut_power().expect("it had power");
    let mut board = up(&folder);
    let mut device = board.connect().expect("a session");
    assert_eq!(device.status().expect("a status").people, 3_000);
    assert_eq!(device.remove("person 2999").expect("of the last volume"), 2);
    assert_eq!(device.remove("person 7").expect("of the first volume"), 2);
    drop(device);
    assert!(!comes(&board, "obama.jpg"), "whoever was removed");
    board.cut_power().expect("it had power");
}

/// The state folder of a board from before: its flash has one volume, full of people, and nobody wrote behind the NPU's memory.
#[test]
fn a_board_of_before_keeps_its_people_and_gets_room_for_more() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let before = Partitions { further: Region { len: 0, ..AN547.further }, volume: 0, ..AN547 };
    let mut cells = Cells::of(&before);
    let credentials = enrolled(&mut cells, 256, 1);
    let full = boot(&mut cells, 3, |line, _| {
        let mut device = session(line, &credentials);
        device.stage(&picture(&frame("obama.jpg"))).expect("it takes the picture");
        device.enrol("Barack", Source::Staged, Enrolment::NewPerson).expect_err("one volume is full")
    });
    assert!(matches!(full, Error::Refused(protocol::Error::GalleryFull { .. })), "{full}");
    let state = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(Some(state.path()), "an547").expect("a name");
    programmed(&folder, &cells, &credentials, 0);

    let mut board = up(&folder);
    assert_eq!(board.memory().and_then(|memory| memory.word(VOLUMES)).expect("a word"), FURTHER);
    let mut device = board.connect().expect("a session");
    assert_eq!(device.status().expect("a status").people, 256);
    enrol(&mut device, "Barack", "obama.jpg");
    drop(device);
    assert!(
        flash(&folder, AN547.gallery) == cells_of(&cells, AN547.gallery),
        "the first volume is as it was"
    );
    board.cut_power().expect("it had power");

    let mut board = up(&folder);
    assert_eq!(board.connect().and_then(|mut device| Ok(device.status()?)).expect("a status").people, 257);
    assert!(comes(&board, "obama2.jpg"), "somebody of a further volume");
    board.connect().and_then(|mut device| Ok(device.remove("Barack")?)).expect("removed");
    assert!(!comes(&board, "obama2.jpg"), "whoever is removed");
    board.cut_power().expect("it had power");
}

/// The boot loader of a board is never updated. One of before does not know the further volumes of the gallery, and the flash ends
/// for it before the place that slot B of the liveness network has now.
#[test]
fn firmware_reaches_all_of_its_flash_behind_a_boot_loader_of_before() {
    need!(Need::Boards, Need::Cached("images"));
    let signer = Signer::passing().expect("a key");
    let mut cells = Cells::of(&AN547);
    let credentials = boot(&mut cells, 1, |line, wires| pair_and_flash(line, wires, &signer, &MODELS));
    let state = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(Some(state.path()), "an547").expect("a name");
    programmed(&folder, &cells, &credentials, FURTHER);
    up(&folder).cut_power().expect("it had power");

    let mut loader = std::fs::read(folder.loader()).expect("its boot loader");
    let behind = Region { offset: AN547.boot.end(), len: AN547.nor.end() - AN547.boot.end() };
    for (area, len) in [(behind, AN547.log.end() - behind.offset), (AN547.further, 32)] {
        shorten(&mut loader, area, len);
    }
    std::fs::write(folder.loader(), loader).expect("written");

    let mut board = up(&folder);
    let mut device = board.connect().expect("a session");
    assert_eq!(device.status().expect("a status").reset, ResetReason::PowerOn, "no fault reset it");
    let liveness = e2e::image("liveness");
    device.install_model(ModelKind::Liveness, &liveness, &signer, &mut |_, _| {}).expect("in slot B");
    assert_eq!(device.status().expect("a status").reset, ResetReason::PowerOn, "no fault reset it");
    let [_, slot] = AN547.liveness;
    assert!(flash(&folder, slot).starts_with(&liveness));
    board.cut_power().expect("it had power");
}

/// Gives an area in a boot loader's list another length.
fn shorten(loader: &mut [u8], area: Region, len: u32) {
    let words = |len: u32| [(area.address() as u32).to_le_bytes(), len.to_le_bytes()].concat();
    let own = words(area.len);
    let places: Vec<_> = (0..loader.len() - own.len()).filter(|at| loader[*at..].starts_with(&own)).collect();
    let [place] = places[..] else { panic!("the area is there once: {places:?}") };
    loader[place..place + own.len()].copy_from_slice(&words(len));
}

/// A door in memory that knows so many people with so many templates each, and the installer's credentials.
fn enrolled(cells: &mut Cells, people: u32, templates: u32) -> Credentials {
    let signer = Signer::passing().expect("a key");
    let credentials = boot(cells, 1, |line, wires| pair_and_flash(line, wires, &signer, &MODELS));
    let mut arena = Box::new(Arena::<{ 3 << 20 }>::ZERO);
    let engine = Crowd(Networks::new(&mut arena.0));
    boot_with(cells, 2, engine, |line, _| {
        let mut device = session(line, &credentials);
        let settings = Settings { accept_unproven: true, liveness: LivenessMode::Off, ..Settings::default() };
        device.set_settings(settings).expect("it takes settings");
        let mut faces = 0u32..;
        for number in 0..people {
            let name = format!("person {number}");
            for template in 0..templates {
                let enrolment = if template == 0 { Enrolment::NewPerson } else { Enrolment::AddAnyTemplate };
                // Faces that are drawn may be alike, and the door takes none that is like another person's.
                loop {
                    let face = faces.next().expect("a number");
                    device.stage(&pixels(&Crowd::picture(face), 8, 8)).expect("it takes the picture");
                    match device.enrol(&name, Source::Staged, enrolment) {
                        Ok(enrolled) => break assert_eq!(u32::from(enrolled.templates), template + 1),
                        Err(Error::Refused(protocol::Error::DuplicateFace { .. })) => {}
                        Err(error) => panic!("{name}: {error}"),
                    }
                }
            }
        }
    });
    credentials
}

/// A session of the installer.
fn session(line: Box<dyn Transport>, credentials: &Credentials) -> Device {
    Device::over(line).and_then(|device| device.login(credentials)).expect("a session")
}

fn enrol(device: &mut Device, name: &str, picture: &str) {
    device.stage(&self::picture(&frame(picture))).expect("it takes the picture");
    device.enrol(name, Source::Staged, Enrolment::NewPerson).expect("enrolled");
}

fn picture(frame: &CameraFrame) -> Picture<'_> {
    pixels(&frame.bytes, frame.width as u16, frame.height as u16)
}

fn pixels(data: &[u8], width: u16, height: u16) -> Picture<'_> {
    Picture { width, height, format: PixelFormat::Yuyv, data }
}

/// Makes the folder of a board that has this flash, and so many further volumes counted.
fn programmed(folder: &Folder, cells: &Cells, credentials: &Credentials, further: u32) {
    std::fs::create_dir_all(folder.path()).expect("made");
    client::write_secret(&folder.unique(), &UNIQUE).expect("written");
    credentials.save(&folder.host_key()).expect("written");
    let counter = cells.counter();
    let mut eeprom = [0; 512];
    let place = &mut eeprom[counter as usize % 2 * 8..][..8];
    place[..4].copy_from_slice(&counter.to_le_bytes());
    place[4..].copy_from_slice(&(!counter).to_le_bytes());
    std::fs::write(folder.counter(), eeprom).expect("written");
    let memory = std::fs::File::create(folder.memory()).expect("made");
    memory.set_len(host_window::AN547.file_len).expect("set");
    for (_, region, bytes) in cells.partitions() {
        memory.write_all_at(bytes, region.offset.into()).expect("written");
    }
    for (place, word) in [(MAGIC_WORD, MAGIC), (VERSION_WORD, VERSION), (VOLUMES, further)] {
        memory.write_all_at(&word.to_le_bytes(), place as u64).expect("written");
    }
}

fn up(folder: &Folder) -> Board {
    let launch = Launch { machine: Some(Machine::An547), ..Launch::default() };
    Board::up(folder.clone(), &launch).expect("it starts")
}

/// Whether the door opens for who is on a picture.
fn comes(board: &Board, name: &str) -> bool {
    let mut doorstep = Doorstep::new(board).expect("a door");
    doorstep.leave(&pixels(&[0x80; 320 * 240 * 2], 320, 240)).expect("nobody is there");
    doorstep.show(&picture(&frame(name)), &[]).expect("a decision").opened
}

/// What the board's flash has in a region.
fn flash(folder: &Folder, region: Region) -> Vec<u8> {
    read(&folder.memory(), region)
}

fn read(path: &Path, region: Region) -> Vec<u8> {
    let mut bytes = vec![0; region.len as usize];
    let file = std::fs::File::open(path).expect("the memory");
    file.read_exact_at(&mut bytes, region.offset.into()).expect("read");
    bytes
}

/// What the door in memory had there.
fn cells_of(cells: &Cells, region: Region) -> &[u8] {
    let found = cells.partitions().into_iter().find(|(_, at, _)| *at == region);
    found.expect("a partition").2
}

/// An engine that sees a face in each frame: that of the number in its first bytes. Images are the networks'.
struct Crowd<'a>(Networks<'a>);

impl Crowd<'_> {
    /// A picture of the face of a number.
    fn picture(number: u32) -> [u8; 8 * 8 * 2] {
        let mut bytes = [0; 8 * 8 * 2];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes
    }
}

impl<'a> Engine for Crowd<'a> {
    type Model<'i> = <Networks<'a> as Engine>::Model<'i>;
    type Pair<'i> = <Networks<'a> as Engine>::Pair<'i>;
    type Aligned<'e>
        = Drawn
    where
        Self: 'e;

    fn load<'i>(
        &mut self,
        kind: NetworkKind,
        image: &'i [u8],
    ) -> Result<(Self::Model<'i>, NetworkInfo), Fault> {
        self.0.load(kind, image)
    }

    fn join<'i>(
        &self,
        detector: Self::Model<'i>,
        encoder: Self::Model<'i>,
    ) -> Result<(Self::Pair<'i>, EncoderInfo), Fault>
    where
        'i: 'i,
    {
        self.0.join(detector, encoder)
    }

    fn fits(&self, detector: Self::Model<'_>, encoder: Self::Model<'_>) -> Result<EncoderInfo, Fault> {
        self.0.fits(detector, encoder)
    }

    /// A look takes a minute: so an installer may make as many changes as they like.
    fn detect(&mut self, _: &Self::Pair<'_>, _: &Frame) -> Result<Faces, Fault> {
        mock_time::advance(embassy_time::Duration::from_secs(60));
        let bounds = Rect { x: 1024, y: 1024, width: 4096, height: 5120 };
        Ok([Face { score: 30_000, bounds, landmarks: [Point { x: 0, y: 0 }; 5] }].into_iter().collect())
    }

    fn align<'e>(&'e mut self, _: &'e Self::Pair<'_>, frame: &Frame, _: &Face) -> Result<Drawn, Fault> {
        let number = frame.bytes().first_chunk().copied().map(u32::from_le_bytes);
        number.map(Drawn).ok_or_else(|| Fault::new("a frame without a number"))
    }

    fn live(&mut self, _: &Self::Model<'_>, _: &Frame, _: &Face) -> Result<u16, Fault> {
        Ok(32_768)
    }
}

/// A face that is drawn by its number.
struct Drawn(u32);

impl Aligned for Drawn {
    fn quality(&mut self) -> Quality {
        Quality {
            score: 30_000,
            eye_distance: 50,
            visible: 100,
            yaw: 0,
            pitch: 50,
            roll: 0,
            sharpness: 1_000,
            brightness: 120,
            contrast: 50,
        }
    }

    fn openness(&mut self) -> u16 {
        1_600
    }

    fn thumbnail(&mut self) -> Thumbnail {
        Thumbnail([0; vision::THUMBNAIL])
    }

    /// A pseudo-random direction (Knuth's MMIX generator, whose high bits are the good ones).
    fn encode(self) -> Result<Template, Fault> {
        let mut state = u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
        let values = (0..128).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 48) as u16 as i16
        });
        Template::normalise(values.collect::<Vec<i16>>()).map_err(Fault::new)
    }
}
