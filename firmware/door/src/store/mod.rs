//! What the board stores besides images and the audit log: people, settings, rules, hosts.
//!
//! | module | flash |
//! |---|---|
//! | `people` | the gallery's partition |
//! | `storage` | the settings' partition: what is in it |
//! | `records`, `items`, `inventory` | the settings' partition: sealed records, their keys, and which one is the newest |
//! | `images` | the images in the slots, in the settings' partition |
//! | `rules` | rules of people, in the settings' partition |
//! | `begun` | the last request of a host, in the settings' partition |
//! | `stored` | absent, valid, tampered |
//! | `tallies`, `tally_pages` | failures, in the settings' partition |
//! | `settings` | the ranges of the settings |

mod begun;
mod failed;
mod images;
mod inventory;
mod items;
mod openers;
mod people;
mod records;
mod rule_pages;
mod rules;
mod settings;
mod storage;
mod stored;
mod tallies;
mod tally_pages;

pub(crate) use begun::{Begun, Intent, Progress, Reply};
pub(crate) use images::{Checkpoint, Image};
pub(crate) use inventory::Enrolled;
pub(crate) use people::{People, Room, gallery_key};
pub(crate) use records::Counter;
pub(crate) use rule_pages::{MAX_PAGES as MAX_RULE_PAGES, Page as RulePage};
pub(crate) use rules::Rules;
pub(crate) use settings::check;
pub(crate) use storage::{Storage, opened};
pub(crate) use stored::Stored;
pub(crate) use tallies::{Clocks, Written, meet, read_tallies, write_tallies};
