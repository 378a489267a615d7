//! Whether a connection that ended is tried again, and why it ended.
//!
//! | what happened | the bridge |
//! |---|---|
//! | no connection, a broker that shuts down or is busy | waits |
//! | a wrong certificate, user or password, another bridge | ends: trying again would not help |

use std::error::Error as Cause;
use std::io;

use rumqttc::tokio_rustls::rustls::{self, CertificateError};
use rumqttc::{ConnectReturnCode, ConnectionError, DisconnectReasonCode, StateError};

use crate::Error;

/// Why there is no connection.
#[derive(Debug)]
pub enum Fault {
    /// There may be one later.
    Wait(String),
    /// A person must change something.
    End(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::End(error)
    }
}

impl Fault {
    /// What to make of an error of the connection to `broker`.
    pub fn of(error: &ConnectionError, broker: &str) -> Self {
        let broker = broker.to_owned();
        if let Some(reason) = tls_reason(error) {
            return Self::End(Error::Certificate { broker, reason });
        }
        match error {
            ConnectionError::ConnectionRefused(code) => match refusal(*code) {
                Ok(reason) => Self::End(Error::Refused { broker, reason }),
                Err(reason) => Self::Wait(reason),
            },
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => match reason_code
            {
                DisconnectReasonCode::SessionTakenOver => Self::End(Error::TakenOver { broker }),
                DisconnectReasonCode::NotAuthorized => {
                    Self::End(Error::Refused { broker, reason: "it is no longer allowed".to_owned() })
                }
                other => Self::Wait(format!("it ended the connection: {}", words(other))),
            },
            ConnectionError::MqttState(StateError::ConnectionAborted) => {
                Self::Wait("it closed the connection".to_owned())
            }
            ConnectionError::MqttState(StateError::AwaitPingResp) => {
                Self::Wait("it does not answer any more".to_owned())
            }
            ConnectionError::MqttState(StateError::Deserialization(inner))
                if broker.starts_with("mqtt://") =>
            {
                Self::Wait(format!("{inner} (does this port want mqtts://?)"))
            }
            ConnectionError::Timeout(_) => Self::Wait("it does not answer".to_owned()),
            ConnectionError::Tls(error) => Self::Wait(format!("{error} (does this port speak TLS?)")),
            ConnectionError::Io(error) => Self::Wait(error.to_string()),
            other => Self::Wait(other.to_string()),
        }
    }
}

/// What TLS found wrong, if it did. An error of TLS hides inside errors of the operating system.
fn tls_reason(error: &(dyn Cause + 'static)) -> Option<String> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(match found {
            rustls::Error::InvalidMessage(_) => {
                "this port does not speak TLS: an address that begins with mqtt:// is without".to_owned()
            }
            rustls::Error::AlertReceived(alert) => format!(
                "the broker refuses the certificate of this computer, or wants one ({alert:?}): `--client-cert` and `--client-key` name \
                 it"
            ),
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => format!(
                "{found}. Begin the address with a name that is in the broker's certificate (subjectAltName)"
            ),
            rustls::Error::InvalidCertificate(_) => {
                format!("{found}. `--ca` names the certificate that signed the broker's")
            }
            found => found.to_string(),
        });
    }
    // This error does not name its source.
    if let Some(StateError::Deserialization(inner)) = error.downcast_ref::<StateError>() {
        return tls_reason(inner);
    }
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(reason) = inside.and_then(|inside| tls_reason(inside)) {
        return Some(reason);
    }
    error.source().and_then(tls_reason)
}

/// Why a broker refuses: the outer `Err` if it may not, later.
fn refusal(code: ConnectReturnCode) -> Result<String, String> {
    use ConnectReturnCode as Code;
    match code {
        Code::ServiceUnavailable | Code::ServerUnavailable | Code::ServerBusy => Err("it is busy".to_owned()),
        Code::QuotaExceeded | Code::ConnectionRateExceeded => Err("it takes no more connections".to_owned()),
        Code::BadUserNamePassword | Code::NotAuthorized => {
            Ok("user or password are wrong, or it allows nobody without".to_owned())
        }
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => {
            Ok("it does not speak MQTT 5".to_owned())
        }
        other => Ok(words(&other)),
    }
}

/// The name of a code in words.
fn words(code: &impl std::fmt::Debug) -> String {
    let mut words = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_change_ends_and_the_rest_waits() {
        let of = |error: ConnectionError| Fault::of(&error, "mqtt://b:1883");
        let disconnect = |reason_code| {
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, reason_string: None })
        };
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let hidden = io::Error::new(io::ErrorKind::InvalidData, certificate);
        let Fault::End(unknown) = of(ConnectionError::Io(hidden)) else { panic!() };
        assert!(unknown.to_string().contains("`--ca` names"), "{unknown}");
        let other_name = rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForName);
        let Fault::End(named) = of(ConnectionError::Io(io::Error::other(other_name))) else { panic!() };
        assert!(
            named.to_string().contains("subjectAltName") && !named.to_string().contains("--ca"),
            "{named}"
        );
        let refused = ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized);
        assert!(matches!(of(refused), Fault::End(Error::Refused { .. })));
        assert!(matches!(
            of(disconnect(DisconnectReasonCode::SessionTakenOver)),
            Fault::End(Error::TakenOver { .. })
        ));
        let Fault::Wait(why) = of(disconnect(DisconnectReasonCode::ServerShuttingDown)) else { panic!() };
        assert_eq!(why, "it ended the connection: server shutting down");
        let busy = ConnectionError::ConnectionRefused(ConnectReturnCode::ServerBusy);
        assert!(matches!(of(busy), Fault::Wait(_)));
        // What a port for TLS makes of a connection without.
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let broken = ConnectionError::MqttState(StateError::Deserialization(reset.into()));
        let Fault::Wait(why) = of(broken) else { panic!() };
        assert!(why.ends_with("(does this port want mqtts://?)"), "{why}");
        let down = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(matches!(of(ConnectionError::Io(down)), Fault::Wait(_)));
    }
}
