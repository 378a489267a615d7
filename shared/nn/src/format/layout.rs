//! Where the sections of an image lie: one behind the other, in the order of the drawing in [`format`](super).

use bytemuck::Zeroable;

use super::{
    CALIBRATION_FORM, CalibrationRecord, DIGEST, Header, Kind, MAGIC, OperatorRecord, RemovedRecord, Section,
    TensorRecord, VERSION, align,
};

/// How many records each section of an image has: what its writer knows before it places them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operators.
    pub operators: usize,
    /// Tensors.
    pub tensors: usize,
    /// Outputs.
    pub outputs: usize,
    /// Bytes that are left between outputs and data.
    pub gap: usize,
    /// Bytes of the data.
    pub data: usize,
    /// Rows of the calibration table.
    pub calibration: usize,
    /// Operators of which something was removed; `None` if that is not recorded.
    pub removed: Option<usize>,
}

impl Counts {
    /// Where tensors, outputs and data begin.
    fn places(&self) -> [usize; 3] {
        let tensors = align(align(size_of::<Header>()) + self.operators * size_of::<OperatorRecord>());
        let outputs = align(tensors + self.tensors * size_of::<TensorRecord>());
        [tensors, outputs, align(align(outputs + self.outputs * size_of::<u32>()) + self.gap)]
    }

    /// Offset of the data, which does not depend on how long it and what comes behind it are.
    pub fn data_at(&self) -> usize {
        self.places()[2]
    }
}

/// Why an image cannot be written: what of it is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// The name.
    Name,
    /// The whole image.
    Image,
    /// The arena.
    Arena,
}

impl Header {
    /// The header of an image whose sections lie as drawn above, one behind the other, without an NPU section. `source` and
    /// `identity` are zeros: the writer fills them in.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn new(kind: Kind, name: &str, counts: &Counts, arena: usize, input: u32) -> Result<Self, TooLarge> {
        let [tensors, outputs, data] = counts.places();
        let calibration = align(data + counts.data);
        let removed = align(calibration + counts.calibration * size_of::<CalibrationRecord>());
        let length = align(removed + counts.removed.unwrap_or(0) * size_of::<RemovedRecord>()) + DIGEST;
        let length = u32::try_from(length).map_err(|_| TooLarge::Image)?;
        // Each offset and count is less than the length.
        let section = |offset: usize, count: usize| Section { offset: offset as u32, count: count as u32 };
        let mut header = Self {
            magic: MAGIC,
            version: VERSION,
            kind: kind as u16,
            length,
            arena: u32::try_from(arena).map_err(|_| TooLarge::Arena)?,
            operators: section(align(size_of::<Self>()), counts.operators),
            tensors: section(tensors, counts.tensors),
            outputs: section(outputs, counts.outputs),
            calibration: section(calibration, counts.calibration),
            data: section(data, counts.data),
            input,
            calibration_form: CALIBRATION_FORM,
            removed: counts.removed.map(|count| section(removed, count)).unwrap_or_default(),
            ..Self::zeroed()
        };
        header.name.get_mut(..name.len()).ok_or(TooLarge::Name)?.copy_from_slice(name.as_bytes());
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lie_one_behind_the_other_each_at_a_multiple_of_16() {
        let counts = Counts {
            operators: 2,
            tensors: 3,
            outputs: 1,
            gap: 48,
            data: 100,
            calibration: 2,
            removed: None,
        };
        let header = Header::new(Kind::Encoder, "a name", &counts, 4_096, 7).expect("it is small");
        let offsets = [header.operators, header.tensors, header.outputs, header.data, header.calibration];
        assert_eq!(offsets.map(|section| section.offset), [192, 320, 416, 480, 592]);
        assert_eq!(offsets.map(|section| section.count), [2, 3, 1, 100, 2]);
        assert_eq!((header.length, counts.data_at()), (592 + 32 + 32, 480));
        assert_eq!((header.kind, header.arena, header.input), (2, 4_096, 7));
        assert_eq!((header.removed.offset, header.removed.count), (0, 0));
        let recorded = |count| {
            let counts = Counts { removed: Some(count), ..counts };
            let header = Header::new(Kind::Encoder, "", &counts, 16, 0).expect("it is small");
            (header.removed.offset, header.removed.count, header.length)
        };
        assert_eq!([recorded(0), recorded(3)], [(624, 0, 656), (624, 3, 704)]);
        assert_eq!((&header.name[..7], header.source, header.npu.count), (&b"a name\0"[..], [0; 32], 0));
        let float = Counts { tensors: 2, outputs: 1, data: 64, ..Counts::default() };
        let header = Header::new(Kind::FloatEncoder, "", &float, 16, 0).expect("it is small");
        assert_eq!((header.operators.offset, header.tensors.offset, header.data.offset), (192, 192, 272));
    }

    #[test]
    fn what_is_too_large_is_said() {
        let long = core::str::from_utf8(&[b'x'; 33]).expect("letters");
        let counts = |data| Counts { data, ..Counts::default() };
        let of = |name, data, arena| Header::new(Kind::Other, name, &counts(data), arena, 0).err();
        assert_eq!((of(long, 0, 0), of(&long[1..], 0, 0)), (Some(TooLarge::Name), None));
        // What a word of 32 bits cannot count.
        if let Ok(large) = usize::try_from(1u64 << 32) {
            assert_eq!(of("", large, 0), Some(TooLarge::Image));
            assert_eq!(of("", 0, large), Some(TooLarge::Arena));
        }
    }
}
