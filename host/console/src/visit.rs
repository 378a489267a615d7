//! A request for a page of one board.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::layout;
use crate::state::Console;
use crate::visitor::Visitor;

/// A request for a page of one board.
pub struct Visit {
    /// What every page has at hand.
    pub console: Console,
    /// The browser.
    pub visitor: Visitor,
    /// The name of the board.
    pub board: String,
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        let visitor = visitor.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())?;
        let named = Path::<HashMap<String, String>>::from_request_parts(parts, console).await;
        let Path(mut named) = named.map_err(IntoResponse::into_response)?;
        let board = named.remove("board").ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
        let name = board.clone();
        match console.boards(move |boards| boards.open(&name).map(drop)).await {
            Ok(()) => Ok(Self { console: console.clone(), visitor, board }),
            Err(refusal) => {
                let title = visitor.language.say("no-board");
                let page = layout::plain(visitor.language, &title, &refusal.sentence);
                Err((StatusCode::NOT_FOUND, page).into_response())
            }
        }
    }
}
