//! The settings of the door.
//!
//! The form holds the values that it was made from. So a page that has been open for long changes only what its reader
//! changed, and refuses to change what somebody else has changed meanwhile.

use axum::response::Response;
use client::protocol::{LivenessMode, Matching, Settings, range};
use maud::{Markup, html};

use crate::form::Fields;
use crate::layout::{Page, answer, board_path, not_paired, refused, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::station::{Refusal, Said, settings_lost};
use crate::text::Language;
use crate::visit::Visit;

/// A setting that is a number.
struct Number {
    /// The name of its field.
    name: &'static str,
    /// The message with its label.
    label: &'static str,
    /// The board's range.
    range: (u32, u32),
    /// How much of the board's unit is one of the field's: 1000 for seconds.
    unit: u32,
    read: fn(&Settings) -> u32,
    write: fn(&mut Settings, u32),
}

const NUMBERS: [Number; 7] = [
    Number {
        name: "agreement",
        label: "set-agreement",
        range: range::AGREEMENT_FRAMES,
        unit: 1,
        read: |settings| settings.agreement_frames.into(),
        write: |settings, value| settings.agreement_frames = value as u8,
    },
    Number {
        name: "open_ms",
        label: "set-open",
        range: range::OPEN_MS,
        unit: 1,
        read: |settings| settings.open_ms,
        write: |settings, value| settings.open_ms = value,
    },
    Number {
        name: "failures",
        label: "set-failures",
        range: range::FAILURES,
        unit: 1,
        read: |settings| settings.limits.failures.into(),
        write: |settings, value| settings.limits.failures = value as u8,
    },
    Number {
        name: "lockout",
        label: "set-lockout",
        range: range::LOCKOUT_MS,
        unit: 1000,
        read: |settings| settings.limits.lockout_ms,
        write: |settings, value| settings.limits.lockout_ms = value,
    },
    Number {
        name: "passback",
        label: "set-passback",
        range: range::PASSBACK_MS,
        unit: 1000,
        read: |settings| settings.limits.passback_ms,
        write: |settings, value| settings.limits.passback_ms = value,
    },
    Number {
        name: "pin",
        label: "set-pin",
        range: range::PIN_MS,
        unit: 1000,
        read: |settings| settings.limits.pin_ms,
        write: |settings, value| settings.limits.pin_ms = value,
    },
    Number {
        name: "held",
        label: "set-held",
        range: range::HELD_MS,
        unit: 1000,
        read: |settings| settings.limits.held_ms,
        write: |settings, value| settings.limits.held_ms = value,
    },
];

impl Number {
    /// The value of the field.
    fn now(&self, settings: &Settings) -> u32 {
        (self.read)(settings) / self.unit
    }

    /// The least and the most value of the field.
    fn ends(&self) -> (u32, u32) {
        (self.range.0.div_ceil(self.unit), self.range.1 / self.unit)
    }
}

const LIVENESS: [LivenessMode; 3] = [LivenessMode::Passive, LivenessMode::Challenge, LivenessMode::Off];
const MATCHING: [Matching; 2] = [Matching::Identify, Matching::Verify];

/// The value of a check box.
fn ticked(on: bool) -> &'static str {
    if on { "yes" } else { "" }
}

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let asked = console.ask_for_page(board, |station| {
        let Some(paired) = station.state()?.paired else { return Ok(None) };
        if paired.status.settings_lost {
            return Err(settings_lost());
        }
        let zone = station.zone_text(&paired.status.settings.limits.zone);
        Ok(Some((paired.status, zone)))
    });
    let (standing, asked) = asked.await;
    let (status, zone) = match asked {
        Ok(Some(known)) => known,
        Ok(None) => return not_paired(visitor, board, "settings"),
        Err(refusal) => return refused(visitor, Some((board, standing)), "settings", refusal),
    };
    let settings = status.settings;
    let Settings { liveness, limits, matching, .. } = settings;
    let path = format!("{}/settings", board_path(board));
    let title = language.say("menu-settings");
    let page = Page { visitor, board: Some(board), standing, here: "settings", title, refusal: None };
    let lacks = standing.lacks(language, Offer::Settings);
    page.show(html! {
        @if let Some(lacks) = &lacks { (lacks) }
        form method="post" action=(path) { fieldset.fields disabled[lacks.is_some()] {
            (token(visitor))
            (choice("liveness", language.say("set-liveness"), &LIVENESS, liveness, language.say("liveness-text")))
            (choice("matching", language.say("set-matching"), &MATCHING, matching, language.say("matching-text")))
            @for number in &NUMBERS {
                @let (least, most) = number.ends();
                @let now = number.now(&settings);
                label { (language.say(number.label)) input type="number" name=(number.name) value=(now) min=(least) max=(most) required; }
                (was(number.name, &now.to_string()))
            }
            label {
                (language.say("set-zone"))
                input type="text" name="zone" placeholder="Europe/Berlin, local, +01:00" autocomplete="off";
                span.help { (language.say("set-zone-now")) ": " (zone) }
            }
            label.check {
                input type="checkbox" name="fail_safe" value="yes" checked[limits.fail_safe];
                (language.say("set-fail-safe"))
            }
            (was("fail_safe", ticked(limits.fail_safe)))
            @if lacks.is_none() { button.main { (language.say("save")) } }
        } }
    })
}

/// A choice with what its words mean.
fn choice<T: ToString + PartialEq>(name: &str, label: String, all: &[T], now: T, help: String) -> Markup {
    html! {
        label {
            (label)
            select name=(name) {
                @for one in all { option value=(one.to_string()) selected[*one == now] { (one.to_string()) } }
            }
            span.help { (help) }
        }
        (was(name, &now.to_string()))
    }
}

/// The value from which a field was made.
fn was(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name={ "was_" (name) } value=(value); }
}

/// What the form changes a field to; `None` if it does not change it.
///
/// # Errors
/// Somebody else has changed it since the form was made.
fn new<'a>(
    language: Language,
    fields: &'a Fields,
    (name, label): (&str, &str),
    now: &str,
) -> Said<Option<&'a str>> {
    let was = fields.given(&format!("was_{name}"));
    // An empty check box is not sent: what the page had tells it from a field that the form has not.
    let Some(new) = fields.given(name).or(was.map(|_| "")) else { return Ok(None) };
    let was = was.unwrap_or(now);
    if new == was || new == now {
        return Ok(None);
    }
    if was != now {
        let values = [("field", label.into()), ("now", now.into())];
        return Err(Refusal { sentence: language.with("changed-meanwhile", &values), lost: false });
    }
    Ok(Some(new))
}

/// The settings after a form.
fn changed(language: Language, before: Settings, fields: &Fields) -> Said<Settings> {
    let refuse = |sentence: String| Refusal { sentence, lost: false };
    let no_choice = |label: &str| refuse(language.with("no-choice", &[("field", label.into())]));
    let mut after = before;
    let label = language.say("set-liveness");
    if let Some(new) = new(language, fields, ("liveness", &label), &before.liveness.to_string())? {
        let chosen = LIVENESS.into_iter().find(|mode| mode.to_string() == new);
        after.liveness = chosen.ok_or_else(|| no_choice(&label))?;
    }
    let label = language.say("set-matching");
    if let Some(new) = new(language, fields, ("matching", &label), &before.matching.to_string())? {
        let chosen = MATCHING.into_iter().find(|mode| mode.to_string() == new);
        after.matching = chosen.ok_or_else(|| no_choice(&label))?;
    }
    let out_of_range = |label: &str, (least, most): (i64, i64)| {
        let (least, most) = (least.to_string(), most.to_string());
        let values =
            [("field", label.into()), ("least", least.as_str().into()), ("most", most.as_str().into())];
        refuse(language.with("out-of-range", &values))
    };
    for number in &NUMBERS {
        let label = language.say(number.label);
        let (least, most) = number.ends();
        let now = number.now(&before).to_string();
        let Some(new) = new(language, fields, (number.name, &label), &now)? else { continue };
        let value = new.parse().ok().filter(|value| (least..=most).contains(value));
        let value = value.ok_or_else(|| out_of_range(&label, (least.into(), most.into())))?;
        // Within the range of the board, so the product fits.
        (number.write)(&mut after, value.saturating_mul(number.unit));
    }
    let label = language.say("set-fail-safe");
    if let Some(new) = new(language, fields, ("fail_safe", &label), ticked(before.limits.fail_safe))? {
        after.limits.fail_safe = new == "yes";
    }
    Ok(after)
}

pub async fn set(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let language = visitor.language;
    let asked = console
        .ask(&board, move |station| {
            let mut settings = changed(language, station.settings()?, &fields)?;
            let zone = fields.get("zone").trim();
            if !zone.is_empty() {
                settings.limits.zone = station.zone_of(zone)?;
            }
            station.set_settings(settings)
        })
        .await;
    let notice = Notice::of(asked, language.say("saved"));
    answer(&console, &visitor, &format!("{}/settings", board_path(&board)), notice)
}
