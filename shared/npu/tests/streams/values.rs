//! What registers and commands may say.

use npu_section::Error;
use npu_section::register as r;
use npu_section::stream::code;

use crate::made::{Stream, changed, only, read, registers};

/// The NPU uses fewer bits of a register than a stream can set, so another bit would be another value to it than to the
/// checker.
#[test]
fn bits_that_the_npu_does_not_use_are_refused() {
    let bits = |register: u16, value: u64| {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Bits(_, code)) if code == register),
            "{register:#x} = {value:#x}: {result:?}"
        );
    };
    for (register, width) in [
        (r::IFM_PAD_TOP, 7),
        (r::IFM_PAD_LEFT, 7),
        (r::IFM_PAD_RIGHT, 8),
        (r::IFM_PAD_BOTTOM, 8),
        (r::KERNEL_WIDTH_M1, 6),
        (r::KERNEL_HEIGHT_M1, 6),
        (r::IFM_UPSCALE, 1),
        (r::ACTIVATION, 5),
        (r::IFM_REGION, 3),
        (r::OFM_REGION, 3),
        (r::WEIGHT_REGION, 3),
        (r::SCALE_REGION, 3),
        (r::DMA0_SRC_REGION, 3),
        (r::DMA0_DST_REGION, 9),
        (r::IFM2_REGION, 3),
        (r::IFM2_BROADCAST, 3),
        (r::IFM_PRECISION, 10),
        (r::OFM_PRECISION, 9),
        (r::IFM2_PRECISION, 8),
        (r::KERNEL_STRIDE, 3),
        (r::SCALE_LENGTH, 20),
        (r::IFM_BASE0, 32),
        (r::OFM_BASE3, 32),
        (r::OFM_STRIDE_Y, 32),
        (r::DMA0_LEN, 32),
        (r::WEIGHT_BASE, 32),
    ] {
        bits(register, 1 << width);
    }
    for register in
        [r::WEIGHT_BASE, r::WEIGHT_LENGTH, r::SCALE_BASE, r::SCALE_LENGTH, r::DMA0_SRC, r::DMA0_DST]
    {
        bits(register, 8);
    }
    bits(r::IFM_PRECISION, 0x3c32);
    bits(r::OFM_PRECISION, 0x3e38);
    let all = registers();
    for &register in r::ALL.iter().filter(|register| all.iter().all(|(code, _)| code != *register)) {
        let width = if register >= r::WIDE { 47 } else { 15 };
        let words = Stream::default().set(register, 1 << width).0;
        let whole = matches!(register, r::IFM_ZERO_POINT | r::OFM_ZERO_POINT | r::IFM2_ZERO_POINT)
            || matches!(register, r::ACTIVATION_MIN | r::ACTIVATION_MAX | r::IFM2_SCALAR);
        let expected = if whole { Error::NoStop } else { Error::Bits(0, register) };
        assert_eq!(read(&words, |_| ()), Err(expected), "{register:#x}");
    }
}

#[test]
fn paddings_are_smaller_than_the_kernel() {
    for register in [r::IFM_PAD_TOP, r::IFM_PAD_LEFT, r::IFM_PAD_RIGHT, r::IFM_PAD_BOTTOM] {
        assert_eq!(changed(register, 2).map_err(|error| matches!(error, Error::Outside(..))), Ok(()));
        let result = changed(register, 3);
        assert!(
            matches!(result, Err(Error::Value(_, code)) if code == register),
            "{register:#x}: {result:?}"
        );
    }
}

#[test]
fn each_channel_has_a_scale_and_there_are_weights() {
    let value = |register: u16, value: u64| {
        let result = changed(register, value);
        assert!(
            matches!(result, Err(Error::Value(_, code)) if code == register),
            "{register:#x} = {value}: {result:?}"
        );
    };
    value(r::SCALE_LENGTH, 144);
    value(r::SCALE_LENGTH, 0);
    value(r::WEIGHT_LENGTH, 0);
    value(r::DMA0_LEN, 0);
}

#[test]
fn inputs_and_output_of_an_operator_of_single_values_are_alike() {
    let value = |register: u16, changes: &[(u16, u64)]| {
        let result = only(code::ELEMENTWISE, 1, changes);
        assert!(matches!(result, Err(Error::Value(_, code)) if code == register), "{changes:x?}: {result:?}");
    };
    assert_eq!(only(code::ELEMENTWISE, 1, &[]), Ok(()));
    value(r::IFM_DEPTH_M1, &[(r::IFM_DEPTH_M1, 31)]);
    value(r::IFM_DEPTH_M1, &[(r::IFM_DEPTH_M1, 0)]);
    value(r::IFM_UPSCALE, &[(r::IFM_UPSCALE, 1)]);
    // Values of two bytes and of one.
    value(r::IFM2_PRECISION, &[(r::IFM2_PRECISION, 1 << 6 | 1 << 2 | 1)]);
    value(r::IFM2_PRECISION, &[(r::IFM_PRECISION, 1 << 6 | 1 << 2 | 1), (r::IFM_STRIDE_Y, 256)]);
    // A number as second input has no type.
    let number = [(r::IFM2_BROADCAST, 1 << 7), (r::IFM2_PRECISION, 1 << 6 | 1 << 2 | 1)];
    assert_eq!(only(code::ELEMENTWISE, 1, &number), Ok(()));
}

#[test]
fn channels_of_input_and_output_are_as_many_where_the_operator_says_so() {
    for (code, parameter) in [(code::DEPTHWISE, 0), (code::POOL, 0), (code::POOL, 1)] {
        let result = only(code, parameter, &[(r::IFM_DEPTH_M1, 0)]);
        assert!(matches!(result, Err(Error::Value(_, r::IFM_DEPTH_M1))), "{code}: {result:?}");
    }
    assert_eq!(only(code::CONV, 0, &[(r::IFM_DEPTH_M1, 0)]), Ok(()));
}

#[test]
fn bricks_begin_at_a_multiple_of_sixteen() {
    for register in [r::IFM_BASE0, r::IFM2_BASE0, r::OFM_BASE0] {
        let result = only(code::ELEMENTWISE, 0, &[(register, 8)]);
        assert!(
            matches!(result, Err(Error::Value(_, code)) if code == register),
            "{register:#x}: {result:?}"
        );
    }
}

#[test]
fn parameters_of_commands_are_known() {
    for (code, parameter) in [
        (code::DMA_START, 1),
        (code::CONV, 1),
        (code::DEPTHWISE, 1),
        (code::POOL, 2),
        (code::ELEMENTWISE, 5),
        (code::DMA_WAIT, 4),
        (code::KERNEL_WAIT, 0xffff),
    ] {
        let result = only(code, parameter, &[]);
        assert!(
            matches!(result, Err(Error::Command(_, of)) if of == code),
            "{code:#x} with {parameter}: {result:?}"
        );
    }
}
