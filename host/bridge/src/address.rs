//! Where the broker is: `mqtt://HOST:PORT`, or `mqtts://HOST:PORT` over TLS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Where the broker is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection is over TLS.
    pub tls: bool,
}

impl Address {
    /// Whether only this computer sees what goes over the connection.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let ip: Option<std::net::IpAddr> = self.host.parse().ok();
        self.tls || self.host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(address: &str) -> Result<Self, Error> {
        let wrong = |reason| Error::Address { address: address.to_owned(), reason };
        let (scheme, rest) = address.split_once("://").ok_or_else(|| wrong("it begins with no mqtt://"))?;
        let (tls, port) = match scheme {
            "mqtt" => (false, 1883),
            "mqtts" => (true, 8883),
            _ => return Err(wrong("it begins neither with mqtt:// nor with mqtts://")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(wrong("the user is given with --user, the password with --password-file"));
        }
        if rest.contains(['/', '?', '#']) || rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong("nothing stands behind the port"));
        }
        let (host, digits) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(|| wrong("a bracket is not closed"))?;
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")))
            }
            None => match rest.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    return Err(wrong("an IPv6 address stands in brackets"));
                }
                Some((host, port)) => (host, Some(port)),
                None => (rest, Some("")),
            },
        };
        let digits = digits.ok_or_else(|| wrong("a colon stands before the port"))?;
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        let port = match digits {
            "" => port,
            digits => digits.parse().map_err(|_| wrong("the port is no number up to 65535"))?,
        };
        Ok(Self { host: host.to_owned(), port, tls })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl TryFrom<String> for Address {
    type Error = Error;

    fn try_from(address: String) -> Result<Self, Error> {
        address.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_a_port_that_is_usual() {
        for (text, shown) in [
            ("mqtt://broker.lan", "mqtt://broker.lan:1883"),
            ("mqtts://broker.lan/", "mqtts://broker.lan:8883"),
            ("mqtt://127.0.0.1:2000", "mqtt://127.0.0.1:2000"),
            ("mqtt://[::1]", "mqtt://[::1]:1883"),
            ("mqtts://[fe80::1]:9000", "mqtts://[fe80::1]:9000"),
        ] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), shown);
        }
        for private in ["mqtt://localhost", "mqtt://[::1]", "mqtt://127.0.0.9", "mqtts://broker.lan"] {
            assert!(private.parse::<Address>().expect(private).is_private(), "{private}");
        }
        assert!(!"mqtt://broker.lan".parse::<Address>().expect("an address").is_private());
    }

    #[test]
    fn an_address_that_is_none_is_told_with_an_example() {
        for (text, why) in [
            ("broker.lan", "no mqtt://"),
            ("http://broker.lan", "neither with mqtt://"),
            ("mqtt://", "no host"),
            ("mqtt://:1883", "no host"),
            ("mqtt://a:b", "no number"),
            ("mqtt://a:70000", "no number"),
            ("mqtt://::1", "in brackets"),
            ("mqtt://[::1", "not closed"),
            ("mqtt://[::1]9", "a colon"),
            ("mqtt://ada:secret@broker.lan", "--password-file"),
            ("mqtt://broker.lan/path", "behind the port"),
            ("mqtt://broker lan", "behind the port"),
        ] {
            let said = text.parse::<Address>().expect_err(text).to_string();
            assert!(said.contains(why) && said.contains("mqtt://broker.lan:1883"), "{text}: {said}");
        }
    }
}
