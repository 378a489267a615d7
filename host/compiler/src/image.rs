//! Writing the model image of [`nn::format`].

use bytemuck::{Pod, bytes_of, bytes_of_mut, cast_slice, pod_read_unaligned};
use nn::format::{
    CALIBRATION_FORM, CalibrationRecord, Counts, DIGEST, Header, Kind, OperatorRecord, RemovedRecord,
    Section, TensorRecord, TooLarge, align, code,
};
use sha2::{Digest, Sha256};

use crate::plan::{Placement, Plan};
use crate::quantize::{Network, OperatorKind, QuantizedOperator};
use crate::{Error, Options};

/// Bytes between outputs and data of an encoder, where images had a table of six rows of form 0. They are zeros now. They
/// stay, for the identity covers the offsets of the weights: without them, compiling a network again would make the
/// templates of its galleries those of another encoder.
const FORMER_TABLE: usize = 48;
/// Bytes for the name of a network.
pub const NAME_BYTES: usize = 32;

/// The image of `network` with its tensors placed by `plan`, checked by the engine itself.
pub fn write(network: &Network, plan: &Plan, options: &Options, source: &[u8]) -> Result<Vec<u8>, Error> {
    let Plan { placements, chains, arena } = plan;
    let used: Vec<usize> = (0..placements.len()).filter(|&tensor| placements[tensor].length > 0).collect();
    let number = |tensor: usize| used.iter().position(|&t| t == tensor).expect("it has a place") as u16;
    let mut counts = Counts {
        operators: network.operators.len(),
        tensors: used.len(),
        outputs: network.outputs.len(),
        gap: if options.kind == Kind::Encoder { FORMER_TABLE } else { 0 },
        calibration: options.calibration.len(),
        removed: Some(network.removed.len()),
        ..Counts::default()
    };
    let mut data = Data { start: counts.data_at(), bytes: Vec::new() };
    let mut operators = Vec::new();
    for operator in &network.operators {
        operators.push(record(operator, &number, &mut data)?);
    }
    for chain in chains {
        operators[chain.last].band = chain.band as u16;
    }
    let mut tensors = Vec::new();
    for &tensor in &used {
        tensors.push(tensor_record(network, tensor, placements[tensor])?);
    }
    let outputs: Vec<u32> = network.outputs.iter().map(|&tensor| number(tensor).into()).collect();

    let (operators, tensors, outputs) = (cast_slice(&operators), cast_slice(&tensors), cast_slice(&outputs));
    let mut identity = Sha256::new();
    for part in [operators, tensors, outputs, &data.bytes] {
        identity.update(part);
    }
    counts.data = data.bytes.len();
    let header =
        Header::new(options.kind, &options.name, &counts, *arena, number(0).into()).map_err(|what| {
            Error::TooLarge(match what {
                TooLarge::Name => format!("the name {:?}", options.name),
                TooLarge::Image => "the network".into(),
                TooLarge::Arena => "the arena".into(),
            })
        })?;
    let header =
        Header { source: Sha256::digest(source).into(), identity: identity.finalize().into(), ..header };
    let length = header.length as usize;
    let mut image = vec![0; length];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, bytes_of(&header));
    put(header.operators.offset as usize, operators);
    put(header.tensors.offset as usize, tensors);
    put(header.outputs.offset as usize, outputs);
    put(header.calibration.offset as usize, cast_slice(&options.calibration));
    put(header.removed.offset as usize, cast_slice(&network.removed));
    put(data.start, &data.bytes);
    let digest = Sha256::digest(&image[..length - DIGEST]);
    image[length - DIGEST..].copy_from_slice(&digest);
    match nn::Model::load(Aligned::new(&image).bytes()).map(|_| ()) {
        Ok(()) => Ok(image),
        Err(source @ nn::Error::Inconsistent { part: nn::Part::Operator, index }) => {
            let output = network.operators.get(index).map(|operator| operator.output);
            let node = output.map_or("?".into(), |output| network.tensors[output].name.clone());
            Err(Error::Operator { node, source })
        }
        Err(error) => Err(Error::Refused(error)),
    }
}

/// The same image with another table of thresholds; it keeps its identity, and so the templates that it made.
///
/// A table at the end of the image is replaced. One that lies before the data, as in older images, is left and no longer
/// referred to.
///
/// # Errors
/// [`Error::Refused`]: the engine does not take `image`, or the new one.
pub fn recalibrate(image: &[u8], table: &[CalibrationRecord]) -> Result<Vec<u8>, Error> {
    let aligned = Aligned::new(image);
    let model = nn::Model::load(aligned.bytes()).map_err(Error::Refused)?;
    rebuild(image, model.npu().unwrap_or_default(), Some(table))
}

/// The same image with this NPU section, or without one if it is empty; it keeps its identity and its thresholds.
///
/// # Errors
/// [`Error::Refused`]: the engine does not take `image`, or the new one.
pub fn with_npu(image: &[u8], section: &[u8]) -> Result<Vec<u8>, Error> {
    let aligned = Aligned::new(image);
    let model = nn::Model::load(aligned.bytes()).map_err(Error::Refused)?;
    let header: Header = pod_read_unaligned(&image[..size_of::<Header>()]);
    let table: Vec<CalibrationRecord> = model.calibration().collect();
    // A table of the older form lies before the data, or has rows that only that form can say.
    let kept = header.calibration_form == CALIBRATION_FORM && header.calibration.offset > header.data.offset;
    if !kept && header.calibration.offset > header.data.offset && !table.is_empty() {
        return Err(Error::TooLarge(
            "a table of thresholds of the older form, behind the weights: calibrate first".into(),
        ));
    }
    rebuild(image, section, kept.then_some(&table[..]))
}

/// An image with what lies behind its data replaced: the NPU section and, unless it lies elsewhere, the table of
/// thresholds. What was removed from the network is kept.
fn rebuild(image: &[u8], npu: &[u8], table: Option<&[CalibrationRecord]>) -> Result<Vec<u8>, Error> {
    let mut header: Header = pod_read_unaligned(&image[..size_of::<Header>()]);
    let data_end = align((header.data.offset + header.data.count) as usize);
    let mut bytes = image[..data_end.min(header.length as usize - DIGEST)].to_vec();
    let mut put = |part: &[u8], count: usize| {
        bytes.resize(align(bytes.len()), 0);
        let offset = bytes.len() as u32;
        bytes.extend_from_slice(part);
        Section { offset, count: count as u32 }
    };
    header.npu = if npu.is_empty() { Section::default() } else { put(npu, npu.len()) };
    if let Some(table) = table {
        header.calibration = put(cast_slice(table), table.len());
        header.calibration_form = CALIBRATION_FORM;
    }
    if header.removed.offset > 0 {
        let Section { offset, count } = header.removed;
        let length = count as usize * size_of::<RemovedRecord>();
        header.removed = put(&image[offset as usize..offset as usize + length], count as usize);
    }
    bytes.resize(align(bytes.len()), 0);
    header.length = (bytes.len() + DIGEST) as u32;
    bytes[..size_of::<Header>()].copy_from_slice(bytes_of(&header));
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    nn::Model::load(Aligned::new(&bytes).bytes()).map_err(Error::Refused)?;
    Ok(bytes)
}

/// The data section while it grows.
struct Data {
    start: usize,
    bytes: Vec<u8>,
}

impl Data {
    /// Appends `values`, aligned, and returns their offset in the image.
    fn put<T: Pod>(&mut self, values: &[T]) -> Result<u32, Error> {
        self.bytes.resize(align(self.bytes.len()), 0);
        let offset = self.start + self.bytes.len();
        self.bytes.extend_from_slice(cast_slice(values));
        u32::try_from(offset).map_err(|_| Error::TooLarge("the network".into()))
    }
}

fn record(
    operator: &QuantizedOperator,
    number: &dyn Fn(usize) -> u16,
    data: &mut Data,
) -> Result<OperatorRecord, Error> {
    let byte = |pair: [usize; 2]| -> Result<[u8; 2], Error> {
        let narrow =
            |value: usize| u8::try_from(value).map_err(|_| Error::TooLarge(format!("a window of {value}")));
        Ok([narrow(pair[0])?, narrow(pair[1])?])
    };
    let window = operator.window;
    let mut record = OperatorRecord {
        code: match operator.kind {
            OperatorKind::Dense => code::CONV,
            OperatorKind::Depthwise => code::DEPTHWISE,
            OperatorKind::Add => code::ADD,
            OperatorKind::MaxPool => code::MAX_POOL,
            OperatorKind::AveragePool => code::AVERAGE_POOL,
            OperatorKind::Resize2x => code::RESIZE_2X,
            OperatorKind::Gate => code::GATE,
            OperatorKind::Table => code::TABLE,
        },
        kernel: byte(window.kernel)?,
        stride: byte(window.stride)?,
        pad: byte(window.pad)?,
        input: [number(operator.inputs[0]), number(*operator.inputs.last().expect("it has an input"))],
        output: number(operator.output),
        clamp: operator.clamp,
        factor: operator.factor,
        sum_shift: operator.sum_shift,
        ..OperatorRecord::default()
    };
    if !operator.scales.is_empty() {
        record.weights = match &operator.table {
            Some(table) => data.put(&table[..])?,
            None => data.put(&operator.weights)?,
        };
        record.scales = data.put(&operator.scales)?;
        record.prelu = operator.prelu.into();
    } else if operator.kind == OperatorKind::Table {
        record.weights = data.put(&operator.weights)?;
    }
    Ok(record)
}

fn tensor_record(network: &Network, tensor: usize, place: Placement) -> Result<TensorRecord, Error> {
    let it = &network.tensors[tensor];
    let narrow =
        |value: usize| u16::try_from(value).map_err(|_| Error::TooLarge(format!("tensor {}", it.name)));
    Ok(TensorRecord {
        offset: place.offset as u32,
        height: narrow(it.shape.height)?,
        width: narrow(it.shape.width)?,
        channels: narrow(it.shape.channels)?,
        bytes: it.bytes,
        frac_bits: it.frac_bits,
        zero_point: it.zero_point,
        scale: it.scale,
        first: narrow(place.first)?,
        last: narrow(place.last)?,
        kept: narrow(place.kept)?,
        reserved: [0; 3],
    })
}

/// An image in memory at a multiple of 16 bytes, as [`nn::Model::load`] asks for.
pub struct Aligned {
    blocks: Vec<u128>,
    length: usize,
}

impl Aligned {
    /// Copies `image` to aligned memory.
    pub fn new(image: &[u8]) -> Self {
        let mut blocks = vec![0u128; image.len().div_ceil(size_of::<u128>())];
        for (block, bytes) in blocks.iter_mut().zip(image.chunks(size_of::<u128>())) {
            bytes_of_mut(block)[..bytes.len()].copy_from_slice(bytes);
        }
        Self { blocks, length: image.len() }
    }

    /// The image.
    pub fn bytes(&self) -> &[u8] {
        &cast_slice(&self.blocks)[..self.length]
    }
}
