//! The networks of the last images that were loaded.
//!
//! While a new image is checked, the active one still runs: so two are kept, by the SHA-256 of their images.

use nn::Model;

use crate::{Error, Plan};

/// Networks that are kept ready: the active one, and one that may follow it.
const KEPT: usize = 2;

/// Networks that are ready to run, the newest last.
#[derive(Debug, Default)]
pub struct Plans {
    kept: Vec<([u8; 32], Plan)>,
}

impl Plans {
    /// Prepares a network, unless it is there.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn load(&mut self, model: &Model<'_>) -> Result<(), Error> {
        let digest = model.digest();
        if let Some(place) = self.kept.iter().position(|(kept, _)| *kept == digest) {
            let newest = self.kept.remove(place);
            self.kept.push(newest);
            return Ok(());
        }
        let plan = Plan::load(model)?;
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push((digest, plan));
        Ok(())
    }

    /// Runs a network that was loaded on the input in `arena`, and writes its output there.
    ///
    /// # Errors
    /// [`Error::NotLoaded`]; as [`Plan::run`].
    pub fn run(&self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Error> {
        let plan = self.kept.iter().find(|(kept, _)| *kept == model.digest());
        plan.ok_or(Error::NotLoaded)?.1.run(model, arena)
    }
}
