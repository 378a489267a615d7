//! A program without tract: each float encoder is refused by name.

use nn::Model;

use crate::Error;

/// A network that is ready to run: there is none.
#[derive(Debug)]
pub struct Plan(());

impl Plan {
    /// Refuses each image.
    ///
    /// # Errors
    /// [`Error::NotBuiltIn`].
    pub fn load(_: &Model<'_>) -> Result<Self, Error> {
        Err(Error::NotBuiltIn)
    }

    /// Runs nothing: no plan was loaded.
    ///
    /// # Errors
    /// [`Error::NotBuiltIn`].
    pub fn run(&self, _: &Model<'_>, _: &mut [i8]) -> Result<(), Error> {
        Err(Error::NotBuiltIn)
    }

    /// Refuses each file.
    ///
    /// # Errors
    /// [`Error::NotBuiltIn`].
    pub fn dimension(_onnx: &[u8], _side: usize) -> Result<usize, Error> {
        Err(Error::NotBuiltIn)
    }
}
