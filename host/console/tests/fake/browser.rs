//! A browser that sends requests to the console's router.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use console::Console;
use tower::ServiceExt;

use super::{Fake, House};

/// A reply.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A browser.
pub struct Browser {
    pub router: Router,
    pub cookie: String,
    pub host: String,
}

impl Browser {
    pub fn new(console: &Console) -> Self {
        Self { router: console::router(console), cookie: String::new(), host: "127.0.0.1:8340".to_owned() }
    }

    /// A browser that has signed in.
    pub async fn signed_in(console: &Console) -> Self {
        let mut browser = Self::new(console);
        let address = console.address();
        let path = address.strip_prefix("http://127.0.0.1:8340").unwrap();
        let reply = browser.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        browser.cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        browser
    }

    pub async fn send(&self, request: axum::http::request::Builder, body: Body) -> Reply {
        let response = self.open(request, body).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub async fn open(&self, request: axum::http::request::Builder, body: Body) -> axum::response::Response {
        let request = request.header(header::HOST, &self.host).header(header::COOKIE, &self.cookie);
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path), Body::empty()).await
    }

    /// The token in the forms of this browser's pages.
    pub async fn token(&self) -> String {
        let page = self.get("/boards").await.body;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").expect("a token");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form with the token of this browser, and goes on to the page that answers it. The reply has the address of
    /// that page as its `location`.
    pub async fn post(&self, path: &str, fields: &str) -> Reply {
        let token = self.token().await;
        self.follow(self.form(path, &format!("form_token={token}&{fields}")).await).await
    }

    /// Goes on to where a reply points, as a browser does.
    pub async fn follow(&self, reply: Reply) -> Reply {
        let Some(location) = reply.headers.get(header::LOCATION).cloned() else { return reply };
        let mut page = self.get(location.to_str().unwrap()).await;
        page.headers.insert(header::LOCATION, location);
        page
    }

    /// Sends a form as it is.
    pub async fn form(&self, path: &str, fields: &str) -> Reply {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(fields.to_owned())).await
    }

    /// Sends a form with a photograph.
    pub async fn upload(&self, path: &str, token: &str, name: &str, photo: Vec<u8>) -> Reply {
        self.upload_many(path, token, name, &[photo]).await
    }

    /// Sends a form with photographs.
    pub async fn upload_many(&self, path: &str, token: &str, name: &str, photos: &[Vec<u8>]) -> Reply {
        let mut body = Vec::new();
        for (field, text) in [("form_token", token), ("name", name)] {
            let part = format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = "--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"ada.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
        for photo in photos {
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(photo);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--cut--\r\n");
        let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
        self.follow(self.send(request, Body::from(body)).await).await
    }
}

/// A console over a board in memory.
pub fn console(fake: &Arc<Fake>) -> Console {
    Console::new(Arc::new(House(fake.clone())), "127.0.0.1:8340".parse().unwrap(), None, |_| ()).unwrap()
}
