//! The OSDP port: which controller the board answers, and from when on.
//!
//! The secure channel is compared with libosdp in the crate `osdp`, and on the emulated board.

use crate::simulation::{Board, World, panel::Panel};
use audit::Kind;
use protocol::{Error, Osdp, OsdpState, Request, Response, Role, Scbk, SettingName};

/// A request for the identity, to address 5, sequence number 0.
const ID: [u8; 9] = [0x53, 5, 9, 0, 4, 0x61, 0, 0xc1, 0x25];
/// A poll, to address 5, sequence number 0, with a checksum.
const POLL: [u8; 7] = [0x53, 5, 7, 0, 0, 0x60, 0x41];

/// The key of the controller.
const KEY: [u8; 16] = *b"a key, 16 bytes.";

fn with(address: u8, key: [u8; 16]) -> Request<'static> {
    Request::SetOsdp { osdp: Some(Osdp { address, key: Scbk(key) }) }
}

fn at(address: u8) -> Request<'static> {
    with(address, KEY)
}

/// The board's reply to a packet; empty if there is none.
async fn says(world: &World, packet: &[u8]) -> Vec<u8> {
    world.wait(50).await;
    world.bus.host_sends(packet);
    world.wait(50).await;
    std::iter::from_fn(|| world.bus.host_receives()).collect()
}

async fn state(world: &mut World) -> Option<OsdpState> {
    let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!("no status") };
    status.osdp
}

#[test]
fn a_controller_is_answered_once_the_installer_says_so_and_until_they_say_otherwise() {
    let mut board = Board::with_models();
    let serial = board.boot(async |world: &mut World| {
        assert!(says(world, &ID).await.is_empty() && state(world).await.is_none());
        world.host.ask(at(5)).await.unwrap();
        let id = says(world, &ID).await;
        assert_eq!((id.len(), &id[..6]), (20, &[0x53, 0x85, 20, 0, 4, 0x45][..]), "PDID");
        assert_eq!(state(world).await, Some(OsdpState { address: 5, secure: false }));
        assert_eq!(
            says(world, &POLL).await[4..7],
            [0, 0x41, 6],
            "nothing is reported outside the secure channel"
        );
        id[11..15].to_vec()
    });
    board.boot(async |world: &mut World| {
        assert_eq!(says(world, &ID).await[11..15], serial, "the same board after a reset");
        world.host.ask(at(6)).await.unwrap();
        assert!(says(world, &ID).await.is_empty(), "another address");
        world.host.ask(at(5)).await.unwrap();
        assert!(!says(world, &ID).await.is_empty());
        world.host.ask(Request::SetOsdp { osdp: None }).await.unwrap();
        assert!(says(world, &ID).await.is_empty() && state(world).await.is_none());
        let log = world.host.log().await.into_iter().map(|(_, entry)| entry);
        let addresses: Vec<u8> =
            log.filter(|entry| entry.kind == Kind::Controller).map(|entry| entry.detail[4]).collect();
        assert_eq!(addresses, [5, 6, 5, 255]);
    });
    board.boot(async |world: &mut World| assert!(says(world, &ID).await.is_empty()));
}

#[test]
fn a_packet_that_pauses_is_none_and_the_next_one_is_heard() {
    Board::new().boot(async |world: &mut World| {
        world.host.ask(at(5)).await.unwrap();
        assert!(says(world, &ID[..5]).await.is_empty());
        assert!(says(world, &ID[5..]).await.is_empty());
        assert!(!says(world, &ID).await.is_empty());
    });
}

#[test]
fn a_key_that_can_be_guessed_is_refused_by_the_board() {
    Board::new().boot(async |world: &mut World| {
        for key in [*b"0123456789:;<=>?", [0; 16], [0xff; 16], *b"postern!postern!"] {
            assert_eq!(world.host.ask(with(5, key)).await, Err(Error::WeakKey));
        }
        assert!(says(world, &ID).await.is_empty() && state(world).await.is_none());
    });
}

#[test]
fn bad_addresses_and_lower_roles_are_refused() {
    Board::new().boot(async |world: &mut World| {
        let refused = Error::BadSetting { setting: SettingName::OsdpAddress, low: 0, high: 126 };
        assert_eq!(world.host.ask(at(127)).await, Err(refused));
        world.host.ask(Request::Invite { role: Role::Operator }).await.unwrap();
        world.host.become_host(9);
        world.host.connect().await;
        world.host.begin_pairing(Role::Operator, "guard").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        let answer = world.host.ask(at(5)).await;
        assert_eq!(answer, Err(Error::Forbidden { needed: Role::Installer }));
        assert!(says(world, &ID).await.is_empty());
    });
}

/// The port has the board's clock: a channel in which nothing comes ends by itself, and its MACs are worth nothing then.
#[test]
fn a_channel_at_the_door_ends_after_eight_seconds_without_a_command() {
    const ACK: u8 = 0x40;
    const NAK: u8 = 0x41;
    Board::with_models().boot(async |world: &mut World| {
        world.host.ask(at(5)).await.unwrap();
        let mut panel = Panel::begin(world, &KEY).await;
        // The first reply tells the state of the cover.
        panel.poll(world).await;
        for _ in 0..3 {
            world.wait(7_500).await;
            assert_eq!(panel.poll(world).await, ACK, "a poll every 7.6 s keeps the channel");
        }
        let secure = |state: Option<OsdpState>| state.is_some_and(|state| state.secure);
        world.wait(7_500).await;
        assert!(secure(state(world).await));
        world.wait(700).await;
        assert!(!secure(state(world).await), "nothing came, not even a byte");
        assert_eq!(panel.poll(world).await, NAK, "a command with the next MAC of the channel");
        let mut again = Panel::begin(world, &KEY).await;
        again.poll(world).await;
        assert_eq!(again.poll(world).await, ACK, "a new channel begins");
    });
}
