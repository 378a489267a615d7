//! The pages: a file each, and what they share.

mod boards;
mod certainty;
mod computers;
mod door;
mod live;
mod log;
mod pair;
mod people;
mod person;
mod settings;
mod upload;

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Extension, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::form::Fields;
use crate::layout;
use crate::state::Console;
use crate::text::Language;
use crate::visitor::Visitor;

/// Every address of the console.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/boards") }))
        .route("/sign-in", get(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/language", post(language))
        .route("/assets/console.css", get(|| asset("text/css", include_str!("../assets/console.css"))))
        .route("/assets/console.js", get(|| asset("text/javascript", include_str!("../assets/console.js"))))
        .route("/assets/icon.svg", get(|| asset("image/svg+xml", include_str!("../assets/icon.svg"))))
        .route("/boards", get(boards::show))
        .route("/boards/on", post(boards::on))
        .route("/boards/off", post(boards::off))
        .route("/b/{board}", get(door::show))
        .route("/b/{board}/live", get(live::stream))
        .route("/b/{board}/picture", get(door::picture))
        .route("/b/{board}/press", post(door::press))
        .route("/b/{board}/type", post(door::type_pin))
        .route("/b/{board}/contact", post(door::contact))
        .route("/b/{board}/people", get(people::show).post(people::enrol))
        .route("/b/{board}/people/{person}", get(person::show).post(person::add))
        .route("/b/{board}/people/{person}/rule", post(person::rule))
        .route("/b/{board}/people/{person}/suspend", post(person::suspend))
        .route("/b/{board}/people/{person}/rename", post(person::rename))
        .route("/b/{board}/people/{person}/remove", post(person::remove))
        .route("/b/{board}/certainty", get(certainty::show).post(certainty::set))
        .route("/b/{board}/log", get(log::show))
        .route("/b/{board}/log/verify", post(log::verify))
        .route("/b/{board}/log/export", get(log::export))
        .route("/b/{board}/settings", get(settings::show).post(settings::set))
        .route("/b/{board}/computers", get(computers::show))
        .route("/b/{board}/computers/invite", post(computers::invite))
        .route("/b/{board}/computers/forget", post(computers::forget))
        .route("/b/{board}/pair", get(pair::show).post(pair::begin))
        .route("/b/{board}/pair/press", post(pair::press))
        .fallback(nothing)
}

async fn sign_in(
    Shared(console): Shared<Console>,
    Query(query): Query<HashMap<String, String>>,
    headers: axum::http::HeaderMap,
) -> Response {
    let token = query.get("token").map(String::as_str).unwrap_or_default();
    match console.sign_in().spend(token) {
        Ok(Some(cookie)) => {
            console.tell_address();
            let cookie = format!("{}={cookie}; Path=/; HttpOnly; SameSite=Strict", console.cookie_name());
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        _ => {
            let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            let language = Language::accepted(accepted.unwrap_or_default());
            let page = layout::plain(language, &language.say("refused"), &language.say("wrong-token"));
            (StatusCode::FORBIDDEN, page).into_response()
        }
    }
}

async fn sign_out(
    Shared(console): Shared<Console>,
    Extension(visitor): Extension<Visitor>,
    _fields: Fields,
) -> Response {
    console.sign_in().end(&visitor.cookie);
    let language = visitor.language;
    let gone = format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", console.cookie_name());
    let page = layout::plain(language, &language.say("signed-out"), &language.say("sign-in-first"));
    ([(header::SET_COOKIE, gone)], page).into_response()
}

async fn language(
    Shared(console): Shared<Console>,
    Extension(visitor): Extension<Visitor>,
    fields: Fields,
) -> Response {
    if let Some(language) = Language::of_code(fields.get("language")) {
        console.sign_in().choose(&visitor.cookie, language);
    }
    layout::go("/boards")
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn nothing(Extension(visitor): Extension<Visitor>) -> Response {
    let language = visitor.language;
    let page = layout::plain(language, &language.say("no-page"), &language.say("no-page-text"));
    (StatusCode::NOT_FOUND, page).into_response()
}
