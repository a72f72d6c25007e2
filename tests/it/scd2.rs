//! Versions of rows against a plain model of the rules: random batches, settings and clocks.

use proptest::prelude::*;
use serde_json::{Value, json};
use sqlflow::compile::{Scd2Counts, Scd2Facts, run_time, scd2_script};
use sqlflow::dialect::{Condition, Dialect, Stage, named};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::mode::Key;
use sqlflow::mode::scd2::{Change, HardDeletes, Marks, Names, Scd2};
use sqlflow::relation::RelationName;
use std::collections::BTreeMap;

/// What a row says. `note` comes later, `b` may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    a: Option<i64>,
    b: Option<String>,
    note: Option<i64>,
    /// When it changed, in seconds; NULL in batches that may have none.
    at: Option<i64>,
}

/// A batch: a row for each key.
type Batch = BTreeMap<i64, Row>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Timestamp,
    All,
    OnlyA,
    AllDated,
}

#[derive(Debug, Clone)]
struct Setting {
    rule: Rule,
    deletes: HardDeletes,
    snapshot: bool,
    open_end: bool,
    two_keys: bool,
    /// The step from which the batch has `note`.
    note_from: usize,
    /// The step from which it has no `b`.
    b_until: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    key: i64,
    begin: i64,
    end: Option<i64>,
    deleted: bool,
    row: Row,
}

/// The rules, as simply as they can be said.
#[derive(Debug, Default)]
struct Model {
    versions: Vec<Version>,
}

impl Model {
    fn apply(&mut self, batch: &Batch, now: i64, setting: &Setting, step: usize) -> Scd2Counts {
        let mut counts = Scd2Counts::default();
        for (key, row) in batch {
            let row = setting.given(row, step);
            let last_end =
                self.versions.iter().filter(|v| v.key == *key).filter_map(|v| v.end).max();
            let current = self.versions.iter_mut().find(|v| v.key == *key && v.end.is_none());
            let begin = match current {
                None => {
                    counts.inserted += 1;
                    setting.begin(&row, now, last_end)
                }
                Some(version)
                    if version.deleted
                        || setting.differs(&version.row, &row, version.begin, step) =>
                {
                    counts.changed += 1;
                    let begin = setting.begin(&row, now, Some(version.begin));
                    version.end = Some(begin);
                    begin
                }
                Some(_) => {
                    counts.unchanged += 1;
                    continue;
                }
            };
            self.versions.push(Version { key: *key, begin, end: None, deleted: false, row });
        }
        counts.absent = self.delete(batch, now, setting);
        counts
    }

    fn delete(&mut self, batch: &Batch, now: i64, setting: &Setting) -> u64 {
        let mut gone = Vec::new();
        for version in &mut self.versions {
            let absent = version.end.is_none() && !batch.contains_key(&version.key);
            let told = version.deleted && setting.deletes == HardDeletes::NewRecord;
            if setting.deletes == HardDeletes::Ignore || !absent || told {
                continue;
            }
            let end = now.max(version.begin);
            version.end = Some(end);
            gone.push(Version { begin: end, end: None, deleted: true, ..version.clone() });
        }
        let count = gone.len() as u64;
        if setting.deletes == HardDeletes::NewRecord {
            self.versions.extend(gone);
        }
        count
    }
}

impl Setting {
    /// The row as the batch of `step` gives it.
    fn given(&self, row: &Row, step: usize) -> Row {
        let mut row = row.clone();
        row.note = row.note.filter(|_| step >= self.note_from);
        row.b = row.b.filter(|_| step < self.b_until);
        row.at = row.at.or(match self.rule {
            // Checked before a batch is applied: there is none without a date.
            Rule::Timestamp => Some(0),
            Rule::All | Rule::OnlyA | Rule::AllDated => None,
        });
        row
    }

    fn begin(&self, row: &Row, now: i64, after: Option<i64>) -> i64 {
        let dated = matches!(self.rule, Rule::Timestamp | Rule::AllDated);
        let date = row.at.filter(|_| dated);
        match (date, after) {
            (Some(date), None) => date,
            (Some(date), Some(after)) if date > after => date,
            (_, Some(after)) => now.max(after),
            (None, None) => now,
        }
    }

    fn differs(&self, old: &Row, new: &Row, begin: i64, step: usize) -> bool {
        match self.rule {
            Rule::Timestamp => new.at > Some(begin),
            Rule::OnlyA => old.a != new.a,
            Rule::All | Rule::AllDated => {
                old.a != new.a
                    || old.at != new.at
                    || (step < self.b_until && old.b != new.b)
                    || (step >= self.note_from && old.note != new.note)
            }
        }
    }

    fn scd2(&self) -> Scd2 {
        let columns: &[&str] = if self.two_keys { &["k", "id"] } else { &["id"] };
        let key = Key::new(columns.iter().map(|&name| name.to_owned()).collect()).unwrap();
        let at = || "changed".to_owned();
        let change = match self.rule {
            Rule::Timestamp => Change::Timestamp(at()),
            Rule::All => Change::Columns { tracked: Vec::new(), dated_by: None },
            Rule::OnlyA => Change::Columns { tracked: vec!["A".to_owned()], dated_by: None },
            Rule::AllDated => Change::Columns { tracked: Vec::new(), dated_by: Some(at()) },
        };
        Scd2 {
            key,
            change,
            names: if self.snapshot { Names::of_snapshot() } else { Names::of_load() },
            deletes: self.deletes,
            open_end: self.open_end.then(|| "timestamp '9999-12-31'".to_owned()),
        }
    }

    /// The batch as a query.
    fn query(&self, batch: &Batch, step: usize) -> String {
        let number = |value: Option<i64>| value.map_or("null".to_owned(), |v| v.to_string());
        let mut rows: Vec<String> = batch
            .iter()
            .map(|(key, row)| {
                let row = self.given(row, step);
                let b = row.b.map_or("null".to_owned(), |b| format!("'{b}'"));
                let (a, note, at) = (number(row.a), number(row.note), number(row.at));
                format!("({key}, {a}, {b}, {note}, {at})")
            })
            .collect();
        // Types, where there are no rows.
        rows.push("(null, null, null, null, null)".to_owned());
        let b = if step < self.b_until { "b::varchar as b, " } else { "" };
        let note = if step >= self.note_from { "note::bigint as note, " } else { "" };
        format!(
            "select id::bigint as id, a::bigint as a, {b}{note} 'x' as k, \
             timestamp '2024-01-01' + to_seconds(changed::bigint) as changed \
             from (values {}) r(id, a, b, note, changed) where id is not null",
            rows.join(", ")
        )
    }
}

/// A database in memory, and the table of versions in it.
struct Database {
    session: Box<dyn Session>,
    table: RelationName,
    batch: RelationName,
    made: bool,
}

impl Database {
    fn new() -> Self {
        let engine = DuckDb::open(&Options::new(Location::Memory)).unwrap();
        let table = RelationName::new("memory", "main", "versions");
        let session = engine.session().unwrap();
        Self { session, table, batch: sqlflow::dialect::DuckDb.temporary("batch"), made: false }
    }

    fn apply(&mut self, batch: &str, scd2: &Scd2, now: i64) -> Scd2Counts {
        let dialect: &dyn Dialect = named("duckdb").unwrap();
        let fold = |name: &str| dialect.fold(name);
        self.execute(&format!("create or replace temporary table batch as {batch}"));
        let columns = self.session.columns(&self.batch).unwrap().unwrap();
        let table = if self.made { self.session.columns(&self.table).unwrap() } else { None };
        let fit = scd2.fit(&columns, table.as_deref(), &fold).unwrap();
        let now = run_time(jiff::Timestamp::from_second(1_704_067_200 + now).unwrap());
        let facts = Scd2Facts {
            place: None,
            relation: &self.table,
            batch: &self.batch,
            columns: &columns,
            table: table.as_deref(),
            scd2,
            fit: &fit,
            now: &now,
        };
        let script = scd2_script(dialect, &facts).unwrap();
        let when = if self.made { Condition::RowsStay } else { Condition::Anew };
        let holds = |condition| condition == when;
        let publish = script.statements(Stage::Publish, holds);
        let publish: Vec<&str> = publish.iter().map(|statement| statement.sql.as_str()).collect();
        let changed = self
            .session
            .apply(&publish)
            .unwrap_or_else(|(at, error)| panic!("{error}: {}", publish[at]));
        if !std::mem::replace(&mut self.made, true) {
            return Scd2Counts { inserted: changed[0].unwrap(), ..Scd2Counts::default() };
        }
        let counts = script.statements(Stage::Query, holds)[0].sql.clone();
        let counts = self.session.query(&counts, None).unwrap();
        for statement in script.statements(Stage::Clear, holds) {
            self.session.execute(&statement.sql).unwrap();
        }
        Scd2Counts::read(&counts.rows[0]).unwrap()
    }

    fn execute(&mut self, sql: &str) {
        self.session.execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    fn versions(&mut self, setting: &Setting, has_note: bool) -> Vec<Version> {
        let scd2 = setting.scd2();
        let Names { valid_from, valid_to, .. } = &scd2.names;
        let seconds = |column: &str| format!("epoch({column})::bigint - 1704067200");
        let deleted = match &scd2.names.marks {
            Marks::Snapshot { is_deleted, .. } if scd2.deletes == HardDeletes::NewRecord => {
                format!("{is_deleted} = 'True'")
            }
            _ => "false".to_owned(),
        };
        let sql = format!(
            "select id, a, b, {}, {}, {}, case when year({valid_to}) < 9000 then {} end, {deleted} from versions",
            if has_note { "note" } else { "null::bigint" },
            seconds("changed"),
            seconds(valid_from),
            seconds(valid_to),
        );
        let rows = self.session.query(&sql, None).unwrap_or_else(|error| panic!("{error}")).rows;
        let versions = rows.into_iter().map(|row| Version {
            key: row[0].as_i64().unwrap(),
            row: Row {
                a: row[1].as_i64(),
                b: row[2].as_str().map(str::to_owned),
                note: row[3].as_i64(),
                at: row[4].as_i64(),
            },
            begin: row[5].as_i64().unwrap(),
            end: row[6].as_i64(),
            deleted: row[7] == json!(true),
        });
        let mut versions: Vec<Version> = versions.collect();
        versions.sort();
        versions
    }

    fn one(&mut self, sql: &str) -> Value {
        self.session.query(sql, None).unwrap().rows[0][0].clone()
    }
}

fn row() -> impl Strategy<Value = Row> {
    let some = |range: std::ops::Range<i64>| proptest::option::weighted(0.7, range);
    let b = proptest::option::weighted(0.7, prop_oneof![Just("x".to_owned()), Just(String::new())]);
    (some(0..2), b, some(0..2), proptest::option::weighted(0.9, 0_i64..80))
        .prop_map(|(a, b, note, at)| Row { a, b, note, at })
}

fn setting() -> impl Strategy<Value = Setting> {
    let rule = prop_oneof![
        Just(Rule::Timestamp),
        Just(Rule::All),
        Just(Rule::OnlyA),
        Just(Rule::AllDated)
    ];
    let deletes = proptest::sample::select(HardDeletes::ALL.to_vec());
    let flags = proptest::array::uniform3(any::<bool>());
    (rule, deletes, flags, 0_usize..9, 1_usize..12).prop_map(
        |(rule, deletes, [snapshot, open_end, two_keys], note_from, b_until)| Setting {
            rule,
            deletes,
            snapshot: snapshot || deletes == HardDeletes::NewRecord,
            open_end,
            two_keys,
            note_from,
            b_until,
        },
    )
}

/// What becomes of a key from one batch to the next.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Whatever the next batch says.
    Random,
    /// It stays as it was.
    Same,
    /// It differs, and nothing says when it changed.
    SameDate,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![Just(Fate::Random), Just(Fate::Same), Just(Fate::SameDate)]
}

/// Batches, and how many seconds before each.
fn batches() -> impl Strategy<Value = Vec<(Batch, i64)>> {
    let batch = proptest::collection::btree_map(0_i64..5, row(), 0..5);
    let fates = proptest::array::uniform5(fate());
    proptest::collection::vec((batch, fates, 0_i64..20), 1..8).prop_map(follow)
}

fn follow(random: Vec<(Batch, [Fate; 5], i64)>) -> Vec<(Batch, i64)> {
    let mut last = Batch::new();
    let next = random.into_iter().map(|(mut batch, fates, pause)| {
        for (key, fate) in (0..).zip(fates) {
            let Some(old) = last.get(&key).cloned() else { continue };
            match fate {
                Fate::Random => {}
                Fate::Same => _ = batch.insert(key, old),
                Fate::SameDate => {
                    let other = old.a.map_or(Some(1), |_| None);
                    batch.insert(key, Row { a: other, ..old });
                }
            }
        }
        last.clone_from(&batch);
        (batch, pause)
    });
    next.collect()
}

/// Intervals of one key follow each other, and one at most is open.
fn check_intervals(versions: &[Version]) {
    let mut by_key: BTreeMap<i64, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    for version in versions {
        assert!(version.end.is_none_or(|end| end >= version.begin), "negative: {version:?}");
        by_key.entry(version.key).or_default().push((version.begin, version.end));
    }
    for (key, mut intervals) in by_key {
        intervals.sort_by_key(|(begin, end)| (*begin, end.unwrap_or(i64::MAX)));
        for pair in intervals.windows(2) {
            assert!(pair[0].1.is_some_and(|end| end <= pair[1].0), "{key}: {intervals:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    // proves: L-51, L-52, L-53, L-54, L-55, L-56, L-58
    #[test]
    fn versions_are_those_of_a_plain_model(setting in setting(), batches in batches()) {
        let (mut database, mut model, mut now) = (Database::new(), Model::default(), 0);
        let scd2 = setting.scd2();
        // The first batch makes the table, with `b` in it.
        for (step, (batch, pause)) in batches.iter().enumerate() {
            now += pause;
            let query = setting.query(batch, step);
            let expected = model.apply(batch, now, &setting, step);
            prop_assert_eq!(database.apply(&query, &scd2, now), expected, "step {}", step);
            model.versions.sort();
            let versions = database.versions(&setting, step >= setting.note_from);
            prop_assert_eq!(&versions, &model.versions, "step {}", step);
            check_intervals(&versions);
            // The same input once more, later: nothing changes.
            let again = database.apply(&query, &scd2, now + 1);
            let nothing = Scd2Counts { unchanged: batch.len() as u64, ..Scd2Counts::default() };
            prop_assert_eq!(again, nothing, "step {} again", step);
            prop_assert_eq!(&database.versions(&setting, step >= setting.note_from), &versions);
        }
        if !setting.snapshot {
            let sql = "select coalesce(bool_and(is_current = (valid_to is null or year(valid_to) = 9999)), true) from versions";
            prop_assert_eq!(database.one(sql), json!(true));
        }
    }
}
