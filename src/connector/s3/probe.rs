//! What a test of a connection asks.

use super::client::{Client, Target};
use super::failure::{Act, Failure};
use super::object::Address;
use super::retry::{Retry, unique};
use super::runtime::wait;
use super::settings::{Credentials, Settings};
use crate::connector::{ConnectorError, Kind, Report};
use aws_sdk_s3::Client as Sdk;
use std::time::Instant;

/// Somebody waits for it.
const ATTEMPTS: u32 = 3;

/// Reaches the store and says what it finds, up to what fails.
pub(super) fn probe(settings: &Settings, retry: &Retry) -> Report {
    let client = Client::new(settings.clone(), Retry { attempts: ATTEMPTS, ..retry.clone() });
    let found = wait(async { Ok::<_, ConnectorError>(client.probe().await) });
    found.unwrap_or_else(|error| Report {
        checks: vec![("reached", Err(error))],
        ..Report::default()
    })
}

impl Client {
    async fn probe(&self) -> Report {
        let mut report = Report::default();
        // Credentials may have to be looked for, which is no part of a round trip.
        let region = self.current().await.sdk.config().region().map(ToString::to_string);
        let begin = Instant::now();
        let listed = self.listed().await.map_err(ConnectorError::from);
        let is_reached = !matches!(&listed, Err(error) if error.kind == Kind::Network);
        if let (Err(error), false) = (&listed, is_reached) {
            report.checks.push(("reached", Err(error.clone())));
            return report;
        }
        report.latency = Some(begin.elapsed());
        let store = self.settings.store();
        report.version =
            region.map_or_else(|| store.clone(), |region| format!("{store}, {region}"));
        report.checks.push(("reached", Ok(store)));
        if let Err(error) = &listed
            && error.kind == Kind::Auth
        {
            report.checks.push(("authenticated", Err(error.clone())));
            return report;
        }
        report.checks.push(("authenticated", Ok(self.who())));
        let may_read = listed.is_ok();
        report.checks.push(("may read", listed));
        if may_read && let Some(bucket) = &self.settings.bucket {
            report.checks.push(("may write", self.written(bucket).await));
        }
        report
    }

    fn who(&self) -> String {
        match &self.settings.credentials {
            Credentials::Chain { profile: Some(profile) } => format!("profile {profile}"),
            Credentials::Chain { profile: None } => "as AWS tools find credentials".to_owned(),
            Credentials::Keys { .. } => "with the keys of the connection".to_owned(),
            Credentials::Anonymous => "anonymous".to_owned(),
        }
    }

    async fn listed(&self) -> Result<String, Failure> {
        let Some(bucket) = &self.settings.bucket else {
            let target = Target { act: Act::List, bucket: "", key: "" };
            let buckets = self.ask(target, |sdk: Sdk| sdk.list_buckets().send()).await?;
            return Ok(format!("{} buckets", buckets.buckets().len()));
        };
        let prefix = &self.settings.prefix;
        let has_any = self.has_any(bucket, prefix).await?;
        let place = format!("s3://{bucket}/{prefix}");
        Ok(if has_any { place } else { format!("{place}, where nothing is") })
    }

    /// Begins an object and takes it back: it takes the right to write, and there never is one.
    async fn written(&self, bucket: &str) -> Result<String, ConnectorError> {
        let key = format!("{}_sqlflow_probe_{}", self.settings.prefix, unique());
        let at = Address { bucket: bucket.to_owned(), key };
        let place = format!("s3://{bucket}/{}", self.settings.prefix);
        let tried = async { self.abort(&at, &self.begin(&at, "probe").await?).await }.await;
        tried.map(|()| place.clone()).map_err(|Failure { mut error, .. }| {
            error.message = error.message.replace(&at.to_string(), &place);
            error
        })
    }
}
