//! The list of boards: which there are, power, and a new one.

use axum::extract::{Extension, State as Shared};
use axum::response::Response;
use maud::html;

use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, refused, token};
use crate::notice::Notice;
use crate::standing::Standing;
use crate::state::Console;
use crate::visitor::Visitor;

/// The names that the command line takes for boards, as a pattern of a form.
const BOARD_NAME: &str = "[\\p{Alphabetic}\\p{N}_\\-][\\p{Alphabetic}\\p{N}_\\-.]*";

/// The board, where the console is for one alone; else the list of them.
pub async fn first(Shared(console): Shared<Console>) -> Response {
    let asked = console.boards(|boards| Ok((boards.list()?, boards.machines()))).await;
    match asked {
        Ok((boards, machines)) if machines.is_empty() => match &boards[..] {
            [only] if only.damaged.is_none() => go(&board_path(&only.name)),
            _ => go("/boards"),
        },
        _ => go("/boards"),
    }
}

pub async fn show(Shared(console): Shared<Console>, Extension(visitor): Extension<Visitor>) -> Response {
    let visitor = &visitor;
    let language = visitor.language;
    let asked = console.boards(|boards| Ok((boards.list()?, boards.machines()))).await;
    let (boards, machines) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, None, "boards", refusal),
    };
    let page = Page {
        visitor,
        board: None,
        standing: Standing::Unknown,
        here: "boards",
        title: language.say("boards"),
        refusal: None,
    };
    page.show(html! {
        @if boards.is_empty() { p { (language.say("no-boards")) } }
        ul.boards {
            @for board in &boards {
                li {
                    a href=(board_path(&board.name)) { bdi { (board.name) } }
                    @if !board.machine.is_empty() {
                        span.kind { (language.say("machine")) " " (board.machine) }
                    }
                    @if let Some(what) = &board.damaged {
                        span.state.damaged { (language.with("damaged", &[("what", what.as_str().into())])) }
                    }
                    @if let Some(up) = board.up {
                        span class=(if up { "state up" } else { "state down" }) {
                            (language.say(if up { "board-up" } else { "board-down" }))
                        }
                        form method="post" action=(if up { "/boards/off" } else { "/boards/on" }) {
                            (token(visitor))
                            input type="hidden" name="name" value=(board.name);
                            input type="hidden" name="machine" value=(board.machine);
                            @if up {
                                label.check { input type="checkbox" name="sure" value="yes"; (language.say("sure-off")) }
                            }
                            button { (language.say(if up { "switch-off" } else { "switch-on" })) }
                        }
                    }
                }
            }
        }
        @if !machines.is_empty() {
            section {
                h2 { (language.say("new-board")) }
                p { (language.say("new-board-text")) }
                form.fields method="post" action="/boards/on" {
                    (token(visitor))
                    label { (language.say("name")) input name="name" required pattern=(BOARD_NAME) title=(language.say("board-name"));
                        span.help { (language.say("board-name")) } }
                    label {
                        (language.say("machine"))
                        select name="machine" {
                            @for machine in &machines { option value=(machine) { (machine) } }
                        }
                    }
                    button.main { (language.say("make-board")) }
                }
            }
        }
    })
}

pub async fn on(
    Shared(console): Shared<Console>,
    Extension(visitor): Extension<Visitor>,
    fields: Fields,
) -> Response {
    let (name, machine) = (fields.get("name").to_owned(), fields.get("machine").to_owned());
    let path = board_path(&name);
    match console.boards(move |boards| boards.switch_on(&name, &machine)).await {
        Ok(()) => go(&path),
        Err(refusal) => answer(&console, &visitor, "/boards", refusal),
    }
}

pub async fn off(
    Shared(console): Shared<Console>,
    Extension(visitor): Extension<Visitor>,
    fields: Fields,
) -> Response {
    if fields.get("sure") != "yes" {
        return answer(&console, &visitor, "/boards", Notice::Refused(visitor.language.say("not-sure-off")));
    }
    let name = fields.get("name").to_owned();
    match console.boards(move |boards| boards.switch_off(&name)).await {
        Ok(()) => go("/boards"),
        Err(refusal) => answer(&console, &visitor, "/boards", refusal),
    }
}
