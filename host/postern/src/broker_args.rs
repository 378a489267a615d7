//! The options that choose an MQTT broker. `postern fleet` keeps them in the fleet's folder.

use std::path::PathBuf;

use anyhow::Context;
use bridge::address::Address;
use bridge::{Certificates, Level};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::output::note;

/// The options that choose a broker.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct BrokerArgs {
    /// The broker: mqtt://HOST or mqtt://HOST:PORT, or mqtts:// for TLS
    #[arg(long, value_name = "ADDRESS")]
    pub broker: Address,

    /// The user at the broker
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,

    /// A file with that user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,

    /// The certificate that signed the broker's, in PEM form [default: those that this computer trusts]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The certificate of this computer, if the broker wants one, in PEM form
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<PathBuf>,

    /// The key of that certificate, in PEM form
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,

    /// What the topics of doors begin with
    #[arg(long, value_name = "TOPIC", default_value = "postern")]
    pub prefix: Level,
}

impl BrokerArgs {
    /// The user's password, from its file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn password(&self) -> anyhow::Result<Option<String>> {
        let read = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).with_context(|| {
                format!(
                    "cannot read the password file {}: check that it is there, and that you may read it",
                    path.display()
                )
            })?;
            anyhow::Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        };
        self.password_file.as_ref().map(read).transpose()
    }

    /// The certificates.
    pub fn certificates(&self) -> Certificates {
        let client = self.client_cert.clone().zip(self.client_key.clone());
        Certificates { ca: self.ca.clone(), client }
    }

    /// Says so if others on the network can read `what`, or the password.
    pub fn note_readers(&self, what: &str) {
        if self.broker.is_private() {
            return;
        }
        let password = if self.password_file.is_some() { "the password, and " } else { "" };
        note!(
            "Others on the network can read {password}{what} on the way to {}: mqtts:// encrypts it.",
            self.broker
        );
    }

    /// The same with paths that do not depend on the current folder.
    ///
    /// # Errors
    /// There is no current folder.
    pub fn absolute(self) -> anyhow::Result<Self> {
        let whole = |path: Option<PathBuf>| path.map(std::path::absolute).transpose();
        Ok(Self {
            password_file: whole(self.password_file)?,
            ca: whole(self.ca)?,
            client_cert: whole(self.client_cert)?,
            client_key: whole(self.client_key)?,
            ..self
        })
    }
}
