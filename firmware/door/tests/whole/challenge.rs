//! The challenge: the door opens only to a person who makes the gestures that its LEDs show.

use crate::simulation::rules::denials;
use crate::simulation::{Board, World, engine, engine::Pose};
use audit::Kind;
use policy::Reason;
use protocol::{
    Error, EventKind, FrameResult, Gesture, Limits, LivenessMode, RejectReason, Request, Response, Settings,
    Source,
};

/// The gesture of each LED, in order.
const GESTURES: [Gesture; 4] = [Gesture::Left, Gesture::Right, Gesture::Up, Gesture::Down];

pub fn settings() -> Settings {
    Settings { liveness: LivenessMode::Challenge, ..Settings::default() }
}

/// A board with the challenge active, where person 1 is enrolled.
pub fn board() -> Board {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(settings())).await.unwrap();
        world.host.enrol("Ann", 1).await.unwrap();
    });
    board
}

/// The gesture that the LEDs show, if any.
pub fn asked(world: &World) -> Option<Gesture> {
    let lit: Vec<_> =
        world.wires.asked.iter().zip(GESTURES).filter(|(led, _)| led.get()).map(|(_, one)| one).collect();
    assert!([0, 1, 4].contains(&lit.len()), "one at a time, or all: {lit:?}");
    if lit.len() == GESTURES.len() { Some(Gesture::Blink) } else { lit.first().copied() }
}

/// The pose at the end of a gesture.
fn goal(gesture: Option<Gesture>) -> Pose {
    match gesture {
        Some(Gesture::Left) => Pose { yaw: 24, ..Pose::default() },
        Some(Gesture::Right) => Pose { yaw: -24, ..Pose::default() },
        Some(Gesture::Up) => Pose { down: -30, ..Pose::default() },
        Some(Gesture::Down) => Pose { down: 30, ..Pose::default() },
        Some(Gesture::Blink) => Pose { closed: true, ..Pose::default() },
        _ => Pose::default(),
    }
}

/// A person at the door, frame by frame.
pub struct Visitor {
    person: u8,
    pose: Pose,
    moment: u8,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { person: 1, pose: Pose::default(), moment: 0 }
    }
}

impl Visitor {
    pub fn of(person: u8) -> Self {
        Self { person, ..Self::default() }
    }

    /// Shows the next frame, in which the head is nearer to its goal.
    pub async fn step(&mut self, world: &mut World, goal: Pose) {
        let nearer = |now: i8, goal: i8| now + (goal - now).clamp(-8, 8);
        self.pose = Pose {
            yaw: nearer(self.pose.yaw, goal.yaw),
            down: nearer(self.pose.down, goal.down),
            closed: goal.closed,
        };
        self.hold(world, self.pose).await;
    }

    pub async fn hold(&mut self, world: &mut World, pose: Pose) {
        self.moment = self.moment.wrapping_add(1);
        world.scene.show_bytes(engine::posed(self.person, self.moment, pose));
        world.wait(50).await;
    }

    /// Answers each gesture with a pose by `answer`, until the door opens or this many frames were shown. Returns the poses
    /// and the gestures asked for.
    pub async fn visit(
        &mut self,
        world: &mut World,
        pictures: usize,
        answer: impl Fn(Gesture) -> Option<Gesture>,
    ) -> (Vec<Pose>, Vec<Gesture>) {
        let (mut poses, mut all) = (Vec::new(), Vec::new());
        let mut before = None;
        for _ in 0..pictures {
            let asks = asked(world);
            if asks != before {
                all.extend(asks);
                before = asks;
            }
            self.step(world, goal(asks.and_then(&answer))).await;
            poses.push(self.pose);
            if world.is_open() {
                break;
            }
        }
        (poses, all)
    }
}

/// The reject reasons, each time the reason changed.
async fn verdicts(world: &mut World) -> Vec<RejectReason> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        match world.host.ask(Request::NextEvents { after }).await {
            Ok(Response::Events { newest, events }) => {
                all.extend(events.iter().filter_map(|event| match event.kind {
                    EventKind::FrameAssessed { result: FrameResult::NotLive(reason), .. } => Some(reason),
                    _ => None,
                }));
                after = events.last().map_or(newest, |event| event.sequence);
                if after == newest {
                    all.dedup();
                    return all;
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn it_opens_to_a_head_that_does_what_is_asked() {
    board().boot(async |world: &mut World| {
        let (poses, asked_for) = Visitor::default().visit(world, 120, Some).await;
        assert!(world.is_open(), "asked {asked_for:?}, {} frames", poses.len());
        assert_eq!(asked_for.len(), liveness::STEPS);
        assert_eq!(asked(world), None, "nothing is asked any more");
        let refused = world.host.kinds().await.into_iter().filter(|kind| *kind == Kind::Refused).count();
        assert_eq!(refused, 0, "who is asked is not refused");
    });
}

#[test]
fn it_asks_for_every_movement_and_sees_whether_the_eyes_close() {
    let mut board = board();
    let mut all = Vec::new();
    for drawn in 0..8 {
        board.drawn = 1_000 * drawn;
        let (asked_for, opens) = board.boot(async |world: &mut World| {
            let (_, asked_for) = Visitor::default().visit(world, 120, Some).await;
            (asked_for, world.is_open())
        });
        assert!(opens, "asked {asked_for:?}");
        let stares = board.boot(async |world: &mut World| {
            let open_eyes = |gesture| (gesture != Gesture::Blink).then_some(gesture);
            Visitor::default().visit(world, 120, open_eyes).await;
            world.is_open()
        });
        assert_eq!(stares, !asked_for.contains(&Gesture::Blink), "asked {asked_for:?}");
        all.extend(asked_for);
    }
    assert!(all.contains(&Gesture::Blink) && GESTURES.iter().all(|one| all.contains(one)), "{all:?}");
}

#[test]
fn the_host_is_told_what_is_asked() {
    board().boot(async |world: &mut World| {
        let (_, asked_for) = Visitor::default().visit(world, 14, |_| None).await;
        let told = verdicts(world).await;
        assert_eq!(told.last(), Some(&RejectReason::ChallengeRequested(asked_for[0])), "{told:?}");
    });
}

#[test]
fn another_movement_than_the_one_asked_for_is_refused_and_counts_once() {
    board().boot(async |world: &mut World| {
        let limits = Limits { failures: 2, lockout_ms: 60_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
        let other = |gesture| {
            Some(match gesture {
                Gesture::Left => Gesture::Right,
                Gesture::Right => Gesture::Left,
                Gesture::Up => Gesture::Down,
                Gesture::Blink => Gesture::Left,
                _ => Gesture::Up,
            })
        };
        let mut visitor = Visitor::default();
        visitor.visit(world, 25, other).await;
        assert!(!world.is_open());
        let told = verdicts(world).await;
        assert!(told.contains(&RejectReason::ChallengeFailed), "{told:?}");
        visitor.visit(world, 150, other).await;
        assert!(!world.is_open());
        visitor.visit(world, 150, Some).await;
        assert!(!world.is_open(), "two failures shut the door");
        let log = world.host.log().await;
        let reasons: Vec<_> = log.iter().map(|(_, entry)| entry.reason).collect();
        assert!(reasons.contains(&(Reason::LockedOut as u8)), "{reasons:?}");
    });
}

#[test]
fn who_does_nothing_in_time_is_refused() {
    board().boot(async |world: &mut World| {
        Visitor::default().visit(world, 230, |_| None).await;
        assert!(!world.is_open());
        let told = verdicts(world).await;
        assert!(told.contains(&RejectReason::ChallengeFailed), "{told:?}");
    });
}

#[test]
fn a_recording_of_what_was_asked_another_time_does_not_open() {
    let mut board = board();
    let (recording, _) =
        board.boot(async |world: &mut World| Visitor::default().visit(world, 120, Some).await);
    for drawn in 0..6 {
        board.drawn = 1_000 * drawn;
        let opens = board.boot(async |world: &mut World| {
            let mut visitor = Visitor::default();
            for pose in &recording {
                visitor.hold(world, *pose).await;
            }
            world.is_open()
        });
        assert_eq!(opens, drawn == 0, "draw {drawn}; the first is what was recorded");
    }
}

/// A frame that the network refuses changes nothing. A face that is turned too far to be assessed has made its turn.
#[test]
fn the_leds_show_what_the_door_waits_for_whatever_a_frame_shows() {
    let mut turns = 0;
    for drawn in 0..8 {
        let mut board = board();
        board.drawn = 1_000 * drawn;
        board.boot(async |world: &mut World| {
            let mut visitor = Visitor::default();
            while asked(world).is_none() {
                visitor.step(world, Pose::default()).await;
            }
            let request = asked(world);
            let yaw = match request {
                Some(Gesture::Left) => 40,
                Some(Gesture::Right) => -40,
                _ => 0,
            };
            for (is_poor, yaw) in [(false, 0), (true, yaw)] {
                visitor.moment += 1;
                let frame = if is_poor { engine::poor } else { engine::refused };
                world.scene.show_bytes(frame(1, visitor.moment, Pose { yaw, ..Pose::default() }));
                world.wait(50).await;
                assert_eq!(asked(world), request.filter(|_| yaw == 0), "{request:?}");
            }
            turns += u32::from(yaw != 0);
        });
    }
    assert!((1..8).contains(&turns), "{turns} of 8 begin with a turn");
}

#[test]
fn a_door_that_does_not_ask_shows_nothing() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings::default())).await.unwrap();
        for _ in 0..30 {
            world.show(1).await;
            assert_eq!(asked(world), None);
        }
        assert!(world.is_open());
    });
}

/// Somebody learns the first gestures with a face of their own. Then a picture of Ann takes over.
#[test]
fn another_face_in_the_middle_fails_it_for_the_face_that_began_and_gets_another_order() {
    let mut others = 0;
    for drawn in 0..6 {
        let mut board = board();
        board.drawn = 1_000 * drawn;
        board.boot(async |world: &mut World| {
            world.host.enrol("Bob", 2).await.unwrap();
            let limits = Limits { failures: 1, lockout_ms: 60_000, ..Limits::default() };
            world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
            let mut visitor = Visitor { person: 2, ..Visitor::default() };
            let mut learned = None;
            while learned.is_none() {
                visitor.step(world, Pose::default()).await;
                learned = asked(world);
            }
            visitor.person = 1;
            visitor.step(world, Pose::default()).await;
            assert_eq!(asked(world), None);
            let denied = denials(world, &mut 0).await;
            assert_eq!(denied, [(Some(2), Reason::LockedOut)], "who began, and not who is shown");
            let mut next = None;
            while next.is_none() {
                visitor.step(world, Pose::default()).await;
                next = asked(world);
            }
            others += u32::from(next != learned);
        });
    }
    assert!(others > 2, "{others} of 6 orders begin with another gesture");
}

/// A leap, and a face that cannot be assessed.
#[test]
fn whatever_ends_the_track_in_the_middle_fails_the_challenge() {
    for end in 0..2 {
        board().boot(async |world: &mut World| {
            let limits = Limits { failures: 1, lockout_ms: 60_000, ..Limits::default() };
            world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
            let mut visitor = Visitor::default();
            while asked(world).is_none() {
                visitor.step(world, Pose::default()).await;
            }
            match end {
                0 => visitor.hold(world, Pose { yaw: 80, ..Pose::default() }).await,
                _ => {
                    for _ in 0..12 {
                        world.scene.show_bytes(engine::distant(1));
                        world.wait(50).await;
                    }
                }
            }
            visitor.hold(world, Pose::default()).await;
            let denied = denials(world, &mut 0).await;
            assert_eq!(denied, [(Some(1), Reason::LockedOut)], "{end}");
        });
    }
}

/// Somebody's computer could lock them out otherwise. Orders that it has drawn are in the log, one by one, within its ration.
#[test]
fn a_challenge_that_a_request_ends_is_nobodys_failure_and_has_an_entry() {
    let mut others = 0;
    for drawn in 0..4 {
        let mut board = board();
        board.drawn = 1_000 * drawn;
        board.boot(async |world: &mut World| {
            let limits = Limits { failures: 1, lockout_ms: 60_000, ..Limits::default() };
            world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
            let mut visitor = Visitor::default();
            let mut order = async |world: &mut World| {
                while asked(world).is_none() {
                    visitor.step(world, Pose::default()).await;
                }
                asked(world)
            };
            let mut before = order(world).await;
            for turn in 0..3 {
                let entries = world.host.kinds().await.len();
                if turn == 0 {
                    world.host.ask(Request::PauseDoor { ms: 100 }).await.unwrap();
                    world.wait(200).await;
                } else {
                    world.host.send(&Request::Identify { source: Source::Camera });
                    world.wait(100).await;
                    world.scene.show_bytes(engine::picture(0, 0));
                    assert_eq!(world.host.receive().await.1, Err(Error::NoFace));
                }
                assert_eq!(asked(world), None);
                assert_eq!(world.host.kinds().await.len(), entries + 1, "each order has an entry");
                let next = order(world).await;
                others += u32::from(next != before);
                before = next;
            }
            assert_eq!(denials(world, &mut 0).await, [], "and none is a failure");
        });
    }
    assert!(others > 4, "{others} of 12 orders begin with another gesture");
}
