//! All that a database file holds, for comparison.

use crate::project::Project;
use sqlflow::engine::Engine;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use std::collections::BTreeMap;
use std::fs;

/// A database, and what is not yet written into it.
const FILES: [&str; 2] = ["shop.duckdb", "shop.duckdb.wal"];

/// Each table that is no stage, with its rows in order; and what stands on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    /// To the last byte.
    pub(super) exact: Tables,
    /// Without the times and ids of a run.
    pub(super) timeless: Tables,
}

pub(super) type Tables = BTreeMap<String, String>;

/// The tables, in the order of their names.
const TABLES: &str = "\
select table_schema || '.' || table_name
from information_schema.tables
where table_name not like '\\_\\_sqlflow\\_stage%' escape '\\'
order by 1";

/// The rows of a table as they are and without what differs between runs; of many, a hash.
const ROWS: &str = r"
with rows as (
  select
    cast(t as varchar) as exact,
    regexp_replace(
      exact,
      '20[2-9]\d-\d\d-\d\d[T ][\d:.]+(Z|\+00)?|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32}',
      '[RUN]',
      'g'
    ) as timeless
  from {table} as t
), texts as (
  select
    count(*) as rows,
    coalesce(string_agg(exact, chr(10) order by exact), '') as exact,
    coalesce(string_agg(timeless, chr(10) order by timeless), '') as timeless
  from rows
)
select
  if(rows > 1000, rows || ' rows ' || md5(exact), exact),
  if(rows > 1000, rows || ' rows ' || md5(timeless), timeless)
from texts";

/// Comments and indexes.
const STANDING: &str = "\
select index_name, comment from duckdb_indexes()
union all
select table_name, comment from duckdb_tables() where comment is not null
union all
select column_name, comment from duckdb_columns() where comment is not null
order by all";

impl Contents {
    /// What readers of the project's database find. A copy is read, so that the next run meets the
    /// file as the killed one left it.
    pub(super) fn of(project: &Project) -> Self {
        let root = project.root();
        for name in FILES {
            let copy = name.replace("shop", "copy");
            project.remove_if_there(&copy);
            if project.has(name) {
                fs::copy(root.join(name), root.join(copy)).unwrap();
            }
        }
        let options = Options::new(Location::File(root.join("copy.duckdb")));
        let mut session = DuckDb::open(&options).unwrap().session().unwrap();
        let mut read = |sql: &str| session.query(sql, None).unwrap_or_else(|e| panic!("{e}")).rows;
        let (mut exact, mut timeless) = (Tables::new(), Tables::new());
        for table in read(TABLES) {
            let table = table[0].as_str().unwrap();
            let texts = read(&ROWS.replace("{table}", table)).remove(0);
            let [rows, rows_of_any_run] = [0, 1].map(|i| texts[i].as_str().unwrap().to_owned());
            // Tables of the state are made before the first load.
            if !(rows.is_empty() && table.starts_with("_sqlflow.")) {
                exact.insert(table.to_owned(), rows);
                timeless.insert(table.to_owned(), rows_of_any_run);
            }
        }
        let standing = format!("{:?}", read(STANDING));
        for tables in [&mut exact, &mut timeless] {
            tables.insert("what stands on them".to_owned(), standing.clone());
        }
        Self { exact, timeless }
    }
}

/// The project's database as it is, to be put back.
pub(super) struct Saved {
    files: [Option<Vec<u8>>; 2],
    pub(super) contents: Contents,
}

impl Saved {
    pub(super) fn of(project: &Project) -> Self {
        let files = FILES.map(|name| fs::read(project.root().join(name)).ok());
        Self { files, contents: Contents::of(project) }
    }

    pub(super) fn restore(&self, project: &Project) {
        for (name, bytes) in FILES.iter().zip(&self.files) {
            match bytes {
                Some(bytes) => project.write_bytes(name, bytes),
                None => project.remove_if_there(name),
            }
        }
        if self.files[0].is_none() {
            project.remove_if_there("schemas");
        }
    }
}

/// Stages, and tables that are only needed on the way.
pub(super) fn leftovers(project: &Project) -> Vec<String> {
    let of_ours = |name: &String| name.contains(".__sqlflow");
    project.relations().into_iter().filter(of_ours).collect()
}
