//! The CRC of a packet: CRC-16 with polynomial 1021 and initial value 1D0F, as OSDP specifies it.

/// The CRC of `bytes`.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0x1d0f, |crc, byte| {
        (0..8)
            .fold(crc ^ u16::from(*byte) << 8, |crc, _| crc << 1 ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 })
    })
}
