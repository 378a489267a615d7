//! How sure the door has to be: the false-accept rate, and what it means here by the encoder's calibration table.
//!
//! The threshold is computed as the board computes it, by `template::Calibration`, for the templates that are enrolled now.
//! How often pictures of one person do not match at a threshold is measured apart (`postern eval pairs --write-misses`); where
//! nobody did, the page says so.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use client::protocol::{Settings, Status};
use maud::{Markup, html};
use template::{Basis, Calibration, CalibrationPoint, CosineScore};

use super::curve;
use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, grouped, not_paired, prose, refused, similarity, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::station::{CalibrationRow, Errors};
use crate::text::Language;
use crate::visit::Visit;

/// The rates of the slider.
const RATES: [u32; 11] =
    [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 10_000_000];

/// Most strangers of a day that the page reckons with.
const MOST_STRANGERS: u32 = 100_000;

/// Strangers who try in a day, unless the visitor says otherwise.
const STRANGERS: u32 = 20;

pub async fn show(
    Visit { console, visitor, board }: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let visitor = &visitor;
    let language = visitor.language;
    let (standing, asked) = console
        .ask_for_page(&board, |station| {
            let paired = station.state()?.paired;
            let errors = if paired.is_some() { station.errors()? } else { Errors::default() };
            Ok((paired, errors))
        })
        .await;
    let (status, errors) = match asked {
        Ok((Some(paired), errors)) => (paired.status, errors),
        Ok((None, _)) => return not_paired(visitor, &board, "certainty"),
        Err(refusal) => return refused(visitor, Some((&board, standing)), "certainty", refusal),
    };
    let asked = Asked::of(&query, &status);
    let path = format!("{}/certainty", board_path(&board));
    let title = language.say("menu-certainty");
    let page = Page { visitor, board: Some(&board), standing, here: "certainty", title, refusal: None };
    page.show(html! {
        p {
            (language.with("certainty-now", &[("rate", grouped(language, status.settings.far_one_in).as_str().into())])) " "
            @if let Some(threshold) = status.threshold {
                (language.with("threshold-now", &[("threshold", similarity(language, threshold.into()).as_str().into())]))
            }
        }
        p { a.button href={ (path) "/trial" } { (language.say("trial-open")) } }
        form.fields method="post" action=(path) data-renew="meaning" {
            (token(visitor))
            label {
                (language.say("rate"))
                input type="range" name="rate" min="0" max=(RATES.len() - 1) value=(asked.at);
                span.ends aria-hidden="true" { span { (language.say("laxer")) } span { (language.say("stricter")) } }
            }
            label {
                (language.say("strangers"))
                input type="number" name="strangers" min="1" max=(MOST_STRANGERS) value=(asked.strangers);
            }
            button formaction={ (path) "/show" } { (language.say("show")) }
            div id="meaning" aria-live="polite" { (meaning(language, &asked, &status, &errors)) }
            (standing.form(language, Offer::Settings, || html! { button.main { (language.say("use-rate")) } }))
        }
        @if !errors.rows.is_empty() { (table(language, &errors)) }
    })
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
        // A rate between two places is shown at the stricter one: whoever saves without a look makes no door laxer.
        let now = status.settings.far_one_in;
        let at = number("rate").map_or_else(|| RATES.partition_point(|&rate| rate < now), |at| at as usize);
        let strangers = number("strangers").unwrap_or(STRANGERS).clamp(1, MOST_STRANGERS);
        Self { at: at.min(RATES.len() - 1), strangers }
    }

    fn one_in(&self) -> u32 {
        RATES.get(self.at).copied().unwrap_or(RATES[0])
    }
}

/// What a rate means at this door.
fn meaning(language: Language, asked: &Asked, status: &Status, errors: &Errors) -> Markup {
    let one_in = asked.one_in();
    // Each of the strangers of a day is let in with at most the rate.
    let a_day = asked.strangers.div_ceil(one_in);
    let days = u64::from(one_in) / u64::from(asked.strangers);
    let after = match days {
        _ if a_day > 1 => {
            language.with("so-many-a-day", &[("count", grouped(language, a_day).as_str().into())])
        }
        0 | 1 => language.say("every-day"),
        2..=60 => language.with("every-days", &[("count", days.into())]),
        61..=729 => language.with("every-months", &[("count", (days * 12 / 365).into())]),
        _ => language.with("every-years", &[("count", (days / 365).into())]),
    };
    let strangers = grouped(language, asked.strangers);
    let visits = [
        ("count", u64::from(asked.strangers).into()),
        ("strangers", strangers.as_str().into()),
        ("after", after.as_str().into()),
    ];
    let points: Vec<CalibrationPoint> = errors.rows.iter().map(point).collect();
    let threshold =
        Calibration::new(&points).ok().map(|table| table.threshold(one_in, status.templates.into()));
    html! {
        p.big { (language.with("means-rate", &[("rate", grouped(language, one_in).as_str().into())])) }
        p {
            (language.with("means-visits", &visits))
        }
        @match threshold {
            Some(threshold) => p {
                @let score = similarity(language, threshold.similarity.0);
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
        @let missed = threshold.as_ref().and_then(|threshold| errors.missed(threshold.similarity.0));
        @match missed {
            Some(missed) => {
                p { (language.with("means-misses", &[("count", hundreds(missed).as_str().into())])) }
                p.help { (language.with("misses-of", &[("of", errors.of.as_str().into())])) }
                (curve::draw(language, errors, threshold.as_ref().map(|threshold| threshold.similarity.0)))
            }
            None => p.help { (prose(&language.say("not-told"))) },
        }
    }
}

/// A share as so many of a hundred.
fn hundreds(share: f64) -> String {
    let hundreds = share * 100.0;
    if hundreds < 1.0 { format!("{hundreds:.1}") } else { format!("{hundreds:.0}") }
}

fn point(row: &CalibrationRow) -> CalibrationPoint {
    let basis = if row.measured { Basis::Measured } else { Basis::Modelled };
    CalibrationPoint { one_in: row.one_in, threshold: CosineScore(row.threshold), basis }
}

fn table(language: Language, errors: &Errors) -> Markup {
    let is_measured = !errors.misses.is_empty();
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
                        @if is_measured { th scope="col" { (language.say("missed")) } }
                    } }
                    tbody {
                        @for row in &errors.rows { tr {
                            td { (grouped(language, row.one_in)) }
                            td { (similarity(language, row.estimate)) }
                            td { (similarity(language, row.threshold)) }
                            td { (language.say(if row.measured { "measured" } else { "modelled" })) }
                            @if is_measured { td { (errors.missed(row.threshold).map_or_else(|| "?".to_owned(), hundreds)) } }
                        } }
                    }
                }
            }
        }
    }
}

/// Shows what the fields of the form mean: for a browser without scripts.
pub async fn ask(Visit { board, .. }: Visit, fields: Fields) -> Response {
    let number = |name: &str| fields.number::<u32>(name).unwrap_or_default();
    let path = board_path(&board);
    go(&format!("{path}/certainty?rate={}&strangers={}", number("rate"), number("strangers")))
}

pub async fn set(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let language = visitor.language;
    let path = format!("{}/certainty", board_path(&board));
    let Some(one_in) = fields.number::<usize>("rate").and_then(|at| RATES.get(at).copied()) else {
        return answer(&console, &visitor, &path, Notice::Refused(language.say("no-rate")));
    };
    let asked = console
        .ask(&board, move |station| {
            station.set_settings(Settings { far_one_in: one_in, ..station.settings()? })
        })
        .await;
    answer(&console, &visitor, &path, Notice::of(asked, language.say("saved")))
}
