//! The SDK's client, and asking it: each request once, and again where that may help.

use super::failure::{Act, Asked, Failure};
use super::retry::Retry;
use super::settings::{Credentials, Settings};
use aws_config::BehaviorVersion;
use aws_config::environment::EnvironmentVariableRegionProvider as EnvironmentRegion;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_sdk_s3::Client as Sdk;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Region, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{RwLock, Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Where a region is not known; the store says which is right.
const REGION: &str = "us-east-1";

const CONNECT: Duration = Duration::from_secs(10);

/// One connection to a store.
pub(super) struct Client {
    pub(super) settings: Settings,
    pub(super) retry: Retry,
    sdk: RwLock<Option<Current>>,
    /// One permit a request in flight.
    requests: Semaphore,
}

/// The SDK's client, and how many were before it.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) sdk: Sdk,
    number: u64,
    /// Whether its credentials were refused.
    is_stale: bool,
}

impl Client {
    pub(super) fn new(settings: Settings, retry: Retry) -> Self {
        let requests = Semaphore::new(settings.connections);
        Self { settings, retry, sdk: RwLock::new(None), requests }
    }

    /// The SDK's client; credentials are looked for when it is first asked for.
    pub(super) async fn current(&self) -> Current {
        let is_fresh = |current: &&Current| !current.is_stale;
        if let Some(current) = self.sdk.read().await.as_ref().filter(is_fresh) {
            return current.clone();
        }
        let mut place = self.sdk.write().await;
        if let Some(current) = place.as_ref().filter(is_fresh) {
            return current.clone();
        }
        let number = place.as_ref().map_or(0, |before| before.number + 1);
        let sdk = make(&self.settings, &self.retry).await;
        place.insert(Current { sdk, number, is_stale: false }).clone()
    }

    /// Reads credentials anew before the next request, unless that was done since `seen`.
    pub(super) async fn renew(&self, seen: &Current) {
        if let Some(current) = &mut *self.sdk.write().await
            && current.number == seen.number
        {
            current.is_stale = true;
        }
    }

    /// The right to have a request in flight.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.requests.acquire().await.ok()
    }

    /// What is said where it fails.
    pub(super) fn asked<'a>(&'a self, region: Option<&'a Region>, target: Target<'a>) -> Asked<'a> {
        let region = region.map_or(REGION, AsRef::as_ref);
        let Target { act, bucket, key } = target;
        Asked { settings: &self.settings, region, act, bucket, key }
    }

    /// Sends a request until it succeeds or is given up.
    pub(super) async fn ask<T, E, F, R>(&self, target: Target<'_>, send: F) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn(Sdk) -> R,
        R: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut attempts = self.retry.begin();
        loop {
            let current = self.current().await;
            let permit = self.permit().await;
            let sent = timeout(self.patience(target.act), send(current.sdk.clone())).await;
            drop(permit);
            let asked = self.asked(current.sdk.config().region(), target);
            let failure = match sent {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => asked.sort(&error),
                Err(_) => asked.unreached("it does not answer in time"),
            };
            if attempts.next(failure).await? {
                self.renew(&current).await;
            }
        }
    }

    /// How long an answer may take. A store may need minutes to put parts together, and a slow line
    /// to take one; that it takes none at all is noticed earlier.
    fn patience(&self, act: Act) -> Duration {
        match act {
            Act::Read | Act::Delete => self.retry.silence,
            Act::List => self.retry.silence * 2,
            Act::Write => self.retry.silence * 20,
        }
    }
}

/// What a request is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) act: Act,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
}

async fn make(settings: &Settings, retry: &Retry) -> Sdk {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    let region = settings.region.clone().map(Region::new);
    loader = match (region, &settings.endpoint) {
        (Some(region), _) => loader.region(region),
        // Nobody asks a machine that is not Amazon's for its region.
        (None, Some(_)) => loader.region(
            RegionProviderChain::first_try(EnvironmentRegion::new()).or_else(Region::new(REGION)),
        ),
        (None, None) => loader.region(RegionProviderChain::default_provider().or_else(REGION)),
    };
    loader = match &settings.credentials {
        // The environment's keys come first where AWS tools look: who names a profile means it alone.
        Credentials::Chain { profile: Some(profile) } => loader
            .profile_name(profile)
            .credentials_provider(of_profile(profile, settings.region.as_deref()).await),
        Credentials::Chain { profile: None } => loader,
        Credentials::Keys { id, secret, token } => loader.credentials_provider(
            aws_sdk_s3::config::Credentials::new(id, secret, token.clone(), None, "profiles.yml"),
        ),
        Credentials::Anonymous => loader.no_credentials(),
    };
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT);
    let stalls = StalledStreamProtectionConfig::enabled().download_enabled(false);
    let shared = loader
        .timeout_config(timeouts.build())
        .stalled_stream_protection(stalls.grace_period(retry.silence).build())
        // Other stores know none of the newer checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .load()
        .await;
    let config = aws_sdk_s3::config::Builder::from(&shared)
        .force_path_style(settings.path_style)
        // Ours are enough; what finds credentials keeps its own.
        .retry_config(RetryConfig::disabled());
    Sdk::from_conf(config.build())
}

/// What `profile` gives, and nothing else. It may have to ask for it in a region.
async fn of_profile(profile: &str, region: Option<&str>) -> ProfileFileCredentialsProvider {
    let own = ProfileFileRegionProvider::builder().profile_name(profile).build();
    let region =
        RegionProviderChain::first_try(region.map(|region| Region::new(region.to_owned())))
            .or_else(EnvironmentRegion::new())
            .or_else(own)
            .or_else(Region::new(REGION));
    let config = ProviderConfig::without_region().with_region(region.region().await);
    ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build()
}
