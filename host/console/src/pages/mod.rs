//! The pages: a file each, and what they share.

mod boards;
mod certainty;
mod computers;
mod curve;
mod door;
mod flashing;
mod known;
mod live;
mod log;
mod models;
mod pair;
mod people;
mod person;
mod settings;
mod trial;
mod upload;

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Extension, Query, State as Shared};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::form::Fields;
use crate::layout;
use crate::state::Console;
use crate::text::Language;
use crate::visitor::Visitor;

/// The end of each path to which a page sends pictures of a camera by itself.
pub const LOOK: &str = "/look";

/// What pages load: the address, the kind, and the text. A browser gets it before it signs in.
pub const ASSETS: [(&str, &str, &str); 3] = [
    ("/assets/console.css", "text/css", include_str!("../assets/console.css")),
    ("/assets/console.js", "text/javascript", include_str!("../assets/console.js")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

/// Every address of the console.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(boards::first))
        .route("/sign-in", get(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/language", post(language))
        .route("/assets/{file}", get(asset))
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
        .route("/b/{board}/people/look", post(people::look))
        .route("/b/{board}/people/new/{number}", get(known::picture))
        .route("/b/{board}/people/{person}/portrait", get(person::portrait))
        .route("/b/{board}/people/{person}", get(person::show).post(person::add))
        .route("/b/{board}/people/{person}/rule", post(person::rule))
        .route("/b/{board}/people/{person}/suspend", post(person::suspend))
        .route("/b/{board}/people/{person}/rename", post(person::rename))
        .route("/b/{board}/people/{person}/remove", post(person::remove))
        .route("/b/{board}/certainty", get(certainty::show).post(certainty::set))
        .route("/b/{board}/certainty/show", post(certainty::ask))
        .route("/b/{board}/certainty/trial", get(trial::show).post(trial::compare))
        .route("/b/{board}/certainty/trial/look", post(trial::look))
        .route("/b/{board}/log", get(log::show))
        .route("/b/{board}/log/verify", post(log::verify))
        .route("/b/{board}/log/export", get(log::export))
        .route("/b/{board}/settings", get(settings::show).post(settings::set))
        .route("/b/{board}/models", get(models::show).post(models::flash_models))
        .route("/b/{board}/models/live", get(flashing::stream))
        .route("/b/{board}/models/firmware", post(models::flash_firmware))
        .route("/b/{board}/computers", get(computers::show))
        .route("/b/{board}/computers/invite", post(computers::invite))
        .route("/b/{board}/computers/forget", post(computers::forget))
        .route("/b/{board}/pair", get(pair::show).post(pair::begin))
        .route("/b/{board}/pair/code", post(pair::code))
        .route("/b/{board}/pair/press", post(pair::press))
        .fallback(nothing)
}

/// Spends the token of the address. A request for the headers alone, such as that of a preview, spends nothing.
///
/// The reply is a page that goes on, because a cookie that is `SameSite=Strict` does not pass a redirection after a link of
/// another page.
async fn sign_in(
    method: Method,
    Shared(console): Shared<Console>,
    Query(query): Query<HashMap<String, String>>,
    headers: axum::http::HeaderMap,
) -> Response {
    let token = query.get("token").map(String::as_str).unwrap_or_default();
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    match console.sign_in().spend(token) {
        Ok(Some(cookie)) => {
            console.tell_address();
            let cookie = console.cookie(&cookie, "");
            ([(header::SET_COOKIE, cookie)], layout::signed_in(language)).into_response()
        }
        _ => {
            let page = layout::plain(language, &language.say("spent"), &language.say("wrong-token"));
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
    let gone = console.cookie("", "; Max-Age=0");
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
    // Back to the page whose foot has the choice: an address of this console alone, which begins with one slash.
    let page = fields.get("page");
    let own = page.starts_with('/') && !page[1..].starts_with(['/', '\\']) && !page.contains(['\r', '\n']);
    layout::go(if own { page } else { "/boards" })
}

async fn asset(uri: Uri, visitor: Option<Extension<Visitor>>) -> Response {
    match (ASSETS.iter().find(|(path, ..)| *path == uri.path()), visitor) {
        (Some((_, kind, text)), _) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        (None, Some(visitor)) => nothing(visitor).await,
        (None, None) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn nothing(Extension(visitor): Extension<Visitor>) -> Response {
    let language = visitor.language;
    let page = layout::plain(language, &language.say("no-page"), &language.say("no-page-text"));
    (StatusCode::NOT_FOUND, page).into_response()
}
