//! One person: name, rule, further photographs, and how they are forgotten.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use client::protocol::User;
use maud::{Markup, html};

use super::known;
use super::people::{photos, unfit};
use super::upload::Photographs;
use crate::form::Fields;
use crate::layout::{Page, answer, board_path, go, prose, refused, token};
use crate::notice::Notice;
use crate::offer::Offer;
use crate::standing::Standing;
use crate::station::{BoardTime, NewRule, Refusal, Rule, Said, Station};
use crate::text::Language;
use crate::visit::Visit;
use crate::visitor::Visitor;

/// The board and the number of the person.
type Place = Path<(String, u32)>;

/// The address of a person's page.
fn person_path(board: &str, person: u32) -> String {
    format!("{}/people/{person}", board_path(board))
}

/// The person of a number; people are addressed by it because a name can be anything.
fn find(station: &dyn Station, person: u32) -> Said<User> {
    let gone = || Refusal { sentence: format!("nobody has the number {person} any more"), lost: false };
    station.people()?.into_iter().find(|user| user.person == person).ok_or_else(gone)
}

pub async fn show(Visit { console, visitor, board }: Visit, Path((_, person)): Place) -> Response {
    let (visitor, board) = (&visitor, board.as_str());
    let language = visitor.language;
    let notice = visitor.notice.clone();
    let (standing, asked) = console
        .ask_for_page(board, move |station| {
            let user = find(station, person)?;
            let twins = known::find(station, notice)?;
            let rule = station.rule(&user.name)?;
            let has_portrait = station.portrait(&user.name)?.is_some();
            Ok((rule, station.visits(person)?, has_portrait, user, twins))
        })
        .await;
    let (rule, visits, has_portrait, user, twins) = match asked {
        Ok(found) => found,
        Err(refusal) => return refused(visitor, Some((board, standing)), "people", refusal),
    };
    let path = person_path(board, person);
    let title = user.name.to_string();
    let page = Page { visitor, board: Some(board), standing, here: "people", title, refusal: None };
    let with = match (rule.pin, rule.duress_pin) {
        (false, _) => "with-face",
        (true, false) => "with-pin",
        (true, true) => "with-duress",
    };
    let with = match with {
        "with-face" => language.say("with-face"),
        "with-pin" => language.say("with-pin"),
        _ => language.say("with-duress"),
    };
    page.show(html! {
        @if let Some(twins) = &twins { (known::show(visitor, board, twins)) }
        @if has_portrait {
            img.portrait src={ (path) "/portrait" } width="160" height="160"
                alt=(language.with("portrait-of", &[("name", user.name.as_str().into())]));
        }
        p {
            (language.with("photos-count", &[("count", u64::from(user.templates).into())])) ". "
            @if rule.always { (language.say("passes-always")) }
            @else { (language.with("passes-hours", &[("hours", rule.hours.as_str().into())])) }
            " " (with)
        }
        @if rule.suspended { p.remark { (language.say("is-suspended")) } }
        @if !rule.always || standing.may(Offer::Change) { (time(language, &rule.time)) }
        (standing.form(language, Offer::Change, || changes((visitor, board), &path, &user, &rule)))
        section {
            h2 { (language.say("visits")) }
            p.help { (language.with("visits-count", &[("count", (visits.len() as u64).into())])) }
            @if !visits.is_empty() {
                ol.log tabindex="0" aria-label=(language.say("visits")) { @for visit in &visits { li { (visit.text) } } }
            }
        }
    })
}

/// The painted portrait.
pub async fn portrait(Visit { console, visitor, board }: Visit, Path((_, person)): Place) -> Response {
    let asked = console.ask(&board, move |station| station.portrait(&find(station, person)?.name)).await;
    match asked {
        Ok(Some(png)) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(refusal) => refused(&visitor, Some((&board, Standing::Unknown)), "people", refusal),
    }
}

/// The zone and the clock by which the board reads hours.
fn time(language: Language, time: &BoardTime) -> Markup {
    html! {
        dl.scores {
            div { dt { (language.say("board-zone")) } dd { (time.zone) } }
            div { dt { (language.say("board-clock")) } dd { (time.clock) } }
        }
        @for remark in &time.remarks { p.remark { (prose(remark)) } }
    }
}

/// The forms that change a person.
fn changes((visitor, board): (&Visitor, &str), path: &str, user: &User, rule: &Rule) -> Markup {
    let language = visitor.language;
    html! {
        section {
            h2 { (language.say("suspend")) }
            p.help { (language.say("suspend-text")) }
            form.fields method="post" action={ (path) "/suspend" } {
                (token(visitor))
                input type="hidden" name="suspended" value=(!rule.suspended);
                button.main { @if rule.suspended { (language.say("resume")) } @else { (language.say("suspend")) } }
            }
        }
        section {
            h2 { (language.say("rule")) }
            p.help { (prose(&language.say("rule-text"))) }
            form.fields method="post" action={ (path) "/rule" } {
                (token(visitor))
                label { (language.say("hours")) input name="hours" value=(rule.hours) required; }
                label { (language.say("new-pin")) input name="pin" type="password" inputmode="numeric" autocomplete="off" maxlength="10"; }
                label { (language.say("duress-pin")) input name="duress_pin" type="password" inputmode="numeric" autocomplete="off" maxlength="10"; }
                label.check { input type="checkbox" name="no_pin" value="yes" checked[!rule.pin]; (language.say("no-pin")) }
                @if rule.duress_pin {
                    label.check { input type="checkbox" name="no_duress_pin" value="yes"; (language.say("no-duress-pin")) }
                }
                button.main { (language.say("save")) }
            }
        }
        section {
            h2 { (language.say("more-photos")) }
            form.fields method="post" action=(path) enctype="multipart/form-data" data-busy=(language.say("looking")) {
                (token(visitor))
                (photos(visitor, board))
                button.main { (language.say("add")) }
            }
        }
        section {
            h2 { (language.say("rename")) }
            form.fields method="post" action={ (path) "/rename" } {
                (token(visitor))
                label { (language.say("name")) input name="name" value=(user.name) required maxlength="64"; }
                button.main { (language.say("save")) }
            }
        }
        section {
            h2 { (language.say("remove")) }
            p.help { (language.say("remove-text")) }
            form.fields method="post" action={ (path) "/remove" } {
                (token(visitor))
                label.check { input type="checkbox" name="sure" value="yes" required; (language.say("sure")) }
                button.danger { (language.say("remove")) }
            }
        }
    }
}

pub async fn add(
    Visit { console, visitor, board }: Visit,
    Path((_, person)): Place,
    form: Photographs,
) -> Response {
    let path = person_path(&board, person);
    if let Some(sentence) = unfit(&visitor, &form) {
        return answer(&console, &visitor, &path, Notice::Refused(sentence));
    }
    let photos = form.photos;
    let asked =
        console.ask(&board, move |station| station.enrol(&find(station, person)?.name, photos, true)).await;
    answer(&console, &visitor, &path, asked)
}

pub async fn rule(
    Visit { console, visitor, board }: Visit,
    Path((_, person)): Place,
    fields: Fields,
) -> Response {
    let rule = NewRule {
        hours: fields.get("hours").to_owned(),
        pin: fields.get("pin").to_owned(),
        no_pin: fields.get("no_pin") == "yes",
        duress_pin: fields.get("duress_pin").to_owned(),
        no_duress_pin: fields.get("no_duress_pin") == "yes",
    };
    let asked =
        console.ask(&board, move |station| station.set_rule(&find(station, person)?.name, &rule)).await;
    let notice = Notice::of(asked, visitor.language.say("saved"));
    answer(&console, &visitor, &person_path(&board, person), notice)
}

pub async fn suspend(
    Visit { console, visitor, board }: Visit,
    Path((_, person)): Place,
    fields: Fields,
) -> Response {
    let suspended = fields.get("suspended") == "true";
    let asked =
        console.ask(&board, move |station| station.suspend(&find(station, person)?.name, suspended)).await;
    let notice = Notice::of(asked, visitor.language.say("saved"));
    answer(&console, &visitor, &person_path(&board, person), notice)
}

pub async fn rename(
    Visit { console, visitor, board }: Visit,
    Path((_, person)): Place,
    fields: Fields,
) -> Response {
    let new = fields.get("name").to_owned();
    let asked = console.ask(&board, move |station| station.rename(&find(station, person)?.name, &new)).await;
    let notice = Notice::of(asked, visitor.language.say("saved"));
    answer(&console, &visitor, &person_path(&board, person), notice)
}

pub async fn remove(
    Visit { console, visitor, board }: Visit,
    Path((_, person)): Place,
    fields: Fields,
) -> Response {
    let path = person_path(&board, person);
    if fields.get("sure") != "yes" {
        return answer(&console, &visitor, &path, Notice::Refused(visitor.language.say("not-sure")));
    }
    match console.ask(&board, move |station| station.remove(&find(station, person)?.name)).await {
        Ok(()) => go(&format!("{}/people", board_path(&board))),
        Err(refusal) => answer(&console, &visitor, &path, refusal),
    }
}
