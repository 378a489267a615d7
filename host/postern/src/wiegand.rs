//! Messages of 26 and 34 bits on Wiegand's wires, as a controller reads them, and how the setting is written.

use client::protocol::Wiegand;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The site.
    pub facility: u16,
    /// The number of whoever was let in.
    pub number: u16,
}

/// Reads a message; none if it has another length, or its parities are not right.
pub fn read(bits: u32, message: u64) -> Option<Message> {
    let half = match bits {
        26 => 12,
        34 => 16,
        _ => return None,
    };
    let (first, second) = (message >> (half + 1), message & ((1 << (half + 1)) - 1));
    let data = message >> 1 & ((1 << (2 * half)) - 1);
    let even = first.count_ones().is_multiple_of(2);
    let odd = !second.count_ones().is_multiple_of(2);
    (even && odd).then_some(Message { facility: (data >> 16) as u16, number: data as u16 })
}

/// The setting of a text: `off`, `26:FACILITY` or `34:FACILITY`.
///
/// # Errors
/// How it is written.
pub fn parse(text: &str) -> Result<Wiegand, String> {
    let setting = match text.split_once(':') {
        None if text == "off" => Some(Wiegand::Off),
        Some(("26", facility)) => facility.parse().ok().map(|facility| Wiegand::Bits26 { facility }),
        Some(("34", facility)) => facility.parse().ok().map(|facility| Wiegand::Bits34 { facility }),
        _ => None,
    };
    setting.ok_or_else(|| "off, 26:FACILITY (0 to 255) or 34:FACILITY (0 to 65535)".to_owned())
}

/// The text of a setting.
pub fn text(wiegand: Wiegand) -> String {
    match wiegand {
        Wiegand::Bits26 { facility } => format!("26:{facility}"),
        Wiegand::Bits34 { facility } => format!("34:{facility}"),
        _ => "off".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_and_every_wrong_bit_is_found() {
        // Facility 1, number 1, as the standard draws it: 1 | 0000 0001 0000 | 0000 0000 0001 | 0.
        let message = 0b10_0000_0010_0000_0000_0000_0010;
        assert_eq!(read(26, message), Some(Message { facility: 1, number: 1 }));
        assert!((0..26).all(|bit| read(26, message ^ 1 << bit).is_none()));
        assert_eq!(read(34, 0x8001_0003 << 1 | 1), Some(Message { facility: 0x8001, number: 3 }));
        assert_eq!(read(25, message), None);
    }

    #[test]
    fn settings_come_back_as_they_were_written() {
        for setting in ["off", "26:7", "34:65535"] {
            assert_eq!(text(parse(setting).unwrap()), setting);
        }
        for bad in ["", "on", "26", "26:256", "34:65536", "37:1", "26:-1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
