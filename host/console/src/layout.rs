//! The frame of each page, its forms, and how refusals are shown.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};

use crate::notice::Notice;
use crate::standing::Standing;
use crate::state::Console;
use crate::station::Refusal;
use crate::text::Language;
use crate::visitor::Visitor;

/// The pages of a board, in the order of the menu: the end of the address, and the message with its name.
const MENU: [(&str, &str); 8] = [
    ("", "door"),
    ("/people", "people"),
    ("/certainty", "certainty"),
    ("/log", "log"),
    ("/settings", "settings"),
    ("/models", "models"),
    ("/computers", "computers"),
    ("/pair", "pair"),
];

/// The name of a menu entry, whose messages are named `menu-…`.
fn menu_text(language: Language, page: &str) -> String {
    let id = match page {
        "door" => "menu-door",
        "people" => "menu-people",
        "certainty" => "menu-certainty",
        "log" => "menu-log",
        "settings" => "menu-settings",
        "models" => "menu-models",
        "computers" => "menu-computers",
        _ => "menu-pair",
    };
    language.say(id)
}

/// A page of a board or of the list of boards.
pub struct Page<'a> {
    /// Who sees it.
    pub visitor: &'a Visitor,
    /// The board, unless it is the list of boards.
    pub board: Option<&'a str>,
    /// What this computer is to the board.
    pub standing: Standing,
    /// Which entry of the menu it is.
    pub here: &'static str,
    /// Its heading.
    pub title: String,
    /// Why the board cannot be asked.
    pub refusal: Option<Refusal>,
}

impl Page<'_> {
    /// The whole page.
    pub fn show(self, main: Markup) -> Response {
        let language = self.visitor.language;
        let notices = [self.visitor.notice.clone(), self.refusal.map(Notice::from)];
        let status = match notices.iter().flatten().any(|notice| !matches!(notice, Notice::Done(_))) {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::OK,
        };
        let body = html! {
            header {
                a.brand href="/boards" title=(language.say("all-boards")) { "Postern" }
                @if let Some(board) = self.board {
                    span.board { bdi { (board) } }
                    @if let Some(standing) = self.standing.text(language) { span.standing { (standing) } }
                    nav aria-label=(language.say("menu")) {
                        @for (end, page) in MENU {
                            a href={ (board_path(board)) (end) } aria-current=[(page == self.here).then_some("page")] {
                                (menu_text(language, page))
                            }
                        }
                    }
                }
            }
            main id="main" {
                h1 { (self.title) }
                @for notice in notices.iter().flatten() {
                    @match notice {
                        Notice::Done(text) => p.notice.done role="status" { (prose(text)) },
                        Notice::Refused(text) => p.notice.refused role="alert" { (prose(text)) },
                        Notice::Known(known) => p.notice.refused role="alert" { (prose(&known.sentence)) },
                    }
                }
                (main)
            }
            footer {
                form method="post" action="/language" {
                    (token(self.visitor))
                    input type="hidden" name="page" value=(self.visitor.page);
                    @for other in Language::ALL {
                        button name="language" value=(other.code()) lang=(other.code())
                            aria-pressed=[(other == language).then_some("true")] {
                            @match other { Language::English => "English", Language::German => "Deutsch" }
                        }
                    }
                }
                form method="post" action="/sign-out" {
                    (token(self.visitor))
                    button { (language.say("sign-out")) }
                }
            }
        };
        (status, document(language, &self.title, html! {}, body)).into_response()
    }
}

/// A page without a menu, for somebody who is not signed in.
pub fn plain(language: Language, title: &str, text: &str) -> Html<String> {
    document(language, title, html! {}, html! { main id="main" { h1 { (title) } p { (prose(text)) } } })
}

/// The page of a browser that has signed in: it goes on by itself.
pub fn signed_in(language: Language) -> Html<String> {
    let title = language.say("signed-in");
    let on = html! { meta http-equiv="refresh" content="0;url=/"; };
    let main =
        html! { main id="main" { h1 { (title) } p { a href="/boards" { (language.say("boards")) } } } };
    document(language, &title, on, main)
}

fn document(language: Language, title: &str, head: Markup, body: Markup) -> Html<String> {
    let document = html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Postern" }
                link rel="stylesheet" href="/assets/console.css";
                link rel="icon" href="/assets/icon.svg";
                script src="/assets/console.js" defer {}
                (head)
            }
            body data-silent=(language.say("console-silent")) {
                a.skip href="#main" { (language.say("skip")) }
                (body)
            }
        }
    };
    Html(document.into_string())
}

/// A sentence in which commands stand between backticks, as the command line writes them: each is an element of its own. A backtick
/// without another one is text.
pub fn prose(text: &str) -> Markup {
    let pieces: Vec<&str> = text.split('`').collect();
    let is_paired = pieces.len() % 2 == 1;
    html! {
        @if is_paired {
            @for (at, piece) in pieces.iter().enumerate() {
                @if at % 2 == 1 { code { (piece) } } @else { (piece) }
            }
        } @else { (text) }
    }
}

/// The hidden field that shows that a form comes from this console's page.
pub fn token(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="form_token" value=(visitor.session.form_token); }
}

/// The address of a board's pages.
pub fn board_path(board: &str) -> String {
    format!("/b/{}", escape(board))
}

/// A text as a part of an address.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The answer to a form: the page of this address, which says once what came of it. To load that page again repeats nothing.
pub fn answer(console: &Console, visitor: &Visitor, path: &str, notice: impl Into<Notice>) -> Response {
    console.sign_in().leave(&visitor.cookie, path, notice.into());
    go(path)
}

/// To another page, after a form was done.
pub fn go(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The page instead of one whose board cannot be asked.
pub fn refused(
    visitor: &Visitor,
    board: Option<(&str, Standing)>,
    here: &'static str,
    refusal: Refusal,
) -> Response {
    let language = visitor.language;
    let (board, standing) = board.map_or((None, Standing::Unknown), |(board, is)| (Some(board), is));
    // The board tells a guest nothing, and the way to a role is the same from each page.
    if let (Some(board), Standing::Guest) = (board, standing) {
        return not_paired(visitor, board, here);
    }
    let lost = refusal.lost;
    let title = language.say(if lost { "board-lost" } else { "refused" });
    let page = Page { visitor, board, standing, here, title, refusal: Some(refusal) };
    page.show(html! {
        // The script asks again until the page is another one.
        @if lost {
            p data-retry="2000" { (language.say("comes-back")) }
            p { (language.say("switched-off")) " " a href="/boards" { (language.say("boards")) } }
        }
    })
}

/// The page instead of one that shows a board's state, which the board tells no computer that is not paired.
pub fn not_paired(visitor: &Visitor, board: &str, here: &'static str) -> Response {
    let language = visitor.language;
    let title = menu_text(language, here);
    let standing = Standing::Guest;
    let page = Page { visitor, board: Some(board), standing, here, title, refusal: None };
    page.show(html! { p data-retry="2000" { (to_pairing(language, &board_path(board))) } })
}

/// That this computer is not paired, and the way to the page that pairs it.
pub fn to_pairing(language: Language, path: &str) -> Markup {
    html! { (language.say("not-paired")) " " a href={ (path) "/pair" } { (language.say("menu-pair")) } }
}

/// A similarity in Q15 as people read it.
pub fn similarity(language: Language, q15: i32) -> String {
    decimal(language, format!("{:.3}", f64::from(q15) / 32768.0))
}

/// A number with the sign of the language between its whole and its decimals.
pub fn decimal(language: Language, number: String) -> String {
    match language {
        Language::English => number,
        Language::German => number.replace('.', ","),
    }
}

/// A large number as people read it: "10,000", or "10.000" in German.
pub fn grouped(language: Language, number: u32) -> String {
    let digits = number.to_string();
    let sign = match language {
        Language::English => ',',
        Language::German => '.',
    };
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(sign);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        let texts = [7, 100, 1_000, 10_000_000].map(|number| grouped(Language::English, number));
        assert_eq!(texts, ["7", "100", "1,000", "10,000,000"]);
        assert_eq!(grouped(Language::German, 10_000), "10.000");
    }

    #[test]
    fn commands_in_sentences_are_elements_and_markup_is_text() {
        let shown = |text: &str| prose(text).into_string();
        assert_eq!(
            shown("`postern pair` pairs it; `a` <b>"),
            "<code>postern pair</code> pairs it; <code>a</code> &lt;b&gt;"
        );
        assert_eq!(shown("nothing"), "nothing");
        assert_eq!(shown("a ` alone"), "a ` alone");
        assert_eq!(shown("`<script>`"), "<code>&lt;script&gt;</code>");
    }

    #[test]
    fn any_name_is_a_part_of_an_address() {
        assert_eq!(board_path("front-2"), "/b/front-2");
        assert_eq!(board_path("Tür/?"), "/b/T%C3%BCr%2F%3F");
    }
}
