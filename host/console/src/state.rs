//! What every page has at hand, and how it asks a board.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::Error;
use crate::sign_in::SignIn;
use crate::standing::Standing;
use crate::station::{Boards, Refusal, Said, Station};

/// What every page has at hand.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    boards: Arc<dyn Boards>,
    sign_in: SignIn,
    listen: SocketAddr,
    tell: fn(&str),
}

impl Console {
    /// A console over these boards, which listens at `listen`. `tell` hears each address at which a browser signs in.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new(boards: Arc<dyn Boards>, listen: SocketAddr, tell: fn(&str)) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner { boards, sign_in: SignIn::new()?, listen, tell })))
    }

    /// The address at which the next browser signs in.
    pub fn address(&self) -> String {
        format!("http://{}/sign-in?token={}", self.0.listen, self.0.sign_in.token())
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

    /// Cookies are shared by all ports of a computer: so the name has the port.
    pub(crate) fn cookie_name(&self) -> String {
        format!("postern-{}", self.0.listen.port())
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
