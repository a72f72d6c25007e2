//! A small object at once, in memory: a manifest.

use super::client::{Client, Current, Target};
use super::failure::{Act, Failure, Outlook};
use super::object::Address;
use tokio::time::timeout;

impl Client {
    /// All that is at `at`; `None` where nothing is.
    pub(super) async fn whole(&self, at: &Address) -> Result<Option<Vec<u8>>, Failure> {
        let mut attempts = self.retry.begin();
        loop {
            let current = self.current().await;
            let permit = self.permit().await;
            let tried = self.once(&current, at).await;
            drop(permit);
            match tried {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(failure) if failure.outlook == Outlook::Absent => return Ok(None),
                // There is no first byte.
                Err(failure) if failure.outlook == Outlook::Changed => return Ok(Some(Vec::new())),
                Err(failure) => {
                    if attempts.next(failure).await? {
                        self.renew(&current).await;
                    }
                }
            }
        }
    }

    /// One request. It asks for a range, so that the answer says how long the object is: one that
    /// is cut short can look complete otherwise.
    async fn once(&self, current: &Current, at: &Address) -> Result<Vec<u8>, Failure> {
        let target = Target { act: Act::Read, bucket: &at.bucket, key: &at.key };
        let asked = self.asked(current.sdk.config().region(), target);
        let request = current.sdk.get_object().bucket(&at.bucket).key(&at.key).range("bytes=0-");
        let sent = timeout(self.retry.silence, request.send()).await;
        let sent = sent.map_err(|_| asked.unreached("it does not answer in time"))?;
        let mut answer = sent.map_err(|error| asked.sort(&error))?;
        let size = super::fetch::total(&answer);
        let mut bytes = Vec::new();
        loop {
            let next = timeout(self.retry.silence, answer.body.next()).await;
            match next.map_err(|_| asked.unreached("it stopped amid an object"))? {
                Some(Ok(more)) => bytes.extend_from_slice(&more),
                Some(Err(_)) => return Err(asked.unreached("the connection broke")),
                None if size.is_some_and(|size| size != bytes.len() as u64) => {
                    return Err(asked.unreached("its answer is cut short"));
                }
                None => return Ok(bytes),
            }
        }
    }
}
