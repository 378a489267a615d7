//! The keys of the settings partition, as drawn in `storage`, and their slots in the inventory.

use nor_store::MapKey;
use protocol::{MAX_HOSTS, ModelKind};

use super::{inventory::SLOTS, rule_pages::MAX_PAGES, tally_pages::MAX_INDEXES};

/// The keys of the map. Their numbers are those drawn above, and must never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Settings,
    Limits,
    Outside,
    Active(ModelKind),
    Transfer(ModelKind),
    Newest(ModelKind),
    Signer,
    Salt(Twin),
    /// A page of the versions of rules.
    RuleVersions(u8, Twin),
    Osdp,
    /// A part of the index of failures.
    Tallies(u8),
    /// A page of the failures of people.
    TallyPage(u8),
    /// A page of who is cleared of a doubt.
    Cleared(u8),
    Quota,
    /// The last counter of each opener.
    Opened,
    /// Whose challenge is under way.
    Asked,
    Inventory(Twin),
    Host(u8),
    Begun(u8),
    Rule(u16),
}

impl Item {
    /// Records of which a board has some as soon as it was paired or configured.
    pub(super) fn of_an_installed_board() -> impl Iterator<Item = Self> {
        let first = [
            Self::Salt(Twin::First),
            Self::Salt(Twin::Second),
            Self::Settings,
            Self::Limits,
            Self::Outside,
            Self::Signer,
            Self::Osdp,
        ];
        first.into_iter().chain((0..MAX_HOSTS as u8).map(Self::Host))
    }

    /// The slot of the inventory; `None` if the loss of the record does no harm, or is found otherwise.
    pub(super) fn slot(self) -> Option<u8> {
        match self {
            Self::Settings => Some(0),
            Self::Limits => Some(1),
            Self::Outside => Some(2),
            Self::Signer => Some(3),
            Self::Osdp => Some(4),
            Self::Tallies(0) => Some(5),
            Self::Tallies(part) => Some(FURTHER_INDEXES + (part - 1) % (MAX_INDEXES as u8 - 1)),
            Self::Salt(twin) => Some(6 + twin as u8),
            Self::Active(kind) => Some(8 + index(kind)),
            Self::Newest(kind) => Some(12 + index(kind)),
            Self::Host(place) => Some(16 + place % MAX_HOSTS as u8),
            Self::RuleVersions(page @ 0..FIRST_PAGES, twin) => Some(24 + 2 * page + twin as u8),
            Self::RuleVersions(page, twin) => Some(
                FURTHER_PAGES + 2 * ((page - FIRST_PAGES) % (MAX_PAGES as u8 - FIRST_PAGES)) + twin as u8,
            ),
            Self::Transfer(_)
            | Self::Inventory(_)
            | Self::Begun(_)
            | Self::Rule(_)
            | Self::TallyPage(_)
            | Self::Cleared(_)
            | Self::Opened
            | Self::Asked
            | Self::Quota => None,
        }
    }
}

/// Pages of rules whose versions have keys and slots from the beginning. Further ones are of boards with more room.
const FIRST_PAGES: u8 = 8;
/// The slots of the further parts of the index of failures, and of the versions of further pages of rules.
const FURTHER_INDEXES: u8 = 24 + 2 * FIRST_PAGES;
const FURTHER_PAGES: u8 = FURTHER_INDEXES + MAX_INDEXES as u8 - 1;

const _: () =
    assert!(MAX_HOSTS == 8 && FURTHER_PAGES as usize + 2 * (MAX_PAGES - FIRST_PAGES as usize) == SLOTS);

/// Which of two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twin {
    First = 0,
    Second = 1,
}

impl Twin {
    pub(super) const BOTH: [Self; 2] = [Self::First, Self::Second];
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
            Self::Limits => 53,
            Self::Outside => 54,
            Self::Osdp => 56,
            Self::Inventory(Twin::First) => 57,
            Self::Inventory(Twin::Second) => 58,
            Self::Tallies(0) => 59,
            Self::Quota => 60,
            Self::Opened => 61,
            Self::Asked => 62,
            Self::Host(place) => 64 + place % MAX_HOSTS as u8,
            Self::Begun(place) => 72 + place % MAX_HOSTS as u8,
            Self::RuleVersions(page @ 0..FIRST_PAGES, twin) => 80 + 2 * page + twin as u8,
            Self::TallyPage(page @ 0..32) => 96 + page,
            Self::Rule(place) => return 0x0300 + place,
            Self::RuleVersions(page, twin) => return 0x0700 + 2 * u16::from(page) + twin as u16,
            Self::TallyPage(page) => return 0x0800 + u16::from(page),
            Self::Tallies(part) => return 0x0900 + u16::from(part),
            Self::Cleared(page) => return 0x0a00 + u16::from(page),
        };
        u16::from_be_bytes([2, own])
    }

    /// The settings are never listed.
    fn from_number(_: u16) -> Option<Self> {
        None
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
