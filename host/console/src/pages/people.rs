//! The people of a board: the list, and enrolment from photographs.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::protocol::User;
use maud::{Markup, html};

use super::known;
use super::upload::{MOST, MOST_PHOTOS, Photographs};
use crate::layout::{Page, answer, board_path, refused, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// Good pictures that this computer's camera takes.
const SHOTS: usize = 3;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let notice = visitor.notice.clone();
    let (standing, asked) = console
        .ask_for_page(board, move |station| {
            let foreign = station.state()?.paired.map_or(0, |paired| paired.status.foreign_templates);
            Ok((station.people()?, known::find(station, notice)?, foreign))
        })
        .await;
    let (people, twins, foreign): (Vec<User>, _, _) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((board, standing)), "people", refusal),
    };
    let path = board_path(board);
    let title = language.say("menu-people");
    let page = Page { visitor, board: Some(board), standing, here: "people", title, refusal: None };
    page.show(html! {
        @if let Some(twins) = &twins { (known::show(visitor, board, twins)) }
        (super::live::foreign(language, foreign))
        p { (language.with("people-count", &[("count", (people.len() as u64).into())])) }
        @if !people.is_empty() {
            ul.people {
                @for user in &people {
                    li {
                        a href={ (path) "/people/" (user.person) } { bdi { (user.name) } }
                        span.kind { (language.with("photos-count", &[("count", u64::from(user.templates).into())])) }
                    }
                }
            }
        }
        section {
            h2 { (language.say("enrol")) }
            p.help { (language.say("enrol-text")) }
            (standing.form(language, Offer::Enrol, || html! {
                form.fields method="post" action={ (path) "/people" } enctype="multipart/form-data" data-busy=(language.say("looking")) {
                    (token(visitor))
                    label { (language.say("name")) input name="name" required maxlength="64" autocomplete="off"; }
                    (photos(visitor, board))
                    button.main { (language.say("enrol")) }
                }
            }))
        }
    })
}

/// The field for photographs, into which files can be dropped, and into which this computer's camera puts some.
pub fn photos(visitor: &Visitor, board: &str) -> Markup {
    let language = visitor.language;
    let limit = ((MOST >> 20) as u64).into();
    html! {
        label.drop data-drop data-most=(MOST) data-large=(language.with("too-large", &[("limit", limit)])) {
            (language.say("photos"))
            input name="photo" type="file" accept="image/*" multiple required;
            span.help { (language.with("photos-text", &[("limit", limit), ("most", (MOST_PHOTOS as u64).into())])) }
        }
        // A script shows it, where the browser has a camera to give.
        div hidden data-webcam=(SHOTS) data-look={ (board_path(board)) "/people/look" }
            data-begin=(language.say("webcam")) data-end=(language.say("webcam-end")) data-done=(language.say("webcam-done"))
            data-denied=(language.say("webcam-denied")) data-none=(language.say("webcam-none"))
            data-tired=(language.say("webcam-tired")) {
            button type="button" { (language.say("webcam")) }
            video hidden muted playsinline aria-label=(language.say("webcam-sees")) {}
            p role="status" {}
        }
    }
}

/// Looks at a picture of this computer's camera before it goes into the form. The reply is for the script: whether it is
/// good, what to change, and whether it is no use to go on.
pub async fn look(Visit { console, board, .. }: Visit, mut form: Photographs) -> Response {
    let asked = match form.photos.pop() {
        Some(picture) => console.ask(&board, move |station| station.look(picture)).await,
        None => return StatusCode::BAD_REQUEST.into_response(),
    };
    let (good, said, over) = match asked {
        Ok(None) => (true, String::new(), false),
        Ok(Some(remark)) => (false, remark, false),
        Err(refusal) => (false, refusal.sentence, true),
    };
    let reply = serde_json::json!({ "good": good, "said": said, "over": over });
    ([(header::CONTENT_TYPE, "application/json")], reply.to_string()).into_response()
}

/// What there is to say of a form with photographs before a board is asked.
pub fn unfit(visitor: &Visitor, form: &Photographs) -> Option<String> {
    let language = visitor.language;
    if form.too_large {
        Some(language.with("too-large", &[("limit", ((MOST >> 20) as u64).into())]))
    } else if form.too_many {
        Some(language.with("too-many", &[("limit", (MOST_PHOTOS as u64).into())]))
    } else {
        form.photos.is_empty().then(|| language.say("no-photo"))
    }
}

pub async fn enrol(Visit { console, visitor, board }: Visit, form: Photographs) -> Response {
    let path = format!("{}/people", board_path(&board));
    if let Some(sentence) = unfit(&visitor, &form) {
        return answer(&console, &visitor, &path, Notice::Refused(sentence));
    }
    let name = form.get("name").to_owned();
    let photos = form.photos;
    let asked = console.ask(&board, move |station| station.enrol(&name, photos, false)).await;
    answer(&console, &visitor, &path, asked)
}
