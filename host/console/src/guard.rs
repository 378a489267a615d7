//! What each request passes before a page sees it, and the headers of each reply.
//!
//! ```text
//! Host        the name must be this computer's own, or one of the certificate: a foreign name that was made to point here (DNS rebinding) is refused
//! origin      of a form: the console itself, by `Sec-Fetch-Site` and `Origin` (without referrers, `Origin` is often "null")
//! cookie      a browser that signed in; else the page says how, and the connection ends
//! form token  each form holds the session's token; `form` checks it before it reads anything else
//! ```

use axum::extract::{Request, State as Shared};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::layout;
use crate::pages;
use crate::state::Console;
use crate::text::Language;
use crate::visitor::Visitor;

/// Whose page sends a request, as browsers say it.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a person opens a page, or a page asks for a part of it; as browsers say it.
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The headers of every reply.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Checks a request, and sets the headers of the reply.
pub async fn guard(Shared(console): Shared<Console>, mut request: Request, next: Next) -> Response {
    let language = accepted(request.headers());
    let is_known = console.sign_in().session(cookie(request.headers(), &console.cookie_name())).is_some();
    let mut response = match check(&console, &request, language) {
        Ok(visitor) => {
            if let Some(visitor) = visitor {
                request.extensions_mut().insert(visitor);
            }
            next.run(request).await
        }
        Err(refused) => *refused,
    };
    // What the framework refuses is a page, too.
    if response.status().is_client_error() && !is_page(&response) {
        let status = response.status();
        let text = language.with("bad-request", &[("status", status.as_str().into())]);
        let allow = response.headers_mut().remove(header::ALLOW);
        response = (status, layout::plain(language, &language.say("refused"), &text)).into_response();
        response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    }
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if !is_known {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn is_page(response: &Response) -> bool {
    text(response.headers(), header::CONTENT_TYPE).starts_with("text/html")
}

fn check(console: &Console, request: &Request, language: Language) -> Result<Option<Visitor>, Box<Response>> {
    let headers = request.headers();
    let host = text(headers, header::HOST);
    let refuse = |status: StatusCode, message: &str| {
        let page = layout::plain(language, &language.say("refused"), &language.say(message));
        Box::new((status, page).into_response())
    };
    let is_certified = || console.tls().is_some_and(|tls| tls.is_for(name(host)));
    if !is_own_name(host, &console.listen_name()) && !is_certified() {
        return Err(refuse(StatusCode::MISDIRECTED_REQUEST, "wrong-host"));
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let (origin, site) = (text(headers, header::ORIGIN), text(headers, SITE));
    let own = format!("{}://", console.scheme());
    let is_foreign = !matches!(origin, "" | "null") && origin.strip_prefix(&own) != Some(host);
    if !is_safe && (is_foreign || !matches!(site, "" | "same-origin")) {
        return Err(refuse(StatusCode::FORBIDDEN, "wrong-origin"));
    }
    let path = request.uri().path();
    if path == "/sign-in" || pages::ASSETS.iter().any(|(asset, ..)| *asset == path) {
        return Ok(None);
    }
    let cookie = cookie(headers, &console.cookie_name());
    let is_used = is_use(is_safe, path, text(headers, MODE));
    let sign_in = console.sign_in();
    match if is_used { sign_in.use_session(cookie) } else { sign_in.session(cookie) } {
        Some(session) => {
            let language = session.language.unwrap_or(language);
            let shows = *request.method() == Method::GET;
            let notice = if shows { sign_in.take_notice(cookie, path) } else { None };
            let page = if shows { request.uri().to_string() } else { String::new() };
            Ok(Some(Visitor { cookie: cookie.to_owned(), session, language, page, notice }))
        }
        None => {
            let page = layout::plain(language, &language.say("signed-out"), &language.say("sign-in-first"));
            Err(Box::new((StatusCode::UNAUTHORIZED, page).into_response()))
        }
    }
}

/// Whether a person wants what is asked. What a page asks by itself is no use, nor is a picture that its camera takes. A browser
/// that does not say whose wish it is asks for a person.
fn is_use(is_safe: bool, path: &str, mode: &str) -> bool {
    if is_safe { matches!(mode, "" | "navigate") } else { !path.ends_with(pages::LOOK) }
}

/// Whether `host`, with or without a port, is a name of this computer for itself, or the address of the console.
fn is_own_name(host: &str, listen: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]", listen].contains(&name(host))
}

/// A host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

fn accepted(headers: &HeaderMap) -> Language {
    Language::accepted(text(headers, header::ACCEPT_LANGUAGE))
}

/// A header as text; empty if it is not there.
fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The value of a cookie; empty if it is not there.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_does_by_itself_is_no_use() {
        for (is_safe, path, mode, expected) in [
            (true, "/b/door/people", "navigate", true),
            (true, "/b/door/people", "", true),
            (true, "/b/door/live", "cors", false),
            (false, "/b/door/people", "navigate", true),
            (false, "/b/door/people/look", "cors", false),
            (false, "/b/door/certainty/trial/look", "cors", false),
        ] {
            assert_eq!(is_use(is_safe, path, mode), expected, "{path} {mode}");
        }
    }

    #[test]
    fn only_this_computers_own_names_are_answered() {
        for own in ["127.0.0.1:8340", "localhost:1", "localhost", "[::1]:8340", "[::1]", "127.0.0.2:8340"] {
            assert!(is_own_name(own, "127.0.0.2"), "{own}");
        }
        for foreign in
            ["", "evil.example:8340", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.3"]
        {
            assert!(!is_own_name(foreign, "127.0.0.2"), "{foreign}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; postern-80=x; b=2"));
        assert_eq!(cookie(&headers, "postern-80"), "x");
        assert_eq!(cookie(&headers, "postern-8"), "");
    }
}
