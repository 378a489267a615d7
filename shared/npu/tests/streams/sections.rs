//! Sections of another kind, NPU or network.

use npu_section::format::Header;
use npu_section::{Error, Part};

use crate::made::{SCRATCH, read, registers, stream};

#[test]
fn a_section_of_another_kind_is_refused_by_name() {
    let words = stream(&registers());
    let with = |change: fn(&mut Header)| read(&words, change);
    assert_eq!(with(|header| header.magic = *b"PSTN"), Err(Error::NotASection));
    assert_eq!(with(|header| header.version = 3), Err(Error::Version(3)));
    assert_eq!(with(|header| header.words = u32::MAX), Err(Error::Truncated));
    assert_eq!(with(|header| header.data = u32::MAX - 15), Err(Error::Truncated));
    assert_eq!(with(|header| header.data += 1), Err(Error::Truncated));
    assert_eq!(with(|header| header.layers = 8192), Err(Error::Truncated));
    assert_eq!(with(|header| header.outputs = 0), Err(Error::Place));
    assert_eq!(with(|header| header.input.offset = SCRATCH), Err(Error::Place));
    assert_eq!(with(|header| header.input.bytes = u32::MAX), Err(Error::Place));
    assert!(matches!(with(|header| header.scratch = 3072), Err(Error::Outside(_, Part::Destination))));
    assert!(matches!(with(|header| header.data_bytes = 511), Err(Error::Outside(_, Part::Source))));
}

#[test]
fn an_accelerator_has_one_config_and_one_architecture() {
    let words = stream(&registers());
    let with = |change: fn(&mut Header)| read(&words, change);
    // Another product, a bit that is reserved, the memory of another one, the other one's.
    for config in [0x1000_1807, 0x0010_1807, 0x3007, 0x3008, 0] {
        assert_eq!(read(&words, |header| header.config = config), Err(Error::Config(config)));
    }
    let other = *b"ethos-u55-256\0\0\0\0\0\0\0\0\0\0\0";
    assert_eq!(read(&words, |header| header.accelerator = other), Err(Error::Config(0x1807)));
    assert_eq!(read(&words, |header| (header.accelerator, header.config) = (other, 0x3008)), Ok(()));
    assert_eq!(with(|header| header.accelerator[13] = b'x'), Err(Error::Config(0x1807)));
    assert_eq!(with(|header| header.accelerator = [0; 24]), Err(Error::Config(0x1807)));
    assert_eq!(with(|header| header.id = 0x1106_6001), Err(Error::Architecture(0x1106_6001)));
    assert_eq!(with(|header| header.id = 0), Err(Error::Architecture(0)));
    // Its revision and the product's version are no reason.
    assert_eq!(with(|header| header.id = 0x1007_6012), Ok(()));
}

#[test]
fn a_section_of_another_network_is_refused() {
    let words = stream(&registers());
    let with = |change: fn(&mut Header)| read(&words, change);
    assert_eq!(with(|header| header.identity[31] ^= 1), Err(Error::Identity));
    assert_eq!(with(|header| header.input.bytes = 1023), Err(Error::Sizes));
    assert_eq!(with(|header| header.outputs = 2), Err(Error::Place));
}
