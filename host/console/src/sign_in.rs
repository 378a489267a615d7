//! Who may see the pages: a token for one sign-in, a cookie for each browser, and a token in each form.
//!
//! The terminal shows an address with a token of 256 bits. Whoever opens it gets a cookie, and the token is spent; the
//! terminal then shows the address for the next browser. Tokens are compared in constant time. They are kept in memory
//! alone: when the console ends, every browser is signed out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use subtle::ConstantTimeEq;

use crate::Error;
use crate::notice::Notice;
use crate::text::Language;

/// Browsers that are signed in at a time; the one that came first is signed out for one more.
const MOST: usize = 32;

/// What the console knows of a browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token that each of its forms holds.
    pub form_token: String,
    /// The language that the user chose.
    pub language: Option<Language>,
    /// What came of its last form, and the address whose page says it.
    notice: Option<(String, Notice)>,
    /// In which order it came.
    number: u64,
}

/// Tokens and sessions.
pub struct SignIn {
    inner: Mutex<Inner>,
}

struct Inner {
    token: String,
    sessions: HashMap<String, Session>,
    came: u64,
}

impl SignIn {
    /// With a first token.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new() -> Result<Self, Error> {
        let inner = Inner { token: random()?, sessions: HashMap::new(), came: 0 };
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// The token of the next sign-in.
    pub fn token(&self) -> String {
        self.lock().token.clone()
    }

    /// Spends the token: returns the value of the browser's cookie; `None` if it is another token.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn spend(&self, token: &str) -> Result<Option<String>, Error> {
        let mut inner = self.lock();
        if !equal(token, &inner.token) {
            return Ok(None);
        }
        let (cookie, form_token) = (random()?, random()?);
        inner.token = random()?;
        inner.came += 1;
        let number = inner.came;
        if inner.sessions.len() >= MOST {
            let first = inner.sessions.iter().min_by_key(|(_, session)| session.number);
            let first = first.map(|(cookie, _)| cookie.clone());
            first.and_then(|first| inner.sessions.remove(&first));
        }
        inner.sessions.insert(cookie.clone(), Session { form_token, language: None, notice: None, number });
        Ok(Some(cookie))
    }

    /// The session of a cookie.
    pub fn session(&self, cookie: &str) -> Option<Session> {
        // All are compared, so that the time does not depend on the one that is found.
        let inner = self.lock();
        let mut found = None;
        for (known, session) in &inner.sessions {
            if equal(cookie, known) {
                found = Some(session.clone());
            }
        }
        found
    }

    /// Ends a session.
    pub fn end(&self, cookie: &str) {
        self.lock().sessions.remove(cookie);
    }

    /// Remembers the language of a browser.
    pub fn choose(&self, cookie: &str, language: Language) {
        if let Some(session) = self.lock().sessions.get_mut(cookie) {
            session.language = Some(language);
        }
    }

    /// Keeps what came of a form for the next page of this address.
    pub fn leave(&self, cookie: &str, path: &str, notice: Notice) {
        if let Some(session) = self.lock().sessions.get_mut(cookie) {
            session.notice = Some((path.to_owned(), notice));
        }
    }

    /// Takes what the page of this address has to say.
    pub fn take_notice(&self, cookie: &str, path: &str) -> Option<Notice> {
        let mut inner = self.lock();
        let left = &mut inner.sessions.get_mut(cookie)?.notice;
        left.take_if(|(of, _)| of == path).map(|(_, notice)| notice)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two tokens are equal, in a time that depends on their lengths alone.
pub fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// 256 random bits in hexadecimal digits.
fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_signs_in_once() {
        let sign_in = SignIn::new().unwrap();
        let token = sign_in.token();
        assert!(sign_in.spend("").unwrap().is_none());
        let cookie = sign_in.spend(&token).unwrap().unwrap();
        assert!(sign_in.spend(&token).unwrap().is_none(), "it is spent");
        assert!(sign_in.session(&cookie).is_some() && sign_in.session(&token).is_none());
        sign_in.end(&cookie);
        assert!(sign_in.session(&cookie).is_none());
    }

    #[test]
    fn the_first_browser_is_signed_out_for_one_too_many() {
        let sign_in = SignIn::new().unwrap();
        let cookies: Vec<String> =
            (0..=MOST).map(|_| sign_in.spend(&sign_in.token()).unwrap().unwrap()).collect();
        assert!(sign_in.session(&cookies[0]).is_none());
        assert!(cookies[1..].iter().all(|cookie| sign_in.session(cookie).is_some()));
    }
}
