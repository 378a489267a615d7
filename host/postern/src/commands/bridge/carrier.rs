//! Which of the commands that arrive reach the board.
//!
//! The board checks each of them again. What it would refuse in any case does not reach it, so that a flood of such messages wears
//! nothing there.
//!
//! | the command | the board |
//! |---|---|
//! | is not signed by its signer | is not asked |
//! | was used, as the board said before | is not asked |
//! | comes when the board has said nothing for an interval | is asked who may open |
//! | is of nobody who may open | is asked nothing more |
//! | is none of these | judges it |

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use bridge::command::Command;
use client::SignedOpening;
use client::protocol::{Error as Refusal, Hash, NotOpened};

/// For how long the bridge knows who may open without asking the board.
const OPENERS: Duration = Duration::from_secs(2);

/// What a board is asked.
pub(super) trait Opens {
    /// Who may open.
    fn openers(&mut self) -> anyhow::Result<Vec<Hash>>;
    /// To open.
    fn open(&mut self, command: &SignedOpening) -> anyhow::Result<()>;
}

/// What is known of the board.
#[derive(Default)]
pub(super) struct Carrier {
    /// The last counter of each signer whose command the board took: what is repeated costs the board nothing.
    used: BTreeMap<Hash, u64>,
    /// Who may open, and when the board said it.
    openers: Option<(Instant, Vec<Hash>)>,
}

impl Carrier {
    /// Has the board judge a command that it may take.
    pub(super) fn carry(
        &mut self,
        command: &SignedOpening,
        now: Instant,
        board: &mut dyn Opens,
    ) -> anyhow::Result<()> {
        let refuse = |why| Err(client::Error::Refused(Refusal::NotOpened { why }).into());
        if !command.is_signed() {
            return refuse(NotOpened::Forged);
        }
        if self.used.get(&command.signer).is_some_and(|used| *used >= command.counter) {
            return refuse(NotOpened::Used);
        }
        let openers = match self.openers.take() {
            Some((at, openers)) if now.saturating_duration_since(at) < OPENERS => (at, openers),
            _ => (now, board.openers()?),
        };
        let is_allowed = openers.1.contains(&command.signer);
        self.openers = Some(openers);
        if !is_allowed {
            return refuse(NotOpened::NotAllowed);
        }
        let answer = board.open(command);
        let refused = answer.as_ref().err().and_then(|error| error.downcast_ref());
        let of_no_use = match refused {
            Some(client::Error::Refused(Refusal::NotOpened { why })) => {
                matches!(why, NotOpened::Used | NotOpened::Expired)
            }
            _ => answer.is_ok(),
        };
        if of_no_use {
            self.used.insert(command.signer, command.counter);
        }
        answer
    }
}

/// The command of a message.
pub(super) fn read(command: &Command) -> anyhow::Result<SignedOpening> {
    let Command { board, signer, counter, until, signature } = command;
    let mut signed = SignedOpening {
        board: Hash::default(),
        signer: Hash::default(),
        counter: *counter,
        until: *until,
        signature: [0; 64],
    };
    hex::decode_to_slice(board, &mut signed.board)
        .and_then(|()| hex::decode_to_slice(signer, &mut signed.signer))
        .and_then(|()| hex::decode_to_slice(signature, &mut signed.signature))
        .context("the keys and the signature are not in hexadecimal digits")?;
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use fleet::folder::Folder;
    use fleet::identity::Identity;

    use super::*;

    /// An operator who signs.
    struct Operator {
        identity: Identity,
        folder: Folder,
        _place: tempfile::TempDir,
    }

    impl Operator {
        fn new() -> Self {
            let place = tempfile::tempdir().expect("a folder");
            let identity = Identity::of(&client::Signer::passing().expect("a key").derive(b"test"));
            let folder =
                Folder::make(&place.path().join("fleet"), identity.public(), serde_json::Value::Null);
            Self { identity, folder: folder.expect("made"), _place: place }
        }

        fn key(&self) -> Hash {
            self.identity.public().signing
        }

        /// A command with this counter, which is above that of each before.
        fn signs(&self, counter: u64) -> SignedOpening {
            let (board, times) = (Some([0xAB; 32]), (counter, 30_000));
            let signed = fleet::opening::sign(&self.folder, &self.identity, "front", board, times);
            let read = read(&signed.expect("signed")).expect("digits");
            assert_eq!(read.counter, counter);
            read
        }
    }

    /// A board that counts what it is asked, and takes each counter once.
    #[derive(Default)]
    struct Counting {
        allowed: Vec<Hash>,
        asked_who: usize,
        judged: Vec<u64>,
    }

    impl Opens for Counting {
        fn openers(&mut self) -> anyhow::Result<Vec<Hash>> {
            self.asked_who += 1;
            Ok(self.allowed.clone())
        }

        fn open(&mut self, command: &SignedOpening) -> anyhow::Result<()> {
            let used = self.judged.iter().any(|before| *before >= command.counter);
            self.judged.push(command.counter);
            match used {
                true => Err(client::Error::Refused(Refusal::NotOpened { why: NotOpened::Used }).into()),
                false => Ok(()),
            }
        }
    }

    fn why(answer: anyhow::Result<()>) -> NotOpened {
        match answer.expect_err("refused").downcast_ref() {
            Some(client::Error::Refused(Refusal::NotOpened { why })) => *why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flood_that_opens_nothing_asks_the_board_once_an_interval_who_may_and_no_more() {
        let (begin, mut carrier) = (Instant::now(), Carrier::default());
        let (ada, stranger) = (Operator::new(), Operator::new());
        let mut board = Counting { allowed: vec![ada.key()], ..Counting::default() };
        let used = ada.signs(7);
        carrier.carry(&used, begin, &mut board).expect("opened");
        assert_eq!((board.asked_who, &board.judged[..]), (1, &[7][..]));
        let (forged, strange) = (SignedOpening { counter: 8, ..used }, stranger.signs(9));
        // Ten seconds of it.
        for flood in 0..1000 {
            let now = begin + Duration::from_millis(10) * flood;
            for (message, expected) in
                [(&forged, NotOpened::Forged), (&used, NotOpened::Used), (&strange, NotOpened::NotAllowed)]
            {
                assert_eq!(why(carrier.carry(message, now, &mut board)), expected);
            }
        }
        assert!((2..=6).contains(&board.asked_who), "asked {} times", board.asked_who);
        assert_eq!(board.judged, [7], "nothing of it reached the board");
        // Nor do commands that count ask more often who may.
        let (asked, now) = (board.asked_who, begin + Duration::from_secs(10));
        for counter in 100..120 {
            carrier.carry(&ada.signs(counter), now, &mut board).expect("opened");
        }
        assert!(board.asked_who <= asked + 1, "asked {} times", board.asked_who);
    }

    #[test]
    fn what_the_board_says_counts_for_an_interval_and_a_line_that_fails_says_nothing() {
        let (begin, ada) = (Instant::now(), Operator::new());
        let (mut carrier, mut board) = (Carrier::default(), Counting::default());
        let first = ada.signs(1);
        assert_eq!(why(carrier.carry(&first, begin, &mut board)), NotOpened::NotAllowed);
        board.allowed.push(ada.key());
        assert_eq!(why(carrier.carry(&first, begin, &mut board)), NotOpened::NotAllowed);
        carrier.carry(&first, begin + OPENERS, &mut board).expect("allowed meanwhile");
        // Another bridge carried it: the board says so, and is not asked again.
        let elsewhere = ada.signs(5);
        board.judged.push(5);
        for _ in 0..9 {
            assert_eq!(why(carrier.carry(&elsewhere, begin + OPENERS, &mut board)), NotOpened::Used);
        }
        assert_eq!(board.judged, [1, 5, 5]);
        // A question that does not arrive, and then a command.
        let now = begin + OPENERS * 2;
        for counter in [6, 7] {
            let command = ada.signs(counter);
            assert!(carrier.carry(&command, now, &mut Away).is_err());
            carrier.carry(&command, now, &mut board).expect("it was not used");
        }
    }

    /// A board that does not answer.
    struct Away;

    impl Opens for Away {
        fn openers(&mut self) -> anyhow::Result<Vec<Hash>> {
            anyhow::bail!("nobody is there")
        }

        fn open(&mut self, _: &SignedOpening) -> anyhow::Result<()> {
            anyhow::bail!("nobody is there")
        }
    }
}
