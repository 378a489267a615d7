//! Updates of models: resumed, checked before they become active, safe from power cuts.

use crate::simulation::{Board, SLOT, World, engine, host};
use protocol::{Error, MAX_CHUNK, ModelKind, Request, Response};
use sha2::{Digest, Sha256};

/// Sends the image from `from` to `to`.
async fn send(world: &mut World, image: &[u8], from: usize, to: usize) {
    let mut next = from;
    while next < to {
        let data = &image[next..to.min(next + MAX_CHUNK)];
        let reply = world.host.ask(Request::ModelChunk { offset: next as u32, data }).await;
        next += data.len();
        assert_eq!(reply, Ok(Response::Progress { next: next as u32 }));
    }
}

fn begin(image: &[u8]) -> Request<'static> {
    host::begin(&host::signing_key(), ModelKind::Encoder, image, 1)
}

async fn names(world: &mut World) -> Vec<String> {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => status.models.iter().map(|model| model.name.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transfer_goes_on_where_it_stood_even_after_a_power_cut() {
    let mut board = Board::with_models();
    let image = engine::encoder("better", 2);
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.ask(begin(&image)).await, Ok(Response::Progress { next: 0 }));
        send(world, &image, 0, 100_000).await;
    });
    board.boot(async |world: &mut World| {
        assert_eq!(names(world).await, ["finder", "coder", "watcher"], "the old one works");
        let chunk = Request::ModelChunk { offset: 0, data: &[0; 4] };
        assert_eq!(world.host.ask(chunk).await, Err(Error::NoTransfer));
        // Checkpoints are 64 KiB apart.
        assert_eq!(world.host.ask(begin(&image)).await, Ok(Response::Progress { next: 65_536 }));
        send(world, &image, 65_536, image.len()).await;
        match world.host.ask(Request::CommitModel).await {
            Ok(Response::ModelActive(info)) => {
                assert_eq!((info.name.as_str(), info.length as usize), ("better", image.len()));
                assert_eq!(info.sha256, <[u8; 32]>::from(Sha256::digest(&image)));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(names(world).await, ["finder", "better", "watcher"]);
    });
    board.boot(async |world: &mut World| assert_eq!(names(world).await, ["finder", "better", "watcher"]));
}

#[test]
fn an_image_that_is_in_the_idle_slot_is_not_sent_again_and_is_checked_all_the_same() {
    let mut board = Board::with_models();
    let (one, two) = (engine::encoder("one", 2), engine::encoder("two", 3));
    let key = host::signing_key();
    let begin = |image: &[u8], sequence| host::begin(&key, ModelKind::Encoder, image, sequence);
    board.boot(async |world: &mut World| {
        for (image, sequence) in [(&one, 1), (&two, 2)] {
            assert_eq!(world.host.ask(begin(image, sequence)).await, Ok(Response::Progress { next: 0 }));
            send(world, image, 0, image.len()).await;
            world.host.ask(Request::CommitModel).await.unwrap();
        }
        let whole = Response::Progress { next: one.len() as u32 };
        assert_eq!(world.host.ask(begin(&one, 3)).await, Ok(whole.clone()));
        assert_eq!(names(world).await, ["finder", "two", "watcher"], "only a commit changes it");
    });
    board.boot(async |world: &mut World| {
        let older = world.host.ask(begin(&one, 1)).await;
        assert!(matches!(older, Err(Error::TooOld { .. })), "{older:?}");
        let whole = Response::Progress { next: one.len() as u32 };
        assert_eq!(world.host.ask(begin(&one, 3)).await, Ok(whole));
        world.host.ask(Request::CommitModel).await.unwrap();
        assert_eq!(names(world).await, ["finder", "one", "watcher"]);
    });
}

#[test]
fn another_image_restarts_the_transfer() {
    let mut board = Board::with_models();
    let (one, two) = (engine::encoder("one", 2), engine::encoder("two", 3));
    board.boot(async |world: &mut World| {
        world.host.ask(begin(&one)).await.unwrap();
        send(world, &one, 0, 100_000).await;
        assert_eq!(world.host.ask(begin(&two)).await, Ok(Response::Progress { next: 0 }));
        send(world, &two, 0, two.len()).await;
        world.host.ask(Request::CommitModel).await.unwrap();
        assert_eq!(names(world).await, ["finder", "two", "watcher"]);
    });
}

#[test]
fn what_is_wrong_does_not_take_effect() {
    Board::with_models().boot(async |world: &mut World| {
        assert_eq!(world.host.ask(Request::CommitModel).await, Err(Error::NoTransfer));
        let image = engine::encoder("better", 2);
        let (length, slot) = (SLOT as u32 + 1, SLOT as u32);
        let kind = ModelKind::Encoder;
        let too_long = host::begin(&host::signing_key(), kind, &vec![0; SLOT + 1], 1);
        assert_eq!(world.host.ask(too_long).await, Err(Error::SlotSize { kind, length, slot }));

        world.host.ask(begin(&image)).await.unwrap();
        send(world, &image, 0, 50_000).await;
        let incomplete = Error::Incomplete { next: 50_000, length: image.len() as u32 };
        assert_eq!(world.host.ask(Request::CommitModel).await, Err(incomplete));
        send(world, &image, 50_000, 60_000).await;
        let ahead = Request::ModelChunk { offset: 70_000, data: &[0; 4] };
        let refusal = Error::Offset { offset: 70_000, next: 60_000, length: image.len() as u32 };
        assert_eq!(world.host.ask(ahead).await, Err(refusal));

        // The bytes differ from the announced hash.
        let mut wrong = image.clone();
        wrong[60_000] ^= 1;
        send(world, &wrong, 60_000, image.len()).await;
        let received = Sha256::digest(&wrong).into();
        assert_eq!(world.host.ask(Request::CommitModel).await, Err(Error::HashMismatch { received }));
        assert_eq!(world.host.ask(begin(&image)).await, Ok(Response::Progress { next: 0 }));

        // A damaged image with its own hash announced; an image of the other kind; an image that does not fit.
        for (bad, why) in [
            (wrong, "corrupted"),
            (engine::detector("finder"), "it is no encoder"),
            (engine::encoder("odd", 13), "no detector fits encoder 13"),
        ] {
            match world.host.flash(kind, &bad).await {
                Err(Error::BadModel { reason }) => assert_eq!(reason.as_str(), why),
                other => panic!("{other:?}"),
            }
            assert_eq!(names(world).await, ["finder", "coder", "watcher"]);
        }
        world.host.flash(kind, &image).await.unwrap();
        assert_eq!(names(world).await, ["finder", "better", "watcher"]);
    });
}

#[test]
fn chunks_of_any_length_will_do() {
    Board::with_models().boot(async |world: &mut World| {
        let image = engine::encoder("odd chunks", 4);
        world.host.ask(begin(&image)).await.unwrap();
        let (mut next, mut length) = (0, 5);
        while next < image.len() {
            length = length * 7 % 2041 + 8;
            let data = &image[next..image.len().min(next + length)];
            match world.host.ask(Request::ModelChunk { offset: next as u32, data }).await {
                Ok(Response::Progress { next: now }) => next = now as usize,
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(world.host.ask(Request::CommitModel).await, Ok(Response::ModelActive(_))));
    });
}

#[test]
fn a_power_cut_anywhere_leaves_the_old_model_or_the_new_one() {
    let image = engine::encoder("better", 1);
    let mut before = Board::with_models();
    before.boot(async |world: &mut World| world.host.enrol("Ann", 1).await.unwrap());
    let mut outcomes = [0, 0];
    // Erased and programmed bytes both count; the whole transfer takes some 300,000.
    for cut in (0..330_000).step_by(1_777).chain((299_000..306_000).step_by(61)) {
        let mut board = before.copy();
        board.supply.bytes.set(Some(cut));
        let done = board.boot(async |world: &mut World| world.host.flash(ModelKind::Encoder, &image).await);
        board.supply.bytes.set(None);
        board.boot(async |world: &mut World| {
            let now = names(world).await;
            outcomes[usize::from(now == ["finder", "better", "watcher"])] += 1;
            match done {
                Ok(_) => assert_eq!(now, ["finder", "better", "watcher"], "{cut}"),
                Err(Error::Flash) => {
                    assert!(
                        now == ["finder", "coder", "watcher"] || now == ["finder", "better", "watcher"],
                        "{cut}: {now:?}"
                    )
                }
                Err(error) => panic!("{cut}: {error}"),
            }
            // The same template space, so that the gallery is valid with both encoders.
            world.host.stage(&engine::picture(1, 2)).await;
            match world.host.ask(Request::Identify { source: protocol::Source::Staged }).await {
                Ok(Response::Identified(who)) => assert!(who.accepted),
                other => panic!("{cut}: {other:?}"),
            }
            world.host.flash(ModelKind::Encoder, &image).await.unwrap();
        });
    }
    assert!(outcomes.iter().all(|count| *count > 10), "{outcomes:?}");
}

/// The slots of a board have grown since: firmware before it had both in what is slot A today.
fn grown(board: &Board) -> Board {
    let mut grown = board.copy();
    let [a, b] = board.liveness.clone();
    grown.liveness = [[a, b].concat(), vec![0; 2 * SLOT]];
    grown
}

/// The liveness network of the door, and that it is used.
async fn watcher(world: &mut World) -> String {
    for _ in 0..3 {
        world.show(1).await;
    }
    assert!(world.is_open(), "liveness is on, so the door would be locked without its network");
    names(world).await.pop().unwrap_or_default()
}

#[test]
fn an_image_stays_active_where_it_lies_when_a_firmware_update_moves_slot_b() {
    let mut board = Board::with_two_people();
    for active in ["watcher", "second"] {
        if active == "second" {
            board.boot(async |world: &mut World| {
                world.host.flash(ModelKind::Liveness, &engine::liveness("second")).await.unwrap();
            });
        }
        // The network is in slot A, and then in slot B of that time.
        let mut grown = grown(&board);
        let before = grown.liveness.clone();
        grown.boot(async |world: &mut World| assert_eq!(watcher(world).await, active));
        assert!(grown.liveness == before, "nothing is moved");
        // The firmware update may be reverted.
        board.boot(async |world: &mut World| assert_eq!(watcher(world).await, active));

        // Larger than a slot of that time: it goes to slot B, the next one to slot A over both places of that time.
        for name in ["third", "fourth", "fifth"] {
            grown.boot(async |world: &mut World| {
                world.host.flash(ModelKind::Liveness, &engine::large_liveness(name)).await.unwrap();
                assert_eq!(watcher(world).await, name);
            });
            grown.boot(async |world: &mut World| assert_eq!(watcher(world).await, name));
        }
    }
}
