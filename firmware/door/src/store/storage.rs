//! The settings partition: settings, active models, transfers under way, hosts, rules.
//!
//! A map fills the partition. Each record is one value, written atomically, and sealed ([`crypto::record`]) under a key of this board, bound to its map key:
//!
//! ```text
//! key u16 LE     value, postcard; 02 in the key's high byte, and in its low byte:
//! 0              settings, without the limits
//! 1 + kind       active model: slot, length, SHA-256, newest release and the version of its record; of the firmware these alone
//! 17 + kind      transfer under way: slot, length, SHA-256, bytes that are safe; or none
//! 33 + kind      newest release that was ever active; if it is lost, that of an active model that names it
//! 49             the signer that is trusted: an Ed25519 key; and those who may open by signed commands, see `openers`
//! 50, 51         salt of the gallery's key, twice
//! 53             limits
//! 54             Wiegand output, and matching
//! 56             OSDP: address and key; or none
//! 57, 58         inventory: its number, the newest version of each key, the largest ID and the volumes with people, twice, see `inventory`
//! 59             failures of nobody, and the versions of the pages of failures, see `tallies`
//! 60             entries of the audit log that hosts and the door have used, see `quota`
//! 61             the last counter of each of those who may open
//! 62             whose challenge is under way: 0 of none, 1 of nobody, or the person's ID and 2, see `worker::asked`
//! 64 + place     a paired host: key, role, label; or none
//! 72 + place     the last request of that host: key, idempotency key, reply; see `session::executed`
//! 80 + 2 * page  versions of the rules of 32 places, and a copy under the next key, see `rules`
//! 96 + page      failures of 8 people by factor, see `tallies`
//!
//! 0300 + place   a rule of a person, or none, see `rules`
//! 0700, 0800     as 80 + 2 * page and 96 + page, of the pages that have no number there: on a board with more room
//! 0900 + part    of the same board, the versions of the next 32 pages of failures
//! 0a00 + page    who is cleared of a doubt, see `tallies`
//!
//! record         nonce, 24 bytes | version u32 LE | value | tag, 16 bytes        associated data: key, u16 BE
//! ```
//! A record that was changed, moved to another key, or copied from another board does not open. An older record of a key
//! opens, and is known by its version. In both cases a record that the inventory lists was tampered with (`inventory` has the
//! table), and reading it fails ([`Stored`]).

use crypto::{Entropy, Generator, Key};
use embedded_storage::nor_flash::NorFlash;
use policy::Rule;
use protocol::{Error, Hash, Host, MAX_OPENERS, ModelKind, Osdp, PersonId, Settings};

use crate::text::text;

use super::{
    begun::Begun,
    failed::Failed,
    images::{Checkpoint, Image},
    inventory::Enrolled,
    items::{Item, Twin},
    openers::{Openers, Trusted},
    records::{Counter, Records},
    rule_pages::Versions,
    settings,
    stored::Stored,
    tally_pages::Bytes,
};

/// The settings partition.
pub(crate) struct Storage<F: NorFlash>(Records<F>);

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
    pub(crate) fn new(
        flash: F,
        secret: &Key,
        random: Generator,
        counter: Option<Counter>,
    ) -> Result<Self, Failed> {
        Records::open(flash, secret.derive(b"", b"postern settings"), random, counter).map(Self)
    }

    /// Whether a record was found tampered with.
    pub(crate) fn is_tampered(&self) -> bool {
        self.0.tampered || self.0.distrusts()
    }

    /// Reads those listed records that only updates and openers read, so that at boot it is known whether any was tampered with.
    pub(crate) fn read_all(&mut self) {
        let _ = self.signer();
        for kind in [ModelKind::Detector, ModelKind::Encoder, ModelKind::Liveness] {
            let _ = (self.active(kind), self.newest(kind));
        }
    }

    /// Whether no record is trusted: the flash is an older one than the board's counter tells, or the inventory is lost.
    pub(crate) fn is_rolled_back(&self) -> bool {
        self.0.distrusts()
    }

    /// The value of the board's monotonic counter; `None` if it has none, or cannot read it.
    pub(crate) fn counter(&mut self) -> Option<u32> {
        self.0.counter().ok().flatten()
    }

    /// The value of the counter that the next boot will read; `None` if the board has none. What flash may not have yet does not raise
    /// it: that boot would take the flash for an older one.
    ///
    /// # Errors
    /// [`Failed`] if it cannot be read.
    pub(crate) fn settled_counter(&mut self) -> Result<Option<u32>, Failed> {
        let _ = self.0.settle();
        self.0.counter()
    }

    /// Whether a change can be written so that no older state counts after a reset.
    pub(crate) fn can_settle(&mut self) -> bool {
        self.0.settle().is_ok()
    }

    /// What is known of all who were ever enrolled.
    pub(crate) fn enrolled(&self) -> Enrolled {
        self.0.people()
    }

    pub(crate) fn set_enrolled(&mut self, enrolled: Enrolled) -> Result<(), Failed> {
        self.0.set_people(enrolled)
    }

    pub(crate) fn settings(&mut self) -> Result<Option<Settings>, Failed> {
        let Some(first) = self.0.get(Item::Settings)? else { return Ok(None) };
        // These are written before.
        let limits = self.0.get(Item::Limits)?.ok_or(Failed)?;
        let outside = self.0.get(Item::Outside)?.ok_or(Failed)?;
        Ok(Some(settings::from_records(first, limits, outside)))
    }

    pub(crate) fn set_settings(&mut self, settings: &Settings) -> Result<(), Failed> {
        let (first, limits, outside) = settings::to_records(settings);
        self.0.put(Item::Outside, &outside)?;
        self.0.put(Item::Limits, &limits)?;
        self.0.put(Item::Settings, &first)
    }

    /// The versions of the rules of a page. The first copy is written first; the second counts if the first is lost. After a
    /// power cut between the two the second one is an older one, so it is written again.
    pub(crate) fn rule_versions(&mut self, page: u8) -> Result<Stored<Versions>, Failed> {
        let [first, second] = Twin::BOTH.map(|twin| Item::RuleVersions(page, twin));
        let (versions, copy): (Stored<Versions>, Stored<Versions>) =
            (self.0.read(first)?, self.0.read(second)?);
        Ok(match (versions, copy) {
            (Stored::Valid(versions), copy) => {
                if !matches!(copy, Stored::Valid(copy) if copy == versions) {
                    // If it cannot be written now, it is at a later boot.
                    let _ = self.0.put(second, &versions);
                }
                Stored::Valid(versions)
            }
            (Stored::Tampered, Stored::Valid(versions)) => Stored::Valid(versions),
            // A cut between the copies of the first change of a page.
            (Stored::Absent, copy) => copy,
            (Stored::Tampered, _) => Stored::Tampered,
        })
    }

    pub(crate) fn set_rule_versions(&mut self, page: u8, versions: &Versions) -> Result<(), Failed> {
        Twin::BOTH.into_iter().try_for_each(|copy| self.0.put(Item::RuleVersions(page, copy), versions))
    }

    /// The rule at a place, in this version or a newer one.
    pub(crate) fn rule(
        &mut self,
        place: u16,
        version: u32,
    ) -> Result<Stored<Option<(PersonId, Rule)>>, Failed> {
        self.0.read_from(Item::Rule(place), version)
    }

    /// Writes the rule at a place. Returns its version, which is above `version`.
    pub(crate) fn set_rule(
        &mut self,
        place: u16,
        version: u32,
        rule: Option<&(PersonId, Rule)>,
    ) -> Result<u32, Failed> {
        self.0.put_after(Item::Rule(place), version, &rule)
    }

    /// The active model of a kind.
    pub(crate) fn active(&mut self, kind: ModelKind) -> Result<Option<Image>, Failed> {
        self.0.get(Item::Active(kind))
    }

    /// Makes the image of a release the active one. The number comes first: a power cut leaves the old image, and refuses older
    /// ones.
    pub(crate) fn set_active(&mut self, kind: ModelKind, image: &Image, release: u64) -> Result<(), Failed> {
        self.0.put(Item::Newest(kind), &release)?;
        self.0.put(Item::Active(kind), &(image, self.tied(kind, release)))
    }

    /// A newest release as the active model has it: below the version of the record that it stands for. That number comes from
    /// before, if the power was cut between the two; then it does not stand for that record.
    fn tied(&self, kind: ModelKind, release: u64) -> u128 {
        u128::from(self.0.listed(Item::Newest(kind))) << 64 | u128::from(release)
    }

    /// The transfer of a model of a kind that is under way.
    pub(crate) fn transfer(&mut self, kind: ModelKind) -> Result<Option<Checkpoint>, Failed> {
        Ok(self.0.read::<Option<Checkpoint>>(Item::Transfer(kind))?.valid().flatten())
    }

    pub(crate) fn set_transfer(
        &mut self,
        kind: ModelKind,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), Failed> {
        self.0.put(Item::Transfer(kind), &checkpoint)
    }

    /// The newest release of a kind that was ever active; 0 if there was none. It is stored twice: the active image has it, too.
    /// If the first record is lost, the second counts, if it was written after the newest version of the first. Where the two
    /// differ, both are written again.
    pub(crate) fn newest(&mut self, kind: ModelKind) -> Result<u64, Failed> {
        let first: Option<Option<u64>> = self.0.get(Item::Newest(kind)).ok();
        let Some(first) = first else {
            let (image, tied) = self.0.get::<(Image, u128)>(Item::Active(kind))?.ok_or(Failed)?;
            let release = tied as u64;
            if tied != self.tied(kind, release) {
                return Err(Failed);
            }
            let _ = self.set_active(kind, &image, release);
            return Ok(release);
        };
        let Some(release) = first else { return Ok(0) };
        let image = match self.0.read::<(Image, u128)>(Item::Active(kind)) {
            Ok(Stored::Valid((_, tied))) if tied == self.tied(kind, release) => None,
            Ok(Stored::Valid((image, _))) => Some(image),
            // Firmware lies elsewhere.
            Ok(_) if kind == ModelKind::Firmware => Some(Image::default()),
            _ => None,
        };
        // If it cannot be written now, it is the next time.
        let _ = image.map(|image| self.set_active(kind, &image, release));
        Ok(release)
    }

    /// The signer that is trusted.
    pub(crate) fn signer(&mut self) -> Result<Option<Hash>, Failed> {
        self.0.get(Item::Signer)
    }

    /// Those who may open stay; where the record is lost, nobody may.
    pub(crate) fn set_signer(&mut self, signer: &Hash) -> Result<(), Failed> {
        let openers = self.openers().unwrap_or_default();
        self.0.put(Item::Signer, &Trusted { signer: *signer, openers: Openers(openers) })
    }

    /// Who may open by signed commands: their keys, and zeros in the places of nobody.
    pub(crate) fn openers(&mut self) -> Result<[Hash; MAX_OPENERS], Failed> {
        Ok(self.0.get::<Trusted>(Item::Signer)?.unwrap_or_default().openers.0)
    }

    pub(crate) fn set_openers(&mut self, openers: &[Hash; MAX_OPENERS]) -> Result<(), Failed> {
        let signer = self.signer()?.unwrap_or_default();
        self.0.put(Item::Signer, &Trusted { signer, openers: Openers(*openers) })
    }

    /// The last counter of each place of those who may open.
    pub(crate) fn opened(&mut self) -> Result<[u64; MAX_OPENERS], Failed> {
        Ok(self.0.get(Item::Opened)?.unwrap_or_default())
    }

    pub(crate) fn set_opened(&mut self, counters: &[u64; MAX_OPENERS]) -> Result<(), Failed> {
        self.0.put(Item::Opened, counters)
    }

    /// Whose challenge was under way; 0 of none.
    pub(crate) fn asked(&mut self) -> u64 {
        self.0.get(Item::Asked).ok().flatten().unwrap_or_default()
    }

    /// Not listed in the inventory: a challenge raises no counter, and is not held up by one that is worn out.
    pub(crate) fn set_asked(&mut self, asked: u64) -> Result<(), Failed> {
        self.0.put_after(Item::Asked, 0, &asked).map(drop)
    }

    /// The salt of the gallery's key, drawn at the first boot. It is stored twice, since the gallery cannot be read
    /// without it.
    pub(crate) fn salt(&mut self) -> Result<Hash, Failed> {
        let kept: [Stored<Hash>; 2] =
            [self.0.read(Item::Salt(Twin::First))?, self.0.read(Item::Salt(Twin::Second))?];
        let salt = match kept {
            [Stored::Valid(salt), Stored::Valid(_)] => return Ok(salt),
            [Stored::Valid(salt), _] | [_, Stored::Valid(salt)] => {
                // If they cannot be written now, they are at a later boot.
                for twin in Twin::BOTH {
                    let _ = self.0.put(Item::Salt(twin), &salt);
                }
                return Ok(salt);
            }
            [Stored::Absent, Stored::Absent] => {
                // Before the salt: a board that has a salt has an inventory.
                self.0.settle()?;
                self.0.keep_inventory()?;
                let mut salt = [0; 32];
                self.0.random.fill(&mut salt);
                salt
            }
            _ => return Err(Failed),
        };
        self.0.put(Item::Salt(Twin::First), &salt)?;
        self.0.put(Item::Salt(Twin::Second), &salt)?;
        Ok(salt)
    }

    /// The OSDP configuration.
    pub(crate) fn osdp(&mut self) -> Result<Option<Osdp>, Failed> {
        Ok(self.0.get::<Option<Osdp>>(Item::Osdp)?.flatten())
    }

    pub(crate) fn set_osdp(&mut self, osdp: Option<&Osdp>) -> Result<(), Failed> {
        self.0.put(Item::Osdp, &osdp)
    }

    /// A part of the index of the failures.
    #[inline(never)]
    pub(super) fn tally_index(&mut self, part: u8) -> Result<Option<Bytes>, Failed> {
        self.0.get(Item::Tallies(part))
    }

    /// Writes it, also where the counter cannot be raised. Returns whether no older one counts after a reset.
    #[inline(never)]
    pub(super) fn set_tally_index(&mut self, part: u8, index: &Bytes) -> Result<bool, Failed> {
        self.0.put_surely(Item::Tallies(part), index)
    }

    /// A page of who is cleared of a doubt.
    #[inline(never)]
    pub(super) fn cleared(&mut self, page: u8) -> Result<Option<Bytes>, Failed> {
        self.0.get(Item::Cleared(page))
    }

    /// Not listed in the inventory: where it is lost or old, somebody is doubted once more.
    pub(super) fn set_cleared(&mut self, page: u8, cleared: &Bytes) -> Result<(), Failed> {
        self.0.put_after(Item::Cleared(page), 0, cleared).map(drop)
    }

    /// A page of failures, in this version or a newer one.
    pub(super) fn tally_page(&mut self, page: u8, version: u32) -> Result<Bytes, Failed> {
        self.0.read_from(Item::TallyPage(page), version)?.valid().ok_or(Failed)
    }

    /// Writes a page of failures. Returns its version, which is above `version`.
    pub(super) fn set_tally_page(&mut self, page: u8, version: u32, tallies: &Bytes) -> Result<u32, Failed> {
        self.0.put_after(Item::TallyPage(page), version, tallies)
    }

    /// The entries of the audit log that hosts and the door have used.
    pub(crate) fn quota(&mut self) -> Result<Hash, Failed> {
        Ok(self.0.get(Item::Quota)?.unwrap_or_default())
    }

    pub(crate) fn set_quota(&mut self, quota: &Hash) -> Result<(), Failed> {
        self.0.put(Item::Quota, quota)
    }

    /// The paired host at a place.
    pub(crate) fn host(&mut self, place: u8) -> Result<Stored<Option<Host>>, Failed> {
        self.0.read(Item::Host(place))
    }

    pub(crate) fn set_host(&mut self, place: u8, host: Option<&Host>) -> Result<(), Failed> {
        self.0.put(Item::Host(place), &host)
    }

    /// The last request of the host at a place.
    pub(crate) fn begun(&mut self, place: u8) -> Option<Begun> {
        self.0.read(Item::Begun(place)).ok()?.valid()
    }

    pub(crate) fn set_begun(&mut self, place: u8, begun: &Begun) -> Result<(), Failed> {
        self.0.put(Item::Begun(place), begun)
    }
}

#[cfg(test)]
mod tests;
