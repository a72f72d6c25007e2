//! Systems that hold whole objects by name, and no tables.

use super::error::ConnectorError;
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
