//! Which objects a bucket has, page by page.

use super::client::{Client, Target};
use super::failure::{Act, Failure};
use super::object::{Address, Entry, etag};

impl Client {
    /// All objects whose keys start with `prefix`, sorted by key.
    pub(super) async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Entry>, Failure> {
        let mut found = Vec::new();
        let mut page = None;
        loop {
            let (entries, next) = self.page(bucket, prefix, page.as_deref(), None).await?;
            found.extend(entries);
            if next.is_none() || next == page {
                break;
            }
            page = next;
        }
        // Stores that speak as S3 does sort otherwise at times.
        found.sort_by(|a, b| a.address.cmp(&b.address));
        found.dedup_by(|a, b| a.address == b.address);
        Ok(found)
    }

    /// Whether there is an object whose key starts with `prefix`.
    pub(super) async fn has_any(&self, bucket: &str, prefix: &str) -> Result<bool, Failure> {
        Ok(!self.page(bucket, prefix, None, Some(1)).await?.0.is_empty())
    }

    async fn page(
        &self,
        bucket: &str,
        prefix: &str,
        from: Option<&str>,
        most: Option<i32>,
    ) -> Result<(Vec<Entry>, Option<String>), Failure> {
        let target = Target { act: Act::List, bucket, key: prefix };
        let send = |sdk: aws_sdk_s3::Client| {
            let request = sdk.list_objects_v2().bucket(bucket).prefix(prefix);
            request.set_max_keys(most).set_continuation_token(from.map(str::to_owned)).send()
        };
        let page = self.ask(target, send).await?;
        let entries = page.contents().iter().filter_map(|object| {
            Some(Entry {
                address: Address { bucket: bucket.to_owned(), key: object.key()?.to_owned() },
                size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                etag: etag(object.e_tag()),
            })
        });
        let next = page.next_continuation_token().filter(|_| page.is_truncated() == Some(true));
        Ok((entries.collect(), next.map(str::to_owned)))
    }
}
