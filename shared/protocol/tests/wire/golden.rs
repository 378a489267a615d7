//! Golden bytes: the exact body of every message. A change here needs a new [`protocol::VERSION`], and one of what sends
//! firmware is none that can be made.

use crate::samples::*;
use protocol::*;

/// The body of a message in hexadecimal; a hash of `0xAB` bytes is written as `#`, a face as `F`.
fn body<'m, M: Body<'m>>(message: &M) -> String {
    let mut buffer = [0; MAX_FRAME];
    let frame = encode(1, message, &mut buffer).expect("it fits");
    let mut deframer = Deframer::new();
    let mut bodies = Vec::new();
    for byte in frame {
        if let Some(packet) = deframer.push(*byte) {
            let packet = packet.expect("a frame that was encoded is well formed");
            assert_eq!((packet.kind, packet.id), (M::KIND, 1));
            bodies.push(packet.body.iter().map(|b| format!("{b:02x}")).collect());
        }
    }
    assert_eq!(bodies.len(), 1, "a frame holds one packet");
    let hex: String = bodies.remove(0);
    hex.replace(&"ab".repeat(32), "#").replace(FACE, "F")
}

/// Pins each message to its body.
macro_rules! pin {
    ($($message:expr => $body:expr,)*) => {
        $(check($message, $body);)*
    };
}

#[track_caller]
fn check<'m, M: Body<'m> + core::fmt::Debug>(message: M, expected: &str) {
    assert_eq!(body(&message), expected, "{message:?}");
}

/// Corner, width, height, landmarks, score, quality and flaw of [`face`].
const FACE: &str = "80191fc00c800f02010403060508070a09b0ea012664056411ac0280280103";

#[test]
fn a_whole_frame() {
    let mut buffer = [0; MAX_FRAME];
    let frame = encode(0x1234, &Request::Hello { protocol: 1 }, &mut buffer).expect("it fits");
    let hex: Vec<String> = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex.join(" "), "00 01 03 34 12 06 01 63 df ce d1 00");
}

#[test]
fn requests() {
    let ada = || name("Ada");
    pin! {
        Request::Hello { protocol: 1 } => "0001",
        Request::Status => "01",
        Request::GetSettings => "02",
        Request::SetSettings(Settings::default()) => "03904e03b817010ab0ea010098750000b0ea0100000000",
        Request::SetSettings(Settings { wiegand: Wiegand::Bits34 { facility: 300 }, ..Settings::default() }) =>
            "03904e03b817010ab0ea010098750000b0ea010002ac020000",
        Request::SetSettings(Settings { limits: summer_time(), ..Settings::default() }) =>
            "03904e03b817010ab0ea010098757801f001030506f0010a0506e802b0ea0100000000",
        Request::BeginFrame { width: 320, height: 240, format: PixelFormat::Rgb565 } => "04c002f00101",
        Request::FrameChunk { offset: 2048, data: &[1, 2, 0] } => "05801003010200",
        Request::Detect { source: Source::Staged } => "0600",
        Request::Embed { source: Source::Camera } => "0701",
        Request::Enrol {
            name: ada(), source: Source::Staged, enrolment: Enrolment::AddTemplate,
        } => "08034164610001",
        Request::Verify { name: ada(), source: Source::Staged } => "090341646100",
        Request::Identify { source: Source::Staged } => "0a00",
        Request::ListUsers { from: 300 } => "0bac02",
        Request::Remove { name: ada() } => "0c03416461",
        Request::BeginModel {
            kind: ModelKind::Encoder, length: 1 << 20, sha256: [0xAB; 32],
            sequence: 1_800_000_000, signature: Signature { r: [0xAB; 32], s: [0xAB; 32] },
        } => "0d01808040#80a4a7da06##",
        Request::ModelChunk { offset: 128, data: &[0xFF] } => "0e800101ff",
        Request::CommitModel => "0f",
        Request::NextEvents { after: 5 } => "1005",
        Request::Reboot => "11",
        Request::PauseDoor { ms: 30_000 } => "12b0ea01",
        Request::BeginPairing { role: Role::Installer, label: label(), commitment: [0xAB; 32] } => "1302046465736b#",
        Request::Pair { nonce: [0xAB; 32], signer: Some([0xAB; 32]) } => "14#01#",
        Request::PollPairing => "15",
        Request::SetOsdp { osdp: None } => "2000",
        Request::SetClockBack { unix_ms: 1_800_000_000_000 } => "2280a0f1c2b134",
        Request::RemoveTemplate { name: ada(), index: 1 } => "230341646101",
        Request::Rename { name: ada(), new: ada() } => "240341646103416461",
        Request::Suspend { name: ada(), suspended: true } => "250341646101",
        Request::Erase => "26",
        Request::RemoveEnrolled { person: 7, template: 300 } => "2707ac02",
        Request::RestoreSettings(Settings::default()) => "28904e03b817010ab0ea010098750000b0ea0100000000",
        Request::Open {
            signer: [0xAB; 32], counter: 300, until: 1_800_000_000_000,
            signature: Signature { r: [0xAB; 32], s: [0xAB; 32] },
        } => "29#ac0280a0f1c2b134##",
        Request::SetOpener { key: [0xAB; 32], allowed: true } => "2a#01",
        Request::ListOpeners => "2b",
        Request::SetOsdp { osdp: Some(Osdp { address: 5, key: Scbk([0xCD; 16]) }) } =>
            "200105cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        Request::Invite { role: Role::Auditor } => "1600",
        Request::ListHosts => "17",
        Request::RemoveHost { key: [0xAB; 32] } => "18#",
        Request::ReplaceKey { key: [0xAB; 32] } => "19#",
        Request::SetSigner { signer: [0xAB; 32] } => "1a#",
        Request::ReadLog { from: 300 } => "1bac02",
        Request::GetRule { name: ada() } => "1d03416461",
        Request::SetRule { name: ada(), rule: rule() } => "1e03416461011fe003b80800000001313233340000000000000401393939393900000000000500",
        Request::Firmware => "1f",
        Request::SignLog { from: 300 } => "21ac02",
        Request::SetClock { unix_ms: 1_800_000_000_000 } => "1c80a0f1c2b134",
    }
}

/// What it takes to send firmware to a board of the version before or after, in both directions. These bytes never change.
#[test]
fn firmware_is_sent_over_a_change_of_the_version() {
    let requests = [
        (Request::Hello { protocol: 8 }, "0008"),
        (
            Request::BeginModel {
                kind: ModelKind::Firmware,
                length: 300,
                sha256: [0xAB; 32],
                sequence: 12,
                signature: Signature { r: [0xAB; 32], s: [0xAB; 32] },
            },
            "0d03ac02#0c##",
        ),
        (Request::ModelChunk { offset: 128, data: &[0xFF] }, "0e800101ff"),
        (Request::CommitModel, "0f"),
        (Request::Reboot, "11"),
        (Request::Firmware, "1f"),
    ];
    for (request, bytes) in requests {
        assert!(request.keeps_its_bytes(), "{request:?}");
        check(request, bytes);
    }
    let firmware = Firmware { slot: 1, running: 11, newest: 12, pending: Some(13), trial: true };
    pin! {
        Response::Hello { protocol: 8, firmware: text("0.1.0"), board: text("an547") } => "000805302e312e3005616e353437",
        Response::Done => "03",
        Response::Progress { next: 300 } => "04ac02",
        Response::ModelActive(model()) => "0c01057366616365#808040",
        Response::Session { role: Some(Role::Installer), clock: false } => "0e010200",
        Response::Firmware(firmware) => "14010b0c010d01",
        Error::Busy => "02",
        Error::Offset { offset: 1, next: 2, length: 3 } => "06010203",
        Error::NoSession => "1a",
    }
    for request in [
        Request::Status,
        Request::SetClock { unix_ms: 1 },
        Request::Erase,
        Request::BeginModel {
            kind: ModelKind::Encoder,
            length: 300,
            sha256: [0xAB; 32],
            sequence: 12,
            signature: Signature { r: [0xAB; 32], s: [0xAB; 32] },
        },
    ] {
        assert!(!request.keeps_its_bytes(), "{request:?}");
    }
}

#[test]
fn responses() {
    pin! {
        Response::Hello { protocol: 1, firmware: text("0.1.0"), board: text("an547") } => "000105302e312e3005616e353437",
        Response::Status(status()) => "0105616e35343705302e312e30e807c0f0f50b0201dc0b0101057366616365#80804002030101#c0843d01c0bb010101904e03b817010ab0ea010098750000b0ea010000000001090180a0f1c2b134010201050101010701000101010302ac0203",
        Response::Settings(Settings::default()) => "02904e03b817010ab0ea010098750000b0ea0100000000",
        Response::Done => "03",
        Response::Progress { next: 4096 } => "048020",
        Response::Faces { faces: [face()].into_iter().collect(), instructions: 1 } => "0501F01",
        Response::Embedding {
            face: face(), faces: 1, encoder: [0xAB; 32],
            template: [1, -1, 127].into_iter().collect(), instructions: 2,
        } => "06F01#0301ff7f02",
        Response::Enrolled {
            person: 7, templates: 2, faces: 1, face: face(), instructions: 3, basis: Basis::Measured, alive: Some(true),
            template: 300,
        } => "07070201F03000101ac02",
        Response::Verified(comparison()) => "0801070341646180f702c0bb010102F80c6868f0101b0ea0180800100",
        Response::Identified(Comparison { best: None, accepted: false, ..comparison() }) => "0900c0bb010002F80c6868f0101b0ea0180800100",
        Response::Users {
            users: [User { person: 7, name: name("Ada"), templates: 2, encoder: [0xAB; 32] }]
                .into_iter()
                .collect(),
            next: Some(8),
        } => "0a01070341646102#0108",
        Response::Removed { person: 7, templates: 2 } => "0b0702",
        Response::Renamed { person: 7 } => "1607",
        Response::Openers([[0xAB; 32]].into_iter().collect()) => "1701#",
        Response::ModelActive(model()) => "0c01057366616365#808040",
        Response::Events { newest: 4, events: [].into_iter().collect() } => "0d0400",
        Response::Session { role: Some(Role::Auditor), clock: true } => "0e010001",
        Response::PairingNonce { nonce: [0xAB; 32] } => "0f#",
        Response::Pairing(Pairing::Waiting { left_ms: 60_000 }) => "1000e0d403",
        Response::Pairing(Pairing::Paired { role: Role::Installer }) => "100102",
        Response::Pairing(Pairing::None) => "1002",
        Response::Pairing(Pairing::Requested { left_ms: 60_000 }) => "1003e0d403",
        Response::Pairing(Pairing::Shown { left_ms: 60_000 }) => "1004e0d403",
        Response::Pairing(Pairing::Erasing { presses: 2, counts: true, left_ms: 60_000 }) => "10050201e0d403",
        Response::Hosts([host()].into_iter().collect()) => "1101#01046465736b",
        Response::Log {
            entries: [LogEntry { number: 300, entry: [1; 28], chain: [2; 16] }].into_iter().collect(),
            next: Some(301),
            end: 400,
        } => "1201ac02010101010101010101010101010101010101010101010101010101010202020202020202020202020202020201ad029003",
        Response::Rule { person: 7, schedule: rule().schedule, pin: true, duress_pin: false, suspended: true } => "1307011fe003b808000000010001",
        Response::Firmware(Firmware { slot: 1, running: 299, newest: 300, pending: Some(301), trial: true }) => "1401ab02ac0201ad0201",
        Response::LogHead(LogHead {
            first: 300, last: 301, chain: [2; 16], clock: Clock { unix_ms: 1_800_000_000_000, exact: true },
            signer: [0xAB; 32], signature: Signature { r: [0xAB; 32], s: [0xAB; 32] },
        }) => "15ac02ad020202020202020202020202020202020280a0f1c2b13401###",
    }
}

#[test]
fn events() {
    let assessed = |result| EventKind::FrameAssessed {
        frame: 2,
        result,
        faces: 1,
        face: Some(face()),
        threshold: Some(12000),
        agreement: 1,
        instructions: 1000,
        liveness: Some(alive()),
    };
    let one = |kind| Response::Events {
        newest: 9,
        events: [Event { sequence: 8, uptime_ms: 500, kind }].into_iter().collect(),
    };
    let opened = EventKind::Opened { frame: 2, person: Some(7), name: name("Ada"), open_ms: 3000 };
    pin! {
        one(EventKind::Booted { reset: ResetReason::PowerOn }) => "0d090108f4030000",
        one(assessed(FrameResult::NoFace)) => "0d090108f4030102000101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::Poor(Flaw::TooSmall))) => "0d090108f403010201010101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::Stranger(None))) => "0d090108f403010202000101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::Known(candidate()))) => "0d090108f403010203070341646180f7020101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::NotLive(RejectReason::Flat))) => "0d090108f403010205010101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::NotLive(RejectReason::ChallengeRequested(Gesture::Right)))) => "0d090108f40301020506020101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::NotLive(RejectReason::ChallengeRequested(Gesture::Blink)))) => "0d090108f40301020506050101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::NotLive(RejectReason::ChallengeFailed))) => "0d090108f403010205070101F01c0bb0101e80701b0ea0180800100",
        one(assessed(FrameResult::Unable)) => "0d090108f4030102040101F01c0bb0101e80701b0ea0180800100",
        one(opened) => "0d090108f4030202010703416461b817",
        one(EventKind::Locked) => "0d090108f40303",
        one(EventKind::Denied { person: Some(7), name: name("Ada"), reason: Reason::LockedOut, left_ms: 30_000 }) => "0d090108f4030501070341646104b0ea01",
        one(EventKind::PinRequested { person: 7, name: name("Ada") }) => "0d090108f403060703416461",
        one(EventKind::FaceRequested { person: 7, name: name("Ada") }) => "0d090108f403090703416461",
        one(assessed(FrameResult::Unclaimed)) => "0d090108f4030102060101F01c0bb0101e80701b0ea0180800100",
        one(EventKind::Duress { person: 7, name: name("Ada") }) => "0d090108f403070703416461",
        one(EventKind::Alarm { alarm: Alarm::Held, over: false }) => "0d090108f403080100",
        one(EventKind::Paired { role: Role::Operator, label: label() }) => "0d090108f4030401046465736b",
    }
}

#[test]
fn errors() {
    pin! {
        Error::Version { board: 1, host: 2 } => "000102",
        Error::Malformed => "01",
        Error::Busy => "02",
        Error::NoFrame { next: 2048, length: 153_600 } => "03801080b009",
        Error::NoCamera => "04",
        Error::FrameSize { width: 640, height: 480, max_width: 320, max_height: 256 } => "058005e003c0028002",
        Error::Offset { offset: 1, next: 2, length: 3 } => "06010203",
        Error::NoFace => "07",
        Error::PoorFace { flaw: Flaw::Blurred } => "0806",
        Error::NoModel { kind: ModelKind::Detector } => "0900",
        Error::ForeignGallery { gallery: [0xAB; 32], active: [0xAB; 32] } => "0a##",
        Error::NoCalibration => "0b",
        Error::BadName => "0c",
        Error::DuplicateName { name: name("Ada") } => "0d03416461",
        Error::DuplicateFace { name: name("Ada"), similarity: -2 } => "0e0341646103",
        Error::UnknownPerson { name: name("Ada") } => "0f03416461",
        Error::TooManyTemplates { name: name("Ada"), limit: 5 } => "100341646105",
        Error::GalleryFull { needed: 600, free: 12 } => "11d8040c",
        Error::SlotSize { kind: ModelKind::Encoder, length: 256, slot: 128 } => "120180028001",
        Error::NoTransfer => "13",
        Error::Incomplete { next: 1, length: 2 } => "140102",
        Error::HashMismatch { received: [0xAB; 32] } => "15#",
        Error::BadModel { reason: text("no") } => "16026e6f",
        Error::BadSetting { setting: SettingName::OpenMs, low: 100, high: 60_000 } => "170264e0d403",
        Error::Flash => "18",
        Error::Internal { reason: text("no") } => "19026e6f",
        Error::NoSession => "1a",
        Error::Unpaired => "1b",
        Error::Forbidden { needed: Role::Operator } => "1c01",
        Error::NotInvited { role: Role::Installer } => "1d02",
        Error::NoPairing => "1e",
        Error::HostsFull { limit: 8 } => "1f08",
        Error::UnknownHost => "20",
        Error::LastInstaller => "21",
        Error::Unsigned { kind: ModelKind::Encoder } => "2201",
        Error::TooOld { kind: ModelKind::Detector, newest: 300 } => "2300ac02",
        Error::Tampered => "24",
        Error::ClockBackwards { earliest: 300 } => "25ac02",
        Error::BadRule => "26",
        Error::RulesFull { limit: 256 } => "278002",
        Error::NoLog => "28",
        Error::NoBootLoader => "29",
        Error::OnTrial => "2a",
        Error::WeakKey => "2b",
        Error::ClockAhead { latest: 300 } => "2cac02",
        Error::TooManyChanges { seconds: 300 } => "2dac02",
        Error::Unlike { name: name("Ada"), similarity: -2, least: 64 } => "2e03416461038001",
        Error::SamePicture { name: name("Ada"), similarity: 64 } => "2f034164618001",
        Error::NoTemplate { name: name("Ada"), templates: 1 } => "300341646101",
        Error::Interrupted => "31",
        Error::UnprovenRate { one_in: 10_000, templates: 200 } => "32904ec801",
        Error::NotAlive => "33",
        Error::HostsLost => "34",
        Error::ReleaseLost { kind: ModelKind::Encoder } => "3501",
        Error::ButtonAwaited => "36",
        Error::RuleLost => "37",
        Error::SettingsLost => "38",
    }
}

#[test]
fn small_enums() {
    let flaws = [
        Flaw::Doubtful,
        Flaw::TooSmall,
        Flaw::CutOff,
        Flaw::Turned,
        Flaw::Tilted,
        Flaw::Rolled,
        Flaw::Blurred,
        Flaw::TooDark,
        Flaw::TooBright,
        Flaw::LowContrast,
    ];
    for (number, flaw) in flaws.into_iter().enumerate() {
        assert_eq!(body(&Error::PoorFace { flaw }), format!("08{number:02x}"));
    }
    let reasons = [
        ResetReason::PowerOn,
        ResetReason::Requested,
        ResetReason::Watchdog,
        ResetReason::Fault,
        ResetReason::Unknown,
    ];
    let booted = reasons.map(|reset| {
        body(&Response::Events {
            newest: 1,
            events: [Event { sequence: 1, uptime_ms: 0, kind: EventKind::Booted { reset } }]
                .into_iter()
                .collect(),
        })
    });
    let expected = ["0d010101000000", "0d010101000001", "0d010101000002", "0d010101000003", "0d010101000004"];
    assert_eq!(booted, expected);
}

#[test]
fn a_sealed_message_starts_with_its_kind() {
    let mut packed = [0; MAX_BODY];
    let length = pack(&Error::NoCamera, &mut packed).expect("it fits");
    assert_eq!(packed[..length], [2, 4]);
    let mut buffer = [0; MAX_FRAME];
    let frame = encode_bytes(Kind::Sealed, 7, &[9; 5], &mut buffer).expect("it fits");
    let mut deframer = Deframer::new();
    let sealed = frame.iter().find_map(|byte| {
        deframer.push(*byte).map(|packet| {
            let packet = packet.expect("whole");
            assert_eq!((packet.kind, packet.id, packet.body), (Kind::Sealed, 7, &[9; 5][..]));
            packet.inner(&packed[..length]).expect("packed").message::<Error>()
        })
    });
    assert_eq!(sealed, Some(Ok(Error::NoCamera)));
    let packet = Packet { kind: Kind::Sealed, id: 1, checksum: 0, body: &[] };
    assert_eq!(packet.inner(&[]).err(), Some(DecodeError::Kind));
    assert_eq!(packet.inner(&[5, 0]).err(), Some(DecodeError::Kind));
}

#[test]
fn a_sealed_request_has_its_idempotency_key_after_its_kind() {
    let mut packed = [0; MAX_BODY];
    let length = pack_request(&[1, 2, 3, 4, 5, 6, 7, 8], &Request::Status, &mut packed).expect("it fits");
    assert_eq!(packed[..length], [0, 1, 2, 3, 4, 5, 6, 7, 8, 1]);
    let outer = Packet { kind: Kind::Sealed, id: 9, checksum: 0, body: &[] };
    let (key, packet) = outer.inner_request(&packed[..length]).expect("packed");
    assert_eq!((key, packet.id), ([1, 2, 3, 4, 5, 6, 7, 8], 9));
    assert_eq!(packet.message(), Ok(Request::Status));
    assert_eq!(outer.inner_request(&packed[..8]).err(), Some(DecodeError::Body));
    assert_eq!(outer.inner_request(&[1; 12]).err(), Some(DecodeError::Kind));
}
