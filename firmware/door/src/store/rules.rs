//! The rules of single people: schedule, PIN, duress PIN.
//!
//! Rules are stored with the settings, in [`MAX_RULES`] places. A bitmap marks the places that are taken. The rule is
//! written before the bitmap: a power cut leaves the old rules or the new ones. If a taken place does not open, a rule is
//! lost, and it is unknown whose rule it was. If the bitmap itself was tampered with, every place is read, and a rule may be
//! lost as well. Then only people are admitted whose own rule is there.

use embedded_storage::nor_flash::NorFlash;
use policy::{Pin, Rule};
use protocol::{Error, PersonId};

use super::{
    failed::Failed,
    rule_places::{MAX_RULES, Places, is_taken},
    storage::Storage,
    stored::Stored,
};

/// All rules.
pub(crate) struct Rules {
    kept: [Option<(PersonId, Rule)>; MAX_RULES],
    places: Places,
    /// A rule was lost.
    pub(crate) broken: bool,
    /// The bitmap was tampered with. It stays so: written again, it would hide that a rule was lost.
    unknown_places: bool,
    /// Nobody is admitted: the settings were tampered with, and nobody has set them again.
    pub(crate) locked: bool,
}

impl Rules {
    /// Reads the rules.
    pub(crate) fn open<F: NorFlash>(storage: Option<&mut Storage<F>>) -> Self {
        let mut rules = Self::of_nobody();
        let Some(storage) = storage else { return rules };
        match storage.rule_places() {
            Ok(Stored::Valid(places)) => rules.places = places,
            Ok(Stored::Absent) => {}
            Ok(Stored::Tampered) | Err(Failed) => (rules.broken, rules.unknown_places) = (true, true),
        }
        for place in 0..MAX_RULES {
            if is_taken(&rules.places, place as u16) || rules.unknown_places {
                rules.read(place, storage);
            }
        }
        rules
    }

    /// Reads the rule of a place.
    fn read<F: NorFlash>(&mut self, place: usize, storage: &mut Storage<F>) {
        let rule = match storage.rule(place as u16) {
            Ok(Stored::Valid(rule)) => rule,
            Ok(Stored::Absent) if self.unknown_places => None,
            Ok(Stored::Absent | Stored::Tampered) | Err(Failed) => {
                self.broken = true;
                // It stays taken, since it is not known whose rule it was.
                self.mark(place, true);
                return;
            }
        };
        self.mark(place, rule.is_some());
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = rule;
        }
    }

    /// Nobody has a rule.
    fn of_nobody() -> Self {
        Self {
            kept: [None; MAX_RULES],
            places: [0; MAX_RULES / 8],
            broken: false,
            unknown_places: false,
            locked: false,
        }
    }

    /// Marks a place as taken or free.
    fn mark(&mut self, place: usize, taken: bool) {
        if let Some(byte) = self.places.get_mut(place / 8) {
            let bit = 1 << (place % 8);
            *byte = if taken { *byte | bit } else { *byte & !bit };
        }
    }

    /// The rules of some people, without flash.
    #[cfg(test)]
    pub(crate) fn of_people(people: &[(PersonId, Rule)]) -> Self {
        let mut rules = Self::of_nobody();
        rules.kept.iter_mut().zip(people).for_each(|(kept, rule)| *kept = Some(*rule));
        rules
    }

    /// The rule of a person; `None` if it may be lost.
    pub(crate) fn of(&self, person: PersonId) -> Option<Rule> {
        let own = self.kept.iter().flatten().find(|(of, _)| *of == person);
        match own {
            _ if self.locked => None,
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
        let free = || (0..MAX_RULES).find(|place| !is_taken(&self.places, *place as u16));
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
        storage.set_rule(place as u16, rule.as_ref())?;
        let before = self.places;
        self.mark(place, rule.is_some());
        if self.places != before
            && !self.unknown_places
            && let Err(failed) = storage.set_rule_places(&self.places)
        {
            self.places = before;
            return Err(failed.into());
        }
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = rule;
        }
        Ok(())
    }
}
