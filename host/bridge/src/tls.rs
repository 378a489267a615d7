//! Certificates of a connection over TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumqttc::tokio_rustls::rustls::crypto::ring;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use rumqttc::tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rumqttc::tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use rumqttc::{TlsConfiguration, Transport};

use crate::Error;

/// Files of certificates, in PEM form.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// The certificate that signed the broker's. Without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// The certificate and the key of this computer, if the broker wants them.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Certificates {
    /// Whether any is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ca.is_none() && self.client.is_none()
    }

    /// The way over which the broker is reached with them.
    ///
    /// # Errors
    /// [`Error::Pem`], [`Error::Tls`].
    pub fn transport(&self) -> Result<Transport, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Tls { reason: error.to_string() };
        let (Some(ca), client) = (&self.ca, &self.client) else {
            return self.of_the_system();
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca)? {
            roots.add(certificate).map_err(|error| pem(ca, CERTIFICATE, &error))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_root_certificates(roots);
        let config = match client {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| pem(key, KEY, &error))?;
                config
                    .with_client_auth_cert(certificates(certificate)?, secret)
                    .map_err(|error| of_client(certificate, key, &error))?
            }
        };
        Ok(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
    }

    fn of_the_system(&self) -> Result<Transport, Error> {
        if self.client.is_some() {
            let reason = "a client certificate needs `--ca` beside it".to_owned();
            return Err(Error::Tls { reason });
        }
        Transport::try_tls_with_default_config().map_err(|error| Error::Tls {
            reason: format!("this computer trusts no certificates ({error}): name the broker's with `--ca`"),
        })
    }
}

/// Why the certificate of this computer and its key are of no use.
fn of_client(certificate: &Path, key: &Path, error: &rustls::Error) -> Error {
    let text = format!("{error:?}");
    let reason = if text.contains("UnsupportedCertVersion") {
        "it has version 1, and TLS takes version 3: `openssl x509 -req` makes that with `-extfile`".to_owned()
    } else {
        error.to_string()
    };
    Error::Tls { reason: format!("{} with the key {}: {reason}", certificate.display(), key.display()) }
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";

/// The certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = all.map_err(|error| pem(path, CERTIFICATE, &error))?;
    if all.is_empty() { Err(pem(path, CERTIFICATE, &"it has none")) } else { Ok(all) }
}

fn pem(path: &Path, what: &'static str, reason: &dyn std::fmt::Display) -> Error {
    Error::Pem { path: path.to_owned(), what, reason: reason.to_string() }
}
