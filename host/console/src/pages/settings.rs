//! The settings of the door, and its models and firmware as the board says them.

use axum::response::Response;
use client::protocol::{LivenessMode, Matching, Settings};
use maud::html;

use crate::form::Fields;
use crate::layout::{Notice, Page, board_path, refused, token};
use crate::state::Console;
use crate::station::{Refusal, Said};
use crate::visit::Visit;
use crate::visitor::Visitor;

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    page(&console, &visitor, &board, None).await
}

async fn page(console: &Console, visitor: &Visitor, board: &str, notice: Option<Notice>) -> Response {
    let language = visitor.language;
    let asked = console.ask(board, |station| {
        let status = station.state()?.status;
        let zone = station.zone_text(&status.settings.limits.zone);
        Ok((status, zone))
    });
    let (status, zone) = match asked.await {
        Ok(known) => known,
        Err(refusal) => return refused(visitor, Some(board), "settings", refusal),
    };
    let Settings { agreement_frames, open_ms, liveness, limits, matching, .. } = status.settings;
    let path = format!("{}/settings", board_path(board));
    let title = language.say("menu-settings");
    let page = Page { visitor, board: Some(board), here: "settings", title, notice };
    let number = |label: String, name: &str, value: i64, least: i64, most: i64| {
        html! { label { (label) input type="number" name=(name) value=(value) min=(least) max=(most) required; } }
    };
    page.show(html! {
        form.fields method="post" action=(path) {
            (token(visitor))
            label {
                (language.say("set-liveness"))
                select name="liveness" {
                    @for (mode, text) in [
                        (LivenessMode::Passive, language.say("liveness-passive")),
                        (LivenessMode::Challenge, language.say("liveness-challenge")),
                        (LivenessMode::Off, language.say("liveness-off")),
                    ] { option value=(mode) selected[mode == liveness] { (text) } }
                }
            }
            label {
                (language.say("set-matching"))
                select name="matching" {
                    @for (mode, text) in [
                        (Matching::Identify, language.say("matching-identify")),
                        (Matching::Verify, language.say("matching-verify")),
                    ] { option value=(mode) selected[mode == matching] { (text) } }
                }
            }
            (number(language.say("set-agreement"), "agreement", agreement_frames.into(), 1, 16))
            (number(language.say("set-open"), "open_ms", open_ms.into(), 100, 60_000))
            (number(language.say("set-failures"), "failures", limits.failures.into(), 1, 255))
            (number(language.say("set-lockout"), "lockout", seconds(limits.lockout_ms), 0, 86_400))
            (number(language.say("set-passback"), "passback", seconds(limits.passback_ms), 0, 86_400))
            (number(language.say("set-pin"), "pin", seconds(limits.pin_ms), 0, 3_600))
            (number(language.say("set-held"), "held", seconds(limits.held_ms), 0, 86_400))
            label {
                (language.say("set-zone"))
                input type="text" name="zone" placeholder="Europe/Berlin, local, +01:00" autocomplete="off";
                small { (language.say("set-zone-now")) ": " (zone) }
            }
            label.check {
                input type="checkbox" name="fail_safe" value="yes" checked[limits.fail_safe];
                (language.say("set-fail-safe"))
            }
            button.main { (language.say("save")) }
        }
        section {
            h2 { (language.say("models")) }
            dl.scores {
                div { dt { (language.say("firmware")) } dd { (status.firmware) } }
                @for model in &status.models {
                    div { dt { (model.kind) } dd { (model.name) " " code { (hex::encode(&model.sha256[..6])) } } }
                }
            }
            @if status.models.is_empty() { p { (language.say("no-models")) } }
        }
    })
}

fn seconds(ms: u32) -> i64 {
    i64::from(ms / 1000)
}

/// The settings after a form. What the form does not have stays.
fn changed(before: Settings, fields: &Fields) -> Said<Settings> {
    let wrong = |name: &str| Refusal { sentence: format!("`{name}` is no number in its range"), lost: false };
    let ms = |name: &str, before: u32| -> Said<u32> {
        let seconds: u32 = fields.number(name).ok_or_else(|| wrong(name))?;
        // What is less than a second stays, if the form does not change the seconds.
        if seconds == before / 1000 {
            Ok(before)
        } else {
            seconds.checked_mul(1000).ok_or_else(|| wrong(name))
        }
    };
    let mut after = before;
    let modes = [LivenessMode::Off, LivenessMode::Passive, LivenessMode::Challenge];
    let liveness = modes.into_iter().find(|mode| mode.to_string() == fields.get("liveness"));
    after.liveness = liveness.ok_or_else(|| wrong("liveness"))?;
    let matching = [Matching::Identify, Matching::Verify];
    let matching = matching.into_iter().find(|mode| mode.to_string() == fields.get("matching"));
    after.matching = matching.ok_or_else(|| wrong("matching"))?;
    after.agreement_frames = fields.number("agreement").ok_or_else(|| wrong("agreement"))?;
    after.open_ms = fields.number("open_ms").ok_or_else(|| wrong("open_ms"))?;
    let limits = &mut after.limits;
    limits.failures = fields.number("failures").ok_or_else(|| wrong("failures"))?;
    limits.lockout_ms = ms("lockout", limits.lockout_ms)?;
    limits.passback_ms = ms("passback", limits.passback_ms)?;
    limits.pin_ms = ms("pin", limits.pin_ms)?;
    limits.held_ms = ms("held", limits.held_ms)?;
    limits.fail_safe = fields.get("fail_safe") == "yes";
    Ok(after)
}

pub async fn set(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let asked = console
        .ask(&board, move |station| {
            let mut settings = changed(station.state()?.status.settings, &fields)?;
            let zone = fields.get("zone").trim();
            if !zone.is_empty() {
                settings.limits.zone = station.zone_of(zone)?;
            }
            station.set_settings(settings)
        })
        .await;
    let notice = Notice::of(asked, visitor.language.say("saved"));
    page(&console, &visitor, &board, Some(notice)).await
}
