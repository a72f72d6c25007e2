//! Each change of a source under each policy, in each mode, from each kind of source: the report, the
//! exit status, the table, and what the second look at the same drift says. What is expected follows
//! from the table at the top of src/schema/policy.rs.

use super::sources::{Column, Shop, Source, Table};
use crate::elsewhere::again_on_postgres;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const MODES: [(&str, &str); 4] = [
    ("replace", "mode: replace"),
    ("append", "mode: append, cursor: id"),
    ("merge", "mode: merge, key: id"),
    ("scd2", "mode: scd2, key: id"),
];

/// The rows of the table of policies: a change, and what becomes of it under each.
pub(super) fn policies() -> Vec<(&'static str, BTreeMap<&'static str, &'static str>)> {
    let text = include_str!("../../../src/schema/policy.rs");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_end_matches('|').split('|').map(str::trim).collect()).collect();
    let names = rows[0][1..].to_vec();
    assert_eq!(rows.len(), 10);
    let row = |row: &Vec<&'static str>| {
        (row[0], names.iter().copied().zip(row[1..].iter().copied()).collect())
    };
    rows[2..].iter().map(row).collect()
}

fn column(name: &'static str, data_type: &'static str, required: bool) -> Column {
    Column { name, data_type, required }
}

fn base(source: Source) -> Vec<Column> {
    let says = source.says_types();
    let whole = if says { "integer" } else { "bigint" };
    vec![
        column("id", "bigint", says),
        column("a", whole, false),
        column("b", "date", says),
        column("c", "varchar", false),
    ]
}

pub(super) fn before(source: Source) -> Table {
    let rows = vec![
        vec![Some("1"), Some("10"), Some("2024-01-01"), Some("x")],
        vec![Some("2"), Some("20"), Some("2024-01-02"), Some("y")],
    ];
    Table { columns: base(source), rows }
}

/// What the table has become, and how that is told; `None` where the source has no such change.
pub(super) fn after(change: &str, source: Source, table: &str) -> Option<(Table, String)> {
    let mut columns = base(source);
    let mut rows = vec![
        vec![Some("2"), Some("20"), Some("2024-01-02"), Some("y")],
        vec![Some("3"), Some("30"), Some("2024-01-03"), Some("z")],
    ];
    let says = source.says_types();
    let (shown, named) = (source.shown(table), source.named(table));
    let is_database = shown.starts_with("public.");
    let retyped = |name: &str, from: &str, to: &str, text: &str| match (is_database, says) {
        (true, _) => format!("column `{name}` was {from} and is {to} in `{shown}`"),
        (false, true) => format!("column `{name}` was {from} and would be {to}: `{shown}`"),
        (false, false) => {
            let line = if source == Source::Json { 2 } else { 3 };
            format!(
                "column `{name}` was {from} and would be {to}: line {line} of `{shown}` has `{text}`"
            )
        }
    };
    let told = match change {
        "new nullable column" => {
            columns.push(column("d", "varchar", false));
            rows[0].push(None);
            rows[1].push(Some("new"));
            format!("column `d` (varchar) was added in `{shown}`")
        }
        "new non-nullable column" if says => {
            columns.push(column("d", "varchar", true));
            rows[0].push(Some("old"));
            rows[1].push(Some("new"));
            format!("column `d` (varchar not null) was added in `{shown}`")
        }
        "removed column" => {
            columns.pop();
            rows.iter_mut().for_each(|row| _ = row.pop());
            format!("column `c` was removed from `{shown}`")
        }
        "type widened losslessly" if says => {
            columns[1].data_type = "bigint";
            rows[1][1] = Some("5000000000");
            retyped("a", "integer", "bigint", "")
        }
        "type widened losslessly" => {
            columns[2].data_type = "timestamp";
            rows[1][2] = Some("2024-01-03T04:05:06");
            retyped("b", "date", "timestamp", "2024-01-03T04:05:06")
        }
        "type changed otherwise" => {
            let (from, to) =
                (columns[1].data_type, if source == Source::Json { "json" } else { "varchar" });
            columns[1].data_type = "varchar";
            rows[1][1] = Some("many");
            retyped("a", from, to, "many")
        }
        "nullable -> not null" if says => {
            columns[1].required = true;
            format!("column `a` was nullable and is not null in `{named}`")
        }
        "not null -> nullable" if says => {
            columns[2].required = false;
            rows[1][2] = None;
            format!("column `b` was not null and is nullable in `{named}`")
        }
        "position only" if source != Source::Json => {
            columns.swap(2, 3);
            rows.iter_mut().for_each(|row| row.swap(2, 3));
            format!("column `b` stands elsewhere in `{named}`")
        }
        _ => return None,
    };
    Some((Table { columns, rows }, told))
}

/// One cell of the matrix.
struct Case {
    name: String,
    mode: &'static str,
    policy: &'static str,
    change: &'static str,
    verdict: &'static str,
    told: String,
    after: Table,
}

fn cases(source: Source) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (change, verdicts)) in policies().into_iter().enumerate() {
        for (policy, verdict) in verdicts {
            for (mode, _) in MODES {
                let name = format!("{policy}_{mode}_{number}");
                if let Some((after, told)) = after(change, source, &name) {
                    cases.push(Case { name, mode, policy, change, verdict, told, after });
                }
            }
        }
    }
    cases
}

impl Case {
    /// The message of the load's result.
    fn message(&self) -> Value {
        let told = &self.told;
        match self.verdict {
            "halt" => told.clone().into(),
            "accept" => format!("{told} and is accepted (`on_drift: {}`)", self.policy).into(),
            "leave out" => format!("{told} and is left out").into(),
            "note" => format!("{told}, which changes nothing").into(),
            other => panic!("{other}"),
        }
    }

    /// The same on the next load: what was accepted is no drift any more.
    fn message_again(&self) -> Value {
        if self.verdict == "accept" { Value::Null } else { self.message() }
    }

    /// Whether the rows of the changed source are in the table.
    fn is_loaded(&self) -> bool {
        self.verdict != "halt"
    }

    /// The columns of the table: name, type, whether it may hold NULL.
    fn columns(&self, source: Source) -> Vec<Column> {
        let mut columns =
            if self.verdict == "accept" { self.after.columns.clone() } else { base(source) };
        // Keys of versions are no keys of the table; all its columns may hold NULL.
        columns.iter_mut().for_each(|column| column.required &= self.mode != "scd2");
        columns
    }

    /// The rows of the table.
    fn rows(&self, source: Source) -> Vec<Vec<Option<&'static str>>> {
        let columns = self.columns(source);
        let batch = |table: &Table| -> Vec<Vec<Option<&'static str>>> {
            let place = |name| table.columns.iter().position(|column| column.name == name);
            let row = |row: &Vec<Option<&'static str>>| {
                columns
                    .iter()
                    .map(|column| place(column.name).and_then(|place| row[place]))
                    .collect()
            };
            table.rows.iter().map(row).collect()
        };
        let first = batch(&before(source));
        if !self.is_loaded() {
            return first;
        }
        let kept = if self.mode == "replace" { 0 } else { 1 };
        first.into_iter().take(kept).chain(batch(&self.after)).collect()
    }
}

fn matrix(source: Source) {
    let cases = cases(source);
    let tables: Vec<(String, String)> = cases
        .iter()
        .map(|case| {
            let (_, load) = MODES.iter().find(|(mode, _)| *mode == case.mode).unwrap();
            (case.name.clone(), format!("{load}, on_drift: {}", case.policy))
        })
        .collect();
    let shop = Shop::new(source, &tables);
    shop.write(tables.iter().map(|(name, _)| (name, before(source))));
    shop.project.run(["load"]).succeeds();
    shop.write(cases.iter().map(|case| (&case.name, case.after.clone())));
    shop.project.run(["load"]).exits(1);
    check(&shop, source, &cases, Case::message);
    let accepted = shop.project.files("schemas");
    shop.project.run(["load"]).exits(1);
    check(&shop, source, &cases, Case::message_again);
    assert_eq!(shop.project.files("schemas"), accepted);
    for case in &cases {
        let snapshot = shop.project.read(&format!("schemas/raw/{}.yml", case.name));
        let versions = snapshot.matches("  - {version: ").count();
        assert_eq!(
            versions,
            if case.verdict == "accept" { 2 } else { 1 },
            "{}: {snapshot}",
            case.name
        );
        assert_eq!(snapshot.contains("by: permissive"), case.verdict == "accept");
    }
    let good =
        cases.iter().filter(|case| case.is_loaded()).map(|case| format!("raw.{}", case.name));
    let select: Vec<String> = ["load".to_owned(), "--select".to_owned()]
        .into_iter()
        .chain(good.map(|name| format!("source:{name}")))
        .collect();
    shop.project.run(select).succeeds();
}

#[track_caller]
fn check(shop: &Shop, source: Source, cases: &[Case], message: fn(&Case) -> Value) {
    let results = shop.project.json("target/run_results.json");
    let results = results["results"].as_array().unwrap();
    let types = shop.project.query(
        "select table_name, column_name, data_type, is_nullable, table_schema from information_schema.columns \
         order by table_name, ordinal_position",
    );
    for case in cases {
        let about = format!("{:?}: {} under {} in {}", source, case.change, case.policy, case.mode);
        let id = format!("source.shop.raw.{}", case.name);
        let result = results.iter().find(|result| result["unique_id"] == id).unwrap();
        assert_eq!(result["message"], message(case), "{about}");
        let status = if case.is_loaded() { "success" } else { "error" };
        assert_eq!(result["status"], status, "{about}");
        let columns = case.columns(source);
        assert_eq!(found_columns(&types, &case.name), spelt(&columns), "{about}");
        let list: Vec<String> =
            columns.iter().map(|column| format!("cast({} as varchar)", column.name)).collect();
        let rows = shop.project.query(&format!(
            "select {} from {} order by id",
            list.join(", "),
            relation(&types, &case.name)
        ));
        assert_eq!(plain(&rows), expected(&case.rows(source), &columns), "{about}");
    }
}

/// The table's full name.
fn relation(types: &Value, table: &str) -> String {
    let row = types.as_array().unwrap().iter().find(|row| row[0] == table).unwrap();
    format!("{}.{table}", row[4].as_str().unwrap())
}

fn spelt(columns: &[Column]) -> Vec<String> {
    let one = |column: &Column| {
        let required = if column.required { " not null" } else { "" };
        format!("{} {}{required}", column.name, column.data_type)
    };
    columns.iter().map(one).collect()
}

fn found_columns(types: &Value, table: &str) -> Vec<String> {
    let rows = types.as_array().unwrap().iter().filter(|row| row[0] == table);
    let one = |row: &Value| {
        let data_type = row[2].as_str().unwrap().to_lowercase();
        let data_type = match data_type.as_str() {
            "timestamp without time zone" => "timestamp",
            "text" | "character varying" => "varchar",
            other => other,
        };
        let required = if row[3] == "NO" { " not null" } else { "" };
        format!("{} {data_type}{required}", row[1].as_str().unwrap())
    };
    let all = rows.map(one);
    all.filter(|column| {
        !["valid_from", "valid_to", "is_current"].iter().any(|own| column.starts_with(own))
    })
    .collect()
}

fn plain(rows: &Value) -> Vec<Vec<Option<String>>> {
    let cell = |cell: &Value| cell.as_str().map(str::to_owned);
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(cell).collect())
        .collect()
}

/// Rows as databases print them.
fn expected(rows: &[Vec<Option<&'static str>>], columns: &[Column]) -> Vec<Vec<Option<String>>> {
    let cell = |(cell, column): (&Option<&str>, &Column)| {
        let text = (*cell)?.replace('T', " ");
        let is_midnight = column.data_type == "timestamp" && text.len() == 10;
        Some(if is_midnight { format!("{text} 00:00:00") } else { text })
    };
    rows.iter().map(|row| row.iter().zip(columns).map(cell).collect()).collect()
}

#[test]
fn csv_drifts() {
    matrix(Source::Csv);
}

#[test]
fn json_drifts() {
    matrix(Source::Json);
}

#[test]
fn parquet_drifts() {
    matrix(Source::Parquet);
}

#[cfg(feature = "s3")]
#[test]
fn csv_in_a_store_drifts() {
    matrix(Source::S3Csv);
}

#[cfg(feature = "s3")]
#[test]
fn parquet_in_a_store_drifts() {
    matrix(Source::S3Parquet);
}

#[cfg(feature = "postgres")]
#[test]
fn tables_of_a_database_drift() {
    matrix(Source::Postgres);
}

again_on_postgres!(csv_drifts, parquet_drifts, tables_of_a_database_drift);
