//! The connections of browsers: how many there are, and how long each may take for what it has to say.
//!
//! ```text
//! place        there are so many for all, and fewer for one address; a connection that finds none is closed
//! handshake    of TLS, within a time
//! head         of each request, within a time; so a connection that waits for the next request ends, too
//! request      one a connection for who has not signed in (`guard`): nothing of theirs stays open
//! reply        whoever takes nothing of it for a time is gone
//! ```
//! A body is read for who has signed in alone, and a stream of events goes on as long as its page is open.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::patient::Patient;

/// Bytes of a connection that wait to be read or sent. A request's head has no more.
const BUFFER: usize = 64 * 1024;

/// How long the console rests after the system gave it no connection, for example because it has no more files.
const REST: Duration = Duration::from_secs(1);

/// How many connections there are, and how long each may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Connections at a time of one address; of one network of 64 bits for IPv6.
    pub of_one_address: usize,
    /// For the handshake of TLS.
    pub handshake: Duration,
    /// For the head of a request, and between two requests.
    pub head: Duration,
    /// For the other end to take a part of a reply.
    pub reply: Duration,
}

impl Default for Limits {
    /// A browser opens six connections. Of one address come all browsers behind a tunnel.
    fn default() -> Self {
        Self {
            connections: 256,
            of_one_address: 64,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(20),
            reply: Duration::from_secs(30),
        }
    }
}

/// Serves connections without end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
) -> io::Result<()> {
    let places = Arc::new(Places { limits, taken: Mutex::default() });
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            // It was gone before it was taken.
            Err(error) if is_the_other_end(&error) => continue,
            Err(_) => {
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let Some(place) = Places::take(&places, from.ip()) else { continue };
        // Each event of a stream is sent at once.
        let _ = stream.set_nodelay(true);
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            let stream = Patient::new(stream, limits.reply);
            match tls {
                None => converse(stream, router, limits.head).await,
                Some(tls) => {
                    // Whoever does not speak TLS, or trusts another certificate, gets nothing.
                    if let Ok(Ok(stream)) = tokio::time::timeout(limits.handshake, tls.accept(stream)).await {
                        converse(stream, router, limits.head).await;
                    }
                }
            }
            drop(place);
        });
    }
}

/// Answers the requests of a connection until it ends.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router, head: Duration) {
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(BUFFER);
    // Whatever ends it, nobody is there to hear why.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

fn is_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The places for connections.
struct Places {
    limits: Limits,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A place that a connection has until it ends.
struct Place {
    places: Arc<Places>,
    of: IpAddr,
}

impl Places {
    /// A place for a connection from `address`; `None` if there are none, or none for this address.
    fn take(places: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let of = network(address);
        let mut taken = places.lock();
        let all: usize = taken.values().sum();
        let own = taken.get(&of).copied().unwrap_or_default();
        if all >= places.limits.connections || own >= places.limits.of_one_address {
            return None;
        }
        taken.insert(of, own + 1);
        drop(taken);
        Some(Place { places: places.clone(), of })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(own) = taken.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

/// What counts as one address: for IPv6 the network of 64 bits, of which a computer has every address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, of_one_address: usize) -> Arc<Places> {
        let limits = Limits { connections, of_one_address, ..Limits::default() };
        Arc::new(Places { limits, taken: Mutex::default() })
    }

    fn take(places: &Arc<Places>, address: &str) -> Option<Place> {
        Places::take(places, address.parse().unwrap())
    }

    #[test]
    fn one_address_leaves_places_for_the_others() {
        let places = places(5, 2);
        let first = take(&places, "192.0.2.1");
        let _second = take(&places, "::ffff:192.0.2.1").expect("the same address, written for IPv6");
        assert!(take(&places, "192.0.2.1").is_none());
        let _other = take(&places, "192.0.2.2").expect("another one");
        drop(first);
        assert!(take(&places, "192.0.2.1").is_some(), "the place is free again");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address_and_all_count_together() {
        let places = places(3, 2);
        let _network = [take(&places, "2001:db8::1").unwrap(), take(&places, "2001:db8::2:1").unwrap()];
        assert!(take(&places, "2001:db8::3").is_none());
        let other = take(&places, "2001:db8:0:1::1").unwrap();
        assert!(take(&places, "2001:db8:0:2::1").is_none(), "there are three in all");
        drop(other);
        drop(take(&places, "2001:db8:0:2::1").unwrap());
        assert_eq!(places.lock().len(), 1, "an address without connections is forgotten");
    }
}
