//! An encoder that is released to doors whose people are enrolled with another one locks all of them out, so it needs a word.

use std::time::Duration;

use ::fleet::folder::Folder;
use ::fleet::setup::{Kind, Release};
use ::fleet::standing::collect;
use anyhow::ensure;

use super::status::is_signed;
use super::{Opened, connect};

/// How long the doors' newest acknowledgements are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many people are named.
const NAMES: usize = 10;

/// Refuses to release an encoder that is another one than doors run at which people are enrolled.
///
/// # Errors
/// It is another one; the folder cannot be written.
pub fn refuse_to_lock_out(opened: &mut Opened, release: &Release) -> anyhow::Result<()> {
    // Without a broker it is what the folder knows.
    if let Ok((_hub, connection)) = connect(opened) {
        let broker = opened.broker.broker.to_string();
        let prefix = opened.broker.prefix.clone();
        let (folder, from) = (&mut opened.folder, (broker.as_str(), PATIENCE));
        collect(folder, &opened.identity, &prefix, &connection, from, &is_signed)?;
    }
    let (doors, people) = locked_out(&opened.folder, release);
    ensure!(
        doors.is_empty() || people.is_empty(),
        "{}: these doors run another encoder than {}, with which their people are enrolled. With the new one they open to nobody until \
         each person is enrolled again by `postern fleet enroll NAME PHOTO --replace`: {}. `--yes` releases it all the same",
        doors.join(", "),
        release.name,
        named(&people)
    );
    Ok(())
}

/// The doors that are known to run another encoder, each with its name, and the people of the fleet. A door that opens to nobody already
/// loses nothing.
fn locked_out(folder: &Folder, release: &Release) -> (Vec<String>, Vec<String>) {
    let other = |of: &::fleet::setup::Active| of.kind == Kind::Encoder && of.sha256 != release.sha256;
    let doors = folder.fleet_doors().filter_map(|(_, door)| {
        let active = door
            .ack
            .as_ref()
            .filter(|ack| ack.people > 0 && ack.foreign == 0)?
            .active
            .iter()
            .find(|active| other(active))?;
        Some(format!("{} ({})", door.name, active.name))
    });
    let mut people: Vec<String> = folder.enrolled().map(|(_, _, person)| person.name.clone()).collect();
    people.sort();
    (doors.collect(), people)
}

/// The first of many names, and how many more there are.
fn named(people: &[String]) -> String {
    let (first, more) = people.split_at(people.len().min(NAMES));
    match more.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_people_the_first_are_named_and_the_others_counted() {
        let people: Vec<String> = (0..12).map(|at| format!("P{at:02}")).collect();
        assert_eq!(named(&people[..2]), "P00, P01");
        assert!(named(&people).ends_with("P09 and 2 more"), "{}", named(&people));
    }
}
