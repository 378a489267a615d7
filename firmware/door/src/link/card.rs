//! The card number of a person, as access controllers read it: Wiegand with 26 or 34 bits (SIA AC-01).
//!
//! ```text
//! 26   even parity | facility, 8 bits | number, 16 bits | odd parity
//! 34   even parity | facility, 16 bits | number, 16 bits | odd parity
//! ```
//! The even parity covers the first half of the bits between the two parities, the odd parity the second half.

/// The format of a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardFormat {
    /// 26 bits.
    Bits26 {
        /// The site code.
        facility: u8,
    },
    /// 34 bits.
    Bits34 {
        /// The site code.
        facility: u16,
    },
}

/// The bits of a card number; the last bit sent is the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CardFrame {
    pub(crate) bits: u64,
    /// Number of bits, 1 to 64.
    pub(crate) length: u8,
}

impl CardFrame {
    /// Builds the frame from the low 16 bits of the person ID.
    pub(crate) fn new(format: CardFormat, person: u32) -> Self {
        let number = u64::from(person as u16);
        let (data, half) = match format {
            CardFormat::Bits26 { facility } => (u64::from(facility) << 16 | number, 12),
            CardFormat::Bits34 { facility } => (u64::from(facility) << 16 | number, 16),
        };
        let (first, second) = (data >> half, data & ((1 << half) - 1));
        let (even, odd) = (u64::from(first.count_ones() % 2), u64::from(second.count_ones() % 2 == 0));
        let bits = even << (2 * half + 1) | data << 1 | odd;
        Self { bits, length: 2 * half + 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_their_bits_and_parities() {
        let bits = |format, person| {
            let frame = CardFrame::new(format, person);
            (frame.length, frame.bits)
        };
        // Facility 1, number 1: 1 | 0000 0001 0000 | 0000 0000 0001 | 0.
        let one = bits(CardFormat::Bits26 { facility: 1 }, 1);
        assert_eq!(one, (26, 0b10_0000_0010_0000_0000_0000_0010));
        assert_eq!(bits(CardFormat::Bits26 { facility: 0 }, 0), (26, 1));
        assert_eq!(bits(CardFormat::Bits26 { facility: 255 }, 0xffff), (26, (1 << 25) - 1));
        let long = bits(CardFormat::Bits34 { facility: 0x8001 }, 0x1_0003);
        assert_eq!(long, (34, 0x8001_0003 << 1 | 1), "only the low 16 bits of the number are sent");
    }
}
