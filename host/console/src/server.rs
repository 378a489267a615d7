//! The server: where it listens, and the way of each request.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;

use crate::guard::guard;
use crate::station::Boards;
use crate::tls::Tls;
use crate::{Console, Error, Limits, connections, pages};

/// Most bytes of a form without photographs.
const MOST: usize = 64 * 1024;

/// All pages of a console.
pub fn router(console: &Console) -> Router {
    pages::routes()
        .layer(DefaultBodyLimit::max(MOST))
        .layer(from_fn_with_state(console.clone(), guard))
        .with_state(console.clone())
}

/// Opens the address to listen at, with TLS or without.
///
/// # Errors
/// [`Error::Elsewhere`] if other computers could reach it without TLS; [`Error::Listen`].
pub fn bind(listen: SocketAddr, has_tls: bool) -> Result<TcpListener, Error> {
    if !has_tls && !listen.ip().is_loopback() {
        return Err(Error::Elsewhere { listen, port: listen.port() });
    }
    TcpListener::bind(listen).map_err(|source| Error::Listen { listen, source })
}

/// Serves the pages until the program ends, with TLS or without.
///
/// # Errors
/// [`Error::Random`], [`Error::Serve`].
pub fn serve(
    boards: Arc<dyn Boards>,
    listener: TcpListener,
    tls: Option<Tls>,
    limits: Limits,
    tell: fn(&str),
) -> Result<(), Error> {
    let listen = listener.local_addr().map_err(Error::Serve)?;
    let console = Console::new(boards, listen, tls, tell)?;
    console.tell_address();
    let run = || -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let tls = console.tls().map(Tls::acceptor);
            connections::serve(listener, tls, router(&console), limits).await
        })
    };
    run().map_err(Error::Serve)
}
