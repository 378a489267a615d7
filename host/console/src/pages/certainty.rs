//! How sure the door has to be: the false-accept rate, and what it means here by the encoder's calibration table.
//!
//! The threshold is computed as the board computes it, by `template::Calibration`, for the templates that are enrolled now.
//! How many visits of enrolled people a threshold refuses is not in the table, so the page does not say it.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use client::protocol::Status;
use maud::{Markup, html};
use template::{Basis, Calibration, CalibrationPoint, CosineScore};

use crate::form::Fields;
use crate::layout::{Notice, Page, board_path, grouped, refused, similarity, token};
use crate::state::Console;
use crate::station::CalibrationRow;
use crate::text::Language;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// The rates of the slider.
const RATES: [u32; 11] =
    [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 10_000_000];

/// Strangers who try in a day, unless the visitor says otherwise.
const STRANGERS: u32 = 20;

pub async fn show(
    Visit { console, visitor, board }: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    page(&console, &visitor, &board, &query, None).await
}

/// What the slider shows.
struct Asked {
    /// The place of the rate in [`RATES`].
    at: usize,
    /// Strangers a day.
    strangers: u32,
}

impl Asked {
    fn of(query: &HashMap<String, String>, status: &Status) -> Self {
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<u32>().ok());
        let nearest = || RATES.iter().rposition(|&rate| rate <= status.settings.far_one_in).unwrap_or(0);
        let at = number("rate").map_or_else(nearest, |at| (at as usize).min(RATES.len() - 1));
        Self { at, strangers: number("strangers").unwrap_or(STRANGERS).clamp(1, 100_000) }
    }

    fn one_in(&self) -> u32 {
        RATES.get(self.at).copied().unwrap_or(RATES[0])
    }
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    board: &str,
    query: &HashMap<String, String>,
    notice: Option<Notice>,
) -> Response {
    let language = visitor.language;
    let asked = console.ask(board, |station| Ok((station.state()?.status, station.calibration()?))).await;
    let (status, rows) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some(board), "certainty", refusal),
    };
    let asked = Asked::of(query, &status);
    let path = format!("{}/certainty", board_path(board));
    let title = language.say("menu-certainty");
    let page = Page { visitor, board: Some(board), here: "certainty", title, notice };
    page.show(html! {
        p {
            (language.with("certainty-now", &[("rate", grouped(language, status.settings.far_one_in).as_str().into())])) " "
            @if let Some(threshold) = status.threshold {
                (language.with("threshold-now", &[("threshold", similarity(threshold.into()).as_str().into())]))
            }
        }
        form.fields method="get" action=(path) data-renew="meaning" {
            label {
                (language.say("rate"))
                input type="range" name="rate" min="0" max=(RATES.len() - 1) value=(asked.at);
                span.ends aria-hidden="true" { span { (language.say("laxer")) } span { (language.say("stricter")) } }
            }
            label {
                (language.say("strangers"))
                input type="number" name="strangers" min="1" max="100000" value=(asked.strangers);
            }
            button { (language.say("show")) }
        }
        div id="meaning" aria-live="polite" { (meaning(language, &asked, &status, &rows)) }
        form.fields method="post" action=(path) data-from="rate" {
            (token(visitor))
            input type="hidden" name="rate" value=(asked.at);
            button.main { (language.say("use-rate")) }
        }
        @if !rows.is_empty() { (table(language, &rows)) }
    })
}

/// What a rate means at this door.
fn meaning(language: Language, asked: &Asked, status: &Status, rows: &[CalibrationRow]) -> Markup {
    let one_in = asked.one_in();
    // A day has this many presentations of strangers, each of which is let in with at most the rate.
    let days = u64::from(one_in) / u64::from(asked.strangers);
    let after = match days {
        0 => language.say("every-day"),
        1..=59 => language.with("every-days", &[("count", days.into())]),
        60..=729 => language.with("every-months", &[("count", (days / 30).into())]),
        _ => language.with("every-years", &[("count", (days / 365).into())]),
    };
    let points: Vec<CalibrationPoint> = rows.iter().map(point).collect();
    let threshold =
        Calibration::new(&points).ok().map(|table| table.threshold(one_in, status.templates.into()));
    html! {
        p.big { (language.with("means-rate", &[("rate", grouped(language, one_in).as_str().into())])) }
        p {
            (language.with("means-visits", &[("strangers", u64::from(asked.strangers).into()), ("after", after.as_str().into())]))
        }
        @match threshold {
            Some(threshold) => p {
                @let score = similarity(threshold.similarity.0);
                (language.with("means-threshold", &[
                    ("threshold", score.as_str().into()),
                    ("templates", u64::from(status.templates).into()),
                ])) " "
                (match threshold.basis {
                    Basis::Measured => language.say("basis-measured"),
                    Basis::Modelled => language.say("basis-modelled"),
                    Basis::Unproven => language.say("basis-unproven"),
                })
            },
            None => p { (language.say("no-table")) },
        }
        p.help { (language.say("not-told")) }
    }
}

fn point(row: &CalibrationRow) -> CalibrationPoint {
    let basis = if row.measured { Basis::Measured } else { Basis::Modelled };
    CalibrationPoint { one_in: row.one_in, threshold: CosineScore(row.threshold), basis }
}

fn table(language: Language, rows: &[CalibrationRow]) -> Markup {
    html! {
        section {
            h2 { (language.say("table")) }
            p.help { (language.say("table-text")) }
            div.wide tabindex="0" {
                table {
                    thead { tr {
                        th scope="col" { (language.say("one-in")) }
                        th scope="col" { (language.say("estimate")) }
                        th scope="col" { (language.say("upper-end")) }
                        th scope="col" { (language.say("known")) }
                    } }
                    tbody {
                        @for row in rows { tr {
                            td { (grouped(language, row.one_in)) }
                            td { (similarity(row.estimate)) }
                            td { (similarity(row.threshold)) }
                            td { (language.say(if row.measured { "measured" } else { "modelled" })) }
                        } }
                    }
                }
            }
        }
    }
}

pub async fn set(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let one_in = fields.number::<usize>("rate").and_then(|at| RATES.get(at).copied());
    let asked = console
        .ask(&board, move |station| {
            let mut settings = station.state()?.status.settings;
            settings.far_one_in = one_in.unwrap_or(settings.far_one_in);
            station.set_settings(settings)
        })
        .await;
    let notice = Notice::of(asked, visitor.language.say("saved"));
    page(&console, &visitor, &board, &HashMap::new(), Some(notice)).await
}
