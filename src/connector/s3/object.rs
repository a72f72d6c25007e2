//! An object: where it is, how large, and which content.

use crate::connector::file::FileEntry;

/// Where an object, or a place for one, is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

impl Address {
    /// Reads `s3://bucket/key`.
    pub fn read(url: &str) -> Option<Self> {
        let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|s| url.strip_prefix(s))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// An object as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub address: Address,
    /// Bytes.
    pub size: u64,
    /// What tells one content from another, where the store said it.
    pub etag: Option<String>,
}

impl Entry {
    /// The entry that became `file`.
    pub(super) fn of(file: &FileEntry) -> Option<Self> {
        let address = Address::read(&file.name)?;
        Some(Self { address, size: file.size, etag: file.etag.clone() })
    }

    /// As an entry of files, not fetched yet.
    pub(super) fn file(&self) -> FileEntry {
        FileEntry {
            path: std::path::PathBuf::new(),
            name: self.address.to_string(),
            size: self.size,
            modified: None,
            etag: self.etag.clone(),
        }
    }
}

/// An etag without its quotes.
pub(super) fn etag(written: Option<&str>) -> Option<String> {
    let text = written?.trim_matches('"');
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let read = |url| Address::read(url).map(|found| (found.bucket, found.key));
        let some = |bucket: &str, key: &str| Some((bucket.to_owned(), key.to_owned()));
        assert_eq!(read("s3://shop/a/b.csv"), some("shop", "a/b.csv"));
        assert_eq!(read("s3a://shop//x"), some("shop", "/x"));
        assert_eq!(read("s3://shop"), some("shop", ""));
        assert_eq!((read("s3:///x"), read("a/b.csv")), (None, None));
    }
}
