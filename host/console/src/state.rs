//! What every page has at hand, and how it asks a board.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::Error;
use crate::sign_in::SignIn;
use crate::standing::Standing;
use crate::station::{Boards, Refusal, Said, Station};
use crate::tls::Tls;

/// What every page has at hand.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    boards: Arc<dyn Boards>,
    sign_in: SignIn,
    listen: SocketAddr,
    tls: Option<Tls>,
    tell: fn(&str),
}

impl Console {
    /// A console over these boards, which listens at `listen`, with TLS or without. `tell` hears each address at which a browser signs in.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new(
        boards: Arc<dyn Boards>,
        listen: SocketAddr,
        tls: Option<Tls>,
        tell: fn(&str),
    ) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner { boards, sign_in: SignIn::new()?, listen, tls, tell })))
    }

    /// The address at which the next browser signs in.
    pub fn address(&self) -> String {
        let place = match self.tls().and_then(Tls::name) {
            Some(name) => format!("{name}:{}", self.0.listen.port()),
            None => self.0.listen.to_string(),
        };
        format!("{}://{place}/sign-in?token={}", self.scheme(), self.0.sign_in.token())
    }

    /// The certificate, if other computers may reach the console.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.0.tls.as_ref()
    }

    /// The scheme of its addresses.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.0.tls.is_some() { "https" } else { "http" }
    }

    /// A cookie as the browser is to keep it: for this console alone, out of the reach of scripts and of other sites.
    pub(crate) fn cookie(&self, value: &str, more: &str) -> String {
        let secure = if self.0.tls.is_some() { "; Secure" } else { "" };
        format!("{}={value}; Path=/{more}; HttpOnly; SameSite=Strict{secure}", self.cookie_name())
    }

    /// Says the address at which the next browser signs in.
    pub(crate) fn tell_address(&self) {
        (self.0.tell)(&self.address());
    }

    pub(crate) fn sign_in(&self) -> &SignIn {
        &self.0.sign_in
    }

    /// The address without the port, as a browser's `Host` has it.
    pub(crate) fn listen_name(&self) -> String {
        match self.0.listen.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }
    }

    /// Cookies are shared by all ports of a computer: so the name has the port. A browser takes a name with `__Host-` over
    /// TLS alone, and from this host alone: no other host of the domain can put a cookie of its own in this one's place.
    pub(crate) fn cookie_name(&self) -> String {
        let prefix = if self.0.tls.is_some() { "__Host-" } else { "" };
        format!("{prefix}postern-{}", self.0.listen.port())
    }

    /// Asks about the boards, on a thread of its own.
    pub(crate) async fn boards<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Boards) -> Said<T> + Send + 'static,
    ) -> Said<T> {
        let boards = self.0.boards.clone();
        wait(move || ask(&*boards)).await
    }

    /// Asks a board, on a thread of its own.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        board: &str,
        ask: impl FnOnce(&dyn Station) -> Said<T> + Send + 'static,
    ) -> Said<T> {
        let board = board.to_owned();
        self.boards(move |boards| ask(&*boards.open(&board)?)).await
    }

    /// Asks a board for what a page shows, and what this computer is to it.
    pub(crate) async fn ask_for_page<T: Send + 'static>(
        &self,
        board: &str,
        ask: impl FnOnce(&dyn Station) -> Said<T> + Send + 'static,
    ) -> (Standing, Said<T>) {
        let asked = self.ask(board, move |station| Ok((Standing::of(station.role()?), ask(station))));
        asked.await.unwrap_or_else(|refusal| (Standing::Unknown, Err(refusal)))
    }
}

/// Runs what waits for a board on a thread where it may wait.
async fn wait<T: Send + 'static>(ask: impl FnOnce() -> Said<T> + Send + 'static) -> Said<T> {
    let ended = |_| Refusal { sentence: "the request ended unexpectedly: try again".to_owned(), lost: false };
    tokio::task::spawn_blocking(ask).await.map_err(ended)?
}
