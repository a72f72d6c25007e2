//! Requests to another system that are made again: how often, and after which wait.

use super::ConnectorError;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The longest wait before the second try; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The tries at one request, and why they failed.
#[derive(Debug, Default)]
pub struct Tries {
    reasons: Vec<String>,
}

impl Tries {
    /// Waits until it is time for the next try; `false` where there is none, because `error` does not
    /// heal or there were `retries` before.
    pub fn again(&mut self, error: &ConnectorError, retries: u32) -> bool {
        let failed = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
        if !error.heals() || failed >= retries {
            return false;
        }
        self.reasons.push(error.message.clone());
        std::thread::sleep(wait(failed, random()));
        true
    }

    /// How many tries failed before the last.
    pub fn failed(&self) -> u64 {
        self.reasons.len() as u64
    }

    /// `tried again 2 times: ` and why, in one line; `None` where the first try was the last.
    pub fn told(&self) -> Option<String> {
        let first = self.reasons.first()?;
        let times = match self.reasons.len() {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let mut others: Vec<&String> = Vec::new();
        for reason in &self.reasons[1..] {
            if reason != first && !others.contains(&reason) {
                others.push(reason);
            }
        }
        let others: String = others.iter().map(|reason| format!("; {reason}")).collect();
        Some(format!("tried again {times}: {first}{others}"))
    }
}

/// Between half and all of the doubled wait, so that requests that failed together do not come back
/// together.
fn wait(failed: u32, random: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failed.min(16)).min(LONGEST_WAIT);
    doubled.mul_f64(0.5 + random / 2.0)
}

/// A number from 0 to 1; the standard library's hashes start at random.
#[expect(clippy::cast_precision_loss, reason = "that precise it need not be")]
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    bits as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{Kind, Outlook};

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u128> = (0..9).map(|failed| wait(failed, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(wait(1, 0.0).as_millis(), 500);
        assert!(wait(u32::MAX, 0.3) < LONGEST_WAIT);
    }

    #[test]
    fn what_does_not_heal_and_what_was_tried_enough_is_not_tried_again() {
        let broke = ConnectorError::new(Kind::Network, "it broke");
        let mut tries = Tries::default();
        assert!(!tries.again(&broke, 0));
        for outlook in [Outlook::Final, Outlook::Unknown] {
            assert!(!tries.again(&broke.clone().with_outlook(outlook), 9));
        }
        assert_eq!((tries.failed(), tries.told()), (0, None));
        assert!(tries.again(&broke, 1));
        assert!(!tries.again(&broke, 1));
        assert_eq!(tries.told().as_deref(), Some("tried again once: it broke"));
    }

    #[test]
    fn each_reason_is_told_once() {
        let reasons = ["a", "b", "a", "b"].map(str::to_owned).to_vec();
        let told = Tries { reasons }.told();
        assert_eq!(told.as_deref(), Some("tried again 4 times: a; b"));
    }
}
