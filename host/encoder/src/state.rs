//! Weights, statistics and the optimiser's memory as bytes.
//!
//! ```text
//! "PSTNENC1"                       8 bytes
//! SHA-256 of the structure        32 bytes: nodes, shapes, names and lengths of parameters
//! steps of the optimiser           8 bytes
//! for each parameter, three times (values, mean gradient, mean square):
//!     length, zero where there is none    8 bytes
//!     numbers                             4 bytes each
//! SHA-256 of all before           32 bytes
//! ```
//! Numbers are little-endian.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use autodiff::optimizer::Memory;
use sha2::{Digest, Sha256};

use crate::graph::Graph;

const MAGIC: &[u8; 8] = b"PSTNENC1";

/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// A digest of the structure, by which networks of another structure are refused.
pub fn structure(graph: &Graph) -> [u8; DIGEST] {
    let mut text = format!("{:?} {:?}", graph.input, graph.preprocessing);
    for node in &graph.nodes {
        let _ = write!(text, "\n{node:?}");
    }
    for parameter in &graph.parameters {
        let _ = write!(text, "\n{} {:?} {}", parameter.name, parameter.role, parameter.values.len());
    }
    Sha256::digest(text).into()
}

/// Writes the state of training.
pub fn save(graph: &Graph, memory: &Memory, to: &mut dyn Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(structure(graph));
    bytes.extend(memory.steps.to_le_bytes());
    for ((parameter, mean), square) in graph.parameters.iter().zip(&memory.mean).zip(&memory.square) {
        for values in [&parameter.values, mean, square] {
            bytes.extend((values.len() as u64).to_le_bytes());
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    to.write_all(&bytes)
}

/// Reads what [`save`] wrote of a network of the structure of `graph`: the values of its parameters, and
/// the optimiser's memory.
pub fn load(graph: &Graph, from: &mut dyn Read) -> io::Result<(Vec<Vec<f32>>, Memory)> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let wrong = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason);
    let broken = || wrong("the state of training is cut short or broken");
    if !bytes.starts_with(MAGIC) {
        return Err(wrong("this is no state of training"));
    }
    let (body, digest) = bytes.split_last_chunk::<DIGEST>().ok_or_else(broken)?;
    if Sha256::digest(body)[..] != digest[..] {
        return Err(broken());
    }
    let mut rest = &body[MAGIC.len()..];
    if rest.split_off(..DIGEST).ok_or_else(broken)? != structure(graph) {
        return Err(wrong("the state of training is that of a network of another structure"));
    }
    let mut memory = Memory::new(graph.parameters.len());
    memory.steps = number(&mut rest).ok_or_else(broken)?;
    let mut all = Vec::with_capacity(graph.parameters.len());
    for (id, parameter) in graph.parameters.iter().enumerate() {
        let expected = parameter.values.len();
        let parts = [0, 1, 2].map(|_| floats(&mut rest, expected));
        let [Some(values), Some(mean), Some(square)] = parts else { return Err(broken()) };
        if values.len() != expected {
            return Err(broken());
        }
        all.push(values);
        (memory.mean[id], memory.square[id]) = (mean, square);
    }
    if rest.is_empty() { Ok((all, memory)) } else { Err(broken()) }
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*first))
}

/// So many floats as the bytes say: `expected`, or none.
fn floats(bytes: &mut &[u8], expected: usize) -> Option<Vec<f32>> {
    let length = usize::try_from(number(bytes)?).ok().filter(|&n| n == 0 || n == expected)?;
    let values = bytes.split_off(..length * 4)?;
    Some(values.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
}
