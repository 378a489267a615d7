//! What the board remembers besides its people: settings, models in force, transfers under way.
//!
//! A map of sequential-storage fills the settings partition. Each record is one value, written
//! atomically:
//!
//! ```text
//! key u8         value, postcard after a version byte 01
//! 0              settings
//! 1 + kind       model in force: slot, length, SHA-256
//! 17 + kind      transfer under way: slot, length, SHA-256, bytes that are safe; or none
//! ```

use embedded_storage_async::nor_flash::NorFlash;
use protocol::{Hash, ModelKind, Settings};
use sequential_storage::{
    cache::{Cache, Uncached},
    map::{MapConfig, MapStorage},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The version of the records.
const VERSION: u8 = 1;
/// Bytes of the largest record, its version and its key, in whole words of 32 bytes.
const BUFFER: usize = 128;

/// A model image in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) slot: u8,
    pub(crate) length: u32,
    pub(crate) sha256: Hash,
}

/// A transfer under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) image: Image,
    /// Bytes that are in flash for sure.
    pub(crate) safe: u32,
}

/// The flash failed, or the partition is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// The settings partition.
pub(crate) struct Storage<F: NorFlash> {
    map: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
}

impl<F: NorFlash> Storage<F> {
    /// The whole of `flash`, at least two sectors.
    pub(crate) fn new(flash: F) -> Result<Self, Failed> {
        let end = u32::try_from(flash.capacity()).map_err(|_| Failed)?;
        let config = MapConfig::try_new(0..end).map_err(|_| Failed)?;
        Ok(Self { map: MapStorage::new(flash, config, Cache::new_uncached()) })
    }

    pub(crate) async fn settings(&mut self) -> Result<Option<Settings>, Failed> {
        self.get(0).await
    }

    pub(crate) async fn set_settings(&mut self, settings: &Settings) -> Result<(), Failed> {
        self.put(0, settings).await
    }

    /// The model of a kind that is in force.
    pub(crate) async fn active(&mut self, kind: ModelKind) -> Result<Option<Image>, Failed> {
        self.get(1 + index(kind)).await
    }

    pub(crate) async fn set_active(&mut self, kind: ModelKind, image: &Image) -> Result<(), Failed> {
        self.put(1 + index(kind), image).await
    }

    /// The transfer of a model of a kind that is under way.
    pub(crate) async fn transfer(&mut self, kind: ModelKind) -> Result<Option<Checkpoint>, Failed> {
        Ok(self.get::<Option<Checkpoint>>(17 + index(kind)).await?.flatten())
    }

    pub(crate) async fn set_transfer(
        &mut self,
        kind: ModelKind,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), Failed> {
        self.put(17 + index(kind), &checkpoint).await
    }

    /// A record that a newer firmware wrote, or that does not decode, counts as none.
    async fn get<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, Failed> {
        let mut buffer = [0; BUFFER];
        let bytes = self.map.fetch_item::<&[u8]>(&mut buffer, &key).await.map_err(|_| Failed)?;
        Ok(match bytes.and_then(|bytes| bytes.split_first()) {
            Some((&VERSION, record)) => postcard::from_bytes(record).ok(),
            _ => None,
        })
    }

    async fn put<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), Failed> {
        let mut record = [0; BUFFER / 2];
        let (version, rest) = record.split_first_mut().ok_or(Failed)?;
        *version = VERSION;
        let length = 1 + postcard::to_slice(value, rest).map_err(|_| Failed)?.len();
        let record = record.get(..length).ok_or(Failed)?;
        let mut buffer = [0; BUFFER];
        self.map.store_item(&mut buffer, &key, &record).await.map_err(|_| Failed)
    }
}

/// The place of a kind in its row of keys, which must never change.
fn index(kind: ModelKind) -> u8 {
    match kind {
        ModelKind::Detector => 0,
        ModelKind::Encoder => 1,
        ModelKind::Liveness => 2,
        _ => 15,
    }
}
