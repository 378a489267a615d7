//! Bit flips in flash: in the settings one loses the value that it hits, in a model it is detected, and neither opens the
//! door. The tests of the gallery flip each bit of its flash.

use crate::simulation::{Board, World};
use fastrand::Rng;
use protocol::{Request, Response, Settings};

const FLIPS: usize = 300;
/// The enrolled person, and a stranger.
const ANN: u8 = 1;
const STRANGER: u8 = 77;

/// The visible state of a board; each field is stored in a record of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    role: Option<protocol::Role>,
    settings: Option<Settings>,
    models: Vec<String>,
    people: u16,
}

impl Seen {
    /// How many fields differ.
    fn differences(&self, other: &Self) -> usize {
        let models = self.models.iter().filter(|model| !other.models.contains(model)).count();
        usize::from(self.role != other.role)
            + usize::from(self.settings != other.settings)
            + models
            + usize::from(self.people != other.people)
    }
}

async fn see(world: &mut World, before: Option<&Seen>) -> Seen {
    let role = world.host.connect().await;
    let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
    let settings = match world.host.ask(Request::GetSettings).await {
        Ok(Response::Settings(settings)) => Some(settings),
        // A host that is no longer known cannot ask; that counts once.
        _ => before.and_then(|before| before.settings),
    };
    let models = status.models.iter().map(|model| model.name.to_string()).collect();
    let (models, people) = match (role, before) {
        // Such a host reads no models and no people either.
        (None, Some(before)) => (before.models.clone(), before.people),
        _ => (models, status.people),
    };
    Seen { role, settings, models, people }
}

fn board() -> Board {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        world.host.enrol("Ann", ANN).await.unwrap();
        for open_ms in [1_000, 2_000] {
            let settings = Settings { open_ms, ..Settings::default() };
            world.host.ask(Request::SetSettings(settings)).await.unwrap();
        }
    });
    board
}

/// Boots a board with one bit flipped. Returns its visible state, and whether it admits Ann, or says in its log why not. No
/// stranger may pass.
fn boot(board: &mut Board, before: &Seen) -> (Seen, bool, bool) {
    board.boot(async |world: &mut World| {
        let seen = see(world, Some(before)).await;
        for _ in 0..3 {
            world.show(STRANGER).await;
        }
        assert!(!world.is_open(), "a stranger is let in");
        for _ in 0..3 {
            world.show(ANN).await;
        }
        let opened = world.is_open();
        let told = seen.role.is_some() && world.host.kinds().await.contains(&audit::Kind::Fault);
        (seen, opened, told)
    })
}

#[test]
fn a_bit_of_the_settings_costs_its_value_and_no_more() {
    let whole = board();
    let before = whole.copy().boot(async |world: &mut World| see(world, None).await);
    let used: Vec<usize> = (0..whole.settings.len()).filter(|at| whole.settings[*at] != 0xff).collect();
    let mut random = Rng::with_seed(1);
    let (mut same, mut lost) = (0, 0);
    for _ in 0..FLIPS {
        let (at, bit) = (used[random.usize(..used.len())], random.u8(..8));
        let mut board = whole.copy();
        board.settings[at] ^= 1 << bit;
        let (seen, opened, told) = boot(&mut board, &before);
        let differences = before.differences(&seen);
        assert!(differences <= 1, "bit {bit} of byte {at}: {seen:?}");
        let lost_what_opens = seen.models.len() < before.models.len() || seen.settings != before.settings;
        // The newest release of firmware is nothing that is seen.
        assert!(opened || lost_what_opens || told, "bit {bit} of byte {at}: {seen:?}");
        same += usize::from(differences == 0);
        lost += differences;
    }
    println!("settings: {FLIPS} bits turned, {same} cost nothing that is seen, {lost} a value");
    assert!(same > 0 && lost > 0);
}

#[test]
fn a_bit_of_a_model_is_found_and_the_door_stays_locked() {
    let whole = board();
    let before = whole.copy().boot(async |world: &mut World| see(world, None).await);
    let mut random = Rng::with_seed(2);
    for flip in 0..FLIPS {
        let mut board = whole.copy();
        let slot = match flip % 3 {
            0 => &mut board.detector[0],
            1 => &mut board.encoder[0],
            _ => &mut board.liveness[0],
        };
        // Bytes behind the image are not part of it.
        let end = slot.iter().rposition(|byte| *byte != 0xff).unwrap() + 1;
        let at = random.usize(..end);
        slot[at] ^= 1 << random.u8(..8);
        let (seen, opened, _) = boot(&mut board, &before);
        assert_eq!(before.differences(&seen), 1, "byte {at} of slot {}", flip % 3);
        assert!(!opened, "a model that was changed is run");
    }
    println!("models: {FLIPS} bits turned, all found");
}
