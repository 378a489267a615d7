//! Two people side by side: who is enrolled already, and the pictures that were to be enrolled now.
//!
//! The pictures come back from the program once, made small. They are kept with the session in memory, each until the browser
//! has fetched it, and all until its next form. Nothing of them is stored.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::protocol::User;
use maud::{Markup, html};

use crate::layout::board_path;
use crate::notice::Notice;
use crate::station::{Known, Said, Station};
use crate::text::Language;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// Who is enrolled, beside what the form had.
pub struct Twins {
    known: Arc<Known>,
    /// `None` if they were removed meanwhile.
    user: Option<User>,
    has_portrait: bool,
}

/// What a page has to show beside each other, if its form was refused because of somebody who is enrolled.
///
/// # Errors
/// As any request.
pub fn find(station: &dyn Station, notice: Option<Notice>) -> Said<Option<Twins>> {
    let Some(Notice::Known(known)) = notice else { return Ok(None) };
    let user = station.people()?.into_iter().find(|user| user.name == known.name.as_str());
    let has_portrait = station.portrait(&known.name)?.is_some();
    Ok(Some(Twins { known, user, has_portrait }))
}

/// Both, side by side.
pub fn show(visitor: &Visitor, board: &str, twins: &Twins) -> Markup {
    let language = visitor.language;
    let path = board_path(board);
    let name = twins.known.name.as_str();
    html! {
        section.twins aria-labelledby="twins-title" {
            h2 id="twins-title" { (language.say("twins")) }
            div.beside {
                figure {
                    @match (&twins.user, twins.has_portrait) {
                        (Some(user), true) => img.portrait src={ (path) "/people/" (user.person) "/portrait" } width="160" height="160"
                            alt=(language.with("portrait-of", &[("name", name.into())]));,
                        _ => (initial(name)),
                    }
                    figcaption {
                        (language.say("twins-known")) " "
                        @match &twins.user {
                            Some(user) => {
                                a href={ (path) "/people/" (user.person) } { bdi { (name) } } ", "
                                (language.with("photos-count", &[("count", u64::from(user.templates).into())]))
                            },
                            None => bdi { (name) },
                        }
                    }
                }
                figure {
                    div.row {
                        @for number in 0..twins.known.pictures.len() {
                            img.portrait src={ (path) "/people/new/" (number) } height="160" alt=(alt(language, number));
                        }
                    }
                    figcaption { (language.say("twins-new")) }
                }
            }
            p.help { (language.say("twins-text")) }
        }
    }
}

fn alt(language: Language, number: usize) -> String {
    language.with("twins-picture", &[("number", (number as u64 + 1).into())])
}

/// A person without a portrait.
fn initial(name: &str) -> Markup {
    let letter: String = name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
    html! {
        svg.portrait viewBox="0 0 160 160" width="160" height="160" aria-hidden="true" {
            rect.track width="160" height="160" {}
            circle.body cx="80" cy="62" r="34" {}
            path.body d="M20 160a60 56 0 0 1 120 0z" {}
            text x="80" y="76" text-anchor="middle" { (letter) }
        }
    }
}

/// One of the pictures, once.
pub async fn picture(
    Visit { console, visitor, .. }: Visit,
    Path((_, number)): Path<(String, usize)>,
) -> Response {
    match console.sign_in().take_picture(&visitor.cookie, number) {
        Some(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
