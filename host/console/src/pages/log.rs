//! The audit log: its newest entries, a filter, the check of its chain, and the export.

use std::collections::{BTreeSet, HashMap};

use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::form::Fields;
use crate::layout::{Page, answer, board_path, refused, token};
use crate::notice::Notice;
use crate::visit::Visit;

/// Entries that a page shows.
const MOST: usize = 500;

pub async fn show(
    Visit { console, visitor, board }: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let (standing, asked) = console.ask_for_page(board, |station| station.log(MOST)).await;
    let entries = match asked {
        Ok(entries) => entries,
        Err(refusal) => return refused(visitor, Some((board, standing)), "log", refusal),
    };
    let field = |name: &str| query.get(name).map(|text| text.trim()).unwrap_or_default();
    let (kind, words) = (field("kind"), field("words").to_lowercase());
    let kinds: BTreeSet<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let found: Vec<_> = entries
        .iter()
        .filter(|entry| kind.is_empty() || entry.kind == kind)
        .filter(|entry| entry.text.to_lowercase().contains(&words))
        .collect();
    let path = format!("{}/log", board_path(board));
    let title = language.say("menu-log");
    let page = Page { visitor, board: Some(board), standing, here: "log", title, refusal: None };
    page.show(html! {
        form.row method="get" action=(path) {
            label {
                (language.say("kind"))
                select name="kind" {
                    option value="" { (language.say("all-kinds")) }
                    @for known in kinds { option value=(known) selected[known == kind] { (known) } }
                }
            }
            label { (language.say("words")) input name="words" value=(field("words")); }
            button { (language.say("filter")) }
        }
        div.row {
            form method="post" action={ (path) "/verify" } {
                (token(visitor))
                button { (language.say("verify")) }
            }
            a.button href={ (path) "/export" } download { (language.say("export")) }
        }
        p.help { (language.with("entries-count", &[("count", (found.len() as u64).into()), ("most", (MOST as u64).into())])) }
        ol.log tabindex="0" aria-label=(language.say("menu-log")) { @for entry in found { li { (entry.text) } } }
    })
}

pub async fn verify(Visit { console, visitor, board }: Visit, _fields: Fields) -> Response {
    let language = visitor.language;
    let notice = match console.ask(&board, |station| station.verify_log()).await {
        Ok(verified) => match verified.finding {
            Some(finding) => {
                Notice::Refused(language.with("log-broken", &[("finding", finding.as_str().into())]))
            }
            None => Notice::Done(language.with("log-whole", &[("count", (verified.entries as u64).into())])),
        },
        Err(refusal) => refusal.into(),
    };
    answer(&console, &visitor, &format!("{}/log", board_path(&board)), notice)
}

pub async fn export(Visit { console, visitor, board }: Visit) -> Response {
    let (standing, asked) = console.ask_for_page(&board, |station| station.export_log()).await;
    match asked {
        Ok(lines) => {
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"log.jsonl\""),
            ];
            (headers, lines).into_response()
        }
        Err(refusal) => refused(&visitor, Some((&board, standing)), "log", refusal),
    }
}
