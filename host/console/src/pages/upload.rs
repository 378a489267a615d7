//! A form with photographs: the token first, then fields and files, up to a limit.
//!
//! A photograph that is too large is read to its end and thrown away, because a browser shows no answer to a request that it
//! could not send. Nothing is written to a disk.

use std::collections::HashMap;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::form::{MOST_FIELDS, foreign_form};
use crate::layout;
use crate::sign_in::equal;
use crate::state::Console;
use crate::station::Upload;
use crate::visitor::Visitor;

/// Most bytes of all photographs of a form.
pub const MOST: usize = 32 << 20;

/// Most bytes that are read and thrown away.
const MOST_READ: usize = 1 << 30;

/// Most bytes of a field that is no file.
const MOST_TEXT: usize = 4096;

/// Most photographs of a form.
pub const MOST_PHOTOS: usize = 16;

/// A form with photographs whose token was checked.
pub struct Photographs {
    /// The fields.
    pub fields: HashMap<String, String>,
    /// The files, in the form's order.
    pub photos: Vec<Upload>,
    /// Whether they were too large together, so that some are missing.
    pub too_large: bool,
    /// Whether they were too many, so that some are missing.
    pub too_many: bool,
}

impl FromRequest<Console> for Photographs {
    type Rejection = Response;

    async fn from_request(mut request: Request, console: &Console) -> Result<Self, Response> {
        let visitor = request.extensions().get::<Visitor>().cloned();
        let visitor = visitor.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())?;
        // The limit of this form is counted here.
        axum::extract::DefaultBodyLimit::disable().apply(&mut request);
        let mut form =
            Multipart::from_request(request, console).await.map_err(IntoResponse::into_response)?;
        let mut all = Self { fields: HashMap::new(), photos: Vec::new(), too_large: false, too_many: false };
        let (mut read, mut kept) = (0, 0);
        loop {
            let field = form.next_field().await.map_err(|_| broken(&visitor))?;
            let Some(mut field) = field else { break };
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(ToOwned::to_owned);
            let first = all.fields.is_empty();
            if all.fields.len() >= MOST_FIELDS {
                return Err(broken(&visitor));
            }
            if first && name != "form_token" {
                return Err(foreign_form(&visitor));
            }
            let most = if file.is_some() { MOST.saturating_sub(kept) } else { MOST_TEXT };
            let bytes = take(&mut field, most, &mut read).await.map_err(|_| broken(&visitor))?;
            match (file, bytes) {
                (Some(_), None) => all.too_large = true,
                // A browser sends one empty file if none was chosen.
                (Some(_), Some(bytes)) if bytes.is_empty() => {}
                (Some(_), _) if all.photos.len() >= MOST_PHOTOS => all.too_many = true,
                (Some(name), Some(bytes)) => {
                    kept += bytes.len();
                    all.photos.push(Upload { name, bytes });
                }
                (None, text) => {
                    let text = String::from_utf8(text.unwrap_or_default()).unwrap_or_default();
                    if first && !equal(&text, &visitor.session.form_token) {
                        return Err(foreign_form(&visitor));
                    }
                    all.fields.insert(name, text);
                }
            }
        }
        if all.fields.is_empty() { Err(foreign_form(&visitor)) } else { Ok(all) }
    }
}

impl Photographs {
    /// A field without the white space around it; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(|text| text.trim()).unwrap_or_default()
    }
}

/// The bytes of a field; `None` if there are more than `most`.
async fn take(field: &mut Field<'_>, most: usize, read: &mut usize) -> Result<Option<Vec<u8>>, ()> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.map_err(drop)? {
        *read += chunk.len();
        if *read > MOST_READ {
            return Err(());
        }
        match &mut bytes {
            Some(kept) if kept.len() + chunk.len() <= most => kept.extend_from_slice(&chunk),
            _ => bytes = None,
        }
    }
    Ok(bytes)
}

fn broken(visitor: &Visitor) -> Response {
    let language = visitor.language;
    let page = layout::plain(language, &language.say("refused"), &language.say("broken-form"));
    (StatusCode::BAD_REQUEST, page).into_response()
}
