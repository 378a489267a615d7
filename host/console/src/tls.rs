//! TLS for a console that other computers reach: the certificate, and a listener that speaks it.
//!
//! A browser accepts the certificate for the names that it holds. So these are the names that the console answers to, beside
//! those of this computer for itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::server::TlsStream;
use webpki::EndEntityCert;

use crate::Error;

/// Handshakes at a time. Whoever connects and says nothing takes one of them until [`PATIENCE`] is over.
const HANDSHAKES: usize = 64;

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate with its key.
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl Tls {
    /// Reads a certificate, with those that vouch for it after it, and its key, both in PEM.
    ///
    /// # Errors
    /// [`Error::Certificate`], [`Error::Key`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let unfit = |reason: String| Error::Certificate { file: PathBuf::from(certificate), reason };
        let chain =
            CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| unfit(error.to_string()))?;
        let own = chain.first().cloned().ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
        EndEntityCert::try_from(&own).map_err(|error| unfit(error.to_string()))?;
        let bad_key = |reason: String| Error::Key { file: PathBuf::from(key), reason };
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| bad_key(error.to_string()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unfit(error.to_string()))?
            .with_no_client_auth()
            // It checks that the key is the certificate's.
            .with_single_cert(chain, key)
            .map_err(|error| bad_key(error.to_string()))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: own })
    }

    /// Whether the certificate is for a host, a name or an address.
    pub fn is_for(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let (Ok(name), Ok(certificate)) =
            (ServerName::try_from(bare), EndEntityCert::try_from(&self.certificate))
        else {
            return false;
        };
        certificate.verify_is_valid_for_subject_name(&name).is_ok()
    }

    /// A name of the certificate, by which other computers can open the console.
    pub fn name(&self) -> Option<String> {
        let certificate = EndEntityCert::try_from(&self.certificate).ok()?;
        let mut names = certificate.valid_dns_names().filter(|name| !name.starts_with('*'));
        names.next().map(ToOwned::to_owned)
    }
}

/// A listener whose streams are encrypted. Handshakes go on beside each other, so that none holds up the others.
pub struct TlsListener {
    streams: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    listen: SocketAddr,
}

impl TlsListener {
    /// Accepts from `listener` as long as this one lives.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn new(mut listener: TcpListener, tls: &Tls) -> std::io::Result<Self> {
        let listen = listener.local_addr()?;
        let acceptor = tls.acceptor.clone();
        let (send, streams) = mpsc::channel(1);
        let places = Arc::new(Semaphore::new(HANDSHAKES));
        tokio::spawn(async move {
            while let Ok(place) = places.clone().acquire_owned().await {
                let (stream, from) = Listener::accept(&mut listener).await;
                let (acceptor, send) = (acceptor.clone(), send.clone());
                if send.is_closed() {
                    return;
                }
                tokio::spawn(async move {
                    // Whoever does not speak TLS, or trusts another certificate, gets nothing.
                    if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                        drop(place);
                        // Nobody waits when the console ends.
                        let _ = send.send((stream, from)).await;
                    }
                });
            }
        });
        Ok(Self { streams, listen })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.streams.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.listen)
    }
}
