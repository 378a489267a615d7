//! Pairing this computer with a board: six digits on both sides, and the button of the board.

use axum::response::Response;
use client::protocol::Role;
use maud::{Markup, html};

use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, prose, refused, token};
use crate::notice::Notice;
use crate::role::{choice, role, role_texts};
use crate::standing::Standing;
use crate::state::Console;
use crate::station::{Button, Pairing, Said};
use crate::visit::Visit;
use crate::visitor::Visitor;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let asked = console
        .ask(board, |station| {
            let pairing = station.pairing();
            // The line is the pairing's until it ends.
            let state = if pairing.goes_on() { None } else { Some(station.state()?) };
            Ok((pairing, state))
        })
        .await;
    let (pairing, state) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((board, Standing::Unknown)), "pair", refusal),
    };
    let path = format!("{}/pair", board_path(board));
    let role = state.as_ref().and_then(|state| state.paired.as_ref()).map(|paired| paired.role);
    let title = language.say("menu-pair");
    let standing = Standing::of(role);
    let page = Page { visitor, board: Some(board), standing, here: "pair", title, refusal: None };
    page.show(match &pairing {
        Pairing::Asking => html! { p data-retry="500" { (language.say("pair-asking")) } },
        Pairing::Press => html! {
            div.pairing data-retry="500" {
                p { (language.say("pair-press")) }
                (press_button(visitor, &path, "press-pairing"))
            }
        },
        // It is not loaded again, as somebody types there.
        Pairing::Type { .. } => html! {
            div.pairing {
                p { (language.say("pair-type")) }
                form.fields method="post" action={ (path) "/code" } {
                    (token(visitor))
                    label { (language.say("board-shows")) input name="code" required autofocus inputmode="numeric" pattern="[0-9]{6}"
                        maxlength="6" autocomplete="off"; }
                    button.main { (language.say("pair-typed")) }
                }
            }
        },
        Pairing::Compare { own, board, confirm } => html! {
            div.pairing data-retry="500" {
                dl.codes {
                    div { dt { (language.say("this-shows")) } dd { (format!("{own:06}")) } }
                    @if let Some(board) = board {
                        div { dt { (language.say("board-shows")) } dd { (format!("{board:06}")) } }
                    }
                }
                p { (language.say(if *confirm { "pair-confirm" } else { "pair-compare" })) }
                @if *confirm { (press_button(visitor, &path, "hold-pairing")) }
            }
        },
        Pairing::Failed(_) | Pairing::Done(_) | Pairing::None => begin_form(visitor, &path, &pairing, role),
    })
}

fn press_button(visitor: &Visitor, path: &str, name: &str) -> Markup {
    html! {
        form method="post" action={ (path) "/press" } {
            (token(visitor))
            button.main { (visitor.language.say(name)) }
        }
        p.help { (visitor.language.say("press-pairing-text")) }
    }
}

fn begin_form(visitor: &Visitor, path: &str, pairing: &Pairing, role: Option<Role>) -> Markup {
    let language = visitor.language;
    html! {
        @if let Pairing::Failed(sentence) = pairing { p.notice.refused role="alert" { (prose(sentence)) } }
        @if let Some(role) = role {
            @let (role, text) = role_texts(language, role);
            p { (language.with("paired-as", &[("role", role.as_str().into())])) " " (text) }
        } @else {
            p { (language.say("pair-text")) }
            form.fields method="post" action=(path) {
                (token(visitor))
                (choice(language, Role::Installer))
                button.main { (language.say("pair-begin")) }
            }
        }
    }
}

pub async fn begin(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let Some(role) = role(fields.get("role")) else {
        let path = format!("{}/pair", board_path(&board));
        return answer(&console, &visitor, &path, Notice::Refused(visitor.language.say("no-role")));
    };
    let begun = console.ask(&board, move |station| station.pair(role)).await;
    after(&console, &visitor, &board, begun)
}

pub async fn code(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let code = fields.get("code").to_owned();
    let compared = console.ask(&board, move |station| station.compare_code(&code)).await;
    after(&console, &visitor, &board, compared)
}

pub async fn press(Visit { console, visitor, board }: Visit, _fields: Fields) -> Response {
    let pressed = console.ask(&board, |station| station.press(Button::Pairing)).await;
    after(&console, &visitor, &board, pressed)
}

fn after(console: &Console, visitor: &Visitor, board: &str, done: Said<()>) -> Response {
    let path = format!("{}/pair", board_path(board));
    match done {
        Ok(()) => go(&path),
        Err(refusal) => answer(console, visitor, &path, refusal),
    }
}
