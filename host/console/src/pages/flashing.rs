//! How far models or firmware are that are being flashed, as a part of the page and as a stream of server-sent events.
//!
//! ```text
//! event: live        the part of the page, when it changes
//! event: over        it ended: the script loads the page again, which says how
//! ```

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use maud::{Markup, html};

use crate::layout::prose;
use crate::station::{Ended, FlashLine, FlashProgress, Flashing};
use crate::text::Language;
use crate::visit::Visit;

/// How often the flashing is looked at.
const POLL: Duration = Duration::from_millis(250);

/// How far it is, or how it ended.
pub fn part(language: Language, flashing: &Flashing) -> Markup {
    html! {
        @match &flashing.end {
            None => p { strong { (language.say("flash-goes-on")) } " " (language.say("flash-keep-power")) },
            Some(Ended::Done(said)) => p.notice.done role="status" {
                (language.say("flash-done")) @if let Some(said) = said { " " (said) }
            },
            Some(Ended::Failed(sentence)) => p.notice.refused role="alert" {
                (prose(sentence)) " " (language.say("flash-failed"))
            },
        }
        ul.flash { @for line in &flashing.lines { (show(language, line)) } }
    }
}

fn show(language: Language, line: &FlashLine) -> Markup {
    let percent = |done: u64, all: u64| done.saturating_mul(100) / all.max(1);
    let what = format!("{} {}", line.kind, line.name);
    html! {
        li {
            span { (line.kind) " " bdi { (line.name) } }
            @match line.progress {
                FlashProgress::Waiting => span.kind { (language.say("flash-waiting")) },
                FlashProgress::Sending { done, all } => {
                    progress max=(all) value=(done) aria-label=(what.trim()) { (percent(done, all)) " %" }
                    span.kind { (language.with("flash-sending", &[
                        ("done", (done / 1024).into()), ("all", all.div_ceil(1024).into()), ("percent", percent(done, all).into()),
                    ])) }
                },
                FlashProgress::Trying(release) => span.kind {
                    (language.with("flash-trying", &[("release", release.to_string().as_str().into())]))
                },
                FlashProgress::Active => span.state.up { (language.say("flash-active")) },
                FlashProgress::Skipped => span.kind { (language.say("flash-skipped")) },
            }
        }
    }
}

/// A stream of one page.
struct Watch {
    visit: Visit,
    shown: String,
    over: bool,
}

pub async fn stream(visit: Visit) -> Response {
    let watch = Watch { visit, shown: String::new(), over: false };
    Sse::new(watch.events()).keep_alive(KeepAlive::new()).into_response()
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Sent, Infallible>> {
        stream::unfold(self, |mut watch| async move {
            loop {
                let Visit { console, visitor, board } = &watch.visit;
                // Who has signed out sees nothing more, and after the end there is nothing more to see.
                console.sign_in().session(&visitor.cookie)?;
                if watch.over {
                    return None;
                }
                let flashing = console.ask(board, |station| Ok(station.flashing())).await.ok().flatten();
                let Some(flashing) = flashing.filter(|flashing| flashing.end.is_none()) else {
                    watch.over = true;
                    return Some((Ok(Sent::default().event("over").data("over")), watch));
                };
                let shown = part(visitor.language, &flashing).into_string().replace('\r', " ");
                if shown != watch.shown {
                    watch.shown = shown;
                    return Some((Ok(Sent::default().event("live").data(&watch.shown)), watch));
                }
                tokio::time::sleep(POLL).await;
            }
        })
    }
}
