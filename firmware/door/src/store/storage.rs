//! The settings partition: settings, active models, transfers under way, hosts, rules.
//!
//! A [`Map`] fills the partition. Each record is one value, written atomically, and sealed ([`crypto::record`]) under a key of this board, bound to its map key:
//!
//! ```text
//! key u16 LE     value, postcard; 02 in the key's high byte, and in its low byte:
//! 0              settings, without the limits
//! 1 + kind       active model: slot, length, SHA-256
//! 17 + kind      transfer under way: slot, length, SHA-256, bytes that are safe; or none
//! 33 + kind      newest release of a model that was ever active
//! 49             the signer that is trusted: an Ed25519 key
//! 50, 51         salt of the gallery's key, twice
//! 52, 55         bitmap of the places that have a rule, twice
//! 53             limits
//! 54             Wiegand output, and matching
//! 56             OSDP: address and key; or none
//! 57             failures by person and factor, see `tallies`
//! 64 + place     a paired host: key, role, label; or none
//!
//! 03 in the key's high byte, and in its low byte the place: a rule of a person, see `rules`
//!
//! record         nonce, 24 bytes | value | tag, 16 bytes        associated data: key, u16 BE
//! ```
//! A record that was changed, moved to another key, or copied from another board does not open, and counts as missing.
//! This does not protect against a rollback of the whole flash.

use crypto::{Entropy, Generator, Key, record};
use embedded_storage::nor_flash::NorFlash;
use nor_store::{Map, MapKey};
use policy::Rule;
use protocol::{Error, Hash, Host, MAX_HOSTS, Matching, ModelKind, Osdp, PersonId, Settings, Wiegand};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::text::text;

use super::{failed::Failed, rule_places::Places, tallies::StoredTallies};

/// The keys of the map. Their numbers are those drawn above, and must never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Settings,
    Limits,
    Outside,
    Active(ModelKind),
    Transfer(ModelKind),
    Newest(ModelKind),
    Signer,
    Salt(Twin),
    RulePlaces(Twin),
    Osdp,
    Tallies,
    Host(u8),
    Rule(u16),
}

/// Which of two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twin {
    First,
    Second,
}

impl Twin {
    const BOTH: [Self; 2] = [Self::First, Self::Second];
}

impl MapKey for Item {
    fn number(self) -> u16 {
        let own = match self {
            Self::Settings => 0,
            Self::Active(kind) => 1 + index(kind),
            Self::Transfer(kind) => 17 + index(kind),
            Self::Newest(kind) => 33 + index(kind),
            Self::Signer => 49,
            Self::Salt(Twin::First) => 50,
            Self::Salt(Twin::Second) => 51,
            Self::RulePlaces(Twin::First) => 52,
            Self::Limits => 53,
            Self::Outside => 54,
            Self::RulePlaces(Twin::Second) => 55,
            Self::Osdp => 56,
            Self::Tallies => 57,
            Self::Host(place) => 64 + place % MAX_HOSTS as u8,
            Self::Rule(place) => return 0x0300 + place,
        };
        u16::from_be_bytes([2, own])
    }

    /// The settings are never listed.
    fn from_number(_: u16) -> Option<Self> {
        None
    }
}

/// Bytes of the largest value: twelve tallies.
const VALUE: usize = 176;
/// Bytes of the largest value once it is sealed.
const SEALED: usize = VALUE + record::OVERHEAD;
/// Bytes of the largest record and its key, in whole words of 32 bytes.
const BUFFER: usize = 224;

/// An image in a slot.
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
    /// Bytes that are surely in flash.
    pub(crate) safe: u32,
}

/// The settings partition.
pub(crate) struct Storage<F: NorFlash> {
    map: Map<F, Item>,
    key: Key,
    random: Generator,
}

/// The settings partition, if it could be opened.
///
/// # Errors
/// [`Error::Internal`] if it is too small.
pub(crate) fn opened<F: NorFlash>(storage: &mut Option<Storage<F>>) -> Result<&mut Storage<F>, Error> {
    let reason = "the settings partition is too small";
    storage.as_mut().ok_or_else(|| Error::Internal { reason: text(reason) })
}

impl<F: NorFlash> Storage<F> {
    /// Uses all of `flash`, at least two sectors. The key is derived from the device secret.
    pub(crate) fn new(flash: F, secret: &Key, random: Generator) -> Result<Self, Failed> {
        let end = u32::try_from(flash.capacity()).map_err(|_| Failed)?;
        let map = Map::open(flash, 0..end).map_err(|_| Failed)?;
        Ok(Self { map, key: secret.derive(b"", b"postern settings"), random })
    }

    pub(crate) fn settings(&mut self) -> Result<Option<Settings>, Failed> {
        let Some((far_one_in, agreement_frames, open_ms, liveness)) = self.get(Item::Settings)? else {
            return Ok(None);
        };
        // Older firmware stored no limits.
        let limits = self.get(Item::Limits)?.unwrap_or_default();
        let wiegand = self.get(Item::Outside)?.unwrap_or_default();
        // Older firmware stored the first half alone.
        let (_, matching): (Wiegand, Matching) = self.get(Item::Outside)?.unwrap_or_default();
        Ok(Some(Settings { far_one_in, agreement_frames, open_ms, liveness, limits, wiegand, matching }))
    }

    pub(crate) fn set_settings(&mut self, settings: &Settings) -> Result<(), Failed> {
        let Settings { far_one_in, agreement_frames, open_ms, liveness, limits, wiegand, matching } =
            settings;
        self.put(Item::Outside, &(wiegand, matching))?;
        self.put(Item::Limits, limits)?;
        self.put(Item::Settings, &(far_one_in, agreement_frames, open_ms, liveness))
    }

    /// The places that have a rule, in either copy. So one damaged copy loses no rule.
    pub(crate) fn rule_places(&mut self) -> Result<Places, Failed> {
        let mut places = Places::default();
        for copy in Twin::BOTH.map(Item::RulePlaces) {
            let kept: Option<Places> = self.get(copy)?;
            places.iter_mut().zip(kept.unwrap_or_default()).for_each(|(all, one)| *all |= one);
        }
        Ok(places)
    }

    pub(crate) fn set_rule_places(&mut self, places: &Places) -> Result<(), Failed> {
        Twin::BOTH.into_iter().try_for_each(|copy| self.put(Item::RulePlaces(copy), places))
    }

    /// The rule at a place.
    pub(crate) fn rule(&mut self, place: u16) -> Result<Option<(PersonId, Rule)>, Failed> {
        self.get(Item::Rule(place))
    }

    pub(crate) fn set_rule(&mut self, place: u16, rule: &(PersonId, Rule)) -> Result<(), Failed> {
        self.put(Item::Rule(place), rule)
    }

    /// The active model of a kind.
    pub(crate) fn active(&mut self, kind: ModelKind) -> Result<Option<Image>, Failed> {
        self.get(Item::Active(kind))
    }

    pub(crate) fn set_active(&mut self, kind: ModelKind, image: &Image) -> Result<(), Failed> {
        self.put(Item::Active(kind), image)
    }

    /// The transfer of a model of a kind that is under way.
    pub(crate) fn transfer(&mut self, kind: ModelKind) -> Result<Option<Checkpoint>, Failed> {
        Ok(self.get::<Option<Checkpoint>>(Item::Transfer(kind))?.flatten())
    }

    pub(crate) fn set_transfer(
        &mut self,
        kind: ModelKind,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), Failed> {
        self.put(Item::Transfer(kind), &checkpoint)
    }

    /// The newest release of a kind that was ever active; 0 if there was none.
    pub(crate) fn newest(&mut self, kind: ModelKind) -> Result<u64, Failed> {
        Ok(self.get(Item::Newest(kind))?.unwrap_or(0))
    }

    pub(crate) fn set_newest(&mut self, kind: ModelKind, sequence: u64) -> Result<(), Failed> {
        self.put(Item::Newest(kind), &sequence)
    }

    /// The signer that is trusted.
    pub(crate) fn signer(&mut self) -> Result<Option<Hash>, Failed> {
        self.get(Item::Signer)
    }

    pub(crate) fn set_signer(&mut self, signer: &Hash) -> Result<(), Failed> {
        self.put(Item::Signer, signer)
    }

    /// The salt of the gallery's key, drawn at the first boot. It is stored twice, since the gallery cannot be read
    /// without it.
    pub(crate) fn salt(&mut self) -> Result<Hash, Failed> {
        let kept: [Option<Hash>; 2] =
            [self.get(Item::Salt(Twin::First))?, self.get(Item::Salt(Twin::Second))?];
        let salt = match kept {
            [Some(salt), Some(_)] => return Ok(salt),
            [Some(salt), None] | [None, Some(salt)] => salt,
            [None, None] => {
                let mut salt = [0; 32];
                self.random.fill(&mut salt);
                salt
            }
        };
        self.put(Item::Salt(Twin::First), &salt)?;
        self.put(Item::Salt(Twin::Second), &salt)?;
        Ok(salt)
    }

    /// The OSDP configuration.
    pub(crate) fn osdp(&mut self) -> Result<Option<Osdp>, Failed> {
        Ok(self.get::<Option<Osdp>>(Item::Osdp)?.flatten())
    }

    pub(crate) fn set_osdp(&mut self, osdp: Option<&Osdp>) -> Result<(), Failed> {
        self.put(Item::Osdp, &osdp)
    }

    /// The failures that were counted before a reset.
    pub(crate) fn tallies(&mut self) -> Result<StoredTallies, Failed> {
        Ok(self.get(Item::Tallies)?.unwrap_or_default())
    }

    pub(crate) fn set_tallies(&mut self, tallies: &StoredTallies) -> Result<(), Failed> {
        self.put(Item::Tallies, tallies)
    }

    /// The paired host at a place.
    pub(crate) fn host(&mut self, place: u8) -> Result<Option<Host>, Failed> {
        Ok(self.get::<Option<Host>>(Item::Host(place))?.flatten())
    }

    pub(crate) fn set_host(&mut self, place: u8, host: Option<&Host>) -> Result<(), Failed> {
        self.put(Item::Host(place), &host)
    }

    /// A record that does not open or decode counts as missing.
    fn get<T: DeserializeOwned>(&mut self, key: Item) -> Result<Option<T>, Failed> {
        let mut room = Zeroizing::new([0; SEALED]);
        let length = self.fetch(key, &mut room)?;
        let value = room.get(record::NONCE..record::NONCE + length).unwrap_or_default();
        Ok(postcard::from_bytes(value).ok())
    }

    fn put<T: Serialize>(&mut self, key: Item, value: &T) -> Result<(), Failed> {
        let mut room = Zeroizing::new([0; SEALED]);
        let place = room.get_mut(record::NONCE..).ok_or(Failed)?;
        let length = postcard::to_slice(value, place).map_err(|_| Failed)?.len();
        self.store(key, &mut room, length)
    }

    /// Opens the record of a key. Returns the length of its value, which begins after the nonce. Returns 0 if the record is
    /// missing, was changed, or is of another version or board.
    fn fetch(&mut self, key: Item, room: &mut [u8; SEALED]) -> Result<usize, Failed> {
        let mut buffer = [0; BUFFER];
        let sealed = self.map.fetch(&mut buffer, key).map_err(|_| Failed)?;
        let Some(sealed) = sealed else { return Ok(0) };
        let Some(room) = room.get_mut(..sealed.len()) else { return Ok(0) };
        room.copy_from_slice(sealed);
        Ok(record::open(&self.key, &key.number().to_be_bytes(), room).map_or(0, |value| value.len()))
    }

    /// Seals a value of that length, which begins after the nonce, and writes it.
    fn store(&mut self, key: Item, room: &mut [u8; SEALED], length: usize) -> Result<(), Failed> {
        let sealed = record::seal(&self.key, &mut self.random, &key.number().to_be_bytes(), room, length);
        let sealed = sealed.map_err(|_| Failed)?;
        let mut buffer = [0; BUFFER];
        self.map.store(&mut buffer, key, sealed).map_err(|_| Failed)
    }
}

/// The place of a kind in its row of keys, which must never change.
fn index(kind: ModelKind) -> u8 {
    match kind {
        ModelKind::Detector => 0,
        ModelKind::Encoder => 1,
        ModelKind::Liveness => 2,
        ModelKind::Firmware => 3,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use nor_model::{Nor, SECTOR_SIZE};
    use protocol::{Limits, LivenessMode};

    #[test]
    fn settings_of_an_older_firmware_are_kept_and_get_limits() {
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let unique = Key::new([1; 32]);
        let random = Generator::new(&unique, b"");
        let mut storage = Storage::new(Nor::new(cells.as_mut_slice()), &unique, random).unwrap();
        // Four fields, as they were written before there were limits.
        storage.put(Item::Settings, &(5_000u32, 4u8, 2_000u32, LivenessMode::Off)).unwrap();
        let limits = Limits::default();
        let liveness = LivenessMode::Off;
        let wiegand = Wiegand::Bits26 { facility: 7 };
        storage.put(Item::Outside, &wiegand).unwrap();
        let (far_one_in, agreement_frames, open_ms, matching) = (5_000, 4, 2_000, Matching::Identify);
        let kept = Settings { far_one_in, agreement_frames, open_ms, liveness, limits, wiegand, matching };
        assert_eq!(storage.settings(), Ok(Some(kept)));
        let limits = Limits { failures: 3, ..limits };
        let new = Settings { limits, matching: Matching::Verify, ..kept };
        storage.set_settings(&new).unwrap();
        assert_eq!(storage.settings(), Ok(Some(new)));
    }

    #[test]
    fn the_largest_rule_fits() {
        use policy::{DAY_MINUTES, MAX_WINDOWS, Pin, Schedule, Window};
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let unique = Key::new([1; 32]);
        let random = Generator::new(&unique, b"");
        let mut storage = Storage::new(Nor::new(cells.as_mut_slice()), &unique, random).unwrap();
        let window = Window { days: 127, from: DAY_MINUTES - 1, to: DAY_MINUTES };
        let schedule = Schedule::new(&[window; MAX_WINDOWS]).unwrap();
        let rule = Rule { schedule, pin: Pin::new(b"0123456789"), duress_pin: Pin::new(b"9876543210") };
        storage.set_rule(255, &(u32::MAX, rule)).unwrap();
        assert_eq!(storage.rule(255), Ok(Some((u32::MAX, rule))));
        assert_eq!(storage.rule(254), Ok(None));
    }
}
