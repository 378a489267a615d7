//! How many entries of the audit log each host may cause ([`Account`]).
//!
//! The account belongs to the host's place in flash, so that a new key ([`protocol::Request::ReplaceKey`]) does not renew
//! it. All places together have fewer entries at once than the log keeps.
//!
//! The accounts of the hosts and those of the door ([`crate::journal`]) are one record in flash: two bytes each, the hosts'
//! first.
//!
//! That record goes when the board is erased, and the log stays. So the entry that orders it carries what was used: of all
//! hosts together, and of each ration. The first place of the erased board has it, but for [`SET_UP`] entries, so that whoever
//! sets the board up again can begin at once; the other places have the rest, as evenly as can be. An erasure for which this
//! has no room has to wait some minutes. So erasing gives nothing back.
//!
//! ```text
//! carried    hosts together, in steps of [`HOST_STEP`], u8 | four rations, u8 each
//! ```

use embassy_time::Instant;
use protocol::{Hash, MAX_HOSTS, Role};

use crate::journal::{Account, RATIONS};

/// Entries at once of a host that is not an installer.
const BURST: u16 = 200;
/// Entries at once of an installer, who enrols everybody on the first day.
const INSTALLER_BURST: u16 = 1000;

/// Entries of the first host that an erasure never takes, to set the board up again.
const SET_UP: u16 = 60;

/// The most that is carried over an erasure of the hosts' accounts.
const ROOM: u16 = (MAX_HOSTS as u16 * INSTALLER_BURST - SET_UP) / HOST_STEP * HOST_STEP;

/// The step in which what the hosts used is carried over an erasure; it is rounded up.
const HOST_STEP: u16 = 64;

const _: () = assert!(2 * (MAX_HOSTS + RATIONS) <= size_of::<Hash>());

/// What is carried over an erasure.
pub(crate) type Carried = [u8; 1 + RATIONS];

/// What each host has used.
#[derive(Default)]
pub(crate) struct Quota([Account; MAX_HOSTS]);

impl Quota {
    /// The accounts of the record in flash, at boot. Those of the door are put into `rations`.
    pub(crate) fn restored(kept: &Hash, rations: &mut [Account; RATIONS]) -> Self {
        let mut quota = Self::default();
        let accounts = quota.0.iter_mut().chain(rations);
        accounts.zip(kept.as_chunks().0).for_each(|(account, bytes)| account.restore(*bytes));
        quota
    }

    /// Whether the board may be erased now: its accounts have room for what all hosts have used.
    ///
    /// # Errors
    /// Seconds until they have. All accounts are nearly full then, and each gets one a minute back.
    pub(crate) fn may_erase(&mut self, now: Instant) -> Result<(), u32> {
        let used: u16 = self.0.iter_mut().map(|account| account.used(now)).sum();
        match used.saturating_sub(ROOM) {
            0 => Ok(()),
            over => Err(60 * u32::from(over.div_ceil(MAX_HOSTS as u16))),
        }
    }

    /// What the entry that has the board erased carries.
    pub(crate) fn carried(&mut self, rations: &mut [Account; RATIONS], now: Instant) -> Carried {
        let hosts: u16 = self.0.iter_mut().map(|account| account.used(now)).sum();
        let steps = core::iter::once(hosts.div_ceil(HOST_STEP));
        let all = steps.chain(rations.iter_mut().map(|account| account.used(now)));
        let mut carried = Carried::default();
        carried.iter_mut().zip(all).for_each(|(to, used)| *to = u8::try_from(used).unwrap_or(u8::MAX));
        carried
    }

    /// The record for flash of an erased board.
    pub(crate) fn record_of([hosts, rations @ ..]: Carried) -> Hash {
        const OTHERS: u16 = MAX_HOSTS as u16 - 1;
        let used = u16::from(hosts) * HOST_STEP;
        let first = used.min(INSTALLER_BURST - SET_UP);
        let (each, more) = ((used - first) / OTHERS, (used - first) % OTHERS);
        let others = (0..OTHERS).map(|place| INSTALLER_BURST.min(each + u16::from(place < more)));
        let all = core::iter::once(first).chain(others).chain(rations.map(u16::from));
        let mut record = Hash::default();
        record.as_chunks_mut().0.iter_mut().zip(all).for_each(|(to, used)| *to = used.to_le_bytes());
        record
    }

    /// Takes one entry from the account of the host at a place.
    ///
    /// # Errors
    /// Seconds until there is one again.
    pub(crate) fn take(&mut self, place: usize, role: Option<Role>, now: Instant) -> Result<(), u32> {
        let account = self.0.get_mut(place).ok_or(0_u32)?;
        account.take(if role == Some(Role::Installer) { INSTALLER_BURST } else { BURST }, now)
    }

    /// The record for flash, if it must change: an account has used more than flash has, or much less.
    pub(crate) fn changed(&mut self, rations: &mut [Account; RATIONS], now: Instant) -> Option<Hash> {
        let mut record = [0; 32];
        let mut changed = false;
        let accounts = self.0.iter_mut().chain(rations);
        for (account, bytes) in accounts.zip(record.as_chunks_mut().0) {
            *bytes = account.keep(now, &mut changed);
        }
        changed.then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::STEP;

    const OPERATOR: Option<Role> = Some(Role::Operator);
    const INSTALLER: Option<Role> = Some(Role::Installer);

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(seconds)
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_entry_a_minute() {
        for (role, burst) in [(OPERATOR, BURST), (None, BURST), (INSTALLER, INSTALLER_BURST)] {
            let mut quota = Quota::default();
            assert!((0..burst).all(|_| quota.take(1, role, at(30)).is_ok()));
            assert_eq!(quota.take(1, role, at(30)), Err(30));
            assert_eq!(quota.take(2, role, at(30)), Ok(()), "another host");
            assert_eq!(quota.take(1, role, at(60)), Ok(()));
            assert_eq!(quota.take(1, role, at(119)), Err(1));
            let later = (0..=burst).filter(|_| quota.take(1, role, at(100_000)).is_ok()).count();
            assert_eq!(later, usize::from(burst));
        }
    }

    #[test]
    fn an_erasure_gives_nothing_back() {
        let (mut quota, mut rations) = (Quota::default(), [Account::default(); RATIONS]);
        for (place, used) in [(0, 900), (3, 150), (7, 20)] {
            assert!((0..used).all(|_| quota.take(place, INSTALLER, at(1)).is_ok()));
        }
        (0..60).for_each(|_| rations[1].take(60, at(1)).unwrap());
        rations[2].take(60, at(1)).unwrap();
        for _ in 0..3 {
            let record = Quota::record_of(quota.carried(&mut rations, at(1)));
            rations = [Account::default(); RATIONS];
            quota = Quota::restored(&record, &mut rations);
        }
        // 1,070 in steps of 64. The installer of the erased board has the first place.
        let used = quota.0.map(|mut account| account.used(at(1)));
        assert_eq!((used, used.iter().sum()), ([940, 22, 21, 21, 21, 21, 21, 21], 1088_u16));
        assert_eq!(rations.map(|mut account| account.used(at(1))), [0, 60, 1, 0]);
        let mut full = Quota::default();
        (0..MAX_HOSTS).for_each(|place| {
            (0..INSTALLER_BURST).for_each(|_| full.take(place, INSTALLER, at(1)).unwrap());
        });
        // 64 more than fit, and eight a minute.
        assert_eq!((ROOM, full.may_erase(at(1)), full.may_erase(at(480))), (7936, Err(480), Ok(())));
        let used: u16 = full.0.iter_mut().map(|account| account.used(at(480))).sum();
        let carried = full.carried(&mut rations, at(480));
        // Whoever sets that board up again is not locked out, and nothing is given back.
        let mut quota = Quota::restored(&Quota::record_of(carried), &mut rations);
        assert_eq!(quota.0.iter_mut().map(|account| account.used(at(1))).sum::<u16>(), used);
        assert_eq!((0..1000).filter(|_| quota.take(0, INSTALLER, at(1)).is_ok()).count(), SET_UP.into());
    }

    #[test]
    fn all_hosts_together_have_fewer_entries_at_once_than_the_log_keeps() {
        // By `audit`: all sectors but the one that is being filled, with 64 entries each; 640 KiB on the boards.
        let kept = (640 / 4 - 1) * 64;
        assert!(MAX_HOSTS * usize::from(INSTALLER_BURST) < kept, "{kept}");
    }

    #[test]
    fn a_reset_gives_nothing_back_and_time_is_remembered_in_steps() {
        let (mut quota, mut rations) = (Quota::default(), [Account::default(); RATIONS]);
        let (mut kept, mut records) = ([0; 32], 0);
        for used in 1..=INSTALLER_BURST {
            quota.take(7, INSTALLER, at(1)).unwrap();
            let ration = rations[3].take(60, at(1)).is_ok();
            assert_eq!(ration, used <= 60);
            if let Some(record) = quota.changed(&mut rations, at(1)) {
                (kept, records) = (record, records + 1);
            }
            let mut rations = [Account::default(); RATIONS];
            let mut again = Quota::restored(&kept, &mut rations);
            let left = (0..1000).filter(|_| again.take(7, INSTALLER, at(1)).is_ok()).count();
            assert!(left + usize::from(used) <= usize::from(INSTALLER_BURST));
            let left = (0..60).filter(|_| rations[3].take(60, at(1)).is_ok()).count();
            assert!(left + usize::from(used) <= 60 || used > 60 && left == 0);
        }
        assert_eq!(records, u32::from(INSTALLER_BURST.div_ceil(STEP + 1)));
        let mut again = Quota::restored(&kept, &mut rations);
        assert!(again.take(7, INSTALLER, at(1)).is_err());
        assert!(again.take(6, INSTALLER, at(1)).is_ok());
        assert!(rations[3].take(60, at(1)).is_err() && rations[2].take(60, at(1)).is_ok());
        // A week later, after a quiet time and another reset.
        let record = again.changed(&mut rations, at(7 * 86_400)).unwrap();
        assert_eq!(again.changed(&mut rations, at(7 * 86_400)), None);
        let mut rested = Quota::restored(&record, &mut rations);
        assert!((0..INSTALLER_BURST - STEP).all(|_| rested.take(7, INSTALLER, at(1)).is_ok()));
    }
}
