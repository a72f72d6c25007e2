//! Objects are written whole or not at all: a small one by one request, a larger one in parts, which
//! shows under its key when the last part is there and it is completed.

use super::client::{Client, Target};
use super::failure::{Act, Failure, Outlook};
use super::fetch::ended;
use super::object::{Address, etag};
use super::retry::unique;
use super::runtime::{handle, wait};
use crate::connector::{ConnectorError, Kind};
use aws_sdk_s3::Client as Sdk;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use std::io::Read;
use std::sync::Arc;
use tokio::task::JoinSet;

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// What tells its content from another.
    pub etag: Option<String>,
    /// Its bytes.
    pub size: u64,
}

/// Parts in flight; each is held in memory.
const MOST_PARTS: usize = 4;

/// No store takes more parts.
const LAST_PART: i32 = 10_000;

/// What an object says of the upload that made it, so that a lost answer can be made up for.
const MARK: &str = "sqlflow-upload";

/// Writes what `reader` gives to `at`.
///
/// # Errors
/// What was at `at` is still there.
pub(super) fn upload(
    client: &Arc<Client>,
    at: &Address,
    reader: &mut dyn Read,
    part_size: usize,
) -> Result<Uploaded, Failure> {
    let first = part(reader, part_size)?;
    if first.len() < part_size {
        return wait(client.put(at, first, "application/octet-stream"));
    }
    // What a run that was killed left of this object is of no use to anybody. It may not be
    // allowed to be seen, and the store's own rules remove it then.
    _ = wait(client.abort_unfinished(&at.bucket, &at.key, &|key| key == at.key));
    let mark = unique();
    let id = wait(client.begin(at, &mark))?;
    let upload = Upload { client: Arc::clone(client), at: at.clone(), id };
    let written = upload.parts(first, reader, part_size).and_then(|(parts, size)| {
        let etag = wait(upload.complete(parts, &mark))?;
        Ok(Uploaded { etag, size })
    });
    if written.is_err() {
        // The failure itself says more than one of cleaning up.
        _ = wait(client.abort(at, &upload.id));
    }
    written
}

/// The next bytes of `reader`: `size`, or fewer at its end.
fn part(reader: &mut dyn Read, size: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::with_capacity(size);
    let read = reader.take(size as u64).read_to_end(&mut bytes);
    read.map_err(|error| {
        ConnectorError::new(Kind::Data, format!("what is to be written cannot be read: {error}"))
    })?;
    Ok(bytes)
}

/// An object that is written in parts.
struct Upload {
    client: Arc<Client>,
    at: Address,
    id: String,
}

impl Upload {
    /// Writes parts while the next are read; answers them in order, and the bytes.
    fn parts(
        &self,
        first: Vec<u8>,
        reader: &mut dyn Read,
        part_size: usize,
    ) -> Result<(Vec<CompletedPart>, u64), Failure> {
        let mut running = JoinSet::new();
        let mut written = Vec::new();
        let (mut bytes, mut size, mut number) = (first, 0, 1);
        let most = self.client.settings.connections.min(MOST_PARTS);
        while !bytes.is_empty() {
            if number > LAST_PART {
                return Err(self.too_large(part_size).into());
            }
            if running.len() >= most {
                let done = wait(async { ended(running.join_next().await) })?;
                written.extend(done);
            }
            size += bytes.len() as u64;
            let (client, at, id) = (Arc::clone(&self.client), self.at.clone(), self.id.clone());
            let task = async move { client.part(&at, &id, number, bytes).await };
            running.spawn_on(task, handle()?);
            number += 1;
            bytes = part(reader, part_size)?;
        }
        while !running.is_empty() {
            let done = wait(async { ended(running.join_next().await) })?;
            written.extend(done);
        }
        written.sort_by_key(CompletedPart::part_number);
        Ok((written, size))
    }

    fn too_large(&self, part_size: usize) -> ConnectorError {
        let most = LAST_PART as usize * (part_size >> 20) / 1024;
        let message = format!("`{}` would be larger than {most} GB", self.at);
        ConnectorError::new(Kind::Data, message).with_help("split the export into several objects")
    }

    /// Makes the parts an object. Where the answer is lost, the object says whose it is.
    async fn complete(
        &self,
        parts: Vec<CompletedPart>,
        mark: &str,
    ) -> Result<Option<String>, Failure> {
        let Address { bucket, key } = &self.at;
        let target = Target { act: Act::Write, bucket, key };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let send = |sdk: Sdk| {
            let request = sdk.complete_multipart_upload().bucket(bucket).key(key);
            request.upload_id(&self.id).multipart_upload(parts.clone()).send()
        };
        match self.client.ask(target, send).await {
            Ok(answer) => Ok(etag(answer.e_tag())),
            Err(failure) => match self.client.made_by(&self.at, mark).await {
                Some(etag) => Ok(etag),
                None => Err(failure),
            },
        }
    }
}

impl Client {
    /// Writes an object by one request.
    pub(super) async fn put(
        &self,
        at: &Address,
        bytes: Vec<u8>,
        content_type: &str,
    ) -> Result<Uploaded, Failure> {
        let target = Target { act: Act::Write, bucket: &at.bucket, key: &at.key };
        let size = bytes.len() as u64;
        let (body, mark) = (SdkBody::from(bytes), unique());
        let send = |sdk: Sdk| {
            let request = sdk.put_object().bucket(&at.bucket).key(&at.key).metadata(MARK, &mark);
            request.content_type(content_type).body(again(&body)).send()
        };
        let etag = match self.ask(target, send).await {
            Ok(answer) => etag(answer.e_tag()),
            Err(failure) if failure.outlook == Outlook::Final => return Err(failure),
            // The answer may be what was lost, and not the object.
            Err(failure) => self.made_by(at, &mark).await.ok_or(failure)?,
        };
        Ok(Uploaded { etag, size })
    }

    pub(super) async fn begin(&self, at: &Address, mark: &str) -> Result<String, Failure> {
        let target = Target { act: Act::Write, bucket: &at.bucket, key: &at.key };
        let send = |sdk: Sdk| {
            let request = sdk.create_multipart_upload().bucket(&at.bucket).key(&at.key);
            request.metadata(MARK, mark).content_type("application/octet-stream").send()
        };
        let begun = self.ask(target, send).await?;
        begun.upload_id().map(str::to_owned).ok_or_else(|| {
            let message = format!("`{at}` cannot be written: the store gives no upload id");
            ConnectorError::new(Kind::Data, message).into()
        })
    }

    async fn part(
        &self,
        at: &Address,
        id: &str,
        number: i32,
        bytes: Vec<u8>,
    ) -> Result<CompletedPart, Failure> {
        let target = Target { act: Act::Write, bucket: &at.bucket, key: &at.key };
        let body = SdkBody::from(bytes);
        let send = |sdk: Sdk| {
            let request = sdk.upload_part().bucket(&at.bucket).key(&at.key).upload_id(id);
            request.part_number(number).body(again(&body)).send()
        };
        let answer = self.ask(target, send).await?;
        let part = CompletedPart::builder().part_number(number);
        Ok(part.set_e_tag(answer.e_tag().map(str::to_owned)).build())
    }

    pub(super) async fn abort(&self, at: &Address, id: &str) -> Result<(), Failure> {
        let target = Target { act: Act::Write, bucket: &at.bucket, key: &at.key };
        let send = |sdk: Sdk| {
            let request = sdk.abort_multipart_upload().bucket(&at.bucket).key(&at.key);
            request.upload_id(id).send()
        };
        match self.ask(target, send).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.outlook == Outlook::Absent => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Ends the uploads below `prefix` that were begun and not completed, where `is_ours` says so of
    /// their keys; answers how many.
    pub(super) async fn abort_unfinished(
        &self,
        bucket: &str,
        prefix: &str,
        is_ours: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<u64, Failure> {
        let target = Target { act: Act::List, bucket, key: prefix };
        let (mut count, mut after) = (0, None);
        loop {
            let from: Option<(String, String)> = after.take();
            let send = |sdk: Sdk| {
                let request = sdk.list_multipart_uploads().bucket(bucket).prefix(prefix);
                let (key, id) = from.clone().unzip();
                request.set_key_marker(key).set_upload_id_marker(id).send()
            };
            let page = self.ask(target, send).await?;
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                if is_ours(key) {
                    let at = Address { bucket: bucket.to_owned(), key: key.to_owned() };
                    self.abort(&at, id).await?;
                    count += 1;
                }
            }
            let next = page.next_key_marker().zip(page.next_upload_id_marker());
            match next.filter(|_| page.is_truncated() == Some(true)) {
                Some((key, id)) => after = Some((key.to_owned(), id.to_owned())),
                None => return Ok(count),
            }
        }
    }

    /// The etag of the object at `at`, if the upload with `mark` made it.
    async fn made_by(&self, at: &Address, mark: &str) -> Option<Option<String>> {
        let target = Target { act: Act::Read, bucket: &at.bucket, key: &at.key };
        let send = |sdk: Sdk| sdk.head_object().bucket(&at.bucket).key(&at.key).send();
        let found = self.ask(target, send).await.ok()?;
        let is_ours = found.metadata()?.get(MARK).is_some_and(|known| known == mark);
        is_ours.then(|| etag(found.e_tag()))
    }

    /// Removes objects; one that is not there is no error.
    pub(super) async fn delete(self: &Arc<Self>, objects: &[Address]) -> Result<(), Failure> {
        let mut running = JoinSet::new();
        for at in objects {
            if running.len() >= self.settings.connections {
                ended(running.join_next().await)?;
            }
            let (client, at) = (Arc::clone(self), at.clone());
            running.spawn(async move { client.delete_one(&at).await });
        }
        while !running.is_empty() {
            ended(running.join_next().await)?;
        }
        Ok(())
    }

    async fn delete_one(&self, at: &Address) -> Result<(), Failure> {
        let target = Target { act: Act::Delete, bucket: &at.bucket, key: &at.key };
        let send = |sdk: Sdk| sdk.delete_object().bucket(&at.bucket).key(&at.key).send();
        match self.ask(target, send).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.outlook == Outlook::Absent => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// The same bytes once more; they are in memory, so that is never refused.
fn again(body: &SdkBody) -> ByteStream {
    ByteStream::new(body.try_clone().unwrap_or_else(SdkBody::empty))
}
