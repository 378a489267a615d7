//! Writing the section of [`npu_section::format`].

use bytemuck::{bytes_of, bytes_of_mut, cast_slice};
use npu_section::Section;
use npu_section::format::{ALIGN, Header, LayerRecord, MAGIC, Place, VERSION};

use crate::Error;
use crate::image::Image;
use crate::network::network;
use crate::vela::Compiled;

/// First word of a payload for Arm's driver: `COP1`.
const PAYLOAD: u32 = u32::from_le_bytes(*b"COP1");

/// What Arm's driver would be given: the NPU's words and its commands.
struct Payload {
    config: u32,
    id: u32,
    stream: Vec<u32>,
}

/// The section of a compiled network, which the checker takes for `image`.
pub fn write(compiled: &Compiled, accelerator: &str, image: &Image) -> Result<Vec<u8>, Error> {
    let payload = payload(&compiled.payload).ok_or(Error::Written("its command stream".into()))?;
    let place = |&[offset, bytes]: &[u32; 2]| Place { offset, bytes };
    let outputs: Vec<Place> = compiled.outputs.iter().map(place).collect();
    let [input] = compiled.inputs[..] else { return Err(Error::Written("its inputs are not one".into())) };
    let layers = layers(&compiled.layers, image.operators.len())?;
    let count =
        u16::try_from(outputs.len()).map_err(|_| Error::Written("its outputs are too many".into()))?;
    let mut bytes = vec![0; size_of::<Header>()];
    let mut put = |part: &[u8]| {
        bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
        bytes.extend_from_slice(part);
        (bytes.len() - part.len()) as u32
    };
    put(cast_slice(&outputs));
    let mut header = Header {
        magic: MAGIC,
        version: VERSION,
        outputs: count,
        config: payload.config,
        id: payload.id,
        layers: put(cast_slice(&layers)),
        layer_count: layers.len() as u32,
        stream: put(cast_slice(&payload.stream)),
        words: payload.stream.len() as u32,
        data: put(&compiled.data),
        data_bytes: compiled.data.len() as u32,
        scratch: compiled.scratch,
        cycles: compiled.cycles,
        input: place(&input),
        identity: *image.model.identity(),
        ..Header::default()
    };
    let name = header.accelerator.get_mut(..accelerator.len());
    name.ok_or(Error::Written("its accelerator has a long name".into()))?
        .copy_from_slice(accelerator.as_bytes());
    bytes[..size_of::<Header>()].copy_from_slice(bytes_of(&header));
    Section::read(Aligned::new(&bytes).bytes(), network(&image.model)).map_err(Error::Section)?;
    Ok(bytes)
}

/// Estimates by operator of the image, which Vela may have made several of its own.
fn layers(rows: &[[u32; 3]], operators: usize) -> Result<Vec<LayerRecord>, Error> {
    let mut layers: Vec<LayerRecord> = Vec::new();
    let sum = |a: u32, b: u32| {
        a.checked_add(b).ok_or_else(|| Error::Written("an operator's cycles have more than 32 bits".into()))
    };
    for &[operator, cycles, multiply_adds] in rows {
        if operator as usize >= operators {
            return Err(Error::Written(format!("there is no operator {operator}")));
        }
        match layers.iter_mut().find(|layer| layer.operator == operator) {
            Some(layer) => {
                layer.cycles = sum(layer.cycles, cycles)?;
                layer.multiply_adds = sum(layer.multiply_adds, multiply_adds)?;
            }
            None => layers.push(LayerRecord { operator, cycles, multiply_adds }),
        }
    }
    layers.sort_by_key(|layer| layer.operator);
    Ok(layers)
}

/// Takes a payload apart: words of a driver's actions, each with a tag in its lowest byte.
fn payload(bytes: &[u8]) -> Option<Payload> {
    let words: Vec<u32> =
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let (&first, mut rest) = words.split_first()?;
    if first != PAYLOAD {
        return None;
    }
    let (mut config, mut id) = (None, None);
    while let Some((&action, after)) = rest.split_first() {
        match action & 0xff {
            // The NPU that the stream is for.
            1 => {
                let (words, after) = after.split_at_checked(2)?;
                (config, id) = (Some(words[0]), Some(words[1]));
                rest = after;
            }
            // The stream.
            2 => {
                let count = (action >> 8 & 0xff) << 16 | action >> 16;
                let stream = after.get(..count as usize)?.to_vec();
                return Some(Payload { config: config?, id: id?, stream });
            }
            // Nothing.
            5 => rest = after,
            _ => return None,
        }
    }
    None
}

/// Bytes at a multiple of 16.
struct Aligned(Vec<u128>, usize);

impl Aligned {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks = vec![0u128; bytes.len().div_ceil(16)];
        for (block, part) in blocks.iter_mut().zip(bytes.chunks(16)) {
            bytes_of_mut(block)[..part.len()].copy_from_slice(part);
        }
        Self(blocks, bytes.len())
    }

    fn bytes(&self) -> &[u8] {
        &cast_slice(&self.0)[..self.1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_beyond_32_bits_and_of_no_operator_are_refused() {
        let rows = [[1, 5, 2], [0, 1, 1], [1, 6, 2]];
        let layers_of = |rows: &[[u32; 3]]| layers(rows, 2).map_err(|error| error.to_string());
        let expected = [[0, 1, 1], [1, 11, 4]].map(|[operator, cycles, multiply_adds]| LayerRecord {
            operator,
            cycles,
            multiply_adds,
        });
        assert_eq!(layers_of(&rows).expect("they are sound"), expected);
        for far in [[1, u32::MAX, 0], [1, 0, u32::MAX], [2, 0, 0]] {
            assert!(layers_of(&[rows[0], far]).is_err(), "{far:?}");
        }
    }
}
