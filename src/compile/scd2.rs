//! The statements that apply a batch to the table that keeps the versions of rows: one writer for
//! snapshots and for loads of `mode: scd2`.
//!
//! ```text
//!  batch ──scd2_keys──▶ checked ──Scd2::fit──▶ Fit ──scd2_script──▶ publish, query, clear
//! ```
//!
//! The caller makes the batch (a table: the statements name its row ids), asks [`scd2_keys`] whether
//! each of its rows has a key and a date of its own, lets [`crate::mode::scd2::Scd2::fit`] compare
//! its columns with those of the table, and gives the answer to [`scd2_script`]:
//!
//! - `publish` under [`crate::dialect::Condition::Anew`] makes the table, under `RowsStay` it applies
//!   the batch. The statements belong into one transaction, with whatever the caller adds: until
//!   the end of the transaction and of the session, the temporary table [`changes_name`] holds a row
//!   for each change, with its `kind`: `new`, `changed`, `absent`. The last statement fails, with
//!   [`CURRENT_TWICE`] in its message, where a key would have two current versions.
//! - `query` under `RowsStay` counts, see [`Scd2Counts`]; `clear` drops the table of changes.

use super::script::{Result, Script, internal_name, render};
use crate::dialect::{Dialect, Stage};
use crate::mode::Key;
use crate::mode::scd2::{Change, Fit, HardDeletes, Marks, Scd2};
use crate::relation::{Column, DataType, RelationName};
use minijinja::{Value, context};

/// In the message of the database where a key would have two current versions.
pub const CURRENT_TWICE: &str = "keys have more than one current version";

/// What the statements of [`scd2_script`] name.
#[derive(Debug, Clone)]
pub struct Scd2Facts<'f> {
    /// The table that keeps the versions.
    pub relation: &'f RelationName,
    /// What takes its place where it is made anew while a table stands there: this one, and what a
    /// server has to know for that; `None` where nothing stands.
    pub place: Option<(RelationName, Value)>,
    /// The table that holds the batch.
    pub batch: &'f RelationName,
    /// The columns of the batch, all of which the versions get.
    pub columns: &'f [Column],
    /// The columns of the table as it stands; `None` where it is still to be made.
    pub table: Option<&'f [Column]>,
    /// How versions are kept.
    pub scd2: &'f Scd2,
    /// What [`Scd2::fit`] found.
    pub fit: &'f Fit,
    /// The time of the run, as [`run_time`] writes it.
    pub now: &'f str,
}

/// How many rows a batch changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scd2Counts {
    /// Rows whose key had no current version: each opened one.
    pub inserted: u64,
    /// Rows that differed from the current version: each closed one and opened one.
    pub changed: u64,
    /// Current versions whose key was not in the batch: each was closed.
    pub absent: u64,
    /// Rows that differed in nothing.
    pub unchanged: u64,
}

impl Scd2Counts {
    /// From the first row of the `query` section; `None` where it is no such row.
    pub fn read(row: &[serde_json::Value]) -> Option<Self> {
        let [inserted, changed, absent, unchanged] = row else { return None };
        Some(Self {
            inserted: inserted.as_u64()?,
            changed: changed.as_u64()?,
            absent: absent.as_u64()?,
            unchanged: unchanged.as_u64()?,
        })
    }
}

/// `now` as the statements write it: to the microsecond, with its offset, which every type of time
/// reads as it is.
pub fn run_time(now: jiff::Timestamp) -> String {
    now.strftime("%Y-%m-%d %H:%M:%S.%6f+00").to_string()
}

/// The temporary table of the changes that a batch makes to `relation`.
pub fn changes_name(relation: &RelationName) -> String {
    internal_name("changes", &relation.identifier)
}

/// The statements that apply a batch; see the top of this module.
///
/// # Errors
/// A template of ours is broken.
pub fn scd2_script(dialect: &dyn Dialect, facts: &Scd2Facts<'_>) -> Result<Script> {
    let mut script = Script::default();
    for (template, columns) in [("scd2_add", &facts.fit.added), ("scd2_widen", &facts.fit.widened)]
    {
        for column in columns {
            let context = context! {
                relation => dialect.render(facts.relation),
                column => column.name.as_str(),
                data_type => column.data_type.as_str(),
            };
            script.sections.extend(render(dialect, template, &context, &[])?.sections);
        }
    }
    script.sections.extend(render(dialect, "scd2", &context_of(dialect, facts), &[])?.sections);
    Ok(script)
}

fn context_of(dialect: &dyn Dialect, facts: &Scd2Facts<'_>) -> Value {
    let Scd2 { key, change, names, deletes, open_end } = facts.scd2;
    let (is_current, snapshot) = match &names.marks {
        Marks::Load { is_current } => (Some(is_current), None),
        Marks::Snapshot { scd_id, updated_at, is_deleted } => {
            let is_deleted = (*deletes == HardDeletes::NewRecord).then_some(is_deleted);
            (None, Some((scd_id, updated_at, is_deleted)))
        }
    };
    let columns: Vec<String> = facts.columns.iter().map(|column| column.name.clone()).collect();
    let place = facts.place.as_ref();
    let made = place.map_or(facts.relation, |(made, _)| made);
    let own = context! {
        relation => dialect.render(facts.relation),
        made => dialect.render(made),
        is_placed => place.is_some(),
        batch => dialect.render(facts.batch),
        changes => dialect.quote(&changes_name(facts.relation)),
        now => facts.now,
        time => facts.fit.time.as_str(),
        key => key.columns().to_vec(),
        date => facts.scd2.dated_by(),
        by_timestamp => matches!(change, Change::Timestamp(_)),
        columns => columns,
        carried => carried(dialect, facts),
        compared => facts.fit.compared.clone(),
        fresh => facts.fit.fresh.clone(),
        deletes => *deletes != HardDeletes::Ignore,
        open_end => open_end,
        valid_from => names.valid_from.as_str(),
        valid_to => names.valid_to.as_str(),
        is_current => is_current,
        scd_id => snapshot.map(|(scd_id, _, _)| scd_id),
        updated_at => snapshot.map(|(_, updated_at, _)| updated_at),
        is_deleted => snapshot.and_then(|(_, _, is_deleted)| is_deleted),
    };
    match place {
        Some((_, place)) => context! { ..own, ..place.clone() },
        None => own,
    }
}

/// The columns that a version keeps when it ends: the table's, without those that the statements
/// write themselves.
fn carried(dialect: &dyn Dialect, facts: &Scd2Facts<'_>) -> Vec<String> {
    let written: Vec<String> =
        facts.scd2.added_columns().into_iter().map(|name| dialect.fold(name)).collect();
    let stands = facts.table.unwrap_or_default().iter().chain(&facts.fit.added);
    let names = stands.map(|column| column.name.clone());
    names.filter(|name| !written.contains(&dialect.fold(name))).collect()
}

/// The script of a snapshot whose rows `query` gives, as far as it is known without a database:
/// `…` stands for what is not.
pub(super) fn unbound(
    dialect: &dyn Dialect,
    relation: &RelationName,
    scd2: &Scd2,
) -> Result<Script> {
    let later =
        || vec![Column { name: "…".to_owned(), data_type: DataType::new("…"), nullable: true }];
    let fit = Fit {
        compared: vec!["…".to_owned()],
        fresh: Vec::new(),
        added: Vec::new(),
        widened: Vec::new(),
        time: DataType::new(if scd2.dated_by().is_some() { "…" } else { "timestamp" }),
    };
    let facts = Scd2Facts {
        relation,
        place: None,
        batch: &dialect.temporary(&super::batch_name(relation)),
        columns: &later(),
        table: Some(&later()),
        scd2,
        fit: &fit,
        now: "…",
    };
    scd2_script(dialect, &facts)
}

/// Two queries about a batch. The first answers with one row: rows without a key, rows without a
/// date under `must_be_dated`, keys that several rows share. The second gives up to five of those
/// keys, as text, with their number of rows.
pub fn scd2_keys(
    dialect: &dyn Dialect,
    batch: &RelationName,
    key: &Key,
    must_be_dated: Option<&str>,
) -> Result<[String; 2]> {
    let context = context! {
        batch => dialect.render(batch),
        key => key.columns().to_vec(),
        date => must_be_dated,
    };
    let script = render(dialect, "scd2_keys", &context, &[])?;
    let mut queries = script.statements(Stage::Query, |_| true).into_iter();
    let mut next = || queries.next().map(|statement| statement.sql.clone()).unwrap_or_default();
    Ok([next(), next()])
}
