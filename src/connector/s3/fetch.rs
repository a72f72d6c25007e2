//! Objects into files, by ranged requests, several in flight. Memory is that of what the network
//! hands over, whatever the size of the objects: each piece is written as it comes.

use super::client::{Client, Target};
use super::failure::{Act, Failure, Outlook};
use super::object::{Address, Entry, etag};
use super::range::parts;
use crate::connector::{ConnectorError, Kind};
use aws_sdk_s3::Client as Sdk;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// An object on its way into a file.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) entry: Entry,
    pub(super) path: PathBuf,
    /// What every response has to carry: what the listing said, else what the first one did.
    etag: OnceLock<String>,
    is_changed: AtomicBool,
}

impl Download {
    /// A file of the object's length, without its bytes.
    pub(super) fn create(entry: Entry, path: PathBuf) -> Result<Arc<Self>, Failure> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        file.and_then(|file| file.set_len(entry.size)).map_err(|error| unwritable(&error))?;
        let etag = entry.etag.clone().map_or_else(OnceLock::new, OnceLock::from);
        Ok(Arc::new(Self { entry, path, etag, is_changed: AtomicBool::new(false) }))
    }

    /// Whether the object is no longer what it was when it was found.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed.load(Ordering::Relaxed)
    }

    pub(super) fn etag(&self) -> Option<String> {
        self.etag.get().cloned()
    }

    fn target(&self) -> Target<'_> {
        let Address { bucket, key } = &self.entry.address;
        Target { act: Act::Read, bucket, key }
    }

    fn changed(&self) -> Failure {
        Failure::changed(&self.entry.address.to_string())
    }
}

impl Client {
    /// Brings ranges of objects into their files. Where an object has changed, the rest of it is
    /// left out and it says so.
    ///
    /// # Errors
    /// The first failure that does not heal; what else is in flight ends.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        wanted: impl IntoIterator<Item = (Arc<Download>, Range<u64>)>,
        part: u64,
    ) -> Result<(), Failure> {
        let mut running: JoinSet<Result<(), Failure>> = JoinSet::new();
        for (download, range) in wanted {
            for piece in parts(range, part) {
                if running.len() >= self.settings.connections {
                    ended(running.join_next().await)?;
                }
                if download.is_changed() {
                    break;
                }
                let (client, download) = (Arc::clone(self), Arc::clone(&download));
                running.spawn(async move { client.piece(&download, piece).await });
            }
        }
        while !running.is_empty() {
            ended(running.join_next().await)?;
        }
        Ok(())
    }

    async fn piece(&self, download: &Download, range: Range<u64>) -> Result<(), Failure> {
        match self.bytes(download, range).await {
            Err(failure) if failure.outlook == Outlook::Changed => {
                download.is_changed.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other,
        }
    }

    /// Asks until the range is there; an answer that breaks off is gone on with where it did.
    async fn bytes(&self, download: &Download, range: Range<u64>) -> Result<(), Failure> {
        let file = OpenOptions::new().write(true).open(&download.path);
        let mut sink = Sink {
            file: file.map_err(|error| unwritable(&error))?,
            at: range.start,
            end: range.end,
        };
        sink.file.seek(SeekFrom::Start(range.start)).map_err(|error| unwritable(&error))?;
        let mut attempts = self.retry.begin();
        while sink.at < sink.end {
            let before = sink.at;
            let current = self.current().await;
            let permit = self.permit().await;
            let tried = self.answer(&current.sdk, download, &mut sink).await;
            drop(permit);
            if sink.at - before >= PROGRESS {
                attempts.progressed();
            }
            if let Err(failure) = tried
                && attempts.next(failure).await?
            {
                self.renew(&current).await;
            }
        }
        Ok(())
    }

    /// One request, and what comes of its answer.
    async fn answer(&self, sdk: &Sdk, download: &Download, sink: &mut Sink) -> Result<(), Failure> {
        let Address { bucket, key } = &download.entry.address;
        let range = format!("bytes={}-{}", sink.at, sink.end - 1);
        // A weak etag says nothing about bytes, and a store may refuse it here.
        let etag = download.etag().filter(|etag| !etag.starts_with("W/"));
        let request = sdk.get_object().bucket(bucket).key(key).range(range);
        let request = request.set_if_match(etag.map(|etag| format!("\"{etag}\"")));
        let asked = self.asked(sdk.config().region(), download.target());
        let sent = timeout(self.retry.silence, request.send()).await;
        let sent = sent.map_err(|_| asked.unreached("it does not answer in time"))?;
        let mut answer = sent.map_err(|error| asked.sort(&error))?;
        check(&answer, download, sink)?;
        loop {
            let next = timeout(self.retry.silence, answer.body.next()).await;
            match next.map_err(|_| asked.unreached("it stopped amid an object"))? {
                Some(Ok(bytes)) => sink.write(&bytes)?,
                Some(Err(_)) => return Err(asked.unreached("the connection broke")),
                None if sink.at < sink.end => {
                    return Err(asked.unreached("its answer is cut short"));
                }
                None => return Ok(()),
            }
        }
    }

    /// What there is at an address; `None` for nothing. A request for a byte, since the answer to
    /// one for no more than the headers does not say why it is refused.
    pub(super) async fn stat(&self, at: &Address) -> Result<Option<Entry>, Failure> {
        let target = Target { act: Act::Read, bucket: &at.bucket, key: &at.key };
        let send =
            |sdk: Sdk| sdk.get_object().bucket(&at.bucket).key(&at.key).range("bytes=0-0").send();
        let entry = |size, etag| Entry { address: at.clone(), size, etag };
        match self.ask(target, send).await {
            Ok(answer) => {
                let length = || answer.content_length().and_then(|length| length.try_into().ok());
                let size = total(&answer).or_else(length).unwrap_or(0);
                Ok(Some(entry(size, etag(answer.e_tag()))))
            }
            // There is no first byte.
            Err(failure) if failure.outlook == Outlook::Changed => Ok(Some(entry(0, None))),
            Err(failure) if failure.outlook == Outlook::Absent => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// So much of an answer shows that the next may bring more.
const PROGRESS: u64 = 256 << 10;

/// Where bytes go.
struct Sink {
    file: File,
    at: u64,
    end: u64,
}

impl Sink {
    /// Blocks for as long as the system needs to take the bytes: mostly no longer than copying
    /// them takes, and a thread for each piece would cost more.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let count = bytes.len() as u64;
        if self.at + count > self.end {
            let message = "the store sends more than it was asked for";
            return Err(ConnectorError::new(Kind::Data, message).into());
        }
        self.file.write_all(bytes).map_err(|error| unwritable(&error))?;
        self.at += count;
        Ok(())
    }
}

/// Whether an answer is of the same object, and of the range that was asked for.
fn check(answer: &GetObjectOutput, download: &Download, sink: &Sink) -> Result<(), Failure> {
    let size = download.entry.size;
    if let Some(found) = etag(answer.e_tag())
        && *download.etag.get_or_init(|| found.clone()) != found
    {
        return Err(download.changed());
    }
    match answer.content_range() {
        Some(_) if total(answer).is_some_and(|total| total != size) => Err(download.changed()),
        Some(range) if first(range) == Some(sink.at) => Ok(()),
        // All of it was asked for.
        None if sink.at == 0 && sink.end == size => Ok(()),
        Some(_) | None => {
            let message = "the store gives other bytes than it was asked for";
            let help = "sqlflow needs a store that answers ranged requests";
            Err(ConnectorError::new(Kind::Data, message).with_help(help).into())
        }
    }
}

/// The size of the whole object: `bytes 0-9/100`.
pub(super) fn total(answer: &GetObjectOutput) -> Option<u64> {
    answer.content_range()?.rsplit_once('/')?.1.trim().parse().ok()
}

fn first(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes")?.trim_start().split_once('-')?.0.parse().ok()
}

fn unwritable(error: &io::Error) -> Failure {
    let message = format!("what is fetched cannot be kept on this machine: {error}");
    ConnectorError::new(Kind::Resource, message).with_help("make room for it").into()
}

/// A task's end; none is cancelled while it is waited for.
pub(super) fn ended<T>(
    joined: Option<Result<Result<T, Failure>, tokio::task::JoinError>>,
) -> Result<Option<T>, Failure> {
    match joined {
        None => Ok(None),
        Some(Ok(done)) => done.map(Some),
        Some(Err(error)) => {
            let message = format!("a request ended in a defect of sqlflow: {error}");
            Err(ConnectorError::new(Kind::Data, message).into())
        }
    }
}
