//! What holds for single people: when they may pass, and with which code besides their face.
//!
//! Rules are kept with the settings, in [`MAX_RULES`] places, of which a bitmap tells those that are taken. A rule is
//! written before its place is: a power cut leaves the old rules or the new ones. A place that is taken and does
//! not open has lost somebody's rule, and nobody knows whose: then only those pass whose rule is there.

use embedded_storage::nor_flash::NorFlash;
use policy::{Pin, Rule};
use protocol::{Error, PersonId};

use crate::storage::{Failed, Storage};

/// People who can have a rule.
pub(crate) const MAX_RULES: usize = gallery::MAX_PEOPLE;

/// The places of rules that are taken, a bit each.
pub(crate) type Places = [u8; MAX_RULES / 8];

/// All rules.
pub(crate) struct Rules {
    kept: [Option<(PersonId, Rule)>; MAX_RULES],
    places: Places,
    /// A rule was lost.
    pub(crate) broken: bool,
}

impl Rules {
    /// Reads the rules.
    pub(crate) fn open<F: NorFlash>(storage: Option<&mut Storage<F>>) -> Self {
        let mut rules = Self { kept: [None; MAX_RULES], places: [0; MAX_RULES / 8], broken: false };
        let Some(storage) = storage else { return rules };
        match storage.rule_places() {
            Ok(places) => rules.places = places,
            Err(Failed) => rules.broken = true,
        }
        for (place, kept) in (0..).zip(&mut rules.kept) {
            if is_taken(&rules.places, place) {
                *kept = storage.rule(place).ok().flatten();
                rules.broken |= kept.is_none();
            }
        }
        rules
    }

    /// The rule of a person; none if nobody knows it any more.
    pub(crate) fn of(&self, person: PersonId) -> Option<Rule> {
        let own = self.kept.iter().flatten().find(|(of, _)| *of == person);
        match own {
            Some((_, rule)) => Some(*rule),
            None if self.broken => None,
            None => Some(Rule::default()),
        }
    }

    /// Whose code this is, and whether it is their duress code; none if it is nobody's, or that of several. All rules
    /// are looked at, so that the time does not tell whose it was.
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

    /// Gives a person a rule.
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
        let is_own = |kept: &Option<(PersonId, Rule)>| kept.is_some_and(|(of, _)| of == person);
        let own = self.kept.iter().position(is_own);
        if rule == Rule::default() {
            return match own {
                Some(place) => self.take(place, None, storage),
                None => Ok(()),
            };
        }
        let free = || (0..MAX_RULES).find(|place| !is_taken(&self.places, *place as u16));
        let place = own.or_else(free).ok_or(Error::RulesFull { limit: MAX_RULES as u16 })?;
        storage.set_rule(place as u16, &(person, rule))?;
        self.take(place, Some((person, rule)), storage)
    }

    /// Takes a place, or gives it up.
    fn take<F: NorFlash>(
        &mut self,
        place: usize,
        rule: Option<(PersonId, Rule)>,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let mut places = self.places;
        if let Some(byte) = places.get_mut(place / 8) {
            let bit = 1 << (place % 8);
            *byte = if rule.is_some() { *byte | bit } else { *byte & !bit };
        }
        if places != self.places {
            storage.set_rule_places(&places)?;
        }
        self.places = places;
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = rule;
        }
        Ok(())
    }
}

fn is_taken(places: &Places, place: u16) -> bool {
    places.get(usize::from(place / 8)).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
}
