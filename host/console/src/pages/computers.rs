//! The computers that a board knows, by role: invite one more, forget one.

use axum::response::Response;
use client::protocol::Role;
use maud::html;

use crate::form::Fields;
use crate::layout::{Page, answer, board_path, refused, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::role::{choice, role, role_texts};
use crate::visit::Visit;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let (standing, asked) = console.ask_for_page(board, |station| station.computers()).await;
    let (computers, own) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((board, standing)), "computers", refusal),
    };
    let path = format!("{}/computers", board_path(board));
    let title = language.say("menu-computers");
    let page = Page { visitor, board: Some(board), standing, here: "computers", title, refusal: None };
    page.show(html! {
        ul.people {
            @for computer in &computers {
                @let digits = hex::encode(computer.key);
                li {
                    span {
                        bdi { (computer.label) } " "
                        @if own == Some(computer.key) { strong { (language.say("this-computer")) } }
                        br; span.kind { (role_texts(language, computer.role).0) " " code { (digits[..12]) } }
                    }
                    @if own != Some(computer.key) && standing.may(Offer::Forget) {
                        form method="post" action={ (path) "/forget" } {
                            (token(visitor))
                            input type="hidden" name="key" value=(digits);
                            label.check { input type="checkbox" name="sure" value="yes" required; (language.say("sure-forget")) }
                            button.danger { (language.say("forget")) }
                        }
                    }
                }
            }
        }
        section {
            h2 { (language.say("invite")) }
            p.help { (language.say("invite-text")) }
            (standing.form(language, Offer::Invite, || html! {
                form.fields method="post" action={ (path) "/invite" } {
                    (token(visitor))
                    (choice(language, Role::Operator))
                    button.main { (language.say("invite")) }
                }
            }))
        }
    })
}

pub async fn invite(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let language = visitor.language;
    let path = format!("{}/computers", board_path(&board));
    let Some(role) = role(fields.get("role")) else {
        return answer(&console, &visitor, &path, Notice::Refused(language.say("no-role")));
    };
    let notice = Notice::of(
        console.ask(&board, move |station| station.invite(role)).await,
        language.with("invited", &[("role", role.to_string().as_str().into())]),
    );
    answer(&console, &visitor, &format!("{}/computers", board_path(&board)), notice)
}

pub async fn forget(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    if fields.get("sure") != "yes" {
        let path = format!("{}/computers", board_path(&board));
        return answer(&console, &visitor, &path, Notice::Refused(visitor.language.say("not-sure")));
    }
    let mut key = [0; 32];
    // A key that is none is one that the board does not know.
    let _ = hex::decode_to_slice(fields.get("key"), &mut key);
    let notice = Notice::of(
        console.ask(&board, move |station| station.forget(key)).await,
        visitor.language.say("forgotten"),
    );
    answer(&console, &visitor, &format!("{}/computers", board_path(&board)), notice)
}
