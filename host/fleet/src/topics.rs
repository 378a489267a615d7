//! The topics of a fleet.
//!
//! ```text
//! PREFIX/fleet/OPERATOR/DOOR/head               what a door should have; retained
//! PREFIX/fleet/OPERATOR/DOOR/record/P/PERSON    what holds for a person at that door; retained
//! PREFIX/fleet/OPERATOR/DOOR/ack                what the door has; retained, written by the door
//! PREFIX/fleet/OPERATOR/pictures/DIGEST         pictures of a person; retained
//! PREFIX/fleet/OPERATOR/chunk/DIGEST            a chunk of a model or of firmware; retained
//! PREFIX/fleet/doors/DOOR/here                  that the door is on the broker; retained, written by the door
//! PREFIX/fleet/doors/DOOR/away                  the door's last will; retained, written by the broker for it
//! PREFIX/fleet/OPERATOR/mark/CLIENT             sent by a client to itself; not retained
//! ```
//! `OPERATOR` and `DOOR` are the beginnings of their signing keys, `PERSON` is random, and `P` its first digit. No name of a
//! person or of a door is in a topic. The operator has a branch as if it were a door: its own copy.

use bridge::Level;

use crate::identity::Public;
use crate::record::PersonId;

/// The topics of an operator.
#[derive(Clone, Debug)]
pub struct Topics {
    operator: String,
    doors: String,
}

/// What a topic is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// What a door should have.
    Head,
    /// A person.
    Record(PersonId),
    /// What a door has, by the level of the door.
    Ack(String),
    /// Pictures.
    Pictures([u8; 32]),
    /// A chunk of an image.
    Chunk([u8; 32]),
    /// Whether a door is on the broker, by its level.
    Presence(String),
    /// A client's own mark.
    Mark,
}

impl Topics {
    /// Below a prefix, those of an operator.
    #[must_use]
    pub fn of(prefix: &Level, operator: &Public) -> Self {
        Self { operator: format!("{prefix}/fleet/{}", operator.level()), doors: doors(prefix) }
    }

    /// What a recipient should have.
    #[must_use]
    pub fn head(&self, to: &Public) -> String {
        format!("{}/{}/head", self.operator, to.level())
    }

    /// What holds for a person at a recipient.
    #[must_use]
    pub fn record(&self, to: &Public, id: &PersonId) -> String {
        let digits = id.digits();
        format!("{}/{}/record/{}/{digits}", self.operator, to.level(), digits.get(..1).unwrap_or_default())
    }

    /// A filter for all records of a recipient.
    #[must_use]
    pub fn records(&self, to: &Public) -> String {
        format!("{}/{}/record/+/+", self.operator, to.level())
    }

    /// A filter for the records of a recipient in one part.
    #[must_use]
    pub fn part(&self, to: &Public, part: usize) -> String {
        format!("{}/{}/record/{part:x}/+", self.operator, to.level())
    }

    /// What a door has.
    #[must_use]
    pub fn ack(&self, door: &Public) -> String {
        format!("{}/{}/ack", self.operator, door.level())
    }

    /// A filter for what all doors have.
    #[must_use]
    pub fn acks(&self) -> String {
        format!("{}/+/ack", self.operator)
    }

    /// A filter for what all doors say of themselves.
    #[must_use]
    pub fn presences(&self) -> String {
        format!("{}/+/+", self.doors)
    }

    /// Pictures.
    #[must_use]
    pub fn pictures(&self, digest: &[u8; 32]) -> String {
        format!("{}/pictures/{}", self.operator, hex::encode(digest))
    }

    /// A chunk of an image.
    #[must_use]
    pub fn chunk(&self, digest: &[u8; 32]) -> String {
        format!("{}/chunk/{}", self.operator, hex::encode(digest))
    }

    /// The mark of a client.
    #[must_use]
    pub fn mark(&self, client: &str) -> String {
        format!("{}/mark/{client}", self.operator)
    }

    /// What a topic of this operator is about; `None` for any other topic.
    #[must_use]
    pub fn about(&self, topic: &str) -> Option<About> {
        if let Some(rest) = topic.strip_prefix(&self.doors) {
            let (door, what) = rest.strip_prefix('/')?.split_once('/')?;
            return matches!(what, "here" | "away").then(|| About::Presence(door.to_owned()));
        }
        let rest = topic.strip_prefix(&self.operator)?.strip_prefix('/')?;
        let levels: Vec<&str> = rest.split('/').collect();
        match levels[..] {
            ["mark", _] => Some(About::Mark),
            [what @ ("pictures" | "chunk"), digest] => {
                let mut bytes = [0; 32];
                hex::decode_to_slice(digest, &mut bytes).ok()?;
                Some(if what == "chunk" { About::Chunk(bytes) } else { About::Pictures(bytes) })
            }
            [_, "head"] => Some(About::Head),
            [door, "ack"] => Some(About::Ack(door.to_owned())),
            [_, "record", _, person] => PersonId::parse(person).map(About::Record),
            _ => None,
        }
    }
}

/// What the topics begin with that doors have for all operators.
fn doors(prefix: &Level) -> String {
    format!("{prefix}/fleet/doors")
}

/// Where a door says that it is there, and where its last will goes.
#[must_use]
pub fn presence(prefix: &Level, door: &Public) -> [String; 2] {
    ["here", "away"].map(|what| format!("{}/{}/{what}", doors(prefix), door.level()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;
    use crypto::Key;

    #[test]
    fn each_topic_reads_back() {
        let public = |byte| Identity::of(&Key::new([byte; 32])).public();
        let (operator, door) = (public(1), public(2));
        let topics = Topics::of(&"house/postern".parse().expect("a level"), &operator);
        let id = PersonId([0xC5; 16]);
        assert_eq!(topics.about(&topics.head(&door)), Some(About::Head));
        assert_eq!(topics.about(&topics.record(&door, &id)), Some(About::Record(id)));
        assert_eq!(topics.about(&topics.ack(&door)), Some(About::Ack(door.level())));
        assert_eq!(topics.about(&topics.pictures(&[9; 32])), Some(About::Pictures([9; 32])));
        assert_eq!(topics.about(&topics.chunk(&[9; 32])), Some(About::Chunk([9; 32])));
        assert_eq!(topics.about(&topics.mark("x")), Some(About::Mark));
        assert!(topics.record(&door, &id).starts_with(topics.part(&door, id.part()).trim_end_matches('+')));
        for topic in presence(&"house/postern".parse().expect("a level"), &door) {
            assert_eq!(topics.about(&topic), Some(About::Presence(door.level())));
        }
        let other = Topics::of(&"house/postern".parse().expect("a level"), &door);
        assert_eq!(other.about(&topics.head(&door)), None);
    }
}
