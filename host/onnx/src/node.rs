//! A node, with its attributes and its constant inputs.
//!
//! A node says something by each attribute and each input that it has. The accessors remember what a reader asked
//! for; [`Node::finish`] then refuses a node that says more than that, so that nothing is passed over.

use std::cell::Cell;
use std::collections::HashMap;

use crate::proto::AttributeType;
use crate::{Constant, Problem, proto};

/// Attributes and inputs that a reader asked for, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    attributes: u64,
    inputs: u64,
}

/// The bit of attribute or input `index`; those behind the 63rd share one.
fn bit(index: usize) -> u64 {
    1 << index.min(63)
}

/// A node. Only its first output counts; no reader here uses further ones.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    proto: &'a proto::Node,
    constants: &'a HashMap<String, Constant>,
    asked: &'a Cell<Asked>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(
        proto: &'a proto::Node,
        constants: &'a HashMap<String, Constant>,
        asked: &'a Cell<Asked>,
    ) -> Self {
        Self { proto, constants, asked }
    }

    /// The ONNX operator. An operator of another domain may mean anything, whatever its name, and gives words that no
    /// operator is called.
    pub fn operator(&self) -> &'a str {
        match &*self.proto.domain {
            "" | "ai.onnx" => &self.proto.op_type,
            _ => "(of another domain than ONNX's)",
        }
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
        let Asked { attributes, inputs } = self.asked.get();
        self.asked.set(Asked { attributes, inputs: inputs | bit(index) });
        self.peek(index)
    }

    /// Number of inputs, those that are left out between others counted.
    pub fn arity(&self) -> usize {
        self.proto.input.len()
    }

    /// Name of input `index`, which does not count as asked for by this.
    pub fn peek(&self, index: usize) -> Option<&'a str> {
        self.proto.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Names of the inputs that are there. Nothing counts as asked for by this.
    pub fn inputs(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.proto.input.iter().map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Input `index`, where it is a constant.
    pub fn constant(&self, index: usize) -> Option<&'a Constant> {
        self.constants.get(self.input(index)?)
    }

    /// Whether input `index` is a constant. It does not count as asked for by this.
    pub fn is_constant(&self, index: usize) -> bool {
        self.peek(index).is_some_and(|name| self.constants.contains_key(name))
    }

    /// Input `index` as weights: a constant of finite numbers.
    ///
    /// # Errors
    /// It is computed, or holds a number that is none, or an infinite one.
    pub fn weights(&self, index: usize) -> Result<&'a Constant, Problem> {
        let constant = self.constant(index);
        let constant =
            constant.ok_or_else(|| Problem::unsupported(format!("input {index} is not constant")))?;
        if let Some(place) = constant.values.iter().position(|value| !value.is_finite()) {
            let (name, value) = (self.input(index).unwrap_or_default(), constant.values[place]);
            return Err(Problem::Invalid(format!("the constant \"{name}\" holds {value} at place {place}")));
        }
        Ok(constant)
    }

    /// Attribute `name`, a list of integers.
    pub fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name, AttributeType::Ints).map(|attribute| &attribute.ints[..])
    }

    /// Attribute `name`, a list of integers from zero up.
    ///
    /// # Errors
    /// One is negative.
    pub fn sizes(&self, name: &str) -> Result<Option<Vec<usize>>, Problem> {
        let size = |&value: &i64| usize::try_from(value);
        let sizes = self.ints(name).map(|ints| ints.iter().map(size).collect()).transpose();
        sizes.map_err(|_| Problem::unsupported(format!("{name} with negative numbers")))
    }

    /// Attribute `name`, an integer.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name, AttributeType::Int).map(|attribute| attribute.i)
    }

    /// Attribute `name`, a number.
    pub fn float(&self, name: &str) -> Option<f32> {
        self.attribute(name, AttributeType::Float).map(|attribute| attribute.f)
    }

    /// Attribute `name`, a list of numbers.
    pub fn floats(&self, name: &str) -> Option<&'a [f32]> {
        self.attribute(name, AttributeType::Floats).map(|attribute| &attribute.floats[..])
    }

    /// Attribute `name`, a string; bytes that are not UTF-8 are replaced.
    pub fn string(&self, name: &str) -> Option<String> {
        let attribute = self.attribute(name, AttributeType::String)?;
        Some(String::from_utf8_lossy(&attribute.s).into_owned())
    }

    /// Attribute `name`, a constant.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn tensor(&self, name: &str) -> Option<Result<Constant, crate::Error>> {
        let attribute = self.attribute(name, AttributeType::Tensor)?;
        attribute.t.as_ref().map(Constant::read)
    }

    /// Says that these attributes change nothing that is computed here, whatever they are.
    pub fn ignore(&self, names: &[&str]) {
        for (index, attribute) in self.proto.attribute.iter().enumerate() {
            if names.contains(&&*attribute.name) {
                self.ask(index);
            }
        }
    }

    /// Nothing, if a reader asked for each attribute and each input of the node.
    ///
    /// # Errors
    /// The first one that none asked for: what it says would be passed over.
    pub fn finish(&self) -> Result<(), Problem> {
        let asked = self.asked.get();
        let mut attributes = self.proto.attribute.iter().enumerate();
        if let Some((_, attribute)) = attributes.find(|(index, _)| asked.attributes & bit(*index) == 0) {
            return Err(Problem::Unsupported(format!("its attribute {}", attribute.name)));
        }
        let mut inputs = self.proto.input.iter().enumerate();
        match inputs.find(|(index, name)| asked.inputs & bit(*index) == 0 && !name.is_empty()) {
            Some((index, name)) => Err(Problem::Unsupported(format!("its input {index}, \"{name}\""))),
            None => Ok(()),
        }
    }

    /// Nothing, if each number that the node has is finite: in an attribute, or in an input that `constant` gives. The bounds
    /// of a `Clip` may be infinite.
    ///
    /// # Errors
    /// The first one that is not, by name.
    pub fn has_finite_numbers<'c>(
        &self,
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<(), Problem> {
        let open = self.operator() == "Clip";
        let check = |what: &str, name: &str, values: &[f32]| {
            let is_none = |value: &f32| value.is_nan() || value.is_infinite() && !open;
            match values.iter().position(is_none) {
                Some(place) => Err(Problem::Invalid(format!(
                    "the {what} \"{name}\" holds {} at place {place}",
                    values[place]
                ))),
                None => Ok(()),
            }
        };
        for attribute in &self.proto.attribute {
            check("attribute", &attribute.name, &[attribute.f])?;
            check("attribute", &attribute.name, &attribute.floats)?;
        }
        for index in 0..self.arity() {
            if let Some(constant) = constant(index) {
                check("constant", self.input(index).unwrap_or_default(), &constant.values)?;
            }
        }
        Ok(())
    }

    /// The attribute, where it is there and of this type, or does not say its type.
    fn attribute(&self, name: &str, kind: AttributeType) -> Option<&'a proto::Attribute> {
        let index = self.proto.attribute.iter().position(|attribute| attribute.name == name)?;
        let attribute = &self.proto.attribute[index];
        let is_kind = [kind, AttributeType::Undefined].iter().any(|&kind| kind as i32 == attribute.r#type);
        is_kind.then(|| self.ask(index));
        is_kind.then_some(attribute)
    }

    fn ask(&self, index: usize) {
        let Asked { attributes, inputs } = self.asked.get();
        self.asked.set(Asked { attributes: attributes | bit(index), inputs });
    }
}
