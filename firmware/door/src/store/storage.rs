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
//! 57, 58         inventory: a bit for each key that was written, twice, see `stored`
//! 59             failures by person and factor, see `tallies`
//! 60             entries of the audit log that hosts have used, see `quota`
//! 64 + place     a paired host: key, role, label; or none
//!
//! 03 in the key's high byte, and in its low byte the place: a rule of a person, or none, see `rules`
//!
//! record         nonce, 24 bytes | value | tag, 16 bytes        associated data: key, u16 BE
//! ```
//! A record that was changed, moved to another key, or copied from another board does not open. If this board wrote one there,
//! it was tampered with, and reading it fails ([`Stored`]). This does not protect against a rollback: older records of a key
//! stay in flash until their sector is erased, and open.

use crypto::{Entropy, Generator, Key, record};
use embedded_storage::nor_flash::NorFlash;
use nor_store::{Map, MapKey as _};
use policy::Rule;
use protocol::{Error, Hash, Host, ModelKind, Osdp, PersonId, Settings};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::text::text;

use super::{
    failed::Failed,
    images::{Checkpoint, Image},
    items::{Item, Twin},
    rule_places::Places,
    stored::{Inventory, Stored},
    tallies::StoredTallies,
};

/// Bytes of the largest value: twelve tallies.
const VALUE: usize = 176;
/// Bytes of the largest value once it is sealed.
const SEALED: usize = VALUE + record::OVERHEAD;
/// Bytes of the largest record and its key, in whole words of 32 bytes.
const BUFFER: usize = 224;

/// The settings partition.
pub(crate) struct Storage<F: NorFlash> {
    map: Map<F, Item>,
    key: Key,
    random: Generator,
    inventory: Inventory,
    /// A record was found tampered with.
    pub(crate) tampered: bool,
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
        let (key, inventory) = (secret.derive(b"", b"postern settings"), Inventory::EMPTY);
        let mut storage = Self { map, key, random, inventory, tampered: false };
        storage.inventory = storage.find_inventory().unwrap_or(Inventory::FULL);
        Ok(storage)
    }

    pub(crate) fn settings(&mut self) -> Result<Option<Settings>, Failed> {
        let Some((far_one_in, agreement_frames, open_ms, liveness)) = self.get(Item::Settings)? else {
            return Ok(None);
        };
        // These are written before.
        let limits = self.get(Item::Limits)?.ok_or(Failed)?;
        let (wiegand, matching) = self.get(Item::Outside)?.ok_or(Failed)?;
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
    pub(crate) fn rule_places(&mut self) -> Result<Stored<Places>, Failed> {
        let [first, second] = Twin::BOTH.map(Item::RulePlaces);
        let (mut places, other): (Stored<Places>, Stored<Places>) = (self.read(first)?, self.read(second)?);
        match (&mut places, other) {
            (Stored::Valid(places), Stored::Valid(other)) => {
                places.iter_mut().zip(other).for_each(|(all, one)| *all |= one);
            }
            (Stored::Valid(_), _) => {}
            (_, other) => places = other,
        }
        Ok(places)
    }

    pub(crate) fn set_rule_places(&mut self, places: &Places) -> Result<(), Failed> {
        Twin::BOTH.into_iter().try_for_each(|copy| self.put(Item::RulePlaces(copy), places))
    }

    /// The rule at a place.
    pub(crate) fn rule(&mut self, place: u16) -> Result<Stored<Option<(PersonId, Rule)>>, Failed> {
        self.read(Item::Rule(place))
    }

    pub(crate) fn set_rule(&mut self, place: u16, rule: Option<&(PersonId, Rule)>) -> Result<(), Failed> {
        self.put(Item::Rule(place), &rule)
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
        Ok(self.read::<Option<Checkpoint>>(Item::Transfer(kind))?.valid().flatten())
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
        let kept: [Stored<Hash>; 2] =
            [self.read(Item::Salt(Twin::First))?, self.read(Item::Salt(Twin::Second))?];
        let salt = match kept {
            [Stored::Valid(salt), Stored::Valid(_)] => return Ok(salt),
            [Stored::Valid(salt), _] | [_, Stored::Valid(salt)] => salt,
            [Stored::Absent, Stored::Absent] => {
                self.keep_inventory(self.inventory)?;
                let mut salt = [0; 32];
                self.random.fill(&mut salt);
                salt
            }
            _ => return Err(Failed),
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

    /// The entries of the audit log that hosts have used.
    pub(crate) fn quota(&mut self) -> Result<Hash, Failed> {
        Ok(self.get(Item::Quota)?.unwrap_or_default())
    }

    pub(crate) fn set_quota(&mut self, quota: &Hash) -> Result<(), Failed> {
        self.put(Item::Quota, quota)
    }

    /// The paired host at a place.
    pub(crate) fn host(&mut self, place: u8) -> Result<Option<Host>, Failed> {
        Ok(self.get::<Option<Host>>(Item::Host(place))?.flatten())
    }

    pub(crate) fn set_host(&mut self, place: u8, host: Option<&Host>) -> Result<(), Failed> {
        self.put(Item::Host(place), &host)
    }

    /// What the flash has under a key.
    fn read<T: DeserializeOwned>(&mut self, key: Item) -> Result<Stored<T>, Failed> {
        let mut room = Zeroizing::new([0; SEALED]);
        let found = self.fetch(key, &mut room)?;
        let value = found.valid().and_then(|length| room.get(record::NONCE..record::NONCE + length));
        if let Some(value) = value.and_then(|value| postcard::from_bytes(value).ok()) {
            return Ok(Stored::Valid(value));
        }
        let missed = self.is_missed(key, found);
        Ok(if missed { Stored::Tampered } else { Stored::Absent })
    }

    /// Whether a record that is gone or does not open should be there.
    #[inline(never)]
    fn is_missed(&mut self, key: Item, found: Stored<usize>) -> bool {
        // A rule has no bit: its place in the bitmap tells whether there should be one.
        let missed = match key {
            Item::Rule(_) => !matches!(found, Stored::Absent),
            key => key.bit().is_some_and(|bit| self.inventory.has(bit)),
        };
        self.tampered |= missed;
        missed
    }

    /// The value under a key, if one was ever written.
    ///
    /// # Errors
    /// [`Failed`], also if it was tampered with.
    fn get<T: DeserializeOwned>(&mut self, key: Item) -> Result<Option<T>, Failed> {
        match self.read(key)? {
            Stored::Valid(value) => Ok(Some(value)),
            Stored::Absent => Ok(None),
            Stored::Tampered => Err(Failed),
        }
    }

    fn put<T: Serialize>(&mut self, key: Item, value: &T) -> Result<(), Failed> {
        let mut room = Zeroizing::new([0; SEALED]);
        let place = room.get_mut(record::NONCE..).ok_or(Failed)?;
        let length = postcard::to_slice(value, place).map_err(|_| Failed)?.len();
        self.store(key, &mut room, length)?;
        match key.bit() {
            Some(bit) if !self.inventory.has(bit) => self.keep_inventory(self.inventory.with(bit)),
            _ => Ok(()),
        }
    }

    /// The inventory of the partition.
    fn find_inventory(&mut self) -> Result<Inventory, Failed> {
        let [a, b] = Twin::BOTH;
        let copies = [self.read(Item::Inventory(a))?.valid(), self.read(Item::Inventory(b))?.valid()];
        let salts: [Stored<Hash>; 2] = [self.read(Item::Salt(a))?, self.read(Item::Salt(b))?];
        let has_salt = salts.into_iter().any(|salt| salt.valid().is_some());
        Ok(Inventory::of(copies, has_salt))
    }

    /// Writes both copies of the inventory.
    fn keep_inventory(&mut self, inventory: Inventory) -> Result<(), Failed> {
        for copy in Twin::BOTH.map(Item::Inventory) {
            let mut room = Zeroizing::new([0; SEALED]);
            let place = room.get_mut(record::NONCE..).ok_or(Failed)?;
            let length = postcard::to_slice(&inventory.0, place).map_err(|_| Failed)?.len();
            self.store(copy, &mut room, length)?;
        }
        self.inventory = inventory;
        Ok(())
    }

    /// Opens the record of a key: the length of its value, which begins after the nonce. A record that is there and does not
    /// open counts as tampered.
    fn fetch(&mut self, key: Item, room: &mut [u8; SEALED]) -> Result<Stored<usize>, Failed> {
        let mut buffer = [0; BUFFER];
        let sealed = self.map.fetch(&mut buffer, key).map_err(|_| Failed)?;
        let Some(sealed) = sealed else { return Ok(Stored::Absent) };
        let Some(room) = room.get_mut(..sealed.len()) else { return Ok(Stored::Tampered) };
        room.copy_from_slice(sealed);
        let opened = record::open(&self.key, &key.number().to_be_bytes(), room);
        Ok(opened.map_or(Stored::Tampered, |value| Stored::Valid(value.len())))
    }

    /// Seals a value of that length, which begins after the nonce, and writes it.
    fn store(&mut self, key: Item, room: &mut [u8; SEALED], length: usize) -> Result<(), Failed> {
        let sealed = record::seal(&self.key, &mut self.random, &key.number().to_be_bytes(), room, length);
        let sealed = sealed.map_err(|_| Failed)?;
        let mut buffer = [0; BUFFER];
        self.map.store(&mut buffer, key, sealed).map_err(|_| Failed)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use nor_model::{Nor, SECTOR_SIZE};

    fn storage(cells: &mut [u8]) -> Storage<Nor<&mut [u8]>> {
        let unique = Key::new([1; 32]);
        let random = Generator::new(&unique, b"");
        Storage::new(Nor::new(cells), &unique, random).unwrap()
    }

    #[test]
    fn a_value_is_absent_valid_or_tampered() {
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let mut fresh = storage(&mut cells);
        fresh.salt().unwrap();
        assert_eq!(
            (fresh.signer(), fresh.settings(), fresh.newest(ModelKind::Encoder)),
            (Ok(None), Ok(None), Ok(0))
        );
        fresh.set_newest(ModelKind::Encoder, 9).unwrap();
        fresh.set_settings(&Settings::default()).unwrap();
        fresh.set_signer(&[5; 32]).unwrap();
        drop(fresh);
        let whole = cells.clone();
        let mut again = storage(&mut cells);
        assert_eq!((again.signer(), again.newest(ModelKind::Encoder)), (Ok(Some([5; 32])), Ok(9)));
        assert_eq!((again.settings(), again.tampered), (Ok(Some(Settings::default())), false));
        drop(again);
        // Whatever single byte is damaged, nothing becomes a default.
        let (mut lost, mut kept) = (0, 0);
        for at in (0..whole.len()).filter(|at| whole[*at] != 0xff) {
            cells.copy_from_slice(&whole);
            cells[at] = 0;
            let mut damaged = storage(&mut cells);
            let newest = damaged.newest(ModelKind::Encoder);
            assert!(newest == Ok(9) || newest == Err(Failed), "byte {at}: {newest:?}");
            let signer = damaged.signer();
            assert!(signer == Ok(Some([5; 32])) || signer == Err(Failed), "byte {at}: {signer:?}");
            let settings = damaged.settings();
            assert!(settings == Ok(Some(Settings::default())) || settings == Err(Failed), "byte {at}");
            let all = newest.is_ok() && signer.is_ok() && settings.is_ok();
            assert!(all || damaged.tampered);
            (lost, kept) = if all { (lost, kept + 1) } else { (lost + 1, kept) };
        }
        assert!(lost > 0 && kept > 0, "{lost} lost, {kept} kept");
    }

    #[test]
    fn a_board_whose_inventory_is_gone_trusts_no_absence() {
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let mut fresh = storage(&mut cells);
        fresh.salt().unwrap();
        drop(fresh);
        let key = |twin| Item::Inventory(twin).number().to_le_bytes();
        for twin in Twin::BOTH {
            let found: std::vec::Vec<usize> =
                (0..cells.len() - 2).filter(|at| cells[*at..*at + 2] == key(twin)).collect();
            found.into_iter().for_each(|at| cells[at + 8..at + 12].fill(0));
        }
        let mut robbed = storage(&mut cells);
        assert_eq!((robbed.signer(), robbed.settings()), (Err(Failed), Err(Failed)));
        assert_eq!(robbed.host(0), Err(Failed));
        assert!(robbed.tampered);
    }

    #[test]
    fn the_largest_rule_fits() {
        use policy::{DAY_MINUTES, MAX_WINDOWS, Pin, Schedule, Window};
        let mut cells = std::vec![0xff; 4 * SECTOR_SIZE];
        let mut storage = storage(&mut cells);
        let window = Window { days: 127, from: DAY_MINUTES - 1, to: DAY_MINUTES };
        let schedule = Schedule::new(&[window; MAX_WINDOWS]).unwrap();
        let rule = Rule { schedule, pin: Pin::new(b"0123456789"), duress_pin: Pin::new(b"9876543210") };
        storage.set_rule(255, Some(&(u32::MAX, rule))).unwrap();
        assert_eq!(storage.rule(255), Ok(Stored::Valid(Some((u32::MAX, rule)))));
        assert_eq!(storage.rule(254), Ok(Stored::Absent));
    }
}
