//! TLS for a console that other computers reach: the certificate and its key.
//!
//! It is TLS 1.3 alone, which every browser of today speaks. A browser accepts the certificate for the names that it holds. So these are the names that the console answers to, beside
//! those of this computer for itself.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{self, ServerConfig};
use webpki::EndEntityCert;

use crate::Error;

/// The extension subjectAltName as a certificate has it: 2.5.29.17 in DER (RFC 5280, 4.2.1.6).
const ALTERNATIVE_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x1D, 0x11];

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
        let unread = |error: pem::Error| match error {
            pem::Error::Io(error) if error.kind() == ErrorKind::NotFound => {
                "there is no such file".to_owned()
            }
            other => other.to_string(),
        };
        let chain =
            CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| unfit(unread(error)))?;
        let own = chain.first().cloned().ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
        EndEntityCert::try_from(&own).map_err(|error| unfit(error.to_string()))?;
        if !own.windows(ALTERNATIVE_NAME.len()).any(|bytes| bytes == ALTERNATIVE_NAME) {
            return Err(unfit(
                "it names no host, so no browser can open the console: make one with a subjectAltName, such as DNS:door.lan (a \
                 common name is not enough)"
                    .to_owned(),
            ));
        }
        let bad_key = |reason: String| Error::Key { file: PathBuf::from(key), reason };
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| bad_key(unread(error)))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| unfit(error.to_string()))?
            .with_no_client_auth()
            // It checks that the key is the certificate's.
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                // What the library calls keys that may not be consistent.
                rustls::Error::InconsistentKeys(_) => bad_key("it belongs to another certificate".to_owned()),
                error => bad_key(error.to_string()),
            })?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: own })
    }

    /// Speaks TLS with whoever connects.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
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
