//! The store as a place that exports write objects to.

use super::runtime::wait;
use super::{S3, write};
use crate::connector::{ConnectorError, Objects};
use std::io::Read;

impl Objects for S3 {
    fn list(&self, folder: &str) -> Result<Vec<String>, ConnectorError> {
        let prefix = self.address(folder)?.key;
        let names = S3::list(self, folder)?.into_iter().filter_map(|entry| {
            let name = entry.address.key.strip_prefix(&prefix)?.to_owned();
            // What ends so is a mark that other tools make for a folder.
            (!name.is_empty() && !name.ends_with('/')).then_some(name)
        });
        Ok(names.collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ConnectorError> {
        let at = self.address(path)?;
        wait(async { Ok(self.client.whole(&at).await?) })
    }

    fn size(&self, path: &str) -> Result<Option<u64>, ConnectorError> {
        let at = self.address(path)?;
        wait(async { Ok(self.client.stat(&at).await?.map(|entry| entry.size)) })
    }

    fn write(&self, path: &str, content: &mut dyn Read) -> Result<(), ConnectorError> {
        let at = self.address(path)?;
        write::upload(&self.client, &at, content, self.sizes.upload)?;
        Ok(())
    }

    fn remove(&self, paths: &[String]) -> Result<(), ConnectorError> {
        self.delete(paths)
    }

    fn end_unfinished(
        &self,
        folder: &str,
        is_ours: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), ConnectorError> {
        let prefix = self.address(folder)?.key;
        let is_ours = |key: &str| key.strip_prefix(&prefix).is_some_and(is_ours);
        self.abort_leftovers(folder, &is_ours)?;
        Ok(())
    }
}
