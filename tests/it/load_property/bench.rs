//! A project with one loaded table, and the database that it loads into; every load is a whole run of
//! the library.

use super::setting::{Batch, Row, Setting};
use crate::project::{PROFILES, PROJECT_FILE};
use jiff::Timestamp;
use serde_json::Value;
use sqlflow::artifact::TargetDirectory;
use sqlflow::compile::compile;
use sqlflow::diagnostic::{Code, Secrets, Severity};
use sqlflow::engine::Engine;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::graph::{Graph, Invocation, Selection, Surroundings, TargetRequest};
use sqlflow::run::{Event, Kinds, Listener, Plan, PrepareRequest, RunRequest, execute, prepare};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// Rows by what became of them, without what is zero.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// The clock of the runs, in milliseconds. Runs of one process take turns.
static NOW: AtomicI64 = AtomicI64::new(0);
static TURN: Mutex<()> = Mutex::new(());

fn clock() -> Timestamp {
    Timestamp::from_millisecond(NOW.load(Ordering::SeqCst)).unwrap()
}

struct Nobody;

impl Listener for Nobody {
    fn event(&mut self, _: Event<'_>) {}
}

/// What a load said: its counts, or the codes of what is wrong.
pub(super) type Said = Result<Counts, Vec<String>>;

/// Where loads go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    DuckDb,
    /// A server on this port of this machine.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "there is none"))]
    Postgres(u16),
}

pub(super) struct Bench {
    directory: TempDir,
    into: Into,
    engine: Box<dyn Engine>,
    _turn: MutexGuard<'static, ()>,
}

impl Bench {
    pub(super) fn new(into: Into) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::tempdir().unwrap();
        let engine = Box::new(DuckDb::open(&Options::new(Location::Memory)).unwrap());
        #[cfg_attr(not(feature = "postgres"), expect(unused_mut, reason = "set below"))]
        let mut bench = Self { directory, into, engine, _turn: turn };
        bench.write("sqlflow.yml", PROJECT_FILE);
        bench.write("profiles.yml", &PROFILES.replace("shop.duckdb", "':memory:'"));
        #[cfg(feature = "postgres")]
        if let Into::Postgres(port) = into {
            let profiles = crate::postgres::target::profiles(port, "postgres", "");
            bench.write("profiles.yml", &profiles);
            let graph = bench.graph(false);
            let holder = sqlflow::engine::duckdb::LockHolder {
                host: "test".to_owned(),
                pid: 1,
                verb: "load".to_owned(),
                since: String::new(),
            };
            let timeout = std::time::Duration::from_mins(1);
            let access = sqlflow::engine::Access::Write { holder, timeout };
            let opened = sqlflow::engine::open(&graph.target, &access, &mut |_| true);
            bench.engine = opened.unwrap().engine;
            let mut session = bench.engine.session().unwrap();
            session.execute("drop schema if exists raw, _sqlflow cascade").unwrap();
        }
        bench
    }

    fn graph(&self, full_refresh: bool) -> Graph {
        let root = self.directory.path();
        let request = PrepareRequest {
            project: root.to_owned(),
            profiles: vec![root.to_owned()],
            target: TargetRequest { profile: None, target: None, threads: Some(1), engine: None },
            invocation: Invocation {
                verb: "load".to_owned(),
                full_refresh,
                ..Invocation::default()
            },
        };
        let surroundings = Surroundings {
            environment: Arc::default(),
            secrets: Secrets::default(),
            now: clock(),
            invocation_id: "test".to_owned(),
            process_id: 1,
            host_name: "test".to_owned(),
        };
        let (graph, problems) = prepare(&request, &surroundings);
        graph.unwrap_or_else(|| panic!("{problems:?}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Declares the source with its first `columns` columns.
    pub(super) fn declare(&self, setting: &Setting, columns: usize) {
        self.write("sources/raw.yml", &setting.yaml(columns));
    }

    /// Writes the batch to the file that the source reads.
    pub(super) fn put(&self, setting: &Setting, columns: usize, batch: &Batch) {
        self.write("t.csv", &setting.csv(columns, batch));
    }

    /// The schema is no longer accepted.
    pub(super) fn forget_schema(&self) {
        _ = fs::remove_file(self.path("schemas/raw/t.yml"));
    }

    pub(super) fn accepted(&self) -> Option<String> {
        fs::read_to_string(self.path("schemas/raw/t.yml")).ok()
    }

    /// Carries out `load` at `now`.
    pub(super) fn load(&self, now: i64, full_refresh: bool) -> Said {
        NOW.store(now, Ordering::SeqCst);
        let graph = self.graph(full_refresh);
        let selection = Selection::all(&graph);
        let compilation = compile(&graph, &selection, None);
        let plan = Plan::new(&graph, &selection, Kinds::LOADS);
        let run = RunRequest {
            graph: &graph,
            plan: &plan,
            compilation: &compilation,
            full_refresh,
            on_drift: None,
            locked: false,
            fail_fast: false,
            clock,
        };
        let target = TargetDirectory::of(&graph, None);
        let outcome = execute(&run, &*self.engine, &target, &mut Nobody);
        if outcome.tally().error == 0 {
            assert_eq!(outcome.results.len(), 1, "{:?}", outcome.problems);
            let counts = outcome.results[0].counts.iter().copied();
            return Ok(counts.filter(|(_, count)| *count > 0).collect());
        }
        let errors = outcome.all_problems().filter(|problem| problem.severity == Severity::Error);
        let codes: Vec<Code> = errors.map(|problem| problem.code).collect();
        assert!(!codes.contains(&Code::INTERNAL), "{:?}", outcome.results);
        let mut codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        codes.sort();
        Err(codes)
    }

    pub(super) fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut session = self.engine.session().unwrap();
        session.query(sql, None).unwrap_or_else(|error| panic!("{error}: {sql}")).rows
    }

    /// The rows of the table in the first `columns` columns, sorted, each with when it was marked as
    /// deleted.
    pub(super) fn rows(&self, setting: &Setting, columns: usize) -> Vec<(Row, Option<i64>)> {
        let mark = if setting.soft() { self.moment("deleted_at") } else { "null".to_owned() };
        let sql = format!("select {}, {mark} from raw.t", setting.select(columns));
        let rows = self.query(&sql).into_iter();
        let mut rows: Vec<(Row, Option<i64>)> =
            rows.map(|row| (setting.row(&row[..columns]), row[columns].as_i64())).collect();
        rows.sort();
        rows
    }

    /// Whether a load has made the table.
    pub(super) fn has_table(&self) -> bool {
        self.tables().iter().any(|table| table == "raw.t")
    }

    /// All tables that are no system's own.
    pub(super) fn tables(&self) -> Vec<String> {
        let rows = self.query(
            "select table_schema || '.' || table_name from information_schema.tables \
             where table_schema not in ('information_schema', 'pg_catalog') order by 1",
        );
        rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
    }

    /// The expression for a time's milliseconds.
    pub(super) fn moment(&self, column: &str) -> String {
        match self.into {
            Into::DuckDb => format!("epoch_ms({column})"),
            Into::Postgres(_) => format!("cast(extract(epoch from {column}) * 1000 as bigint)"),
        }
    }

    /// What the state says that the greatest cursor is, as text.
    pub(super) fn recorded(&self) -> Option<String> {
        let rows = self.query("select cursor_value from _sqlflow.loads");
        rows.first().and_then(|row| row[0].as_str().map(str::to_owned))
    }

    pub(super) fn rejects(&self) -> u64 {
        self.query("select count(*) from _sqlflow.rejects")[0][0].as_u64().unwrap()
    }

    /// Everything that a failed load must leave as it was.
    pub(super) fn everything(&self) -> Vec<Vec<Vec<Value>>> {
        let tables = self.tables();
        let rows = |table: &String| {
            self.query(&format!("select cast(t as varchar) from {table} as t order by 1"))
        };
        let mut all: Vec<_> = tables.iter().map(rows).collect();
        all.push(vec![tables.into_iter().map(Value::from).collect()]);
        all
    }
}
