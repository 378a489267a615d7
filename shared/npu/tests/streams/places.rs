//! Where commands lead.

use npu_section::register as r;
use npu_section::{Error, Part};

use crate::made::{changed, read, registers, stream};

#[test]
fn a_stream_that_stays_inside_is_taken() {
    assert_eq!(read(&stream(&registers()), |_| ()), Ok(()));
}

#[test]
fn each_register_is_needed() {
    for (place, &(register, _)) in registers().iter().enumerate() {
        let mut all = registers();
        all.remove(place);
        let other_tile = (r::WIDE..).contains(&register)
            && [r::IFM_BASE0, r::IFM2_BASE0, r::OFM_BASE0]
                .iter()
                .any(|base| (1..4).contains(&register.wrapping_sub(*base)));
        let result = read(&stream(&all), |_| ());
        if other_tile {
            assert_eq!(result, Ok(()), "{register:#x} is of a tile that is not there");
        } else {
            assert!(
                matches!(result, Err(Error::NotSet(_, code)) if code == register),
                "{register:#x}: {result:?}"
            );
        }
    }
}

#[test]
fn a_field_that_leads_outside_is_refused() {
    let outside = |register: u16, value: u64, part: Part| {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Outside(_, at)) if at == part),
            "{register:#x} = {value:#x}: {result:?}"
        );
    };
    for value in [3088, 4096, 0xffff_fff0] {
        outside(r::OFM_BASE0, value, Part::Output);
        outside(r::IFM_BASE0, value, Part::Input);
        outside(r::IFM2_BASE0, value, Part::SecondInput);
    }
    outside(r::OFM_STRIDE_Y, 276, Part::Output);
    outside(r::OFM_STRIDE_Y, 0xffff_ffff, Part::Output);
    outside(r::IFM_STRIDE_Y, 600, Part::Input);
    outside(r::WEIGHT_LENGTH, 368, Part::Weights);
    outside(r::WEIGHT_BASE, 176, Part::Weights);
    outside(r::SCALE_LENGTH, 528, Part::Scales);
    outside(r::SCALE_BASE, 0xffff_fff0, Part::Scales);
    outside(r::DMA0_LEN, 528, Part::Source);
    outside(r::DMA0_SRC, 16, Part::Source);
    outside(r::DMA0_DST, 3600, Part::Destination);
}

#[test]
fn all_four_tiles_are_followed() {
    for tile in 1..4 {
        let mut all = registers();
        for entry in &mut all {
            match entry.0 {
                r::OFM_WIDTH0_M1 | r::OFM_HEIGHT0_M1 | r::OFM_HEIGHT1_M1 => entry.1 = 3,
                register if register == r::OFM_BASE0 + tile => entry.1 = 4096,
                _ => (),
            }
        }
        let result = read(&stream(&all), |_| ());
        assert!(matches!(result, Err(Error::Outside(_, Part::Output))), "tile {tile}: {result:?}");
    }
}

#[test]
fn a_memory_that_is_not_there_or_read_only_is_refused() {
    for (register, value) in [
        (r::OFM_REGION, 0),
        (r::OFM_REGION, 2),
        (r::IFM_REGION, 2),
        (r::IFM2_REGION, 7),
        (r::WEIGHT_REGION, 3),
        (r::SCALE_REGION, 7),
        (r::DMA0_SRC_REGION, 2),
        (r::DMA0_DST_REGION, 0),
        (r::DMA0_DST_REGION, 2),
        (r::DMA0_DST_REGION, 7),
    ] {
        let result = changed(register, value);
        assert!(matches!(result, Err(Error::Region(..))), "{register:#x} = {value:#x}: {result:?}");
    }
}

#[test]
fn what_the_checker_does_not_know_is_refused_by_name() {
    for (register, value) in [(r::OFM_PRECISION, 1 << 7), (r::IFM_PRECISION, 3 << 2 | 1), (r::ACTIVATION, 3)]
    {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Value(_, code)) if code == register),
            "{register:#x}: {result:?}"
        );
    }
    let with = |word: u32| {
        let mut words = stream(&registers());
        words.insert(0, word);
        read(&words, |_| ())
    };
    // A register of another NPU, a command of another NPU, a reserved bit, and an interrupt in between.
    assert_eq!(with(0x123), Err(Error::Command(0, 0x123)));
    assert!(matches!(with(0x013), Err(Error::Command(0, 0x013))));
    assert_eq!(with(0x8000), Err(Error::Word(0)));
    assert_eq!(with(0x0400), Err(Error::Word(0)));
}

#[test]
fn a_stream_without_its_end_is_refused() {
    let mut words = stream(&registers());
    words.pop();
    assert_eq!(read(&words, |_| ()), Err(Error::NoStop));
    words.extend([0xffff_0000, 0x0000_0012]);
    assert_eq!(read(&words, |_| ()), Err(Error::NoStop));
    assert_eq!(read(&[], |_| ()), Err(Error::NoStop));
    let half = stream(&[(r::OFM_BASE0, 0)])[..1].to_vec();
    assert_eq!(read(&half, |_| ()), Err(Error::Word(0)));
}

/// The NPU moves whole bricks.
#[test]
fn sixteen_channels_count_as_a_whole() {
    let mut all = registers();
    for entry in &mut all {
        match entry.0 {
            r::IFM_DEPTH_M1 | r::OFM_DEPTH_M1 => entry.1 = 16,
            r::SCALE_LENGTH => entry.1 = 176,
            r::OFM_STRIDE_C => entry.1 = 1024,
            _ => (),
        }
    }
    // The seventeenth channel lies in a brick of its own, which ends at the end of the scratch.
    assert_eq!(read(&stream(&all), |_| ()), Ok(()));
    assert!(matches!(read(&stream(&all), |header| header.scratch = 4095), Err(Error::Outside(..))));
}
