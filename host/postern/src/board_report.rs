//! A board and its state, as people and programs read them.

use std::io::Write;
use std::path::PathBuf;

use client::protocol::{Door, LivenessMode, ModelKind, ResetReason, SecretPlace};
use emulator::{Board, State};
use schemars::JsonSchema;
use serde::Serialize;

use crate::camera_state;
use crate::clock::ClockReport;
use crate::device::{known, real, rounded, short};
use crate::told::Told;

/// What there is to say of development firmware.
pub const DEVELOPMENT: &str = "the log port tells names, scores and pairing codes";

/// An emulated board, or a door on Linux that runs here.
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// The board's name.
    pub name: String,
    /// What it is: `an547`, `an500` or `linux`.
    pub machine: &'static str,
    /// The folder with its flash, its log and the keys of this computer.
    folder: PathBuf,
    /// The socket of its line.
    socket: PathBuf,
    /// The number of its process. `null` if it is down.
    pub pid: Option<i32>,
    /// What the board says of itself. Absent if it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    status: Option<StatusReport>,
}

impl Report {
    /// What this board is, and in which state.
    pub fn of(board: &Board, told: Option<&Told>) -> emulator::Result<Self> {
        Ok(Self {
            name: board.folder().name().to_owned(),
            machine: board.machine().name(),
            folder: board.folder().path().to_owned(),
            socket: board.folder().socket(),
            pid: match board.state()? {
                State::Up { pid } => Some(pid),
                State::Down => None,
            },
            status: told.map(StatusReport::of),
        })
    }
}

/// What a board says of itself; with `--device` the whole answer. A computer that is not paired is told the first fields
/// alone.
#[derive(JsonSchema, Serialize)]
pub struct StatusReport {
    /// The kind of board.
    board: String,
    /// The version of its firmware.
    firmware: String,
    /// Whether it is development firmware, whose log port tells names, scores and pairing codes.
    development: bool,
    /// Computers that are paired with it. A computer that is not paired is told 1 for any number of them.
    hosts: u8,
    #[serde(flatten)]
    state: Option<StateReport>,
}

/// What a board says of itself to a computer that is paired with it.
#[derive(JsonSchema, Serialize)]
#[schemars(transform = only_paired)]
struct StateReport {
    /// The release number of its firmware. `null` if no boot loader started it.
    release: Option<u64>,
    /// How long it runs since it booted, by its own clock.
    uptime_ms: u64,
    /// Instructions since it booted. On Linux an estimate by its clock.
    #[schemars(extend("unit" = "instructions"))]
    instructions: u64,
    /// Why it booted: `power-on`, `requested`, `watchdog`, `fault` or `unknown`.
    reset: &'static str,
    /// Whether the door is `open` or `locked`.
    door: &'static str,
    /// The models that are active.
    models: Vec<ModelReport>,
    /// People enrolled.
    people: u16,
    /// Their templates.
    templates: u16,
    /// Templates of another encoder, which are not compared.
    foreign_templates: u16,
    /// SHA-256 of the encoder of the templates, in hexadecimal digits. `null` if nobody is enrolled.
    gallery_encoder: Option<String>,
    /// Room for more people.
    free_bytes: u32,
    /// The cosine from which a face is taken for a person's. `null` without an encoder.
    threshold: Option<f64>,
    /// How the threshold is known: `measured`, `modelled` or `unproven`. `null` without a threshold.
    basis: Option<String>,
    /// Whether its settings are lost: nobody is let in until an installer sets all of them, and what is said of settings here are defaults.
    settings_lost: bool,
    /// At most one in this many strangers is let in.
    far_one_in: u32,
    /// Whether that holds also where the encoder's calibration table does not prove the rate.
    accept_unproven_rate: bool,
    /// Pictures in a row in which a person must be recognised.
    agreement_frames: u8,
    /// For how long the door opens.
    open_ms: u32,
    /// How liveness is checked: `off`, `passive` or `challenge`.
    liveness: String,
    /// The number of the last picture of the camera.
    camera_sequence: u32,
    /// Its clock.
    clock: ClockReport,
    /// Entries of the log that could not be written.
    log_lost: u32,
    /// Its address on the OSDP bus. `null` if OSDP is off.
    osdp: Option<u8>,
    /// The value of its monotonic counter. `null` if the board has none.
    counter: Option<u32>,
    /// Whether the door stands open, by its contact. `door` is the lock.
    contact_open: bool,
    /// Whether the cover of the board is open.
    cover_open: bool,
    /// Whether an alarm is active: cover open, door forced open or held open.
    alarm: bool,
    /// The networks that an NPU runs: `detector`, `encoder`, `liveness network`. The processor runs the others.
    npu: Vec<String>,
    /// Where its secret is kept: `fuses`; on Linux `credential`, `otp` or `file`.
    secret: String,
    /// What its camera gives: `pictures`; on Linux also `dark`, if all pictures are, or `nothing`.
    camera: &'static str,
    /// For how long the camera gives no picture that can be used. `null` if it gives some.
    camera_nothing_ms: Option<u32>,
    /// Parts of the memory for people that are empty and were not: whoever was there is not known, and nobody is enrolled there.
    volumes_gone: u8,
}

/// A model that is active.
#[derive(JsonSchema, Serialize)]
struct ModelReport {
    /// Its kind: `detector`, `encoder` or `liveness network`.
    kind: String,
    /// Its name.
    name: String,
    /// SHA-256 of its image, in hexadecimal digits.
    sha256: String,
    /// The size of its image.
    bytes: u32,
}

/// Says of each field that only a paired computer has it.
fn only_paired(schema: &mut schemars::Schema) {
    let fields = schema.get_mut("properties").and_then(|fields| fields.as_object_mut());
    for field in fields.into_iter().flat_map(|fields| fields.values_mut()) {
        if let Some(serde_json::Value::String(text)) = field.get_mut("description") {
            text.push_str(" Absent if this computer is not paired.");
        }
    }
}

impl StatusReport {
    /// This state.
    pub fn of(told: &Told) -> Self {
        let status = &told.status;
        Self {
            board: status.board.as_str().to_owned(),
            firmware: status.firmware.as_str().to_owned(),
            development: status.development,
            hosts: status.hosts,
            state: told.paired.then(|| StateReport::of(told)),
        }
    }
}

impl StateReport {
    fn of(Told { status, firmware, .. }: &Told) -> Self {
        Self {
            release: firmware.as_ref().map(|firmware| firmware.running),
            uptime_ms: status.uptime_ms,
            instructions: status.instructions,
            reset: reset_name(status.reset),
            door: match status.door {
                Door::Locked => "locked",
                Door::Open { .. } => "open",
            },
            models: status
                .models
                .iter()
                .map(|model| ModelReport {
                    kind: model.kind.to_string(),
                    name: model.name.as_str().to_owned(),
                    sha256: hex::encode(model.sha256),
                    bytes: model.length,
                })
                .collect(),
            people: status.people,
            templates: status.templates,
            foreign_templates: status.foreign_templates,
            gallery_encoder: status.gallery_encoder.map(hex::encode),
            free_bytes: status.free_bytes,
            threshold: status.threshold.map(rounded),
            basis: status.basis.map(|basis| basis.to_string()),
            settings_lost: status.settings_lost,
            far_one_in: status.settings.far_one_in,
            accept_unproven_rate: status.settings.accept_unproven,
            agreement_frames: status.settings.agreement_frames,
            open_ms: status.settings.open_ms,
            liveness: status.settings.liveness.to_string(),
            camera_sequence: status.camera_sequence,
            clock: ClockReport::of(status.clock),
            log_lost: status.log_lost,
            osdp: status.osdp.map(|osdp| osdp.address),
            counter: status.counter,
            contact_open: status.contact_open,
            cover_open: status.cover_open,
            alarm: status.alarm,
            npu: status.npu.iter().map(|kind| kind.to_string()).collect(),
            secret: status.secret.to_string(),
            camera: camera_state::word(status.camera),
            camera_nothing_ms: camera_state::nothing_ms(status.camera),
            volumes_gone: status.volumes_gone,
        }
    }
}

/// Why a board booted, in a word.
pub fn reset_name(reset: ResetReason) -> &'static str {
    match reset {
        ResetReason::PowerOn => "power-on",
        ResetReason::Requested => "requested",
        ResetReason::Watchdog => "watchdog",
        ResetReason::Fault => "fault",
        _ => "unknown",
    }
}

/// A board's state, for people.
pub fn print_status(
    out: &mut dyn Write,
    told @ Told { status, firmware, .. }: &Told,
    verbose: bool,
) -> std::io::Result<()> {
    if status.development {
        writeln!(out, "profile    DEVELOPMENT: {DEVELOPMENT}")?;
    }
    if !told.paired {
        writeln!(out, "firmware   {} for {}", status.firmware, status.board)?;
        return writeln!(out, "paired     {}", told.why_not_paired());
    }
    let settings = &status.settings;
    writeln!(
        out,
        "firmware   {} for {}, up {:.1} s by its clock after {}",
        status.firmware,
        status.board,
        status.uptime_ms as f64 / 1000.0,
        reset_name(status.reset),
    )?;
    if verbose {
        writeln!(out, "counted    {} M instructions", status.instructions / 1_000_000)?;
    }
    if let Some(firmware) = firmware {
        let slot = if firmware.slot == 0 { "A" } else { "B" };
        match firmware.pending {
            Some(release) if firmware.trial => {
                writeln!(out, "release    {release} in slot {slot}, on trial")?
            }
            _ if firmware.running < firmware.newest => writeln!(
                out,
                "release    {} in slot {slot}: the board FELL BACK to it from {}, which can be flashed again",
                firmware.running, firmware.newest
            )?,
            _ => writeln!(out, "release    {} in slot {slot}", firmware.running)?,
        }
    }
    match status.door {
        Door::Locked => writeln!(out, "door       locked")?,
        Door::Open { left_ms } => writeln!(out, "door       open for {left_ms} ms more")?,
    }
    let contact = if status.contact_open { "open" } else { "closed" };
    let cover = if status.cover_open { ", the cover of the board is open" } else { "" };
    let alarm = if status.alarm { ", ALARM" } else { "" };
    writeln!(out, "contact    {contact}{cover}{alarm}")?;
    if let Some(trouble) = camera_state::trouble(status.camera) {
        writeln!(out, "camera     {trouble}")?;
    }
    for (kind, row) in [
        (ModelKind::Detector, "detector"),
        (ModelKind::Encoder, "encoder"),
        (ModelKind::Liveness, "liveness"),
    ] {
        match status.models.iter().find(|model| model.kind == kind) {
            Some(model) => writeln!(
                out,
                "{row:<10} {} {} ({} KiB){}",
                model.name,
                short(&model.sha256),
                model.length / 1024,
                if status.npu.contains(&kind) { ", on the NPU" } else { "" }
            )?,
            None if kind == ModelKind::Liveness && settings.liveness != LivenessMode::Off => writeln!(
                out,
                "{row:<10} none, so that the door stays locked: `postern flash models --liveness liveness`"
            )?,
            None => writeln!(out, "{row:<10} none")?,
        }
    }
    match status.secret {
        SecretPlace::Fuses => {}
        SecretPlace::Credential => writeln!(out, "secret     in a credential of systemd")?,
        SecretPlace::Otp => writeln!(out, "secret     in the OTP of the Raspberry Pi, which root can read")?,
        SecretPlace::File => writeln!(out, "secret     in a file, which goes with the disk that it is on")?,
    }
    match status.hosts {
        0 => writeln!(out, "paired     with no computer: `postern pair`")?,
        1 => writeln!(out, "paired     with one computer")?,
        hosts => writeln!(out, "paired     with {hosts} computers")?,
    }
    writeln!(
        out,
        "gallery    {} people, {} templates, {} KiB free",
        status.people,
        status.templates,
        status.free_bytes / 1024
    )?;
    if status.foreign_templates > 0 {
        writeln!(
            out,
            "           {} templates are of another encoder and are not compared",
            status.foreign_templates
        )?;
    }
    if status.volumes_gone > 0 {
        writeln!(
            out,
            "           {} of its volumes LOST their people. They are known again if the flash comes back; nobody is \
             enrolled there until `postern settings --defaults` gives them up, and sets all settings",
            status.volumes_gone
        )?;
    }
    writeln!(out, "clock      {}", ClockReport::of(status.clock).text())?;
    if status.log_lost > 0 {
        writeln!(out, "log        FAILS: {} entries could not be written", status.log_lost)?;
    }
    if let Some(osdp) = status.osdp {
        let channel = if osdp.secure { "a secure channel" } else { "no channel yet" };
        writeln!(out, "bus        answers at address {}, {channel}", osdp.address)?;
    }
    match status.counter {
        Some(value) => {
            writeln!(out, "counter    {value} steps: with it the board notices an older copy of its flash")?
        }
        None => {
            writeln!(out, "counter    none: the board does not notice if all its flash is an older copy")?
        }
    }
    if status.settings_lost {
        writeln!(
            out,
            "settings   LOST, so that nobody is let in: `postern settings --defaults` sets all of them"
        )?;
    }
    match status.threshold {
        Some(threshold) => writeln!(
            out,
            "threshold  {:.3}, for at most 1 in {} strangers let in ({}); {} pictures must agree, \
             the door opens for {} ms",
            real(threshold),
            settings.far_one_in,
            known(status.basis),
            settings.agreement_frames,
            settings.open_ms
        ),
        None => writeln!(out, "threshold  none without an encoder"),
    }
}
