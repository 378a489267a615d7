//! The window page: words through which the host drives and reads the board's pins.
//!
//! Each word has one writer, so that neither side needs a lock.
//!
//! ```text
//! offset  word                 writer
//! 0x00    magic "PEMU"         board, once, after it erased the NOR flash of a new file
//! 0x04    version              board, with the magic
//! 0x08    board (547, 500, 1)  board, at boot
//! 0x0c    boots                board, counts its boots
//! 0x10    inputs               host: bit 0 button pressed, bit 1 door open, bit 2 cover open
//! 0x14    outputs              board, as driven now: bit 0 lock relay, bits 8.. LEDs: ready, refused, alarm,
//!                              Wiegand's wires for zeros and ones, and four that ask for movements: to turn
//!                              left, to turn right, to look up, to nod
//! 0x18    unlocks              board, counts rising edges of the lock relay
//! 0x1c    reset cause          board, at boot, see `ResetCause`
//! 0x20    display              board: the six digits of a pairing and 0x8000_0000; 0x4000_0000 if it is to be erased; or 0
//! 0x24    keypad               host: a number that changes with each key, from bit 8, and the key in ASCII
//! 0x28    keypad taken         board, the last word of the keypad that it has taken
//! 0x2c    wires: pulses        board, as a listener on Wiegand's wires: pulses of the last message
//! 0x30    wires: bits          board, its bits, low word and high word, the last one lowest
//! 0x40    frame sequence       host
//! 0x44    frame width          host, pixels
//! 0x48    frame height         host, pixels
//! 0x4c    frame format         host: 1 YUYV, 2 RGB565 little-endian
//! 0x50    frame acknowledge    board, sequence of the last frame it has taken
//! 0x60    owner, 16 bytes      a door on Linux, with the magic: a tag by its secret
//! 0x70    volumes              board: further volumes of the gallery that were erased once; 0 where there are none
//! ```
//!
//! The sequence guards the frame (a seqlock). The host makes it odd, writes header and pixels, then makes
//! it even again; zero means that there was no frame yet. The board copies the pixels and reads the
//! sequence before and after. If it is odd or has changed, the board discards the copy. A host that wants
//! every frame to be seen waits until the acknowledge equals the sequence it wrote. To withdraw a frame, the
//! host writes the acknowledge into the sequence. A board that boots acknowledges the frame that it finds:
//! that frame is old.

/// The word at [`MAGIC_WORD`] in a file that a board has formatted: `PEMU` in ASCII.
pub const MAGIC: u32 = u32::from_le_bytes(*b"PEMU");
/// The version of this layout. A board does not run on another one.
pub const VERSION: u32 = 2;

/// Offset of the magic, in the window page.
pub const MAGIC_WORD: usize = 0x00;
/// Offset of the layout's version.
pub const VERSION_WORD: usize = 0x04;
/// Offset of the board's number.
pub const BOARD: usize = 0x08;
/// Offset of the count of boots.
pub const BOOTS: usize = 0x0c;
/// Offset of the inputs.
pub const INPUTS: usize = 0x10;
/// Offset of the outputs as the board drives them.
pub const OUTPUTS: usize = 0x14;
/// Offset of the count of unlocks.
pub const UNLOCKS: usize = 0x18;
/// Offset of the cause of the last reset.
pub const RESET_CAUSE: usize = 0x1c;
/// Offset of the display, which shows the code of a pairing, or that the board is to be erased.
pub const CODE: usize = 0x20;
/// Offset of the keypad.
pub const KEYPAD: usize = 0x24;
/// Offset of the keypad's acknowledge.
pub const KEYPAD_TAKEN: usize = 0x28;
/// Offset of the count of pulses on Wiegand's wires.
pub const WIRES_PULSES: usize = 0x2c;
/// Offset of the bits that came over Wiegand's wires, the low word before the high one.
pub const WIRES_BITS: usize = 0x30;
/// Offset of the frame's sequence.
pub const FRAME_SEQUENCE: usize = 0x40;
/// Offset of the frame's width in pixels.
pub const FRAME_WIDTH: usize = 0x44;
/// Offset of the frame's height in pixels.
pub const FRAME_HEIGHT: usize = 0x48;
/// Offset of the frame's format.
pub const FRAME_FORMAT: usize = 0x4c;
/// Offset of the sequence that the board has taken.
pub const FRAME_ACKNOWLEDGE: usize = 0x50;

/// Offset of the owner of a flash file: a tag that a door on Linux makes with its secret, so that it refuses the flash of
/// another door. Zeros on emulated boards.
pub const OWNER: usize = 0x60;
/// Bytes of the owner's tag.
pub const OWNER_LEN: usize = 16;

/// Offset of the count of further volumes of the gallery that were erased once, so that they can be used.
pub const VOLUMES: usize = 0x70;

/// [`FRAME_FORMAT`] of YUYV, BT.601 full range.
pub const FORMAT_YUYV: u32 = 1;
/// [`FRAME_FORMAT`] of RGB565, little-endian.
pub const FORMAT_RGB565: u32 = 2;

/// Set at [`CODE`] while it shows a code.
pub const CODE_SHOWN: u32 = 1 << 31;
/// At [`CODE`] while it shows that the board is to be erased.
pub const ERASE_SHOWN: u32 = 1 << 30;

/// The bit of [`INPUTS`] that is set while the exit button is pressed.
pub const BUTTON_BIT: u32 = 0;
/// The bit of [`INPUTS`] that is set while the door is open.
pub const CONTACT_BIT: u32 = 1;
/// The bit of [`INPUTS`] that is set while the cover is open.
pub const COVER_BIT: u32 = 2;

/// The bit of [`INPUTS`] that is set while the pairing button, on the board itself, is pressed.
pub const PAIRING_BIT: u32 = 3;

/// The bit of [`OUTPUTS`] that is set while the lock relay has current.
pub const LOCK_BIT: u32 = 0;
/// The bit of [`OUTPUTS`] that shows LED 0; the others follow.
pub const LED_BIT: u32 = 8;
/// The bit of [`OUTPUTS`] that is set during an alarm: LED 2.
pub const ALARM_BIT: u32 = LED_BIT + 2;
/// The bits of [`OUTPUTS`] that are set while Wiegand's wires are high, for zeros and for ones.
pub const WIRE_BITS: [u32; 2] = [LED_BIT + 3, LED_BIT + 4];

/// Why the board started, as it says at [`RESET_CAUSE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u32)]
pub enum ResetCause {
    /// The board got its power.
    PowerOn = 0,
    /// The watchdog found the board hung.
    Watchdog = 1,
    /// A panic.
    Panic = 2,
    /// A fault of the processor.
    Fault = 3,
    /// The firmware asked for it.
    Software = 4,
}

impl ResetCause {
    /// The cause a word names; a word that names none is a power-on, whose memory is random.
    pub const fn from_word(word: u32) -> Self {
        match word {
            1 => Self::Watchdog,
            2 => Self::Panic,
            3 => Self::Fault,
            4 => Self::Software,
            _ => Self::PowerOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_survive_as_words() {
        use ResetCause::*;
        for cause in [PowerOn, Watchdog, Panic, Fault, Software] {
            assert_eq!(ResetCause::from_word(cause as u32), cause);
        }
        assert_eq!(ResetCause::from_word(0xdead_beef), PowerOn);
    }
}
