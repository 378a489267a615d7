//! Whether a JPEG file is all there.
//!
//! The decoder forgives a file that ends too soon and leaves the rest grey. A door should rather not
//! enrol half a face, so the file's segments (ITU-T T.81, annex B) are walked to the end marker.

const MARKER: u8 = 0xff;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Whether `bytes`, which begin as a JPEG does, reach the end-of-image marker.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    // Behind the start of image.
    let mut at = 2;
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else { return false };
        if marker == END_OF_IMAGE {
            return true;
        }
        if is_bare(marker) {
            continue;
        }
        let Some(&[high, low]) = bytes.get(at..at + 2) else { return false };
        at += usize::from(u16::from_be_bytes([high, low])).max(2);
        if marker == START_OF_SCAN {
            skip_scan(bytes, &mut at);
        }
    }
}

/// Moves `at` behind the next marker and gives its code; fill bytes and stray bytes are passed over.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let pair = bytes.get(*at..*at + 2)?;
        if pair[0] == MARKER && pair[1] != MARKER && pair[1] != 0 {
            *at += 2;
            return Some(pair[1]);
        }
        *at += 1;
    }
}

/// Moves `at` over entropy-coded data, to the marker that ends it.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(pair) = bytes.get(*at..*at + 2) {
        // A zero after 0xff belongs to the data, and so do restart markers.
        if pair[0] == MARKER && pair[1] != 0 && pair[1] != MARKER && !is_bare(pair[1]) {
            return;
        }
        *at += 1;
    }
}

/// Markers without a length: restarts and TEM.
fn is_bare(marker: u8) -> bool {
    matches!(marker, 0xd0..=0xd7 | 0x01)
}
