//! What happens at a door, as a stream of server-sent events: a part of the page when it changes, and a line for each event.
//!
//! ```text
//! event: live        the state of the door and what its camera sees
//! event: happening   a line of the list of events; its `id` is the number of the event
//! ```
//! When the board does not answer, `live` says so, and the stream goes on asking: so the page comes back by itself.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use client::LastResult;
use client::protocol::{CameraState, Door, EventKind, Face, FrameResult, RejectReason};
use futures_util::stream::{self, Stream};
use maud::{Markup, html};

use crate::layout::{board_path, decimal, prose, similarity, to_pairing};
use crate::state::Console;
use crate::station::{Happening, Pins, Refusal, Said, State, Station};
use crate::text::Language;
use crate::visit::Visit;

/// How often the board is asked.
const POLL: Duration = Duration::from_millis(250);

/// What is seen of a door now.
#[derive(Clone, Default)]
pub struct Scene {
    /// The number of the last event that was seen.
    pub after: u32,
    state: Option<State>,
    /// The last picture that was assessed.
    frame: Option<Happening>,
    /// The result of that picture, so that a repeated one is told once.
    last: LastResult,
    /// Width and height of the camera's picture, if this computer sees it.
    picture: Option<[u32; 2]>,
    lost: Option<Refusal>,
}

impl Scene {
    /// Looks at the board again, and returns the events that are news, at most the newest `most`.
    pub fn look(&mut self, station: &dyn Station, most: usize) -> Said<Vec<Happening>> {
        self.state = Some(station.state()?);
        let mut news = Vec::new();
        loop {
            let (events, newest) = station.events(self.after)?;
            // The numbers start again when the board boots.
            if newest < self.after {
                self.after = 0;
                continue;
            }
            if events.is_empty() {
                break;
            }
            for happening in events {
                self.after = happening.event.sequence;
                if matches!(happening.event.kind, EventKind::FrameAssessed { .. }) {
                    self.frame = Some(happening.clone());
                }
                if self.last.is_news(&happening.event) {
                    news.push(happening);
                }
            }
        }
        self.picture = if self.frame.is_some() { station.picture_size()? } else { None };
        self.lost = None;
        Ok(news.split_off(news.len().saturating_sub(most)))
    }

    /// Whether this computer is paired with the board.
    pub fn is_paired(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.paired.is_some())
    }

    /// Whether the board's pins can be used here.
    pub fn has_pins(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.pins.is_some())
    }

    /// The part of the page that changes.
    pub fn show(&self, language: Language, path: &str) -> Markup {
        if let Some(refusal) = &self.lost {
            return html! {
                p.notice.refused role="alert" { strong { (language.say("board-lost")) } " " (prose(&refusal.sentence)) }
                p { (language.say("comes-back")) }
            };
        }
        let Some(state) = &self.state else { return html! {} };
        let Some(paired) = &state.paired else {
            return html! { p.notice { (to_pairing(language, path)) } };
        };
        html! {
            (lock(language, paired.status.door, state.pins))
            (camera(language, paired.status.camera))
            (foreign(language, paired.status.foreign_templates))
            @if let Some(happening) = &self.frame { (self.view(language, path, happening)) }
            @else { p.help { (language.say("nothing-seen")) } }
        }
    }

    /// The camera's picture with the face that was found, and what was made of it.
    fn view(&self, language: Language, path: &str, happening: &Happening) -> Markup {
        let EventKind::FrameAssessed { frame, result, face, threshold, liveness, .. } = &happening.event.kind
        else {
            return html! {};
        };
        let (class, sign) = match result {
            FrameResult::Known(_) => ("good", Some("✓")),
            // The door has not decided yet.
            FrameResult::NotLive(RejectReason::TooFewSamples | RejectReason::ChallengeRequested(_)) => {
                ("plain", None)
            }
            FrameResult::Stranger(_) | FrameResult::NotLive(_) => ("bad", Some("✗")),
            _ => ("plain", None),
        };
        let best = match result {
            FrameResult::Known(best) => Some(best),
            FrameResult::Stranger(best) => best.as_ref(),
            _ => None,
        };
        html! {
            figure.seen {
                @if let Some([width, height]) = self.picture {
                    svg viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(happening.why.clone().unwrap_or_default()) {
                        image href={ (path) "/picture?frame=" (frame) } width=(width) height=(height) {}
                        @if let Some(face) = face { (outline(face, class)) }
                    }
                }
                figcaption class=(class) {
                    @if let Some(sign) = sign { span aria-hidden="true" { (sign) " " } }
                    (happening.why.clone().unwrap_or_default())
                }
            }
            @if let (Some(best), Some(threshold)) = (best, threshold) {
                dl.scores {
                    div { dt { (language.say("similarity")) } dd { (similarity(language, best.similarity.into())) } }
                    div { dt { (language.say("needed")) } dd { (similarity(language, (*threshold).into())) } }
                    @if let Some(liveness) = liveness {
                        div { dt { (language.say("liveness-score")) } dd { (similarity(language, liveness.score.into())) } }
                    }
                }
            }
        }
    }
}

/// The box and the landmarks of a face, in the camera's pixels.
fn outline(face: &Face, class: &str) -> Markup {
    let pixels = |sixteenths: i32| f64::from(sixteenths) / 16.0;
    html! {
        g class={ "face " (class) } {
            rect x=(pixels(face.corner.x)) y=(pixels(face.corner.y)) width=(pixels(face.width))
                height=(pixels(face.height)) rx="4" {}
            @for point in &face.landmarks { circle cx=(pixels(point.x)) cy=(pixels(point.y)) r="2" {} }
        }
    }
}

/// That the people are of another encoder than the door runs, where they are: it opens to no face then.
pub fn foreign(language: Language, templates: u16) -> Markup {
    html! {
        @if templates > 0 { p.notice.refused role="alert" { (language.say("foreign-people")) } }
    }
}

/// That the camera shows the door nothing, where it does not: nobody is let in by a face then.
fn camera(language: Language, camera: CameraState) -> Markup {
    let said = match camera {
        CameraState::Pictures => return html! {},
        CameraState::Dark => language.say("camera-dark"),
        CameraState::Nothing { for_ms } => {
            // A reader of screens reads each change, so it changes seldom.
            let (id, number) = match for_ms / 1_000 {
                seconds @ 0..60 => ("camera-nothing-seconds", (seconds / 10 * 10).max(1)),
                seconds => ("camera-nothing-minutes", seconds / 60),
            };
            language.with(id, &[("number", u64::from(number).into())])
        }
    };
    html! { p.notice.refused role="alert" { (prose(&said)) } }
}

/// Lock, contact and alarm.
fn lock(language: Language, door: Door, pins: Option<Pins>) -> Markup {
    let open = matches!(door, Door::Open { .. });
    html! {
        div.lock {
            p class=(if open { "big open" } else { "big locked" }) {
                svg.sign viewBox="0 0 24 24" aria-hidden="true" {
                    path d=(if open { "M8 11V7a4 4 0 0 1 7.5-2" } else { "M8 11V7a4 4 0 0 1 8 0v4" }) {}
                    rect x="5" y="11" width="14" height="10" rx="2" {}
                }
                " "
                (language.say(if open { "lock-open" } else { "lock-locked" }))
            }
            @if let Some(pins) = pins {
                ul.chips {
                    li { (language.say(if pins.door_open { "leaf-open" } else { "leaf-closed" })) }
                    @if pins.cover_open { li.bad { (language.say("cover-open")) } }
                    @if pins.alarm { li.bad { (language.say("alarm-on")) } }
                }
            }
        }
    }
}

/// A line of the list of events.
pub fn line(language: Language, path: &str, happening: &Happening) -> Markup {
    let event = &happening.event;
    let why = || happening.why.clone().unwrap_or_default();
    let (class, text) = match &event.kind {
        EventKind::Booted { .. } => ("plain", language.say("event-booted")),
        EventKind::FrameAssessed { .. } => {
            ("plain", language.with("event-sees", &[("what", why().as_str().into())]))
        }
        EventKind::Opened { name, person: Some(_), .. } => {
            ("good", language.with("event-opened", &[("name", name.as_str().into())]))
        }
        EventKind::Opened { .. } => ("good", language.say("event-button")),
        EventKind::OpenedByCommand { .. } => ("good", language.say("event-command")),
        EventKind::Locked => ("plain", language.say("event-locked")),
        EventKind::Denied { .. } => ("bad", why()),
        EventKind::FaceRequested { .. } | EventKind::PinRequested { .. } => ("plain", why()),
        EventKind::Duress { name, .. } => {
            ("bad", language.with("event-duress", &[("name", name.as_str().into())]))
        }
        EventKind::Alarm { alarm, over } => {
            let id = if *over { "event-alarm-over" } else { "event-alarm" };
            (if *over { "plain" } else { "bad" }, language.with(id, &[("alarm", alarm.name().into())]))
        }
        EventKind::Paired { role, label } => {
            let role = crate::role::role_text(language, *role);
            let values = [("label", label.as_str().into()), ("role", role.as_str().into())];
            ("plain", language.with("event-paired", &values))
        }
    };
    let since_boot = || decimal(language, format!("+{:.1} s", event.uptime_ms as f64 / 1000.0));
    let when = happening.time.clone().unwrap_or_else(since_boot);
    html! {
        li class=(class) {
            span.when { (when) } " "
            span.what {
                @if let (true, EventKind::Opened { person: Some(person), .. }) = (happening.portrait, &event.kind) {
                    // The name stands beside it.
                    img src={ (path) "/people/" (person) "/portrait" } width="32" height="32" alt="" loading="lazy";
                }
                bdi { (prose(&text)) }
            }
        }
    }
}

/// A stream of one page.
struct Watch {
    console: Console,
    board: String,
    language: Language,
    scene: Scene,
    /// The number of the last event that the page has. The first look is at older ones, too, for what they show.
    told: u32,
    shown: String,
    waiting: std::collections::VecDeque<Sent>,
    cookie: String,
    first: bool,
}

pub async fn stream(
    Visit { console, visitor, board }: Visit,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    // A browser whose stream broke off says the last event that it has; the address is that of its page.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let begin = || query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let after = last.unwrap_or_else(begin);
    let watch = Watch {
        console,
        board,
        language: visitor.language,
        scene: Scene::default(),
        told: after,
        shown: String::new(),
        waiting: Default::default(),
        cookie: visitor.cookie,
        first: true,
    };
    Sse::new(watch.events()).keep_alive(KeepAlive::new()).into_response()
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Sent, Infallible>> {
        stream::unfold(self, |mut watch| async move {
            loop {
                if let Some(sent) = watch.waiting.pop_front() {
                    return Some((Ok(sent), watch));
                }
                // Who has signed out sees nothing more.
                watch.console.sign_in().session(&watch.cookie)?;
                if !std::mem::take(&mut watch.first) {
                    tokio::time::sleep(POLL).await;
                }
                watch.look().await;
            }
        })
    }

    async fn look(&mut self) {
        let mut scene = self.scene.clone();
        let looked = self
            .console
            .ask(&self.board, move |station| {
                let news = scene.look(station, usize::MAX)?;
                Ok((scene, news))
            })
            .await;
        match looked {
            Ok((scene, news)) => {
                self.scene = scene;
                let path = board_path(&self.board);
                let told = std::mem::take(&mut self.told);
                // The numbers start again when the board boots: then all are news.
                let told = if told > self.scene.after { 0 } else { told };
                for happening in news.iter().filter(|news| news.event.sequence > told) {
                    let text = line(self.language, &path, happening).into_string().replace('\r', " ");
                    let id = happening.event.sequence.to_string();
                    self.waiting.push_back(Sent::default().event("happening").id(id).data(text));
                }
            }
            Err(refusal) => self.scene.lost = Some(refusal),
        }
        let shown = self.scene.show(self.language, &board_path(&self.board)).into_string().replace('\r', " ");
        if shown != self.shown {
            self.waiting.push_back(Sent::default().event("live").data(&shown));
            self.shown = shown;
        }
    }
}
