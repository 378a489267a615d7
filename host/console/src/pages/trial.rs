//! A trial: who stands before a camera is compared with everybody, and the page shows how similar they are beside the threshold.
//!
//! It is the board's own request, that of `postern identify`, with its role and its entry in the log. The board tells exact
//! similarities to an installer alone, and steps to an operator: the page shows a step as the range that it is. So nobody
//! sees here what the board would not tell them.
//!
//! The script sends pictures one after the other (`look`). Without it the form compares one photograph (`compare`).

use axum::http::header;
use axum::response::{IntoResponse, Response};
use client::protocol::{Comparison, Role};
use maud::{Markup, html};

use super::people::unfit;
use super::upload::Photographs;
use crate::layout::{Page, answer, board_path, not_paired, prose, refused, similarity, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::standing::Standing;
use crate::station::Compared;
use crate::text::Language;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// Looks of a trial. Each is an entry of the log, of which a computer may cause so many.
const LOOKS: usize = 30;

/// The step of similarities for an operator, Q15: one sixteenth. Those of the board are rounded down.
const STEP: i32 = 2048;

/// Width and height of the drawing, and where a similarity of 0 lies.
const SIZE: [i32; 2] = [320, 64];
const ZERO: i32 = 8;

/// The address of the page.
fn trial_path(board: &str) -> String {
    format!("{}/certainty/trial", board_path(board))
}

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let visitor = &visitor;
    let language = visitor.language;
    let (standing, asked) = console.ask_for_page(&board, |station| Ok(station.state()?.paired)).await;
    let paired = match asked {
        Ok(Some(paired)) => paired,
        Ok(None) => return not_paired(visitor, &board, "certainty"),
        Err(refusal) => return refused(visitor, Some((&board, standing)), "certainty", refusal),
    };
    let title = language.say("trial");
    let page = Page { visitor, board: Some(&board), standing, here: "certainty", title, refusal: None };
    page.show(html! {
        p { (language.say("trial-text")) }
        p.help {
            (language.with("trial-cost", &[("looks", (LOOKS as u64).into())])) " "
            @if paired.role == Role::Operator { (language.say("trial-steps")) }
        }
        @if paired.status.people == 0 { p.remark { (language.say("trial-nobody")) } }
        (standing.form(language, Offer::Compare, || form(visitor, &trial_path(&board))))
    })
}

/// The form: two cameras for the script, and a photograph.
fn form(visitor: &Visitor, path: &str) -> Markup {
    let language = visitor.language;
    html! {
        section {
            h2 { (language.say("trial-live")) }
            noscript { p { (language.say("trial-script")) } }
            form.trial data-trial={ (path) "/look" } data-looks=(LOOKS)
                data-denied=(language.say("trial-denied")) data-none=(language.say("trial-none"))
                data-over=(language.say("trial-over")) data-word=(language.say("trial-look")) {
                (token(visitor))
                div.row {
                    button type="button" value="browser" { (language.say("trial-browser")) }
                    button type="button" value="door" { (language.say("trial-door")) }
                    button type="button" value="stop" disabled { (language.say("trial-stop")) }
                }
                video hidden muted playsinline aria-label=(language.say("webcam-sees")) {}
                div data-part {}
                p data-said role="status" {}
            }
        }
        section {
            h2 { (language.say("trial-photo")) }
            form.fields method="post" action=(path) enctype="multipart/form-data" data-busy=(language.say("trial-busy")) {
                (token(visitor))
                label { (language.say("trial-file")) input name="photo" type="file" accept="image/*" required; }
                button.main { (language.say("trial-compare")) }
            }
        }
    }
}

/// Compares one picture of the script: of the browser's camera, or of the door's if there is none. The reply is for the script:
/// what the page shows, and whether it is no use to go on.
pub async fn look(Visit { console, visitor, board }: Visit, mut form: Photographs) -> Response {
    let language = visitor.language;
    let picture = form.photos.pop();
    let asked = console
        .ask(&board, move |station| Ok((Standing::of(station.role()?), station.compare(picture)?)))
        .await;
    let (part, over) = match asked {
        Ok((standing, Compared::Face(comparison))) => (meter(language, standing, &comparison), false),
        Ok((_, Compared::Nothing(why))) => (html! { p.notice { (prose(&why)) } }, false),
        Err(refusal) => (html! { p.notice.refused role="alert" { (prose(&refusal.sentence)) } }, true),
    };
    let reply = serde_json::json!({ "part": part.into_string(), "over": over });
    ([(header::CONTENT_TYPE, "application/json")], reply.to_string()).into_response()
}

/// Compares one photograph of the form.
pub async fn compare(Visit { console, visitor, board }: Visit, mut form: Photographs) -> Response {
    let language = visitor.language;
    let path = trial_path(&board);
    if let Some(sentence) = unfit(&visitor, &form) {
        return answer(&console, &visitor, &path, Notice::Refused(sentence));
    }
    let picture = form.photos.pop();
    let asked = console
        .ask(&board, move |station| Ok((Standing::of(station.role()?), station.compare(picture)?)))
        .await;
    let notice = match asked {
        Ok((standing, Compared::Face(comparison))) => {
            let values = match &comparison.best {
                Some(best) => range(language, standing, best.similarity.into()),
                None => "–".to_owned(),
            };
            let needed = similarity(language, comparison.threshold.into());
            let values = [("similarity", values.as_str().into()), ("needed", needed.as_str().into())];
            let said =
                format!("{} {}", verdict(language, &comparison), language.with("trial-numbers", &values));
            if comparison.accepted { Notice::Done(said) } else { Notice::Refused(said) }
        }
        Ok((_, Compared::Nothing(why))) => Notice::Refused(why),
        Err(refusal) => refusal.into(),
    };
    answer(&console, &visitor, &path, notice)
}

/// What the board makes of a face, in a sentence.
fn verdict(language: Language, comparison: &Comparison) -> String {
    let Some(best) = &comparison.best else { return language.say("trial-nobody") };
    let name = [("name", best.name.as_str().into())];
    let reason = comparison.liveness.and_then(|liveness| liveness.reject);
    match (comparison.accepted, reason) {
        (true, _) => language.with("trial-match", &name),
        (false, Some(reason)) if best.similarity >= comparison.threshold => {
            let reason = reason.to_string();
            language.with(
                "trial-lifeless",
                &[("name", best.name.as_str().into()), ("reason", reason.as_str().into())],
            )
        }
        _ => language.with("trial-no-match", &name),
    }
}

/// A similarity as the board tells it to a role: exact, or the step in which it lies.
fn range(language: Language, standing: Standing, q15: i32) -> String {
    match is_exact(standing) {
        true => similarity(language, q15),
        false => format!("{} – {}", similarity(language, q15), similarity(language, q15 + STEP)),
    }
}

fn is_exact(standing: Standing) -> bool {
    standing == Standing::Paired(Role::Installer)
}

/// The similarity as a bar, with a line where the threshold lies.
fn meter(language: Language, standing: Standing, comparison: &Comparison) -> Markup {
    let (class, sign) = if comparison.accepted { ("good", "✓") } else { ("bad", "✗") };
    let verdict = verdict(language, comparison);
    let across = |q15: i32| ZERO + q15.clamp(0, 32_767) * (SIZE[0] - 2 * ZERO) / 32_767;
    html! {
        figure.meter {
            @if let Some(best) = &comparison.best {
                @let least: i32 = best.similarity.into();
                @let most = if is_exact(standing) { least } else { least + STEP };
                @let needed = across(comparison.threshold.into());
                svg viewBox=(format!("0 0 {} {}", SIZE[0], SIZE[1])) aria-hidden="true" {
                    rect.track x=(ZERO) y="8" width=(SIZE[0] - 2 * ZERO) height="24" rx="4" {}
                    rect.step x=(ZERO) y="8" width=(across(most) - ZERO) height="24" rx="4" {}
                    rect class={ "value " (class) } x=(ZERO) y="8" width=(across(least) - ZERO) height="24" rx="4" {}
                    line x1=(needed) x2=(needed) y1="2" y2="38" {}
                    text x=(needed) y="58" text-anchor="middle" { (language.say("needed")) }
                }
            }
            figcaption class=(class) { span aria-hidden="true" { (sign) " " } bdi { (verdict) } }
        }
        dl.scores {
            @if let Some(best) = &comparison.best {
                div { dt { (language.say("similarity")) } dd { (range(language, standing, best.similarity.into())) } }
            }
            div { dt { (language.say("needed")) } dd { (similarity(language, comparison.threshold.into())) } }
            @if let Some(liveness) = &comparison.liveness {
                div { dt { (language.say("liveness-score")) } dd { (range(language, standing, liveness.score.into())) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_the_range_that_it_is() {
        let installer = Standing::Paired(Role::Installer);
        let operator = Standing::Paired(Role::Operator);
        assert_eq!(range(Language::English, installer, 16_700), "0.510");
        assert_eq!(range(Language::English, operator, 16_384), "0.500 – 0.562");
        assert_eq!(range(Language::German, operator, -2_048), "-0,062 – 0,000");
    }
}
