//! The fields of a form, after its token was checked.

use std::collections::HashMap;

use axum::extract::{Form, FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::layout;
use crate::sign_in::equal;
use crate::state::Console;
use crate::visitor::Visitor;

/// Most fields of a form.
pub const MOST_FIELDS: usize = 64;

/// The fields of a form whose token was checked.
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// A field without the white space around it; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(|text| text.trim()).unwrap_or_default()
    }

    /// A field that the form has, also an empty one.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim())
    }

    /// A number; `None` if the field is none.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).parse().ok()
    }
}

impl FromRequest<Console> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let visitor = request.extensions().get::<Visitor>().cloned();
        let visitor = visitor.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())?;
        let form = Form::<HashMap<String, String>>::from_request(request, console).await;
        let Form(fields) = form.map_err(IntoResponse::into_response)?;
        if fields.len() > MOST_FIELDS {
            return Err(StatusCode::BAD_REQUEST.into_response());
        }
        match fields.get("form_token").is_some_and(|token| equal(token, &visitor.session.form_token)) {
            true => Ok(Self(fields)),
            false => Err(foreign_form(&visitor)),
        }
    }
}

/// The page for a form that does not come from a page of this session.
pub fn foreign_form(visitor: &Visitor) -> Response {
    let language = visitor.language;
    let page = layout::plain(language, &language.say("refused"), &language.say("foreign-form"));
    (StatusCode::FORBIDDEN, page).into_response()
}
