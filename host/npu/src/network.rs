//! An image and its NPU section together: a section is never read without its image.

use npu_section::{Error, Network, Section};

/// The network of an image, as its NPU section is compared with it.
pub fn network<'a>(model: &nn::Model<'a>) -> Network<'a, impl Iterator<Item = usize> + use<'a>> {
    Network { identity: model.identity(), input: model.input().len(), outputs: model.output_bytes() }
}

/// The NPU section of an image, if it has one.
///
/// # Errors
/// The section is refused.
pub fn section<'a>(model: &nn::Model<'a>) -> Result<Option<Section<'a>>, Error> {
    model.npu().map(|bytes| Section::read(bytes, network(model))).transpose()
}
