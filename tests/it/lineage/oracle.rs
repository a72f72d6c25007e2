//! DuckDB's binder, asked what becomes of a statement when a column goes or changes its type.

use sqlflow::check::syntax::{Parsed, Removal, Role, Syntax, syntax};
use sqlflow::engine::Session;
use sqlflow::relation::RelationName;
use std::fmt::Write as _;

/// A table: its name, and names and types of its columns.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<(String, String)>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) refused: u64,
    pub(super) bound: u64,
    pub(super) open: u64,
    pub(super) removals: u64,
    pub(super) breaks: u64,
    pub(super) uncertain: u64,
    pub(super) rebinds: u64,
    pub(super) rebound_breaks: u64,
    pub(super) retyped: u64,
    pub(super) retyped_outputs: u64,
    pub(super) uses: u64,
    pub(super) uses_without_place: u64,
}

/// A database with one schema for the tables as they are, and two for each of their columns.
pub(super) struct Oracle {
    session: Box<dyn Session>,
    tables: Vec<Table>,
}

/// Names and types of a statement's columns; `None` where it does not bind.
type Bound = Option<Vec<(String, String)>>;

impl Oracle {
    pub(super) fn new(tables: &[Table]) -> Self {
        let mut session = crate::corpus::session();
        make(&mut *session, "whole", tables);
        for (at, table) in tables.iter().enumerate() {
            for column in 0..table.columns.len() {
                let (mut without, mut retyped) = (tables.to_vec(), tables.to_vec());
                without[at].columns.remove(column);
                let data_type = &mut retyped[at].columns[column].1;
                *data_type = retype(data_type);
                make(&mut *session, &format!("no_{at}_{column}"), &without);
                make(&mut *session, &format!("re_{at}_{column}"), &retyped);
            }
        }
        Self { session, tables: tables.to_vec() }
    }

    /// The tables, for people.
    pub(super) fn schema(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            write!(text, "{}({}) ", table.name, list(&table.columns)).unwrap();
        }
        text
    }

    fn bind(&mut self, schema: &str, sql: &str) -> Bound {
        self.session.execute(&format!("use memory.{schema}")).unwrap();
        let table = self.session.query(&format!("describe {sql}"), None).ok()?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Some(table.rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect())
    }

    /// The columns of the table that `name` means.
    fn columns(&self, name: &RelationName) -> Option<Vec<String>> {
        let is_named = |table: &&Table| table.name.eq_ignore_ascii_case(&name.identifier);
        let table = self.tables.iter().find(is_named)?;
        Some(table.columns.iter().map(|(name, _)| name.clone()).collect())
    }

    /// What the statement's syntax tells.
    pub(super) fn resolve(&mut self, sql: &str) -> (Parsed, Syntax) {
        let parsed = syntax(&mut *self.session, &[sql]).unwrap().remove(0);
        let syntax = parsed.resolve(&|name| self.columns(name));
        (parsed, syntax)
    }

    /// What becomes of a statement without a column.
    pub(super) fn without(
        &self,
        parsed: &Parsed,
        before: &Syntax,
        table: &str,
        column: &str,
    ) -> Removal {
        let is_table = |name: &RelationName| name.identifier.eq_ignore_ascii_case(table);
        parsed.without(before, &|name| self.columns(name), &is_table, column)
    }

    /// Compares what is told of a statement with what the binder does; one that does not bind at
    /// all is passed over.
    pub(super) fn check(&mut self, sql: &str, counts: &mut Counts) -> Result<(), String> {
        let Some(bound) = self.bind("whole", sql) else {
            counts.refused += 1;
            return Ok(());
        };
        counts.bound += 1;
        let (parsed, syntax) = self.resolve(sql);
        if !syntax.problems.is_empty() {
            return Err(format!("problems in what binds: {:?}", syntax.problems));
        }
        counts.open += u64::from(syntax.is_open);
        same_outputs(&syntax, &bound)?;
        places(sql, &syntax, counts)?;
        for (at, table) in self.tables.clone().iter().enumerate() {
            for (column, (name, _)) in table.columns.iter().enumerate() {
                if table.columns.len() > 1 {
                    let after = self.bind(&format!("no_{at}_{column}"), sql);
                    let removal = self.without(&parsed, &syntax, &table.name, name);
                    let what = format!("without {}.{name}", table.name);
                    removed(&syntax, &removal, &after, &self.uses(&syntax, table, name), counts)
                        .map_err(|problem| format!("{what}: {problem}"))?;
                }
                let after = self.bind(&format!("re_{at}_{column}"), sql);
                retyped(&syntax, &bound, after, table, name, counts)
                    .map_err(|problem| format!("{}.{name} retyped: {problem}", table.name))?;
            }
        }
        Ok(())
    }

    fn uses(&self, syntax: &Syntax, table: &Table, column: &str) -> Vec<Role> {
        let uses = syntax.uses.iter().filter(|used| {
            let (relation, name) = syntax.name(used.column).unwrap();
            relation.identifier.eq_ignore_ascii_case(&table.name) && name == column
        });
        uses.map(|used| used.role).filter(|role| *role != Role::NaturalJoin).collect()
    }
}

fn list(columns: &[(String, String)]) -> String {
    columns.iter().map(|(name, kind)| format!("\"{name}\" {kind}")).collect::<Vec<_>>().join(", ")
}

fn make(session: &mut dyn Session, schema: &str, tables: &[Table]) {
    session.execute(&format!("create schema {schema}")).unwrap();
    for Table { name, columns } in tables.iter().filter(|table| !table.columns.is_empty()) {
        let columns = list(columns);
        session.execute(&format!("create table {schema}.\"{name}\"({columns})")).unwrap();
    }
}

fn retype(data_type: &str) -> String {
    match data_type {
        "integer" => "decimal(20,3)".to_owned(),
        other => other.replace("integer", "decimal(20,3)"),
    }
}

fn same_outputs(syntax: &Syntax, bound: &[(String, String)]) -> Result<(), String> {
    if syntax.is_open || syntax.outputs.iter().any(|output| !output.is_sure) {
        return Ok(());
    }
    let told: Vec<Option<&str>> = syntax.outputs.iter().map(|one| one.name.as_deref()).collect();
    let same = told.len() == bound.len()
        && told.iter().zip(bound).all(|(name, (bound, _))| name.is_none_or(|name| name == bound));
    if same { Ok(()) } else { Err(format!("outputs {told:?}, bound {bound:?}")) }
}

/// The text at each place is the column's name, or one that the statement gives it (`al_...`).
fn places(sql: &str, syntax: &Syntax, counts: &mut Counts) -> Result<(), String> {
    for used in &syntax.uses {
        counts.uses += 1;
        let (_, name) = syntax.name(used.column).unwrap();
        let Some(place) = used.place.clone() else {
            counts.uses_without_place += u64::from(used.role != Role::NaturalJoin);
            continue;
        };
        let text = &sql[place];
        let is_position = text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = text.trim_matches('"').replace("\"\"", "\"");
        if !plain.eq_ignore_ascii_case(name)
            && !plain.to_lowercase().starts_with("al_")
            && !is_position
        {
            return Err(format!("a use of {name} is placed at {text:?}"));
        }
    }
    Ok(())
}

fn removed(
    before: &Syntax,
    removal: &Removal,
    after: &Bound,
    uses: &[Role],
    counts: &mut Counts,
) -> Result<(), String> {
    counts.removals += 1;
    if removal.is_uncertain {
        counts.uncertain += 1;
        return Ok(());
    }
    counts.rebinds += u64::from(!removal.rebinds.is_empty());
    let Some(after) = after else {
        counts.breaks += 1;
        counts.rebound_breaks += u64::from(removal.breaks.is_empty());
        // What a name then means instead may be of another type.
        let is_told = !removal.breaks.is_empty() || !removal.rebinds.is_empty();
        return match !is_told {
            true => Err(format!("the binder fails, and no use is told; uses {uses:?}")),
            false => Ok(()),
        };
    };
    if !removal.breaks.is_empty() {
        return Err(format!("it binds, and is said to break: {:?}", removal.breaks));
    }
    if !uses.is_empty() && removal.rebinds.is_empty() {
        return Err(format!("it binds, and has uses that mean the same: {uses:?} {before:?}"));
    }
    same_outputs(&removal.after, after)
}

fn retyped(
    syntax: &Syntax,
    before: &[(String, String)],
    after: Bound,
    table: &Table,
    column: &str,
    counts: &mut Counts,
) -> Result<(), String> {
    let Some(after) = after else { return Ok(()) };
    counts.retyped += 1;
    if syntax.is_open || syntax.outputs.len() != before.len() {
        return Ok(());
    }
    for (output, (old, new)) in syntax.outputs.iter().zip(before.iter().zip(&after)) {
        if old.1 == new.1 {
            continue;
        }
        counts.retyped_outputs += 1;
        let is_fed = output.feeds.iter().any(|fed| {
            let (relation, name) = syntax.name(*fed).unwrap();
            relation.identifier.eq_ignore_ascii_case(&table.name) && name == column
        });
        if !is_fed {
            return Err(format!("output {} changes its type, and is not fed by it", old.0));
        }
        if output.copy_of.is_some() && output.feeds.len() != 1 {
            return Err(format!("output {} is a copy, and is fed by {:?}", old.0, output.feeds));
        }
    }
    Ok(())
}
