//! All that a database file holds, for comparison.

use crate::project::Project;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

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
  and table_schema not in ('pg_catalog', 'information_schema')
order by 1";

/// The rows of a table as they are and without what differs between runs; of many, a hash.
const ROWS: &str = r"
with lines as (
  select cast(t as varchar) as exact
  from {table} as t
), both_texts as (
  select
    exact,
    regexp_replace(
      exact,
      '20[2-9]\d-\d\d-\d\d[T ][\d:.]+(Z|\+00)?|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32}',
      '[RUN]',
      'g'
    ) as timeless
  from lines
), texts as (
  select
    count(*) as count,
    coalesce(string_agg(exact, chr(10) order by exact), '') as exact,
    coalesce(string_agg(timeless, chr(10) order by timeless), '') as timeless
  from both_texts
)
select
  case when count > 1000 then count || ' rows ' || md5(exact) else exact end,
  case when count > 1000 then count || ' rows ' || md5(timeless) else timeless end
from texts";

/// Comments and indexes.
const STANDING: &str = "\
select index_name, comment from duckdb_indexes()
union all
select table_name, comment from duckdb_tables() where comment is not null
union all
select column_name, comment from duckdb_columns() where comment is not null
order by all";

/// The same of a server's database.
const STANDING_ON_SERVER: &str = "\
select indexname::text, indexdef from pg_indexes where schemaname not in ('pg_catalog', 'information_schema')
union all
select classoid::regclass || ' ' || objsubid, description from pg_description where objoid >= 16384
order by 1, 2";

impl Contents {
    /// What readers of the project's database find.
    pub(super) fn of(project: &Project) -> Self {
        match &project.elsewhere {
            None => Self::of_file(project),
            Some(elsewhere) => {
                // What a killed run asked for last may still be at work.
                elsewhere.rest();
                let contents = Self::read(&mut *elsewhere.session(), STANDING_ON_SERVER);
                elsewhere.rest();
                contents
            }
        }
    }

    /// A copy is read, so that the next run meets the file as the killed one left it.
    fn of_file(project: &Project) -> Self {
        let root = project.root();
        for name in FILES {
            let copy = name.replace("shop", "copy");
            project.remove_if_there(&copy);
            if project.has(name) {
                fs::copy(root.join(name), root.join(copy)).unwrap();
            }
        }
        let options = Options::new(Location::File(root.join("copy.duckdb")));
        Self::read(&mut *DuckDb::open(&options).unwrap().session().unwrap(), STANDING)
    }

    fn read(session: &mut dyn Session, standing: &str) -> Self {
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
        let standing = format!("{:?}", read(standing));
        for tables in [&mut exact, &mut timeless] {
            tables.insert("what stands on them".to_owned(), standing.clone());
        }
        Self { exact, timeless }
    }
}

/// The project's database as it is, to be put back.
pub(super) struct Saved {
    files: [Option<Vec<u8>>; 2],
    /// Its name on a server.
    name: String,
    is_first: bool,
    pub(super) contents: Contents,
}

impl Saved {
    pub(super) fn of(project: &Project) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("saved{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let is_first = !project.has_database() || project.relations().is_empty();
        let contents = Contents::of(project);
        if let Some(elsewhere) = &project.elsewhere {
            elsewhere.save(&name);
        }
        let files = FILES.map(|name| fs::read(project.root().join(name)).ok());
        Self { files, name, is_first, contents }
    }

    pub(super) fn restore(&self, project: &Project) {
        if let Some(elsewhere) = &project.elsewhere {
            elsewhere.restore(&self.name);
        }
        for (name, bytes) in FILES.iter().zip(&self.files) {
            match bytes {
                Some(bytes) => project.write_bytes(name, bytes),
                None => project.remove_if_there(name),
            }
        }
        if self.is_first {
            project.remove_if_there("schemas");
        }
    }
}

/// Stages, and tables that are only needed on the way.
pub(super) fn leftovers(project: &Project) -> Vec<String> {
    let of_ours = |name: &String| name.contains(".__sqlflow");
    project.relations().into_iter().filter(of_ours).collect()
}
