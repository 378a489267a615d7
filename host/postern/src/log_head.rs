//! The signed head of an exported log: the last line of `postern log --json`.
//!
//! ```text
//! {"head":{"first":0,"last":9,"chain":"…","unix_ms":…,"exact":true,"signer":"…","signature":"…"}}
//! ```
//! Whoever changes an entry can compute the chain again, but cannot sign its new end. `audit::Head` has what is signed.

use audit::{Chain, Head, Time};
use client::protocol::{Clock, Hash, LogHead, Signature};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audit_log::{Check, bytes};

/// The end of a log: the last line. Absent from an empty log.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What the board signed.
    head: Fields,
}

/// What the board signs of its log.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The number of the first entry.
    first: u32,
    /// The number of the last entry.
    last: u32,
    /// The link of the last entry, in hexadecimal digits.
    chain: String,
    /// When it was signed, by the board's clock since 1970.
    unix_ms: u64,
    /// Whether the clock was set, and ran since.
    exact: bool,
    /// The key of the signature, in hexadecimal digits.
    signer: String,
    /// The signature (Ed25519), in hexadecimal digits.
    signature: String,
}

impl Line {
    /// The line of a head.
    pub fn of(head: &LogHead) -> Self {
        Self {
            head: Fields {
                first: head.first,
                last: head.last,
                chain: hex::encode(head.chain),
                unix_ms: head.clock.unix_ms,
                exact: head.clock.exact,
                signer: hex::encode(head.signer),
                signature: hex::encode(head.signature.bytes()),
            },
        }
    }
}

/// The head of a line; `None` if the line is something else, or has anything besides.
pub fn from_json(line: &str) -> Option<LogHead> {
    let Line { head } = serde_json::from_str(line).ok()?;
    Some(LogHead {
        first: head.first,
        last: head.last,
        chain: bytes(&head.chain)?,
        clock: Clock { unix_ms: head.unix_ms, exact: head.exact },
        signer: bytes(&head.signer)?,
        signature: Signature::new(&bytes(&head.signature)?),
    })
}

/// What is wrong with a file whose entries are `check`, by its head and the key of the board: the number of the first
/// entry concerned, and a text.
pub fn finding(head: Option<&LogHead>, check: &Check, key: &Hash) -> Option<(u32, String)> {
    let last = check.last().unwrap_or_default();
    let Some(head) = head else {
        return Some((last, "the file has no signed head at its end: something was cut off".to_owned()));
    };
    let (Some(first), Some(entry), Some(link)) = (check.first, check.first_entry, check.link()) else {
        return Some((
            head.first,
            format!("the signed log begins with entry {}, the file has none", head.first),
        ));
    };
    let time = Time { unix_ms: head.clock.unix_ms, exact: head.clock.exact };
    let signed = Head { first: head.first, entry, last: head.last, chain: Chain(head.chain), time };
    if first != head.first {
        let what = format!("the signed log begins with entry {}, the file with entry {first}", head.first);
        Some((head.first.min(first), what))
    } else if last != head.last {
        let what = format!("the signed log ends with entry {}, the file with entry {last}", head.last);
        Some((head.last.min(last).saturating_add(1), what))
    } else if link != hex::encode(head.chain) {
        Some((first, "the entries are not those that the board signed".to_owned()))
    } else if !client::is_signed(key, &signed.signed(), &head.signature) {
        Some((first, "the signature is not that of this board over these entries".to_owned()))
    } else {
        None
    }
}

/// A public key in hexadecimal digits, as `postern keys` shows it.
///
/// # Errors
/// What is wrong with it.
pub fn public_key(digits: &str) -> Result<Hash, String> {
    bytes(digits).ok_or_else(|| "a key has 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use audit::{Entry, Kind};
    use client::protocol::LogEntry;

    use super::*;

    /// Entries, chained as a board does, or as somebody does who changed one.
    fn chained(entries: &[[u8; 28]], first: u32) -> Vec<LogEntry> {
        let mut chain = Chain([9; 16]);
        let linked = |(entry, number): (&[u8; 28], u32)| {
            chain = chain.next(number, entry);
            LogEntry { number, entry: *entry, chain: chain.0 }
        };
        entries.iter().zip(first..).map(linked).collect()
    }

    fn entries() -> Vec<[u8; 28]> {
        (0..9).map(|at| Entry::new(Kind::Button, Time { unix_ms: at, exact: false }).to_bytes()).collect()
    }

    fn check(log: &[LogEntry]) -> Check {
        let mut check = Check::default();
        log.iter().for_each(|entry| check.take(entry, None));
        check
    }

    /// The head that the board with this secret signs.
    fn sign(log: &[LogEntry], secret: u8) -> LogHead {
        let (first, last) = (log[0], log[log.len() - 1]);
        let time = Time { unix_ms: 77, exact: true };
        let chain = Chain(last.chain);
        let head = Head { first: first.number, entry: first.entry, last: last.number, chain, time };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        std::fs::write(&path, hex::encode([secret; 32])).unwrap();
        let signer = client::Signer::load(&path).unwrap().unwrap();
        let (signer, signature) = (signer.public(), signer.sign_bytes(&head.signed()));
        let clock = Clock { unix_ms: 77, exact: true };
        let signature = Signature::new(&signature);
        LogHead { first: head.first, last: head.last, chain: chain.0, clock, signer, signature }
    }

    fn found(head: Option<&LogHead>, log: &[LogEntry], key: &Hash) -> Option<String> {
        let check = check(log);
        assert_eq!(check.finding, None, "the chain alone is in order");
        finding(head, &check, key).map(|(_, what)| what)
    }

    #[test]
    fn a_log_with_a_changed_entry_and_a_new_chain_is_refused() {
        let log = chained(&entries(), 40);
        let head = sign(&log, 1);
        let key = head.signer;
        assert_eq!(found(Some(&head), &log, &key), None);
        assert_eq!(from_json(&serde_json::to_string(&Line::of(&head)).unwrap()), Some(head));
        for place in 0..log.len() {
            let mut changed = entries();
            changed[place][1] ^= 1;
            let forged = chained(&changed, 40);
            assert!(found(Some(&head), &forged, &key).is_some(), "entry {place}");
            // The forger signs, too, or puts the new link into the head of the board.
            assert!(found(Some(&sign(&forged, 2)), &forged, &key).is_some());
            let patched = LogHead { chain: forged[8].chain, ..head };
            assert!(found(Some(&patched), &forged, &key).is_some());
        }
        // The chain does not show the first entry: its link is taken as it is.
        let mut first = log.clone();
        first[0].entry[1] ^= 1;
        assert!(found(Some(&head), &first, &key).is_some());
    }

    #[test]
    fn a_log_that_was_cut_at_either_end_is_refused() {
        let log = chained(&entries(), 40);
        let head = sign(&log, 1);
        for cut in 1..log.len() {
            let what = found(Some(&head), &log[..cut], &head.signer).expect("cut at its end");
            assert!(what.contains("ends with entry 48"), "{what}");
            let what = found(Some(&head), &log[cut..], &head.signer).expect("cut at its beginning");
            assert!(what.contains("begins with entry 40"), "{what}");
        }
        assert!(found(Some(&head), &[], &head.signer).is_some());
        assert!(found(None, &log, &head.signer).is_some_and(|what| what.contains("no signed head")));
    }

    #[test]
    fn a_changed_head_is_refused() {
        let log = chained(&entries(), 40);
        let head = sign(&log, 1);
        let later = Clock { unix_ms: 78, exact: true };
        assert!(found(Some(&LogHead { clock: later, ..head }), &log, &head.signer).is_some());
        assert!(found(Some(&head), &log, &[7; 32]).is_some(), "the key is not the one that was remembered");
        for bad in ["", "{}", "{\"head\":{}}"] {
            assert_eq!(from_json(bad), None);
        }
    }
}
