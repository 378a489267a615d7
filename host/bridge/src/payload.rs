//! What is published about a door, as JSON. The fields are documented in docs/json.md, which is written from these types.
//!
//! No similarity is published: with the exact scores somebody could change a picture step by step until it matches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event, as it was published: an entry of the door's audit log. It is not retained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EventPublished {
    /// The topic: the prefix, the door, `event`.
    pub topic: String,
    /// What happened.
    pub payload: Event,
}

/// How the door stands, as it was published: when anything of it has changed, and on each new connection. It is retained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatePublished {
    /// The topic: the prefix, the door, `state`.
    pub topic: String,
    /// How the door stands.
    pub payload: State,
}

/// Whether the door can be reached, as it was published. It is retained, and `offline` is the last will of the bridge.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatusPublished {
    /// The topic: the prefix, the door, `status`.
    pub topic: String,
    /// Whether the board answers: the word itself, not JSON.
    #[schemars(extend("enum" = ["online", "offline"]))]
    pub payload: &'static str,
}

/// What came of a command to open, as it was published. It is not retained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpeningPublished {
    /// The topic: the prefix, the door, `opening`.
    pub topic: String,
    /// What came of it.
    pub payload: Opening,
}

/// What came of a command to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// The key of the signer, as the command says, in hexadecimal digits. `null` if the message was no command.
    pub signer: Option<String>,
    /// The counter of the command. `null` if the message was no command.
    pub counter: Option<u64>,
    /// Whether the door was opened.
    pub opened: bool,
    /// Why not, and what to do. `null` if it was opened.
    pub why: Option<String>,
}

/// Whether the door can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The board answers the bridge.
    Online,
    /// It does not, or the bridge is away.
    Offline,
}

impl Status {
    /// The word that is published.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }
}

/// What happened: an entry of the door's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    /// The number of the entry. It goes up by one: a number that comes twice is the same event, and a number that is left out was
    /// erased before it could be published.
    pub number: u32,
    /// What happened, in one word, as `postern log --json` has it.
    pub kind: String,
    /// When it happened (RFC 3339). `null` if the board's clock was not set.
    pub time: Option<String>,
    /// Whether `time` is the time, or the earliest that it can be. `null` if the clock was not set.
    pub exact: Option<bool>,
    /// The person's number. `null` for nobody.
    pub person: Option<u32>,
    /// The person's name. `null` for nobody, for a person who is no longer enrolled, and with `--no-names`.
    pub name: Option<String>,
    /// Why, or what of: a word that depends on the kind. `null` if the kind has none.
    pub reason: Option<String>,
    /// Why somebody was refused, in a sentence. `null` for another kind.
    pub why: Option<String>,
    /// Whether an alarm ended. `null` for another kind.
    pub over: Option<bool>,
    /// Whether somebody was let in by their duress PIN: they are forced. `null` for another kind.
    pub duress: Option<bool>,
}

/// How a door stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct State {
    /// The lock.
    #[schemars(extend("enum" = ["open", "locked"]))]
    pub lock: &'static str,
    /// The door itself, by its contact.
    #[schemars(extend("enum" = ["open", "closed"]))]
    pub contact: &'static str,
    /// The cover of the board: the tamper switch.
    #[schemars(extend("enum" = ["open", "closed"]))]
    pub cover: &'static str,
    /// Whether an alarm is active: cover open, door forced open or held open.
    #[schemars(extend("enum" = ["on", "off"]))]
    pub alarm: &'static str,
    /// The name of the person who was let in last; `person` and a number without a name. `null` if nobody was.
    pub last_person: Option<String>,
    /// When that was (RFC 3339). `null` if nobody was, or the board's clock was not set.
    pub last_admitted: Option<String>,
    /// Refusals in the log since the bridge knows it.
    pub refused: u64,
}

/// Who was let in last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// The person's number; `None` for nobody's, as of an entry without a person.
    pub person: Option<u32>,
    /// The person's name.
    pub name: Option<String>,
    /// When (RFC 3339).
    pub time: Option<String>,
}

impl Admitted {
    /// The person, in words.
    #[must_use]
    pub fn text(&self) -> String {
        match (&self.name, self.person) {
            (Some(name), _) => name.clone(),
            (None, Some(person)) => format!("person {person}"),
            (None, None) => "somebody".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of docs/bridge.md are what is published.
    #[test]
    fn the_page_shows_state_and_event_as_they_are_published() {
        let page = include_str!("../../../docs/bridge.md");
        let time = || Some("2026-11-25T12:34:56.791Z".to_owned());
        let state = State {
            lock: "open",
            contact: "closed",
            cover: "closed",
            alarm: "off",
            last_person: Some("Barack".to_owned()),
            last_admitted: time(),
            refused: 3,
        };
        let event = Event {
            number: 41,
            kind: "admitted".to_owned(),
            time: time(),
            exact: Some(true),
            person: Some(1),
            name: Some("Barack".to_owned()),
            reason: None,
            why: None,
            over: None,
            duress: Some(false),
        };
        for shown in [serde_json::json!(state).to_string(), serde_json::json!(event).to_string()] {
            assert!(page.contains(&format!("```json\n{shown}\n```")), "docs/bridge.md does not show {shown}");
        }
    }
}
