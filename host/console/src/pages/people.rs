//! The people of a board: the list, and enrolment from photographs.

use axum::response::Response;
use client::protocol::{Role, User};
use maud::{Markup, html};

use super::upload::{MOST, MOST_PHOTOS, Photographs};
use crate::layout::{Page, answer, board_path, refused, token};
use crate::notice::Notice;
use crate::visit::Visit;
use crate::visitor::Visitor;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let (standing, asked) = console.ask_for_page(board, |station| station.people()).await;
    let people: Vec<User> = match asked {
        Ok(people) => people,
        Err(refusal) => return refused(visitor, Some((board, standing)), "people", refusal),
    };
    let path = board_path(board);
    let title = language.say("menu-people");
    let page = Page { visitor, board: Some(board), standing, here: "people", title, refusal: None };
    page.show(html! {
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
            (standing.form(language, Role::Operator, || html! {
                form.fields method="post" action={ (path) "/people" } enctype="multipart/form-data" data-busy=(language.say("looking")) {
                    (token(visitor))
                    label { (language.say("name")) input name="name" required maxlength="64" autocomplete="off"; }
                    (photos(visitor))
                    button.main { (language.say("enrol")) }
                }
            }))
        }
    })
}

/// The field for photographs, into which files can be dropped.
pub fn photos(visitor: &Visitor) -> Markup {
    let language = visitor.language;
    let limit = ((MOST >> 20) as u64).into();
    html! {
        label.drop data-drop data-most=(MOST) data-large=(language.with("too-large", &[("limit", limit)])) {
            (language.say("photos"))
            input name="photo" type="file" accept="image/*" multiple required;
            span.help { (language.with("photos-text", &[("limit", limit), ("most", (MOST_PHOTOS as u64).into())])) }
        }
    }
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
    let notice = match asked {
        Ok(said) => Notice::Done(said.join(" ")),
        Err(refusal) => refusal.into(),
    };
    answer(&console, &visitor, &path, notice)
}
