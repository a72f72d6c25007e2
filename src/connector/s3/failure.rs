//! What a store says when it does not do what it is asked, sorted by what helps.
//!
//! | so it says | so it is |
//! | --- | --- |
//! | `InvalidAccessKeyId`, `SignatureDoesNotMatch`, ... | auth |
//! | `ExpiredToken` and the like | credentials are read anew; then auth |
//! | `AccessDenied`, 403 | permission |
//! | `NoSuchBucket`, `NoSuchKey`, 404; another region | not found |
//! | `SlowDown`, 429, 500, 502, 503, 504, `RequestTimeout` | asked again; then resource |
//! | nothing, or half of it | asked again; then network |
//! | a certificate that nobody vouches for | auth |
//! | 412, 416 | the object has changed: read from the start |

use super::settings::{Credentials, Settings};
use crate::connector::file::FileError;
use crate::connector::{ConnectorError, Kind};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;

/// What failed, and whether asking again may help.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) outlook: Outlook,
    pub(super) error: ConnectorError,
}

/// What may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// A while.
    Heals,
    /// Other credentials.
    Expired,
    /// Reading from the start.
    Changed,
    /// Nothing: there is no such object.
    Absent,
    /// Only the user.
    Final,
}

impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        Self { outlook: Outlook::Final, error }
    }
}

impl From<Failure> for ConnectorError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<Failure> for FileError {
    fn from(failure: Failure) -> Self {
        Self::Remote(failure.error)
    }
}

impl Failure {
    pub(super) fn heals(kind: Kind, message: impl Into<String>) -> Self {
        Self { outlook: Outlook::Heals, error: ConnectorError::new(kind, message) }
    }

    /// `name` is no longer what it was when it was found.
    pub(super) fn changed(name: &str) -> Self {
        let message = format!("`{name}` changes while it is read");
        let error = ConnectorError::new(Kind::Data, message)
            .with_help("load it when nothing writes to it, or write new objects");
        Self { outlook: Outlook::Changed, error }
    }
}

/// What is asked of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) settings: &'a Settings,
    /// The region that the request was signed for.
    pub(super) region: &'a str,
    pub(super) act: Act,
    pub(super) bucket: &'a str,
    /// Empty for the bucket.
    pub(super) key: &'a str,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Read,
    List,
    Write,
    Delete,
}

impl Act {
    fn participle(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "listed",
            Self::Write => "written",
            Self::Delete => "deleted",
        }
    }

    fn right(self) -> &'static str {
        match self {
            Self::Read => "s3:GetObject",
            Self::List => "s3:ListBucket",
            Self::Write => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
        }
    }
}

impl Asked<'_> {
    fn name(&self) -> String {
        if self.key.is_empty() || self.act == Act::List {
            format!("s3://{}", self.bucket)
        } else {
            format!("s3://{}/{}", self.bucket, self.key)
        }
    }

    /// Sorts an error of the SDK.
    pub(super) fn sort<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut failure = match error {
            SdkError::ServiceError(refused) => {
                let (said, response) = (refused.err(), refused.raw());
                let region = response.headers().get("x-amz-bucket-region");
                self.refused(Refusal {
                    status: response.status().as_u16(),
                    code: said.code().unwrap_or_default(),
                    message: said.message().unwrap_or_default(),
                    region,
                })
            }
            SdkError::TimeoutError(_) => self.unreached("it does not answer in time"),
            SdkError::ResponseError(_) => self.unreached("its answer is cut short"),
            SdkError::DispatchFailure(failed) if failed.is_timeout() => {
                self.unreached("it does not answer in time")
            }
            _ => self.not_sent(error),
        };
        let error = &mut failure.error;
        if let Some(masked) = self.settings.secrets.mask(&error.message) {
            error.message = masked;
        }
        failure
    }

    /// The store was not reached.
    pub(super) fn unreached(&self, why: &str) -> Failure {
        let message = format!("`{}` cannot be reached: {why}", self.settings.store());
        let mut failure = Failure::heals(Kind::Network, message);
        failure.error.help = Some("check `endpoint`, the network and proxies".to_owned());
        failure
    }

    /// The request was not even sent, or no answer came.
    fn not_sent(&self, error: &(dyn Error + 'static)) -> Failure {
        let mut texts = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            texts.push(error.to_string());
            next = error.source();
        }
        let innermost = texts.last().cloned().unwrap_or_default();
        let mentions = |word: &str| texts.iter().any(|text| text.to_lowercase().contains(word));
        let lacks_credentials = mentions("credential") || mentions("identity");
        if let Credentials::Chain { profile: Some(profile) } = &self.settings.credentials
            && lacks_credentials
        {
            return no_profile(profile, &innermost);
        }
        if lacks_credentials {
            let message = format!("there are no AWS credentials: {innermost}");
            return ConnectorError::new(Kind::Auth, message)
                .with_help(
                    "give access_key_id and secret_access_key, or a profile, or anonymous: true, \
                     or let AWS tools find them (environment, ~/.aws, the machine's role)",
                )
                .into();
        }
        if mentions("certificate") || mentions("unknownissuer") {
            let message = format!("`{}` is not trusted: {innermost}", self.settings.store());
            return ConnectorError::new(Kind::Auth, message)
                .with_help(
                    "check the host of `endpoint`; an authority of your own is named by the \
                     environment variable SSL_CERT_FILE, a file of certificates (PEM)",
                )
                .into();
        }
        if is_request_wrong(&texts) {
            let message = format!("`{}` cannot be asked for: {innermost}", self.name());
            return ConnectorError::new(Kind::NotFound, message).into();
        }
        self.unreached(&innermost)
    }

    fn refused(&self, refusal: Refusal<'_>) -> Failure {
        let name = self.name();
        let Refusal { status, code, message, .. } = refusal;
        let error = |kind, message: String, help: &str| -> Failure {
            ConnectorError::new(kind, message).with_help(help).into()
        };
        if let Some(region) = self.other_region(&refusal) {
            return error(
                Kind::NotFound,
                format!("bucket `{}` is in region `{region}`, not `{}`", self.bucket, self.region),
                &format!("set `region: {region}`"),
            );
        }
        if let Some(failure) = self.unknown(code, &refusal).or_else(|| self.absent(code, status)) {
            return failure;
        }
        match (code, status) {
            ("InvalidObjectState", _) => {
                let message = format!("`{name}` is archived and cannot be read");
                error(Kind::Data, message, "restore it from its storage class first")
            }
            ("PreconditionFailed" | "InvalidRange", _) | (_, 412 | 416) => Failure::changed(&name),
            ("RequestTimeout" | "IncompleteBody" | "OperationAborted", _) => {
                Failure::heals(Kind::Network, told("the connection broke", code, message))
            }
            (_, 401 | 403) => self.forbidden(code),
            (_, 429 | 500 | 502..) => {
                let message = told("the store is overloaded or out of order", code, message);
                let mut failure = Failure::heals(Kind::Resource, message);
                failure.error.help = Some("lower `max_connections`, or try later".to_owned());
                failure
            }
            _ => {
                let what = format!("`{name}` cannot be {}", self.act.participle());
                ConnectorError::new(Kind::Data, told(&what, code, message)).into()
            }
        }
    }

    /// The store does not know who asks.
    fn unknown(&self, code: &str, refusal: &Refusal<'_>) -> Option<Failure> {
        let store = self.settings.store();
        let (message, help) = match code {
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
                ("the credentials have expired".to_owned(), "get a new session token")
            }
            "InvalidAccessKeyId" | "InvalidToken" | "NotSignedUp" => (
                format!("`{store}` does not know these credentials ({code})"),
                "check `access_key_id`, `session_token` and `endpoint`",
            ),
            "SignatureDoesNotMatch" => (
                format!("`{store}` refuses the signature"),
                "`secret_access_key` does not go with `access_key_id`",
            ),
            "RequestTimeTooSkewed" => (
                format!("`{store}` has another time than this machine"),
                "set this machine's clock",
            ),
            "AuthorizationHeaderMalformed" => {
                (told(&format!("`{store}` refuses"), code, refusal.message), "check `region`")
            }
            _ => return None,
        };
        let error = ConnectorError::new(Kind::Auth, message).with_help(help);
        let is_expired = code.starts_with("Expired") || code == "TokenRefreshRequired";
        let outlook = if is_expired { Outlook::Expired } else { Outlook::Final };
        Some(Failure { outlook, error })
    }

    /// There is no such thing at this store.
    fn absent(&self, code: &str, status: u16) -> Option<Failure> {
        let store = self.settings.store();
        let (outlook, message, help) = match (code, status) {
            ("PermanentRedirect" | "TemporaryRedirect", _) | (_, 301 | 307) => (
                Outlook::Final,
                format!("bucket `{}` is not at `{store}`", self.bucket),
                "check `region` and `endpoint`".to_owned(),
            ),
            ("NoSuchBucket", _) => (
                Outlook::Final,
                format!("there is no bucket `{}`", self.bucket),
                format!("it was looked for at `{store}`: check it and `endpoint`"),
            ),
            ("NoSuchKey", _) | (_, 404) => (
                Outlook::Absent,
                format!("`{}` does not exist", self.name()),
                "check bucket, `prefix` and path; keys are case-sensitive".to_owned(),
            ),
            _ => return None,
        };
        let error = ConnectorError::new(Kind::NotFound, message).with_help(help);
        Some(Failure { outlook, error })
    }

    fn forbidden(&self, code: &str) -> Failure {
        let code = if code.is_empty() { "403" } else { code };
        let message = format!("`{}` may not be {} ({code})", self.name(), self.act.participle());
        let help = match self.settings.credentials {
            Credentials::Anonymous => {
                "it is not public: leave `anonymous` out and give credentials".to_owned()
            }
            Credentials::Chain { .. } | Credentials::Keys { .. } => {
                format!("the credentials need {} on it", self.act.right())
            }
        };
        ConnectorError::new(Kind::Permission, message).with_help(help).into()
    }

    /// The region that the bucket is in, where that is what is wrong.
    fn other_region(&self, refusal: &Refusal<'_>) -> Option<String> {
        let is_moved = matches!(
            refusal.code,
            "PermanentRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException"
        ) || refusal.status == 301;
        if !is_moved {
            return None;
        }
        // "the region 'us-east-1' is wrong; expecting 'eu-west-1'"
        let expected = || refusal.message.split_once("expecting '")?.1.split('\'').next();
        let region = refusal.region.or_else(expected).filter(|region| *region != self.region)?;
        Some(region.to_owned())
    }
}

/// The profile that the connection names is not there, or gives nothing.
fn no_profile(profile: &str, why: &str) -> Failure {
    let is_absent = why.starts_with(&format!("profile `{profile}` was not defined"))
        || why.starts_with("No profiles were defined");
    let message = if is_absent {
        format!("there is no AWS profile `{profile}`")
    } else {
        format!("AWS profile `{profile}` gives no credentials: {why}")
    };
    ConnectorError::new(Kind::Auth, message)
        .with_help(
            "name one of ~/.aws/credentials or ~/.aws/config; a profile that is named is used \
             alone, whatever the environment holds",
        )
        .into()
}

/// Whether it is what was asked that could not be sent, and not the way.
fn is_request_wrong(texts: &[String]) -> bool {
    texts.iter().any(|text| {
        text.contains("failed to construct") || text.contains("endpoint") && text.contains("resol")
    })
}

/// What a store answers.
struct Refusal<'a> {
    status: u16,
    code: &'a str,
    message: &'a str,
    region: Option<&'a str>,
}

fn told(what: &str, code: &str, message: &str) -> String {
    let message = message.lines().next().unwrap_or_default().trim_end_matches('.');
    match (code.is_empty(), message.is_empty()) {
        (true, true) => what.to_owned(),
        (false, true) => format!("{what}: {code}"),
        (true, false) => format!("{what}: {message}"),
        (false, false) => format!("{what}: {code}: {message}"),
    }
}
