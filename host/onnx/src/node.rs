//! A node, with its attributes and its constant inputs.

use std::collections::HashMap;

use crate::{Constant, proto};

/// A node. Only its first output counts; no reader here uses further ones.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    proto: &'a proto::Node,
    constants: &'a HashMap<String, Constant>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(proto: &'a proto::Node, constants: &'a HashMap<String, Constant>) -> Self {
        Self { proto, constants }
    }

    /// The ONNX operator.
    pub fn operator(&self) -> &'a str {
        &self.proto.op_type
    }

    /// Its name, or that of its first output where it has none.
    pub fn name(&self) -> &'a str {
        if self.proto.name.is_empty() { self.output() } else { &self.proto.name }
    }

    /// Name of the first output.
    pub fn output(&self) -> &'a str {
        self.proto.output.first().map_or("", String::as_str)
    }

    /// Name of input `index`; `None` where it is left out.
    pub fn input(&self, index: usize) -> Option<&'a str> {
        self.proto.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Names of the inputs that are there.
    pub fn inputs(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.proto.input.iter().map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Input `index`, where it is a constant.
    pub fn constant(&self, index: usize) -> Option<&'a Constant> {
        self.constants.get(self.input(index)?)
    }

    /// The inputs that are constants.
    pub fn constants(&self) -> impl Iterator<Item = &'a Constant> + use<'a> {
        let constants = self.constants;
        self.inputs().filter_map(move |name| constants.get(name))
    }

    /// Attribute `name`, a list of integers; negative ones count as zero.
    pub fn ints(&self, name: &str) -> Option<Vec<usize>> {
        let ints = &self.attribute(name)?.ints;
        Some(ints.iter().map(|&value| usize::try_from(value).unwrap_or(0)).collect())
    }

    /// Attribute `name`, an integer.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|attribute| attribute.i)
    }

    /// Attribute `name`, a number.
    pub fn float(&self, name: &str) -> Option<f32> {
        self.attribute(name).map(|attribute| attribute.f)
    }

    /// Attribute `name`, a string; bytes that are not UTF-8 are replaced.
    pub fn string(&self, name: &str) -> Option<String> {
        self.attribute(name).map(|attribute| String::from_utf8_lossy(&attribute.s).into_owned())
    }

    fn attribute(&self, name: &str) -> Option<&'a proto::Attribute> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }
}
