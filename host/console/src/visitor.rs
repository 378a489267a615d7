//! The browser of a request. The guard puts it into the request; a page takes it from there.

use crate::notice::Notice;
use crate::sign_in::Session;
use crate::text::Language;

/// The browser of a request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The value of its cookie.
    pub cookie: String,
    /// Its session.
    pub session: Session,
    /// The language of the reply.
    pub language: Language,
    /// The address of the page that is asked for; empty if the request is a form.
    pub page: String,
    /// What came of the form that led to this page.
    pub notice: Option<Notice>,
}
