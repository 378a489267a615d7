//! Lost, damaged, late and foreign replies.

use std::time::Duration;

use client::protocol::{Basis, Enrolment, Error, Face, MAX_FRAME, Request, Response, Source, encode};
use client::{Device, Patience};

use crate::device::{Fate, client, hello, hello_or, start};

fn enrolled() -> Response {
    Response::Enrolled {
        person: 1,
        templates: 1,
        faces: 1,
        face: Face::default(),
        instructions: 5,
        basis: Basis::Measured,
        alive: None,
        template: 0,
    }
}

#[test]
fn a_lost_reply_does_not_enrol_twice() {
    let mut enrolments = 0;
    let act = hello_or(move |request| {
        assert!(matches!(request, Request::Enrol { .. }));
        enrolments += 1;
        assert_eq!(enrolments, 1, "the second one would be refused as a duplicate");
        Ok(enrolled())
    });
    // The hello arrives, the first two replies to the enrolment do not.
    let (line, device) = start(act, |sent, _| match sent {
        1 | 2 => Fate::Lost,
        _ => Fate::Arrives,
    });
    let mut client = client(line).expect("a hello");
    let ada = client.enrol("Ada", Source::Staged, Enrolment::NewPerson);
    assert_eq!(ada.expect("enrolled").person, 1);
    drop(client);
    assert_eq!(device.join().expect("no panic"), 2);
}

#[test]
fn noise_half_frames_and_oversized_ones_are_passed_over() {
    let act = hello_or(|_| Ok(Response::Done));
    let (line, device) = start(act, |sent, frame| match sent {
        // Noise, then the hello.
        0 => Fate::Becomes([&[7, 0, 0xFF, 1, 2][..], frame].concat()),
        // Half of the reply, which is then asked for again.
        1 => Fate::Becomes(frame[..frame.len() / 2].to_vec()),
        // One changed byte.
        3 => {
            let mut changed = frame.to_vec();
            changed[4] ^= 0x40;
            Fate::Becomes(changed)
        }
        // Far more than a frame without a zero.
        5 => Fate::Becomes([&[9; 3 * MAX_FRAME][..], frame].concat()),
        _ => Fate::Arrives,
    });
    let mut client = client(line).expect("a hello");
    for _ in 0..3 {
        client.reboot().expect("done in the end");
    }
    drop(client);
    assert_eq!(device.join().expect("no panic"), 4);
}

#[test]
fn a_late_reply_is_not_taken_for_another() {
    let act = hello_or(|request| match request {
        Request::Reboot => Ok(Response::Done),
        _ => Err(Error::NoCamera),
    });
    // The reply to the reboot comes twice; the second copy waits when the next request goes.
    let (line, _device) = start(act, |sent, frame| match sent {
        1 => Fate::Becomes([frame, frame].concat()),
        _ => Fate::Arrives,
    });
    let mut client = client(line).expect("a hello");
    client.reboot().expect("done");
    let refused = client.detect(Source::Camera);
    assert!(matches!(refused, Err(client::Error::Refused(Error::NoCamera))));
}

#[test]
fn a_busy_board_is_asked_again() {
    let mut asked = 0;
    let act = hello_or(move |_| {
        asked += 1;
        if asked < 3 { Err(Error::Busy) } else { Ok(Response::Done) }
    });
    let (line, _device) = start(act, |_, _| Fate::Arrives);
    client(line).expect("a hello").reboot().expect("done in the end");
}

#[test]
fn another_version_is_named() {
    const OTHER: u16 = client::protocol::VERSION + 2;
    let (line, _device) = start(Box::new(|_| Ok(hello(OTHER))), |_, _| Fate::Arrives);
    let error = client(line).err().expect("another version");
    let text = error.to_string();
    assert!(text.contains("9.8.7") && text.contains(&format!("version {OTHER} ")), "{text}");
    assert!(matches!(error, client::Error::Version { board: OTHER, .. }));
}

#[test]
fn a_refused_hello_names_the_version_too() {
    let act = Box::new(|_: &Request<'_>| Err(Error::Version { board: 3, host: 1 }));
    let (line, _device) = start(act, |_, _| Fate::Arrives);
    assert!(matches!(client(line).err(), Some(client::Error::Version { board: 3, .. })));
}

#[test]
fn silence_ends() {
    let (line, _device) = start(Box::new(|_| Ok(Response::Done)), |_, _| Fate::Lost);
    let patience = Patience { repeat: Duration::from_millis(10), give_up: Duration::from_millis(50) };
    let silent = Device::open(Box::new(line), patience, patience).err();
    assert!(matches!(silent, Some(client::Error::Silent { .. })));
}

#[test]
fn a_closed_line_is_an_error_at_once() {
    let (line, other) = std::os::unix::net::UnixStream::pair().expect("a socket pair");
    drop(other);
    assert!(matches!(client(line).err(), Some(client::Error::Line(_))));
}

#[test]
fn a_reply_to_something_else_is_an_error() {
    let (line, _device) = start(hello_or(|_| Ok(enrolled())), |_, _| Fate::Arrives);
    let mut client = client(line).expect("a hello");
    assert!(matches!(client.status(), Err(client::Error::Garbled)));
}

#[test]
fn a_body_of_a_later_version_is_an_error() {
    let act = hello_or(|_| Ok(Response::Done));
    let (line, _device) = start(act, |sent, frame| match sent {
        0 => Fate::Arrives,
        _ => {
            // The same id, and a body that no version has so far: `Done` is one byte.
            let mut packet = frame[1..frame.len() - 1].to_vec();
            let length = unstuff(&mut packet);
            let id = u16::from_le_bytes([packet[1], packet[2]]);
            if length != 8 {
                return Fate::Arrives; // The hello, which a busy client has sent twice.
            }
            let mut buffer = [0; MAX_FRAME];
            let other = Request::NextEvents { after: 0 };
            let other = encode(id, &other, &mut buffer).expect("it fits");
            Fate::Becomes(as_response(other))
        }
    });
    let mut client = client(line).expect("a hello");
    assert!(matches!(client.reboot(), Err(client::Error::Garbled)));
}

/// Removes COBS stuffing, and returns the packet's length.
fn unstuff(stuffed: &mut [u8]) -> usize {
    cobs::decode_in_place(stuffed).expect("well formed")
}

/// The frame of a request, made that of a response, its checksum included.
fn as_response(frame: &[u8]) -> Vec<u8> {
    let mut packet = frame[1..frame.len() - 1].to_vec();
    let length = unstuff(&mut packet);
    packet.truncate(length - 4);
    packet[0] = 1;
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&packet);
    packet.extend(crc.to_le_bytes());
    let mut stuffed = vec![0; cobs::max_encoding_length(packet.len()) + 2];
    let length = cobs::encode_including_sentinels(&packet, &mut stuffed);
    stuffed.truncate(length + 2);
    stuffed
}

/// Each pause has an entry in the board's log, and so has its end.
#[test]
fn a_command_that_shows_several_pictures_asks_for_one_pause() {
    let pauses = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = pauses.clone();
    let act = hello_or(move |request| match request {
        Request::PauseDoor { ms } => {
            heard.lock().expect("no panic").push(*ms);
            Ok(Response::Done)
        }
        _ => Err(Error::NoCamera),
    });
    let (line, _device) = start(act, |_, _| Fate::Arrives);
    let mut client = client(line).expect("a hello");
    let show = |device: &mut client::Device| {
        device.stay_paused().expect("paused");
        device.go_on().expect("withdrawn");
    };
    let work = |device: &mut client::Device| {
        (0..4).for_each(|_| show(device));
        Ok::<_, client::Error>(())
    };
    client.in_one_pause(work).expect("done");
    assert_eq!(std::mem::take(&mut *pauses.lock().expect("no panic")), [60_000, 0]);
    // One that fails ends its pause, too, and one that shows nothing has none.
    let fails = |device: &mut client::Device| {
        show(device);
        Err::<(), _>(client::Error::Garbled)
    };
    assert!(matches!(client.in_one_pause(fails), Err(client::Error::Garbled)));
    client.in_one_pause(|_| Ok::<_, client::Error>(())).expect("done");
    assert_eq!(std::mem::take(&mut *pauses.lock().expect("no panic")), [60_000, 0]);
    // Within a pause that somebody holds for longer, it is theirs to end.
    client.hold_pause(true);
    client.pause_door(60_000).expect("paused");
    client.in_one_pause(work).expect("done");
    assert_eq!(std::mem::take(&mut *pauses.lock().expect("no panic")), [60_000]);
    client.hold_pause(false);
    client.pause_door(0).expect("goes on");
    show(&mut client);
    assert_eq!(std::mem::take(&mut *pauses.lock().expect("no panic")), [0, 60_000, 0]);
}
