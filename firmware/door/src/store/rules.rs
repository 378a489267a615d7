//! The rules of single people: schedule, PIN, duress PIN.
//!
//! Rules are stored with the settings, in as many places as the board gives: a place for each who has a rule. For each page of places there is a list of the versions of
//! the rules in it, twice. A place that is free keeps its version, so that no rule of before comes back there. The rule is written before the list: a power cut leaves the old
//! rules or the new ones. If a rule does not open, or is older than listed, a rule is lost, and it is unknown whose rule it
//! was. One that was lost for a boot, as flash failed or somebody damaged it and put it back, may be there again, and its person has been
//! given another one meanwhile. Then the person has two, and neither counts until they are given one again. If both lists of a page are lost, so are all rules of the page. Then only people are admitted whose own rule is
//! there.
//!
//! The rules of people who are not known stay, in flash and in memory: a person whose record is damaged is not known either, and
//! may be known again at any time.

use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use policy::{Pin, Rule};
use protocol::{Error, PersonId};

use super::{
    failed::Failed,
    rule_pages::{Kept, PAGE, Page, Versions},
    storage::Storage,
    stored::Stored,
};

/// An entry of a page that was lost: the place stays taken, as its person is unknown.
const LOST: u32 = u32::MAX;

/// All rules.
pub(crate) struct Rules<'m> {
    pages: &'m mut [Page],
    /// A rule was lost.
    pub(crate) broken: bool,
    /// Nobody is admitted: the settings were tampered with, and no installer has set all of them again.
    pub(crate) lost: bool,
    /// Nobody is admitted: the boot record, and with it the firmware, is an older one than the settings know of.
    pub(crate) older_firmware: bool,
    /// Nobody is admitted until then: the failures were lost, and with them who is locked out.
    pub(crate) suspended_until: Option<Instant>,
}

impl<'m> Rules<'m> {
    /// Reads the rules into `pages`, which are used for nothing else.
    pub(crate) fn open<F: NorFlash>(pages: &'m mut [Page], storage: Option<&mut Storage<F>>) -> Self {
        let mut rules = Self::of_nobody(pages);
        let Some(storage) = storage else { return rules };
        for (number, page) in rules.pages.iter_mut().enumerate() {
            match storage.rule_versions(number as u8) {
                Ok(Stored::Valid(listed)) => {
                    page.versions.iter_mut().zip(listed).for_each(|(to, from)| *to = from)
                }
                Ok(Stored::Absent) => {}
                Ok(Stored::Tampered) | Err(Failed) => page.versions = [LOST; PAGE],
            }
            for (place, (kept, entry)) in page.kept.iter_mut().zip(page.versions).enumerate() {
                if !is_taken(entry) {
                    continue;
                }
                match storage.rule((number * PAGE + place) as u16, entry >> 1) {
                    Ok(Stored::Valid(rule @ Some(_))) => *kept = Kept::new(rule),
                    // A cut before the list: the place is free.
                    Ok(Stored::Valid(None)) => {}
                    // It stays taken, since it is not known whose rule it was.
                    Ok(Stored::Absent | Stored::Tampered) | Err(Failed) => rules.broken = true,
                }
            }
        }
        rules
    }

    /// Nobody has a rule.
    fn of_nobody(pages: &'m mut [Page]) -> Self {
        pages.fill(Page::EMPTY);
        Self { pages, broken: false, lost: false, older_firmware: false, suspended_until: None }
    }

    /// Who has a rule.
    pub(crate) fn people(&self) -> impl Iterator<Item = PersonId> {
        self.kept().flatten().map(|(person, _)| person)
    }

    /// The rules, and none in the places that are free.
    fn kept(&self) -> impl Iterator<Item = Option<(PersonId, &Rule)>> {
        self.pages.iter().flat_map(|page| &page.kept).map(Kept::get)
    }

    /// The rules of some people, without flash.
    #[cfg(test)]
    pub(crate) fn of_people(pages: &'m mut [Page], people: &[(PersonId, Rule)]) -> Self {
        let rules = Self::of_nobody(pages);
        let places = rules.pages.iter_mut().flat_map(|page| &mut page.kept);
        places.zip(people).for_each(|(kept, rule)| *kept = Kept::new(Some(*rule)));
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

    /// The rule of a person, also while nobody is admitted; `None` if it may be lost, or is one of two.
    pub(crate) fn stored(&self, person: PersonId) -> Option<Rule> {
        let mut own = self.kept().flatten().filter(|(of, _)| *of == person);
        match (own.next(), own.next()) {
            (Some((_, rule)), None) => Some(*rule),
            (Some(_), Some(_)) => None,
            (None, _) if self.broken => None,
            (None, _) => Some(Rule::default()),
        }
    }

    /// Whether a rule was lost, or somebody has two.
    pub(crate) fn is_unsure(&self) -> bool {
        self.broken || self.people().any(|person| self.places(person).count() > 1)
    }

    /// The owner of a PIN, and whether it is the duress PIN. `None` if nobody or several people have it. All rules are
    /// compared, so that the time does not reveal the owner. Somebody who is gone has no PIN.
    pub(crate) fn owner(
        &self,
        pin: &Pin,
        may_be_there: impl Fn(PersonId) -> bool,
    ) -> Option<(PersonId, bool)> {
        let (mut owner, mut several) = (None, false);
        for (person, rule) in self.kept().flatten() {
            let own = rule.pin.is_some_and(|own| own == *pin);
            let duress = rule.duress_pin.is_some_and(|duress| duress == *pin);
            if (own | duress) && may_be_there(person) {
                several |= owner.is_some();
                owner = Some((person, duress));
            }
        }
        owner.filter(|(person, _)| !several && self.stored(*person).is_some())
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
        self.free(person, None, storage)
    }

    /// Frees all places of a person but one.
    fn free<F: NorFlash>(
        &mut self,
        person: PersonId,
        but: Option<usize>,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        loop {
            let place = self.places(person).find(|place| Some(*place) != but);
            let Some(place) = place else { return Ok(()) };
            self.take(place, None, storage)?;
        }
    }

    /// Sets the rule of a person. The default rule takes no place, unless a rule was lost, or this person has two: then only a rule that
    /// is there tells that this person has none.
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
        if rule == Rule::default() && !self.broken && self.places(person).count() < 2 {
            return self.remove(person, storage);
        }
        let own = self.places(person).next();
        let mut entries = self.pages.iter().flat_map(|page| page.versions);
        let free = || entries.position(|entry| !is_taken(entry));
        let limit = (self.pages.len() * PAGE) as u16;
        let place = own.or_else(free).ok_or(Error::RulesFull { limit })?;
        self.take(place, Some((person, rule)), storage)?;
        // Until the others are gone, neither counts.
        self.free(person, Some(place), storage)
    }

    /// The places of a person's rules: one, or two where one came back.
    fn places(&self, person: PersonId) -> impl Iterator<Item = usize> {
        let of_person = move |kept: Option<(PersonId, &Rule)>| kept.is_some_and(|(of, _)| of == person);
        self.kept().enumerate().filter_map(move |(place, kept)| of_person(kept).then_some(place))
    }

    /// Takes a place, or frees it.
    fn take<F: NorFlash>(
        &mut self,
        place: usize,
        rule: Option<(PersonId, Rule)>,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let (number, at) = (place / PAGE, place % PAGE);
        let page = self.pages.get_mut(number).ok_or(Failed)?;
        let before = page.versions.get(at).copied().ok_or(Failed)?;
        let version = storage.set_rule(place as u16, before >> 1, rule.as_ref())?;
        let mut versions = page.versions;
        *versions.get_mut(at).ok_or(Failed)? = version << 1 | u32::from(rule.is_some());
        storage.set_rule_versions(number as u8, &Versions::from_array(versions))?;
        page.versions = versions;
        *page.kept.get_mut(at).ok_or(Failed)? = Kept::new(rule);
        Ok(())
    }
}

/// Whether a place with this entry is taken.
fn is_taken(entry: u32) -> bool {
    entry & 1 == 1
}
