//! Local files under the contract.

use super::{Failing, Subject};
use crate::corpus::session;
use sqlflow::connector::{Kind, Object, WriteMode};
use std::path::Path;
use tempfile::TempDir;

pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        Self(folder)
    }
}

/// The files of the cases, in each format.
pub(super) fn fill(folder: &Path) {
    let people = "select * from (values (1::bigint, 'Ann', timestamp '2024-01-01 10:00:00'), \
        (2, 'Bo', '2024-01-01 11:00:00'), (3, 'C, \"x\"', null), (4, null, '2024-01-01 12:00:00')) \
        t(id, name, \"at\")";
    let mut session = session();
    for (format, options) in
        [("csv", "format csv, header"), ("json", "format json"), ("parquet", "format parquet")]
    {
        let path = folder.join(format!("people.{format}"));
        session.execute(&format!("copy ({people}) to '{}' ({options})", path.display())).unwrap();
    }
    for (format, options) in [("csv", "format csv, header"), ("parquet", "format parquet")] {
        let path = folder.join(format!("empty.{format}"));
        let sql = format!("copy ({people} where false) to '{}' ({options})", path.display());
        session.execute(&sql).unwrap();
    }
}

pub(super) fn objects(paths: &[&str]) -> Vec<Object> {
    paths.iter().map(|path| Object::Files((*path).to_owned())).collect()
}

pub(super) const PEOPLE: &[&str] =
    &["people.csv", "people.json", "people.parquet", "peopl*.parquet"];
pub(super) const EMPTY: &[&str] = &["empty.csv", "empty.parquet"];
pub(super) const ABSENT: &[&str] = &["nobody.csv", "nobody*.parquet", "no/where.json"];

impl Subject for Folder {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn parameters(&self) -> Vec<(String, String)> {
        vec![("path".to_owned(), self.0.path().display().to_string())]
    }

    fn people(&self) -> Vec<Object> {
        objects(PEOPLE)
    }

    fn empty(&self) -> Vec<Object> {
        objects(EMPTY)
    }

    fn absent(&self) -> Vec<Object> {
        objects(ABSENT)
    }

    fn foreign(&self) -> Object {
        Object::Query("select 1".to_owned())
    }

    fn failing(&self) -> Vec<Failing> {
        let file = self.0.path().join("people.csv").display().to_string();
        let nowhere = self.0.path().join("nowhere").display().to_string();
        let mut failing = vec![
            ("reached", vec![("path", nowhere)], Kind::NotFound),
            ("reached", vec![("path", file)], Kind::NotFound),
        ];
        // Who may everything sees it only where nobody may.
        if cfg!(target_os = "linux") {
            failing.push(("may write", vec![("path", "/sys".to_owned())], Kind::Permission));
        }
        failing
    }

    fn written(&self) -> (Object, Vec<WriteMode>) {
        (Object::Files("out.csv".to_owned()), Vec::new())
    }
}
