//! What is asked once more, and when.

use super::failure::{Failure, Outlook};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How often a request is repeated, and how long it waits before.
#[derive(Clone)]
pub struct Retry {
    /// Requests for the same bytes until it is an error.
    pub attempts: u32,
    /// The longest wait before the second; it doubles from there.
    pub first_delay: Duration,
    /// No wait is longer.
    pub longest_delay: Duration,
    /// How long a store may say nothing.
    pub silence: Duration,
    /// Passes the time.
    pub sleep: Arc<Sleep>,
}

/// Passes a while.
pub type Sleep = dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 9,
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_secs(8),
            silence: Duration::from_secs(30),
            sleep: Arc::new(|delay| Box::pin(tokio::time::sleep(delay))),
        }
    }
}

impl Retry {
    pub(super) fn begin(&self) -> Attempts {
        Attempts { retry: self.clone(), failed: 0, expired: 0 }
    }
}

/// The attempts at one thing.
pub(super) struct Attempts {
    retry: Retry,
    failed: u32,
    expired: u32,
}

/// Credentials that were just read anew and are expired will stay so.
const MOST_EXPIRED: u32 = 3;

impl Attempts {
    /// Some of it came.
    pub(super) fn progressed(&mut self) {
        (self.failed, self.expired) = (0, 0);
    }

    /// Waits until it is time for the next attempt; answers whether credentials are to be read
    /// anew before.
    ///
    /// # Errors
    /// The failure, where it does not heal or has been seen too often.
    pub(super) async fn next(&mut self, mut failure: Failure) -> Result<bool, Failure> {
        self.failed += 1;
        let is_expired = failure.outlook == Outlook::Expired;
        self.expired += u32::from(is_expired);
        let heals = is_expired || failure.outlook == Outlook::Heals;
        if !heals || self.failed >= self.retry.attempts || self.expired >= MOST_EXPIRED {
            failure.error.tried_again = self.failed - 1;
            return Err(failure);
        }
        (self.retry.sleep)(self.delay()).await;
        Ok(is_expired)
    }

    /// Between nothing and the doubled wait, so that requests that failed together do not come
    /// back together.
    fn delay(&self) -> Duration {
        let doubled = self.retry.first_delay.saturating_mul(1 << (self.failed - 1).min(16));
        let most = doubled.min(self.retry.longest_delay);
        most.mul_f64(random())
    }
}

/// A number from 0 to 1; the standard library's hashes start at random.
#[expect(clippy::cast_precision_loss, reason = "that precise it need not be")]
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    bits as f64 / u64::MAX as f64
}

/// What no other process and no other call says.
pub(super) fn unique() -> String {
    let bits = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", bits(), bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{ConnectorError, Kind};
    use std::sync::Mutex;

    fn failure(outlook: Outlook) -> Failure {
        Failure { outlook, error: ConnectorError::new(Kind::Network, "gone") }
    }

    /// The waits until an attempt at something that always fails is given up.
    fn waits(outlook: Outlook) -> Vec<Duration> {
        let slept = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&slept);
        let sleep: Arc<Sleep> = Arc::new(move |delay| {
            seen.lock().unwrap().push(delay);
            Box::pin(std::future::ready(()))
        });
        let retry = Retry { sleep, ..Retry::default() };
        let given_up = super::super::runtime::wait(async {
            let mut attempts = retry.begin();
            while attempts.next(failure(outlook)).await.is_ok() {}
            Ok::<(), ConnectorError>(())
        });
        given_up.unwrap();
        let slept = slept.lock().unwrap();
        slept.clone()
    }

    #[test]
    fn waits_grow_and_end() {
        let waits = waits(Outlook::Heals);
        assert_eq!(waits.len(), 8);
        for (index, wait) in waits.iter().enumerate() {
            assert!(*wait <= Duration::from_millis(100 << index).min(Duration::from_secs(8)));
        }
        assert!(waits.iter().collect::<std::collections::BTreeSet<_>>().len() > 1);
    }

    #[test]
    fn what_does_not_heal_is_not_asked_again() {
        assert_eq!(waits(Outlook::Final).len(), 0);
        assert_eq!(waits(Outlook::Changed).len(), 0);
        assert_eq!(waits(Outlook::Expired).len(), 2);
    }
}
