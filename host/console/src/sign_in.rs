//! Who may see the pages: a token for one sign-in, a cookie for each browser, and a token in each form.
//!
//! The terminal shows an address with a token of 256 bits. Whoever opens it gets a cookie, and the token is spent; the
//! terminal then shows the address for the next browser. Tokens are compared in constant time. They are kept in memory
//! alone: when the console ends, every browser is signed out. So is one that nobody has used for [`IDLE`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use crate::Error;
use crate::notice::Notice;
use crate::text::Language;

/// Browsers that are signed in at a time; the one that came first is signed out for one more.
const MOST: usize = 32;

/// How long a browser stays signed in without a click. What an open page asks by itself is none.
const IDLE: Duration = Duration::from_secs(8 * 60 * 60);

/// What the console knows of a browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token that each of its forms holds.
    pub form_token: String,
    /// The language that the user chose.
    pub language: Option<Language>,
    /// What came of its last form, and the address whose page says it.
    notice: Option<(String, Notice)>,
    /// Pictures of that form, each until the browser has fetched it.
    pictures: Vec<Option<Arc<[u8]>>>,
    /// In which order it came.
    number: u64,
    /// When its user was there last.
    used: Instant,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= IDLE
    }
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
        let session = Session {
            form_token,
            language: None,
            notice: None,
            pictures: Vec::new(),
            number,
            used: Instant::now(),
        };
        inner.sessions.insert(cookie.clone(), session);
        Ok(Some(cookie))
    }

    /// The session of a cookie, until nobody has used it for [`IDLE`].
    pub fn session(&self, cookie: &str) -> Option<Session> {
        self.session_at(cookie, Instant::now(), false)
    }

    /// The session of a cookie whose user is there.
    pub fn use_session(&self, cookie: &str) -> Option<Session> {
        self.session_at(cookie, Instant::now(), true)
    }

    fn session_at(&self, cookie: &str, now: Instant, is_used: bool) -> Option<Session> {
        let mut inner = self.lock();
        inner.sessions.retain(|_, session| !session.is_over(now));
        // All are compared, so that the time does not depend on the one that is found.
        let mut found = None;
        for (known, session) in &mut inner.sessions {
            if equal(cookie, known) {
                session.used = if is_used { now } else { session.used };
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
            session.pictures = match &notice {
                Notice::Known(known) => {
                    known.pictures.iter().map(|png| Some(png.as_slice().into())).collect()
                }
                Notice::Done(_) | Notice::Refused(_) => Vec::new(),
            };
            session.notice = Some((path.to_owned(), notice));
        }
    }

    /// Takes what the page of this address has to say.
    pub fn take_notice(&self, cookie: &str, path: &str) -> Option<Notice> {
        let mut inner = self.lock();
        let left = &mut inner.sessions.get_mut(cookie)?.notice;
        left.take_if(|(of, _)| of == path).map(|(_, notice)| notice)
    }

    /// Takes a picture of the last form.
    pub fn take_picture(&self, cookie: &str, number: usize) -> Option<Vec<u8>> {
        let mut inner = self.lock();
        let png = inner.sessions.get_mut(cookie)?.pictures.get_mut(number)?.take()?;
        Some(png.to_vec())
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
    fn a_browser_that_nobody_uses_is_signed_out_and_one_that_is_used_is_not() {
        let sign_in = SignIn::new().unwrap();
        let cookies = [(); 2].map(|()| sign_in.spend(&sign_in.token()).unwrap().unwrap());
        let begun = Instant::now();
        let seconds = |seconds: u64| begun + Duration::from_secs(seconds);
        let hour = 60 * 60;
        // The page of the first one stays open and asks for the state of the door; the second one is used once.
        for hours in 0..8 {
            assert!(sign_in.session_at(&cookies[0], seconds(hours * hour), false).is_some(), "{hours}");
        }
        assert!(sign_in.session_at(&cookies[1], seconds(7 * hour), true).is_some());
        assert!(sign_in.session_at(&cookies[0], seconds(8 * hour), true).is_none());
        assert!(sign_in.session_at(&cookies[1], seconds(15 * hour - 1), false).is_some());
        assert!(sign_in.session_at(&cookies[1], seconds(15 * hour), false).is_none());
        assert!(sign_in.lock().sessions.is_empty(), "nothing of them is kept");
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
