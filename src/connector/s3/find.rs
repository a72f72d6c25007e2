//! Which objects a path means; the rules are those of local files.

use super::client::Client;
use super::failure::Failure;
use super::fetch::ended;
use super::object::{Address, Entry};
use crate::connector::file::{FileError, FileObject, glob};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

impl Client {
    /// Where `path` is: an address of its own, or below the connection's bucket and prefix.
    pub(super) fn address(&self, path: &str) -> Result<Address, Failure> {
        if let Some(address) = Address::read(path) {
            return Ok(address);
        }
        let key = path.trim_start_matches("./").trim_start_matches('/');
        match &self.settings.bucket {
            Some(bucket) => Ok(Address {
                bucket: bucket.clone(),
                key: format!("{}{key}", self.settings.prefix),
            }),
            None => Err(super::no_bucket(path).into()),
        }
    }

    /// The objects that `object` names, sorted. In a glob, empty ones and what starts with `_` or
    /// `.` are left out: they are marks that other tools leave.
    pub(super) async fn find(&self, object: &FileObject) -> Result<Vec<Entry>, FileError> {
        let at = self.address(&object.path)?;
        if glob::is_glob(&at.key) {
            self.matches(object, &at).await
        } else {
            self.single(&at).await
        }
    }

    async fn single(&self, at: &Address) -> Result<Vec<Entry>, FileError> {
        let path = at.to_string();
        if at.key.is_empty() || at.key.ends_with('/') {
            return Err(is_folder(path));
        }
        match self.stat(at).await? {
            Some(entry) if entry.size == 0 => Err(FileError::Empty { path }),
            Some(entry) => Ok(vec![entry]),
            None => {
                let folder = format!("{}/", at.key);
                // Who may read an object need not be allowed to list the bucket.
                match self.has_any(&at.bucket, &folder).await {
                    Ok(true) => Err(is_folder(path)),
                    Ok(false) | Err(_) => Err(FileError::Missing { path }),
                }
            }
        }
    }

    async fn matches(&self, object: &FileObject, at: &Address) -> Result<Vec<Entry>, FileError> {
        let matcher = glob::matcher(&at.key, &object.path)?;
        let mut found = self.list(&at.bucket, glob::literal_prefix(&at.key)).await?;
        // A name with such characters in it goes before what they would mean.
        if let Some(named) = found.iter().position(|entry| entry.address == *at) {
            return match found.swap_remove(named) {
                entry if entry.size == 0 => Err(FileError::Empty { path: at.to_string() }),
                entry => Ok(vec![entry]),
            };
        }
        let folders = glob::literal_folders(&at.key);
        found.retain(|entry| {
            let below = entry.address.key.get(folders.len()..).unwrap_or_default();
            entry.size > 0 && matcher.is_match(&entry.address.key) && !glob::has_mark(below)
        });
        if found.is_empty() {
            return Err(FileError::NoMatch { glob: object.path.clone() });
        }
        Ok(found)
    }
}

impl Client {
    /// The same objects; stores that do not list etags are asked for each.
    pub(super) async fn with_etags(
        self: &Arc<Self>,
        mut entries: Vec<Entry>,
    ) -> Result<Vec<Entry>, Failure> {
        let mut running = JoinSet::new();
        let unknown = entries.iter().enumerate().filter(|(_, entry)| entry.etag.is_none());
        let unknown: Vec<_> =
            unknown.map(|(index, entry)| (index, entry.address.clone())).collect();
        let mut found = Vec::new();
        for (index, address) in unknown {
            if running.len() >= self.settings.connections {
                found.extend(ended(running.join_next().await)?);
            }
            let client = Arc::clone(self);
            running.spawn(async move { Ok((index, client.stat(&address).await?)) });
        }
        while !running.is_empty() {
            found.extend(ended(running.join_next().await)?);
        }
        for (index, now) in found {
            if let (Some(entry), Some(now)) = (entries.get_mut(index), now) {
                *entry = now;
            }
        }
        Ok(entries)
    }
}

fn is_folder(path: String) -> FileError {
    FileError::Unreadable { path, source: io::Error::from(io::ErrorKind::IsADirectory) }
}
