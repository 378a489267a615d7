//! The rules of single people: schedule, PIN, duress PIN.
//!
//! Rules are stored with the settings, in [`MAX_RULES`] places. For each page of places there is a list of the versions of
//! the rules in it, twice. A place that is free keeps its version, so that no rule of before comes back there. The rule is written before the list: a power cut leaves the old
//! rules or the new ones. If a rule does not open, or is older than listed, a rule is lost, and it is unknown whose rule it
//! was. If both lists of a page are lost, so are all rules of the page. Then only people are admitted whose own rule is
//! there.

use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use policy::{Pin, Rule};
use protocol::{Error, PersonId};

use super::{
    failed::Failed,
    rule_pages::{MAX_RULES, PAGE, PAGES, Versions},
    storage::Storage,
    stored::Stored,
};

/// An entry of a page that was lost: the place stays taken, as its person is unknown.
const LOST: u32 = u32::MAX;

/// All rules.
pub(crate) struct Rules {
    kept: [Option<(PersonId, Rule)>; MAX_RULES],
    /// The version of each rule, times two, and one more where the place is taken.
    versions: [[u32; PAGE]; PAGES],
    /// A rule was lost.
    pub(crate) broken: bool,
    /// Nobody is admitted: the settings were tampered with, and no installer has set all of them again.
    pub(crate) lost: bool,
    /// Nobody is admitted: the boot record, and with it the firmware, is an older one than the settings know of.
    pub(crate) older_firmware: bool,
    /// Nobody is admitted until then: the failures were lost, and with them who is locked out.
    pub(crate) suspended_until: Option<Instant>,
}

impl Rules {
    /// Reads the rules.
    pub(crate) fn open<F: NorFlash>(storage: Option<&mut Storage<F>>) -> Self {
        let mut rules = Self::of_nobody();
        let Some(storage) = storage else { return rules };
        for (page, versions) in (0..).zip(&mut rules.versions) {
            match storage.rule_versions(page) {
                Ok(Stored::Valid(listed)) => {
                    versions.iter_mut().zip(listed).for_each(|(to, from)| *to = from)
                }
                Ok(Stored::Absent) => {}
                Ok(Stored::Tampered) | Err(Failed) => *versions = [LOST; PAGE],
            }
        }
        for (place, kept) in rules.kept.iter_mut().enumerate() {
            let entry = rules.versions.as_flattened().get(place).copied().unwrap_or(LOST);
            if !is_taken(entry) {
                continue;
            }
            match storage.rule(place as u16, entry >> 1) {
                Ok(Stored::Valid(Some(rule))) => *kept = Some(rule),
                // A cut before the list: the place is free.
                Ok(Stored::Valid(None)) => {}
                // It stays taken, since it is not known whose rule it was.
                Ok(Stored::Absent | Stored::Tampered) | Err(Failed) => rules.broken = true,
            }
        }
        rules
    }

    /// Nobody has a rule.
    fn of_nobody() -> Self {
        Self {
            kept: [None; MAX_RULES],
            versions: [[0; PAGE]; PAGES],
            broken: false,
            lost: false,
            older_firmware: false,
            suspended_until: None,
        }
    }

    /// Keeps the rules of these people alone in memory. In flash the places of the others stay taken: a person whose record is
    /// damaged is not known either, and must not come back without their rule.
    pub(crate) fn retain(&mut self, keep: impl Fn(PersonId) -> bool) {
        for kept in &mut self.kept {
            *kept = kept.filter(|(person, _)| keep(*person));
        }
    }

    /// The entry of a place.
    fn entry(&self, place: usize) -> u32 {
        self.versions.as_flattened().get(place).copied().unwrap_or(LOST)
    }

    /// The rules of some people, without flash.
    #[cfg(test)]
    pub(crate) fn of_people(people: &[(PersonId, Rule)]) -> Self {
        let mut rules = Self::of_nobody();
        rules.kept.iter_mut().zip(people).for_each(|(kept, rule)| *kept = Some(*rule));
        rules
    }

    /// Whether nobody is admitted, whatever their rule.
    pub(crate) fn admits_nobody(&self) -> bool {
        self.lost || self.older_firmware || self.suspended_until.is_some()
    }

    /// The rule by which a person is admitted; `None` if it may be lost, or nobody is admitted.
    pub(crate) fn of(&self, person: PersonId) -> Option<Rule> {
        let nobody = self.admits_nobody();
        if nobody { None } else { self.stored(person) }
    }

    /// The rule of a person, also while nobody is admitted; `None` if it may be lost.
    pub(crate) fn stored(&self, person: PersonId) -> Option<Rule> {
        let own = self.kept.iter().flatten().find(|(of, _)| *of == person);
        match own {
            Some((_, rule)) => Some(*rule),
            None if self.broken => None,
            None => Some(Rule::default()),
        }
    }

    /// The owner of a PIN, and whether it is the duress PIN. `None` if nobody or several people have it. All rules are
    /// compared, so that the time does not reveal the owner.
    pub(crate) fn owner(&self, pin: &Pin) -> Option<(PersonId, bool)> {
        let (mut owner, mut several) = (None, false);
        for (person, rule) in self.kept.iter().flatten() {
            let own = rule.pin.is_some_and(|own| own == *pin);
            let duress = rule.duress_pin.is_some_and(|duress| duress == *pin);
            if own | duress {
                several |= owner.is_some();
                owner = Some((*person, duress));
            }
        }
        owner.filter(|_| !several)
    }

    /// Removes the rule of a person who is no longer enrolled.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub(crate) fn remove<F: NorFlash>(
        &mut self,
        person: PersonId,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        match self.place(person) {
            Some(place) => self.take(place, None, storage),
            None => Ok(()),
        }
    }

    /// Sets the rule of a person. The default rule takes no place, unless a rule was lost: then only a rule that is there
    /// tells that this person has none.
    ///
    /// # Errors
    /// [`Error::BadRule`], [`Error::RulesFull`], [`Error::Flash`].
    pub(crate) fn set<F: NorFlash>(
        &mut self,
        person: PersonId,
        rule: Rule,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        if !rule.is_valid() {
            return Err(Error::BadRule);
        }
        if rule == Rule::default() && !self.broken {
            return self.remove(person, storage);
        }
        let own = self.place(person);
        let free = || (0..MAX_RULES).find(|place| !is_taken(self.entry(*place)));
        let place = own.or_else(free).ok_or(Error::RulesFull { limit: MAX_RULES as u16 })?;
        self.take(place, Some((person, rule)), storage)
    }

    /// The place of a person's rule.
    fn place(&self, person: PersonId) -> Option<usize> {
        self.kept.iter().position(|kept| kept.is_some_and(|(of, _)| of == person))
    }

    /// Takes a place, or frees it.
    fn take<F: NorFlash>(
        &mut self,
        place: usize,
        rule: Option<(PersonId, Rule)>,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let before = self.entry(place);
        let version = storage.set_rule(place as u16, before >> 1, rule.as_ref())?;
        let page = place / PAGE;
        let versions = self.versions.get_mut(page).ok_or(Failed)?;
        let listed = versions.get_mut(place % PAGE).ok_or(Failed)?;
        *listed = version << 1 | u32::from(rule.is_some());
        let written = storage.set_rule_versions(page as u8, &Versions::from_array(*versions));
        if let (Err(failed), Some(listed)) = (written, versions.get_mut(place % PAGE)) {
            *listed = before;
            return Err(failed.into());
        }
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = rule;
        }
        Ok(())
    }
}

/// Whether a place with this entry is taken.
fn is_taken(entry: u32) -> bool {
    entry & 1 == 1
}
