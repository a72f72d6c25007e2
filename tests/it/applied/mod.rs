//! Random batches through every incremental strategy, against a plain model of what they mean.
//!
//! Each step is a whole run of the library on a database in memory: the project's files are written,
//! read, compiled and executed. After every step the table must be what `expected` says, column by
//! column and row by row; where a step is refused, it must be what it was.

mod expected;

use crate::project::{PROFILES, PROJECT_FILE};
use expected::{Applied, Cell, Column, Rule, Step, Table, Type};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select as one_of, subsequence};
use sqlflow::artifact::TargetDirectory;
use sqlflow::compile::compile;
use sqlflow::diagnostic::Secrets;
use sqlflow::engine::Engine;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::graph::{Invocation, Selection, Surroundings, TargetRequest};
use sqlflow::mode::{EventTimeWindow, moment};
use sqlflow::relation::RelationName;
use sqlflow::run::{Event, Kinds, Listener, Plan, PrepareRequest, RunRequest, execute, prepare};
use std::fmt::Write;
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// A project, and the database that it builds into.
struct Bench {
    directory: TempDir,
    engine: DuckDb,
}

struct Nobody;

impl Listener for Nobody {
    fn event(&mut self, _: Event<'_>) {}
}

fn now() -> Timestamp {
    moment("2024-06-01").unwrap()
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::write(root.join("sqlflow.yml"), PROJECT_FILE).unwrap();
        fs::write(root.join("profiles.yml"), PROFILES.replace("shop.duckdb", "':memory:'"))
            .unwrap();
        fs::create_dir(root.join("models")).unwrap();
        Self { directory, engine: DuckDb::open(&Options::new(Location::Memory)).unwrap() }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join("models").join(name), text).unwrap();
    }

    /// Carries out the project; answers what is wrong, if something is.
    fn run(&self, step: &Step) -> Result<(), String> {
        self.write("events.sql", &events(step));
        self.write("kept.sql", &kept(step));
        let request = PrepareRequest {
            project: self.directory.path().to_owned(),
            profiles: vec![self.directory.path().to_owned()],
            target: TargetRequest { profile: None, target: None, threads: Some(1), engine: None },
            invocation: Invocation {
                verb: "build".to_owned(),
                full_refresh: step.full_refresh,
                event_time: Some(window(step)),
                ..Invocation::default()
            },
        };
        let surroundings = Surroundings {
            environment: Arc::default(),
            secrets: Secrets::default(),
            now: now(),
            invocation_id: "test".to_owned(),
            process_id: 1,
            host_name: "test".to_owned(),
        };
        let (graph, problems) = prepare(&request, &surroundings);
        let graph = graph.unwrap_or_else(|| panic!("{problems:?}"));
        let selection = Selection::all(&graph);
        let compilation = compile(&graph, &selection, None);
        let plan = Plan::new(&graph, &selection, Kinds::ALL);
        let run = RunRequest {
            graph: &graph,
            plan: &plan,
            compilation: &compilation,
            full_refresh: step.full_refresh,
            on_drift: None,
            locked: false,
            fail_fast: false,
            clock: now,
        };
        let target = TargetDirectory::of(&graph, None);
        let outcome = execute(&run, &self.engine, &target, &mut Nobody);
        if outcome.tally().error == 0 {
            return Ok(());
        }
        let messages = outcome.all_problems().map(|problem| problem.message.clone());
        Err(messages.collect::<Vec<_>>().join("; "))
    }

    /// The table as it stands.
    fn table(&self) -> Option<Table> {
        let mut session = self.engine.session().unwrap();
        let columns = session.columns(&RelationName::new("memory", "main", "kept")).unwrap()?;
        let rows = session.query("select columns(*)::varchar from main.kept", None).unwrap().rows;
        let cell = |value: serde_json::Value| value.as_str().map(str::to_owned);
        let column = |column: sqlflow::relation::Column| Column {
            name: column.name,
            data_type: Type::named(column.data_type.as_str()),
        };
        let mut rows: Vec<Vec<Cell>> =
            rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
        rows.sort();
        Some(Table { columns: columns.into_iter().map(column).collect(), rows })
    }
}

/// The model that the batch is read from.
fn events(step: &Step) -> String {
    let batch = &step.batch;
    let mut text = "{{ config(materialized='table', event_time='seen') }}\n".to_owned();
    for (index, row) in batch.rows.iter().enumerate() {
        let keyword = if index > 0 { "union all select " } else { "select " };
        text.push_str(keyword);
        cells(&mut text, batch, row);
        text.push('\n');
    }
    if batch.rows.is_empty() {
        text.push_str("select ");
        cells(&mut text, batch, &vec![None; batch.columns.len()]);
        text.push_str(" where false\n");
    }
    text
}

fn cells(text: &mut String, batch: &Table, row: &[Cell]) {
    for (position, (column, cell)) in batch.columns.iter().zip(row).enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        let value = cell.as_ref().map_or("null".to_owned(), |cell| format!("'{cell}'"));
        let (name, data_type) = (column.name.replace('"', "\"\""), column.data_type.name());
        write!(text, "{comma}cast({value} as {data_type}) as \"{name}\"").unwrap();
    }
}

/// The model under test.
fn kept(step: &Step) -> String {
    let strategy = match &step.strategy {
        Applied::Append => "incremental_strategy='append'".to_owned(),
        Applied::DeleteInsert { key, narrowed } => {
            let predicates = if *narrowed {
                ", incremental_predicates=\"coalesce(DBT_INTERNAL_DEST.id, 0) <> 3\""
            } else {
                ""
            };
            format!("unique_key={key:?}{predicates}")
        }
        Applied::Merge { update, exclude, narrowed, conditions } => {
            let mut text = "incremental_strategy='merge', unique_key='id'".to_owned();
            if !update.is_empty() {
                write!(text, ", merge_update_columns={update:?}").unwrap();
            }
            if !exclude.is_empty() {
                write!(text, ", merge_exclude_columns={exclude:?}").unwrap();
            }
            if *narrowed {
                text.push_str(", incremental_predicates=['DBT_INTERNAL_DEST.id <> 3']");
            }
            if *conditions {
                text.push_str(
                    ", merge_update_condition='DBT_INTERNAL_SOURCE.n::varchar > DBT_INTERNAL_DEST.n::varchar', \
                     merge_insert_condition='DBT_INTERNAL_SOURCE.id > 1'",
                );
            }
            text
        }
        Applied::InsertOverwrite { by } => {
            format!("incremental_strategy='insert_overwrite', partition_by={by:?}")
        }
        Applied::Microbatch { .. } => "incremental_strategy='microbatch', event_time='seen', \
             begin='2024-01-01', batch_size='day'"
            .to_owned(),
    };
    let checks = if step.strict { ", on_duplicate='error', on_null_key='error'" } else { "" };
    let empty = if step.no_empty { ", on_empty='error'" } else { "" };
    format!(
        "{{{{ config(materialized='incremental', {strategy}, on_schema_change='{}'{checks}{empty}) }}}}\n\
         select * from {{{{ ref('events') }}}}\n",
        step.rule.name()
    )
}

fn window(step: &Step) -> EventTimeWindow {
    let (first, last) = match step.strategy {
        Applied::Microbatch { first, last } => (first, last),
        _ => (1, 1),
    };
    let day = |day: u8| moment(&format!("2024-01-{day:02}")).unwrap();
    EventTimeWindow { start: day(first), end: day(last + 1) }
}

/// Columns that a batch may have, each with the types that it may have.
const COLUMNS: [(&str, &[Type]); 6] = [
    ("id", &[Type::Integer]),
    ("day", &[Type::Varchar]),
    ("seen", &[Type::Timestamp]),
    ("n", &[Type::Integer, Type::Integer, Type::Bigint, Type::Smallint, Type::Varchar]),
    ("w", &[Type::Varchar]),
    ("Late \"x\"", &[Type::Varchar]),
];

/// A cell of the column: few values, so that keys meet; all of them fit each type of the column.
fn cell(column: &'static str) -> BoxedStrategy<Cell> {
    let some = match column {
        "id" => (0_u8..6).prop_map(|id| id.to_string()).boxed(),
        "day" => one_of(vec!["mon", "tue", "wed"]).prop_map(str::to_owned).boxed(),
        "seen" => (1_u8..5, 0_u8..24)
            .prop_map(|(day, hour)| format!("2024-01-{day:02} {hour:02}:00:00"))
            .boxed(),
        "n" => (0_u8..10).prop_map(|n| n.to_string()).boxed(),
        _ => one_of(vec!["a", "b"]).prop_map(str::to_owned).boxed(),
    };
    option::weighted(0.85, some).boxed()
}

/// A batch: some columns in some order, and some rows.
fn batch() -> impl Strategy<Value = Table> {
    let columns = proptest::bits::u8::masked(0b11_1111).prop_flat_map(|left_out| {
        // Most batches have most columns.
        let chosen: Vec<_> = COLUMNS
            .iter()
            .enumerate()
            .filter(|(index, _)| *index < 3 && left_out % 16 > 0 || left_out & (1 << index) == 0)
            .map(|(_, column)| *column)
            .collect();
        let chosen = if chosen.is_empty() { COLUMNS.to_vec() } else { chosen };
        Just(chosen).prop_shuffle()
    });
    columns.prop_flat_map(|columns| {
        let types: Vec<_> = columns.iter().map(|(_, types)| one_of(types.to_vec())).collect();
        let rows = vec(columns.iter().map(|(name, _)| cell(name)).collect::<Vec<_>>(), 0..6);
        (types, rows).prop_map(move |(types, rows)| {
            let named = columns.iter().zip(types);
            let columns = named
                .map(|((name, _), data_type)| Column { name: (*name).to_owned(), data_type })
                .collect();
            Table { columns, rows }
        })
    })
}

fn names(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(of, 0..=of.len()).prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn strategy() -> BoxedStrategy<Applied> {
    let key =
        prop_oneof![Just(vec!["id".to_owned()]), Just(vec!["ID".to_owned(), "day".to_owned()]),];
    let by =
        prop_oneof![Just(vec!["day".to_owned()]), Just(vec!["day".to_owned(), "w".to_owned()]),];
    prop_oneof![
        Just(Applied::Append),
        (key, any::<bool>()).prop_map(|(key, narrowed)| Applied::DeleteInsert { key, narrowed }),
        (names(&["n", "w"]), names(&["n", "W"]), any::<bool>(), any::<bool>()).prop_map(
            |(update, exclude, narrowed, conditions)| {
                let exclude = if update.is_empty() { exclude } else { Vec::new() };
                Applied::Merge { update, exclude, narrowed, conditions }
            }
        ),
        by.prop_map(|by| Applied::InsertOverwrite { by }),
        (1_u8..5, 0_u8..3)
            .prop_map(|(first, more)| Applied::Microbatch { first, last: (first + more).min(4) }),
    ]
    .boxed()
}

fn step() -> impl Strategy<Value = Step> {
    let rule =
        one_of(vec![Rule::Ignore, Rule::Fail, Rule::Append, Rule::Append, Rule::Sync, Rule::Sync]);
    let rare = || proptest::bool::weighted(0.1);
    (batch(), strategy(), rule, rare(), rare(), rare()).prop_map(
        |(batch, strategy, rule, strict, no_empty, full_refresh)| {
            let strict = strict && strategy.has_key();
            // Days without rows are no fault of a microbatch.
            let no_empty = no_empty && !matches!(strategy, Applied::Microbatch { .. });
            Step { batch: strategy.allowed(batch), strategy, rule, strict, no_empty, full_refresh }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_is_what_the_batches_mean(steps in vec(step(), 1..10)) {
        let bench = Bench::new();
        let mut table: Option<Table> = None;
        for step in &steps {
            let expected = expected::apply(table.as_ref(), step);
            let ran = bench.run(step);
            prop_assert_eq!(
                ran.is_ok(), expected.is_some(), "{:?}\n{}{}", ran, events(step), kept(step)
            );
            table = expected.or(table);
            let stands = bench.table();
            prop_assert_eq!(&stands, &table, "{}{}", events(step), kept(step));
        }
    }
}
