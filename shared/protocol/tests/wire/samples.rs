//! Sample values for messages, shared by the golden bytes and the property tests.

use protocol::*;

/// A face with values in the middle of the ranges.
pub fn face() -> Face {
    Face {
        corner: Point { x: 1600, y: -16 },
        width: 800,
        height: 960,
        landmarks: [
            Point { x: 1, y: -1 },
            Point { x: 2, y: -2 },
            Point { x: 3, y: -3 },
            Point { x: 4, y: -4 },
            Point { x: 5, y: -5 },
        ],
        score: 30000,
        quality: quality(),
        flaw: Some(Flaw::Turned),
    }
}

/// A frontal view, rolled to the left.
pub fn quality() -> Quality {
    Quality {
        eye_distance: 38,
        visible: 100,
        yaw: -3,
        pitch: 50,
        roll: -9,
        sharpness: 300,
        brightness: 128,
        contrast: 40,
    }
}

/// Local time one hour ahead of UTC, two in summer.
pub fn summer_time() -> Limits {
    let begins = YearlyChange { month: 3, week: 5, weekday: 6, minute: 120 };
    let ends = YearlyChange { month: 10, week: 5, weekday: 6, minute: 180 };
    let saving = DaylightSaving { offset_minutes: 120, begins, ends };
    Limits { zone: Zone { offset_minutes: 60, daylight_saving: Some(saving) }, ..Limits::default() }
}

/// A short text.
pub fn text(text: &str) -> Text {
    Text::try_from(text).expect("the text is short")
}

/// The name of a person.
pub fn name(name: &str) -> Name {
    Name::try_from(name).expect("the name is short")
}

/// A matched person.
pub fn candidate() -> Candidate {
    Candidate { person: 7, name: name("Ada"), similarity: 24000 }
}

/// A comparison that accepts.
pub fn comparison() -> Comparison {
    Comparison {
        best: Some(candidate()),
        threshold: 12000,
        accepted: true,
        faces: 2,
        face: face(),
        instructions: 300_000_000,
        liveness: Some(alive()),
    }
}

/// A face that passed liveness.
pub fn alive() -> Liveness {
    Liveness { score: 30_000, needed: 16_384, reject: None }
}

/// A paired host.
pub fn host() -> Host {
    Host { key: [0xAB; 32], role: Role::Operator, label: label() }
}

/// A rule: workdays from 8 to 18, with a PIN and a duress PIN.
pub fn rule() -> Rule {
    let office = Window { days: 0b1_1111, from: 480, to: 1080 };
    Rule {
        schedule: Schedule::new(&[office]).expect("a window"),
        pin: Pin::new(b"1234"),
        duress_pin: Pin::new(b"99999"),
        suspended: false,
    }
}

/// The label of a host.
pub fn label() -> Label {
    Label::try_from("desk").expect("the label is short")
}

/// An active model.
pub fn model() -> ModelInfo {
    ModelInfo { kind: ModelKind::Encoder, name: text("sface"), sha256: [0xAB; 32], length: 1 << 20 }
}

/// The state of a board.
pub fn status() -> Status {
    Status {
        board: text("an547"),
        firmware: text("0.1.0"),
        uptime_ms: 1000,
        instructions: 25_000_000,
        reset: ResetReason::Watchdog,
        door: Door::Open { left_ms: 1500 },
        models: [model()].into_iter().collect(),
        people: 2,
        templates: 3,
        foreign_templates: 1,
        gallery_encoder: Some([0xAB; 32]),
        free_bytes: 1_000_000,
        threshold: Some(12000),
        basis: Some(Basis::Modelled),
        settings: Settings::default(),
        settings_lost: true,
        camera_sequence: 9,
        hosts: 1,
        clock: Clock { unix_ms: 1_800_000_000_000, exact: true },
        log_lost: 2,
        osdp: Some(OsdpState { address: 5, secure: true }),
        development: true,
        counter: Some(7),
        contact_open: true,
        cover_open: false,
        alarm: true,
        npu: [ModelKind::Encoder].into_iter().collect(),
        secret: SecretPlace::File,
        camera: CameraState::Nothing { for_ms: 300 },
        volumes_gone: 3,
    }
}
