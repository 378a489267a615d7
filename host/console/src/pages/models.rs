//! The models and the firmware of a board, and flashing them: the checks and the code are those of `postern flash`.

use axum::response::Response;
use client::protocol::{ModelKind, Role};
use maud::{Markup, html};

use super::flashing::part;
use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, not_paired, prose, refused, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::standing::Standing;
use crate::station::{Flash, Flashable};
use crate::text::Language;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// The kinds of models, and the names of their fields.
const KINDS: [(ModelKind, &str); 3] =
    [(ModelKind::Detector, "detector"), (ModelKind::Encoder, "encoder"), (ModelKind::Liveness, "liveness")];

/// The kind of board whose program is no firmware.
const LINUX: &str = "linux";

/// What the page shows.
struct Shown {
    flashable: Flashable,
    role: Option<Role>,
}

pub async fn show(Visit { console, visitor, board }: Visit) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let path = format!("{}/models", board_path(board));
    let asked = console
        .ask(board, |station| {
            let flashing = station.flashing();
            // The line is the transfer's until it ends.
            if flashing.as_ref().is_some_and(|flashing| flashing.end.is_none()) {
                return Ok((flashing, None));
            }
            let role = station.role()?;
            let shown = match role {
                None => None,
                role => Some(Shown { flashable: station.flashable()?, role }),
            };
            Ok((flashing, shown))
        })
        .await;
    let (flashing, shown) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((board, Standing::Unknown)), "models", refusal),
    };
    let standing = match (&flashing, &shown) {
        (_, Some(shown)) => Standing::of(shown.role),
        // Nobody else can begin one.
        (Some(flashing), None) if flashing.end.is_none() => Standing::Paired(Role::Installer),
        _ => return not_paired(visitor, board, "models"),
    };
    let title = language.say("models");
    let page = Page { visitor, board: Some(board), standing, here: "models", title, refusal: None };
    page.show(html! {
        @if let Some(flashing) = &flashing {
            section {
                h2 { (language.say("flash-last")) }
                @if flashing.end.is_none() {
                    noscript { p { (language.say("no-script")) } }
                    div data-live={ (path) "/live" } { (part(language, flashing)) }
                } @else { (part(language, flashing)) }
            }
        }
        @if let Some(Shown { flashable, .. }) = &shown {
            (models(visitor, standing, &path, flashable))
            (back(visitor, standing, &path, flashable))
            (firmware(visitor, standing, &path, flashable))
        }
    })
}

/// The models that the board has, and the form that installs others.
fn models(visitor: &Visitor, standing: Standing, path: &str, flashable: &Flashable) -> Markup {
    let language = visitor.language;
    let status = &flashable.status;
    html! {
        section {
            h2 { (language.say("models-only")) }
            dl.scores {
                @for model in &status.models {
                    div { dt { (model.kind) } dd { (model.name) " " code { (hex::encode(&model.sha256[..6])) } } }
                }
            }
            @if status.models.is_empty() { p { (language.say("no-models")) } }
            p.help { (language.say("flash-text")) }
            (standing.form(language, Offer::Flash, || html! {
                form.fields method="post" action=(path) data-busy=(language.say("flash-begins")) {
                    (token(visitor))
                    @for (kind, name) in KINDS { (choice(language, flashable, kind, name)) }
                    button.main { (language.say("flash-models")) }
                }
            }))
        }
    }
}

/// A choice of the models of a kind. Whoever sends the form without a look changes no model for another one.
fn choice(language: Language, flashable: &Flashable, kind: ModelKind, name: &str) -> Markup {
    let of_kind = |(of, _): &&(ModelKind, String)| *of == kind;
    let here: Vec<&str> = flashable.models.iter().filter(of_kind).map(|(_, name)| name.as_str()).collect();
    let active = flashable.status.models.iter().find(|model| model.kind == kind);
    let usual = flashable.usual.iter().find(|(of, _)| *of == kind).map(|(_, name)| *name);
    let chosen = match active {
        Some(active) => Some(active.name.as_str()),
        None => usual,
    };
    html! {
        label {
            (kind)
            select name=(name) {
                option value="" { (language.say("flash-leave")) }
                @for name in here { option value=(name) selected[Some(name) == chosen] { (name) } }
            }
        }
    }
}

/// The way back to the models of before. The board takes no release number twice: this computer signs the older model again,
/// with a number of its own.
fn back(visitor: &Visitor, standing: Standing, path: &str, flashable: &Flashable) -> Markup {
    let language = visitor.language;
    if flashable.status.models.is_empty() {
        return html! {};
    }
    let form = |kind: ModelKind, name: &str| {
        let field = KINDS.iter().find(|(of, _)| *of == kind).map_or("", |(_, field)| field);
        html! {
            form method="post" action=(path) data-busy=(language.say("flash-begins")) {
                (token(visitor))
                input type="hidden" name=(field) value=(name);
                button.main { (language.with("back-to", &[("name", name.into())])) }
            }
        }
    };
    html! {
        section {
            h2 { (language.say("back")) }
            p.help { (language.say("back-text")) }
            @if flashable.before.is_empty() { p { (language.say("back-none")) } }
            @for before in &flashable.before {
                div.row {
                    span { (before.kind) }
                    @match &before.name {
                        Some(name) => (standing.form(language, Offer::Flash, || form(before.kind, name))),
                        None => span { (language.with("back-elsewhere", &[("hash", before.hash.as_str().into())])) },
                    }
                }
            }
        }
    }
}

/// The firmware of the board, and the form that updates it.
fn firmware(visitor: &Visitor, standing: Standing, path: &str, flashable: &Flashable) -> Markup {
    let language = visitor.language;
    html! {
        section {
            h2 { (language.say("firmware")) }
            dl.scores {
                div { dt { (language.say("version")) } dd { (flashable.status.firmware) } }
                @if let Some(running) = &flashable.running {
                    div { dt { (language.say("release")) } dd { (running.running) } }
                    div { dt { (language.say("slot")) } dd { (if running.slot == 0 { "A" } else { "B" }) } }
                    @if let Some(pending) = running.pending {
                        div { dt { (language.say("pending")) } dd { (pending) } }
                    }
                }
            }
            @if let Some(running) = &flashable.running {
                p.help { (prose(&language.with("no-way-back", &[("newest", running.newest.to_string().as_str().into())]))) }
            }
            @match &flashable.firmware {
                Err(_) if flashable.status.board == LINUX => p { (prose(&language.say("by-package"))) },
                Err(sentence) => p { (prose(sentence)) },
                Ok(file) => {
                    p.help { (language.with("firmware-text", &[("file", file.as_str().into())])) }
                    (standing.form(language, Offer::Flash, || html! {
                        form.fields method="post" action={ (path) "/firmware" } data-busy=(language.say("flash-begins")) {
                            (token(visitor))
                            label.check { input type="checkbox" name="no_fallback" value="yes"; (language.say("no-fallback")) }
                            button.main { (language.say("flash-firmware")) }
                        }
                    }))
                },
            }
        }
    }
}

pub async fn flash_models(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let path = format!("{}/models", board_path(&board));
    let named = KINDS.map(|(kind, field)| (kind, fields.get(field).to_owned()));
    let chosen: Vec<_> = named.into_iter().filter(|(_, name)| !name.is_empty()).collect();
    if chosen.is_empty() {
        return answer(&console, &visitor, &path, Notice::Refused(visitor.language.say("flash-nothing")));
    }
    let asked = console
        .ask(&board, move |station| {
            // A form names models, and no files of this computer.
            let known = station.flashable()?.models;
            let unknown = chosen.iter().find(|model| !known.contains(model));
            match unknown {
                Some((_, name)) => Ok(Err(name.clone())),
                None => station.flash(Flash::Models(chosen)).map(Ok),
            }
        })
        .await;
    match asked {
        Ok(Ok(())) => go(&path),
        Ok(Err(name)) => {
            let sentence = visitor.language.with("flash-unknown", &[("name", name.as_str().into())]);
            answer(&console, &visitor, &path, Notice::Refused(sentence))
        }
        Err(refusal) => answer(&console, &visitor, &path, refusal),
    }
}

pub async fn flash_firmware(Visit { console, visitor, board }: Visit, fields: Fields) -> Response {
    let path = format!("{}/models", board_path(&board));
    let fallback = fields.get("no_fallback") != "yes";
    match console.ask(&board, move |station| station.flash(Flash::Firmware { fallback })).await {
        Ok(()) => go(&path),
        Err(refusal) => answer(&console, &visitor, &path, refusal),
    }
}
