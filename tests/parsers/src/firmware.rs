//! Any bytes in a firmware slot: no panic, and an image that opens has the contents that its header declares.
//!
//! ```text
//! input     flags | the slot
//! flags     1 magic, 2 board, 4 load address and length, 8 hash: these fields are made valid before the slot is opened
//! ```

use boot::{Error, HEADER_BYTES, Header, Image, SliceMemory, Target};
use sha2::{Digest, Sha256};

/// The board that an image must be for.
const BOARD: u32 = 547;
const CODE: core::ops::Range<u32> = 0x1000..0x3000;

/// Opens the slot, and copies its code.
pub fn check(input: &[u8]) {
    let Some((flags, slot)) = input.split_first() else { return };
    let mut slot = slot.to_vec();
    mend(*flags, &mut slot);
    let parsed = Header::parse(&slot);
    let (opened, code) = load(&slot);
    match opened {
        Ok(Image { slot: _, header, digest }) => {
            assert_eq!(Ok(header), parsed);
            assert_eq!((header.board, header.length as usize), (BOARD, code.len()));
            let end = header.load as usize + code.len();
            assert!(CODE.contains(&header.load) && end <= CODE.end as usize);
            assert_eq!(*code, slot[HEADER_BYTES..][..code.len()]);
            assert_eq!(<[u8; 32]>::from(Sha256::digest(&code)), header.sha256);
            assert_eq!(digest, <[u8; 32]>::from(Sha256::digest(&slot[..HEADER_BYTES])));
            // A changed byte of the code is detected.
            slot[HEADER_BYTES + usize::from(*flags) % code.len()] ^= 1;
            assert_eq!(load(&slot).0, Err(Error::Damaged));
        }
        Err(Error::NotFirmware) if slot.len() >= HEADER_BYTES => assert_eq!(parsed, Err(Error::NotFirmware)),
        Err(_) => {}
    }
}

/// The image of a slot, and the copy of its code.
fn load(slot: &[u8]) -> (Result<Image, Error>, Vec<u8>) {
    let mut code = vec![0; CODE.end as usize];
    let mut memory = SliceMemory { slots: [slot, &[]], code: &mut code };
    let image = Image::open(&mut memory, 0, &Target { board: BOARD, code: CODE });
    let image = image.and_then(|image| image.copy(&mut memory).map(|_| image));
    let (load, length) =
        image.map_or((0, 0), |image| (image.header.load as usize, image.header.length as usize));
    (image, code[load..load + length].to_vec())
}

fn mend(flags: u8, slot: &mut [u8]) {
    let Some((header, code)) = slot.split_first_chunk_mut::<HEADER_BYTES>() else { return };
    if flags & 1 != 0 {
        header[..4].copy_from_slice(b"PFW1");
    }
    if flags & 2 != 0 {
        header[4..8].copy_from_slice(&BOARD.to_le_bytes());
    }
    if flags & 4 != 0 {
        header[16..20].copy_from_slice(&CODE.start.to_le_bytes());
        header[20..24].copy_from_slice(&(code.len() as u32).to_le_bytes());
    }
    if flags & 8 != 0 {
        header[32..64].copy_from_slice(&Sha256::digest(&*code));
    }
}
