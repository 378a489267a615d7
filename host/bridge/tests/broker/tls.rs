//! TLS: a broker whose certificate this computer knows, one whose it does not, and one that wants a certificate itself.

use std::path::{Path, PathBuf};

use bridge::{Certificates, Options};
use fixtures::mqtt::Mosquitto;
use fixtures::{Need, need};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::door::{Bridge, Fake, options};

/// An authority, and its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("signed");
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).expect("written");
        Self { issuer, file }
    }

    /// A certificate for `host`, and its key, in files.
    fn sign(&self, folder: &Path, host: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let files = (folder.join(format!("{host}.crt")), folder.join(format!("{host}.key")));
        std::fs::write(&files.0, certificate.pem()).expect("written");
        std::fs::write(&files.1, key.serialize_pem()).expect("written");
        files
    }
}

/// The options of a bridge that speaks TLS to `localhost`.
fn secure(broker: &Mosquitto, folder: &Path, host: &str, certificates: Certificates) -> Options {
    let address = format!("mqtts://{host}:{}", broker.port);
    Options { broker: address.parse().expect("an address"), certificates, ..options(broker, folder) }
}

#[test]
fn a_wrong_certificate_ends_with_the_reason_and_the_right_one_is_taken() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (ours, other) = (Authority::new(folder, "ours"), Authority::new(folder, "other"));
    let (certificate, key) = ours.sign(folder, "localhost");
    let lines = format!(
        "certfile {}\nkeyfile {}\ncafile {}\nrequire_certificate true",
        certificate.display(),
        key.display(),
        ours.file.display()
    );
    let broker = Mosquitto::start(folder, &lines);
    let door = Fake::new();
    let client = Some(ours.sign(folder, "bridge"));
    let stranger = Some(other.sign(folder, "stranger"));
    let with = |ca: &Authority, client: &Option<(PathBuf, PathBuf)>| Certificates {
        ca: Some(ca.file.clone()),
        client: client.clone(),
    };

    for (host, certificates, why, what) in [
        ("localhost", with(&other, &client), "UnknownIssuer", "--ca"),
        ("127.0.0.1", with(&ours, &client), "not valid for", "subjectAltName"),
        (
            "localhost",
            with(&ours, &None),
            "the broker refuses the certificate of this computer, or wants one",
            "--client-cert",
        ),
        (
            "localhost",
            with(&ours, &stranger),
            "the broker refuses the certificate of this computer",
            "--client-cert",
        ),
    ] {
        let said = Bridge::start(secure(&broker, folder, host, certificates), &door).error();
        assert!(said.contains(why) && said.contains(what), "{why}: {said}");
    }
    let bridge = Bridge::start(secure(&broker, folder, "localhost", with(&ours, &client)), &door);
    bridge.says("Connected to mqtts://localhost");
    bridge.end();
}

#[test]
fn files_that_are_no_certificates_and_certificates_without_tls_are_refused() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let broker = Mosquitto::start(folder, "");
    let ours = Authority::new(folder, "ours");
    let (certificate, key) = ours.sign(folder, "localhost");
    let door = Fake::new();
    let start = |ca: &Path, client: Option<(&Path, &Path)>| {
        let client = client.map(|(certificate, key)| (certificate.to_owned(), key.to_owned()));
        let certificates = Certificates { ca: Some(ca.to_owned()), client };
        Bridge::start(secure(&broker, folder, "localhost", certificates), &door).error()
    };
    let said = start(&folder.join("none.pem"), None);
    assert!(said.contains("none.pem is no certificate in PEM form"), "{said}");
    let said = start(&key, None);
    assert!(said.contains("localhost.key is no certificate in PEM form: it has none"), "{said}");
    let said = start(&ours.file, Some((&certificate, &ours.file)));
    assert!(said.contains("ours.pem is no private key in PEM form"), "{said}");

    let certificates = Certificates { ca: Some(ours.file.clone()), client: None };
    let plain = Options { certificates, ..options(&broker, folder) };
    let said = Bridge::start(plain, &door).error();
    assert!(said.contains("mqtts://"), "{said}");

    let certificates = Certificates { ca: Some(ours.file.clone()), client: None };
    let bridge = Bridge::start(secure(&broker, folder, "localhost", certificates), &door);
    bridge.says("does this port speak TLS?");
}
