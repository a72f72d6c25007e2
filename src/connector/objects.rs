//! Systems that hold whole objects by name, and no tables.

use crate::system::ConnectorError;
use std::io::Read;

/// Objects by path. Each is written whole or not at all.
pub trait Objects: Send + Sync {
    /// The objects below the folder `folder`, by their paths from there.
    ///
    /// # Errors
    /// The system does not say.
    fn list(&self, folder: &str) -> Result<Vec<String>, ConnectorError>;

    /// What a small object at `path` holds; `None` where there is none.
    ///
    /// # Errors
    /// The system does not give it.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ConnectorError>;

    /// The bytes of the object at `path`; `None` where there is none.
    ///
    /// # Errors
    /// The system does not say.
    fn size(&self, path: &str) -> Result<Option<u64>, ConnectorError>;

    /// Writes all that `content` gives to `path`.
    ///
    /// # Errors
    /// What was there is still there.
    fn write(&self, path: &str, content: &mut dyn Read) -> Result<(), ConnectorError>;

    /// Removes objects; one that is not there is no error.
    ///
    /// # Errors
    /// Some may be there still.
    fn remove(&self, paths: &[String]) -> Result<(), ConnectorError>;

    /// Ends what runs that were killed began to write below the folder `folder` and did not show
    /// yet, where `is_ours` says so of a path from there.
    ///
    /// # Errors
    /// Some may be there still; nobody reads them.
    fn end_unfinished(
        &self,
        _folder: &str,
        _is_ours: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), ConnectorError> {
        Ok(())
    }
}

/// Why `path` names nothing in a store, and what to write: keys are taken at their word, so that
/// nothing leads up, and an address of another kind would be a key of strange letters.
pub fn wrong_path(path: &str) -> Option<(String, &'static str)> {
    let key = match path.split_once("://") {
        None => path,
        Some(("s3" | "s3a" | "s3n", rest)) => {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Some((format!("`{path}` names no bucket"), "write `s3://bucket/key`"));
            }
            key
        }
        Some((scheme, _)) => {
            let message = format!("`{path}` is an address of `{scheme}`, and not of this store");
            return Some((
                message,
                "write a key below the connection's `prefix`, or `s3://bucket/key`",
            ));
        }
    };
    key.split('/').any(|part| part == "..").then(|| {
        let help = "name what lies elsewhere in full: `s3://bucket/key`";
        (format!("`{path}` leads up by `..`, and the keys of a store have no way up"), help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_store_are_keys() {
        for path in ["a.csv", "/a/*.csv", "./a..b/c", "s3://b/k", "s3a://b/", "...", "a:b"] {
            assert_eq!(wrong_path(path), None, "{path}");
        }
        for path in [
            "../a.csv",
            "a/../b",
            "a/..",
            "s3://b/../c",
            "s3://",
            "s3:///k",
            "http://x/y",
            "S3://b/k",
        ] {
            assert!(wrong_path(path).is_some(), "{path}");
        }
    }
}
