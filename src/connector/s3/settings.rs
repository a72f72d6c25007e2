//! The parameters of a connection, read into what the client is made of.

use super::spec::SPEC;
use crate::connector::{ConnectorError, Kind, Parameters};
use crate::diagnostic::Secrets;

/// What a connection was told.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) bucket: Option<String>,
    /// Ends with `/` unless it is empty.
    pub(super) prefix: String,
    pub(super) region: Option<String>,
    /// With scheme.
    pub(super) endpoint: Option<String>,
    pub(super) path_style: bool,
    pub(super) credentials: Credentials,
    pub(super) connections: usize,
    pub(super) secrets: Secrets,
}

/// Who asks.
#[derive(Clone)]
pub(super) enum Credentials {
    /// As AWS tools find them, in a profile where one is named.
    Chain {
        profile: Option<String>,
    },
    Keys {
        id: String,
        secret: String,
        token: Option<String>,
    },
    Anonymous,
}

/// Tells no secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Chain { .. } => "Chain",
            Self::Keys { .. } => "Keys",
            Self::Anonymous => "Anonymous",
        })
    }
}

impl Settings {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, ConnectorError> {
        let text = |name: &str| parameters.text(name).map(str::to_owned).filter(|t| !t.is_empty());
        let prefix = text("prefix").unwrap_or_default();
        let prefix = prefix.trim_matches('/');
        let endpoint = endpoint(parameters);
        let secrets = Secrets::default();
        for secret in ["secret_access_key", "session_token"] {
            parameters.text(secret).into_iter().for_each(|value| secrets.add(value));
        }
        let connections = parameters.number("max_connections");
        Ok(Self {
            bucket: text("bucket").map(|bucket| bucket_name(&bucket)),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
            region: text("region"),
            path_style: path_style(parameters, endpoint.as_deref())?,
            endpoint,
            credentials: credentials(parameters)?,
            connections: connections
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(SPEC.max_connections),
            secrets,
        })
    }

    /// Who is asked, for people.
    pub(super) fn store(&self) -> String {
        self.endpoint.clone().unwrap_or_else(|| "Amazon S3".to_owned())
    }
}

/// `s3://b/` says no more than `b`.
fn bucket_name(written: &str) -> String {
    written.trim_start_matches("s3://").trim_end_matches('/').to_owned()
}

/// DuckDB's secrets have endpoints without a scheme.
fn endpoint(parameters: &Parameters) -> Option<String> {
    let written = parameters.text("endpoint")?.trim_end_matches('/');
    if written.is_empty() || written.contains("://") {
        return (!written.is_empty()).then(|| written.to_owned());
    }
    let scheme = if parameters.text("use_ssl") == Some("false") { "http" } else { "https" };
    Some(format!("{scheme}://{written}"))
}

fn path_style(parameters: &Parameters, endpoint: Option<&str>) -> Result<bool, ConnectorError> {
    let said = parameters.text("force_path_style").map(|text| text == "true");
    let style = parameters.text("url_style").map(|text| text == "path");
    match (said, style) {
        (Some(said), Some(style)) if said != style => {
            Err(wrong("`force_path_style` and `url_style` say the opposite"))
        }
        (Some(said), _) | (None, Some(said)) => Ok(said),
        // Their hosts seldom have names for buckets.
        (None, None) => Ok(endpoint.is_some_and(|endpoint| !endpoint.contains(".amazonaws.com"))),
    }
}

fn credentials(parameters: &Parameters) -> Result<Credentials, ConnectorError> {
    let text = |name: &str| parameters.text(name).filter(|t| !t.is_empty()).map(str::to_owned);
    let (profile, token) = (text("profile"), text("session_token"));
    match (parameters.is_true("anonymous"), text("access_key_id"), text("secret_access_key")) {
        (true, None, None) if profile.is_none() && token.is_none() => Ok(Credentials::Anonymous),
        (true, ..) => Err(wrong("`anonymous` is true, and there are credentials")),
        (false, Some(_), Some(_)) if profile.is_some() => {
            Err(wrong("there are keys and a `profile`"))
        }
        (false, Some(id), Some(secret)) => Ok(Credentials::Keys { id, secret, token }),
        (false, None, None) if token.is_none() => Ok(Credentials::Chain { profile }),
        (false, None, _) => Err(wrong("`access_key_id` is missing")),
        (false, Some(_), None) => Err(wrong("`secret_access_key` is missing")),
    }
}

fn wrong(what: &str) -> ConnectorError {
    ConnectorError::new(Kind::Auth, what).with_help(
        "give access_key_id and secret_access_key, or a profile, or anonymous: true, or none of \
         them for what AWS tools find",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Settings, ConnectorError> {
        Settings::read(&SPEC.read(given.iter().copied()).unwrap())
    }

    #[test]
    fn words_of_other_tools_mean_the_same() {
        let settings = read(&[
            ("s3_endpoint", "localhost:9000"),
            ("s3_use_ssl", "false"),
            ("key_id", "id"),
            ("secret", "hush"),
            ("prefix", "/a/b/"),
            ("bucket", "s3://shop/"),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.endpoint.as_deref(), Some("http://localhost:9000"));
        assert_eq!((settings.path_style, settings.prefix.as_str()), (true, "a/b/"));
        assert_eq!((settings.bucket.as_deref(), settings.connections), (Some("shop"), 16));
        assert!(matches!(settings.credentials, Credentials::Keys { .. }));
        assert!(!format!("{:?}", settings.credentials).contains("hush"));
    }

    #[test]
    fn an_endpoint_is_an_address_of_the_web_without_a_password() {
        let refused = |endpoint: &str| {
            let errors = SPEC.read([("s3_endpoint", endpoint)]).unwrap_err();
            errors.into_iter().map(|error| error.message).collect::<Vec<_>>()
        };
        let message = "`s3_endpoint` is not an address without user and password";
        assert_eq!(refused("http://user:hush@host:9000"), [message]);
        assert_eq!(refused("user:hush@host"), [message]);
        let message = "`s3_endpoint` is `ftp://x`, expected an address of http:// or https://";
        assert_eq!(refused("ftp://x"), [message]);
        for endpoint in ["HTTP://x", "https://x:1/y", "localhost:9000", ""] {
            assert!(SPEC.read([("endpoint", endpoint)]).is_ok(), "{endpoint}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_an_error() {
        for (given, message) in [
            (&[("access_key_id", "id")][..], "`secret_access_key` is missing"),
            (&[("secret", "s")], "`access_key_id` is missing"),
            (&[("session_token", "s")], "`access_key_id` is missing"),
            (
                &[("anonymous", "true"), ("profile", "p")],
                "`anonymous` is true, and there are credentials",
            ),
            (
                &[("key_id", "id"), ("secret", "s"), ("profile", "p")],
                "there are keys and a `profile`",
            ),
            (
                &[("path_style", "true"), ("url_style", "vhost")],
                "`force_path_style` and `url_style` say the opposite",
            ),
        ] {
            assert_eq!(read(given).unwrap_err().message, message);
        }
    }
}
