//! The door: what the camera sees, lock and contact, the last events, and the pins of an emulated board.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::live::{Scene, line};
use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, not_paired, refused, token};
use crate::state::Console;
use crate::station::{Button, Said};
use crate::visit::Visit;
use crate::visitor::Visitor;

/// Events that the page begins with.
const EVENTS: usize = 20;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let visitor = &visitor;
    let language = visitor.language;
    let (standing, asked) = console
        .ask_for_page(&board, |station| {
            let mut scene = Scene::default();
            let events = scene.look(station, EVENTS)?;
            Ok((scene, events))
        })
        .await;
    let (scene, events) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((&board, standing)), "door", refusal),
    };
    if !scene.is_paired() {
        return not_paired(visitor, &board, "door");
    }
    let path = board_path(&board);
    let title = language.say("menu-door");
    let page = Page { visitor, board: Some(&board), standing, here: "door", title, refusal: None };
    page.show(html! {
        noscript { p { (language.say("no-script")) } }
        div.door {
            div id="live" aria-live="polite" data-live={ (path) "/live?after=" (scene.after) } { (scene.show(language, &path)) }
            section {
                h2 id="events-title" { (language.say("events")) }
                p.help { (language.say("events-text")) }
                ol.events id="events" tabindex="0" aria-labelledby="events-title" {
                    @for event in events.iter().rev() { (line(language, &path, event)) }
                }
            }
            @if scene.has_pins() { (pins(visitor, &path)) }
        }
    })
}

/// Buttons and keypad of an emulated board.
fn pins(visitor: &Visitor, path: &str) -> Markup {
    let language = visitor.language;
    html! {
        section.pins {
            h2 { (language.say("pins")) }
            p.help { (language.say("pins-text")) }
            form method="post" action={ (path) "/press" } data-quiet {
                (token(visitor))
                button name="button" value="exit" { (language.say("press-exit")) }
            }
            form method="post" action={ (path) "/contact" } data-quiet {
                (token(visitor))
                button name="door" value="open" { (language.say("door-leaf-open")) }
                button name="door" value="closed" { (language.say("door-leaf-close")) }
            }
            form.keypad method="post" action={ (path) "/type" } data-quiet data-keypad {
                (token(visitor))
                label { (language.say("pin")) input name="pin" type="password" inputmode="numeric" pattern="[0-9]{1,10}"
                    required autocomplete="off"; }
                button.main { (language.say("type-pin")) }
            }
        }
    }
}

pub async fn picture(Visit { console, board, .. }: Visit) -> Response {
    match console.ask(&board, |station| station.picture()).await {
        Ok(Some(png)) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn press(Visit { console, visitor, board }: Visit, _fields: Fields) -> Response {
    let done = console.ask(&board, |station| station.press(Button::Exit)).await;
    after(&console, &visitor, &board, done)
}

pub async fn type_pin(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let pin = fields.get("pin").to_owned();
    let done = console.ask(&board, move |station| station.type_pin(&pin)).await;
    after(&console, &visitor, &board, done)
}

pub async fn contact(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let open = fields.get("door") == "open";
    let done = console.ask(&board, move |station| station.set_contact(open)).await;
    after(&console, &visitor, &board, done)
}

fn after(console: &Console, visitor: &Visitor, board: &str, done: Said<()>) -> Response {
    let path = board_path(board);
    match done {
        Ok(()) => go(&path),
        Err(refusal) => answer(console, visitor, &path, refusal),
    }
}
