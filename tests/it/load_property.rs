//! Random batches through each load mode, against a plain model of what the table must hold.

use crate::project::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A row of a batch: key, value, cursor, whether it is marked as deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    id: Option<u8>,
    v: Option<u8>,
    at: u8,
    gone: bool,
}

fn row() -> impl Strategy<Value = Row> {
    (
        prop::option::weighted(0.9, 0..6_u8),
        prop::option::weighted(0.8, 0..3_u8),
        0..9_u8,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(id, v, at, gone)| Row { id, v, at, gone })
}

fn batches() -> impl Strategy<Value = Vec<Vec<Row>>> {
    prop::collection::vec(prop::collection::vec(row(), 1..8), 1..5)
}

fn csv(rows: &[Row]) -> String {
    let mut text = String::from("id,v,at,gone\n");
    let cell = |value: Option<u8>| value.map_or_else(String::new, |value| value.to_string());
    for row in rows {
        _ = writeln!(text, "{},{},{},{}", cell(row.id), cell(row.v), row.at, row.gone);
    }
    text
}

const TYPES: &str = "        columns:
          - {name: id, data_type: bigint}
          - {name: v, data_type: bigint}
          - {name: at, data_type: bigint}
          - {name: gone, data_type: boolean}
";

/// Runs `cases` sequences of batches through `options`; `apply` is the model.
fn check(options: &str, cases: u32, apply: fn(&mut Vec<Row>, &mut Option<u8>, &[Row])) {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - name: t\n        path: t.csv\n        load: {{{options}}}\n{TYPES}"
    );
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&batches(), |batches| {
        let project = Project::new().file("sources/raw.yml", &yaml);
        let (mut table, mut recorded) = (Vec::new(), None);
        for batch in &batches {
            project.write("t.csv", &csv(batch));
            project.run(["load"]).succeeds();
            apply(&mut table, &mut recorded, batch);
            table.sort();
            let rows = project.query("select * from raw.t order by all nulls first");
            let expected: Vec<Value> =
                table.iter().map(|row| json!([row.id, row.v, row.at, row.gone])).collect();
            prop_assert_eq!(rows, Value::Array(expected));
            let results = project.json("target/run_results.json");
            let counts = &results["results"][0]["adapter_response"];
            let count = |name: &str| counts[name].as_u64().unwrap();
            let became: u64 = [
                "inserted",
                "updated",
                "unchanged",
                "deduplicated",
                "rejected",
                "skipped",
                "deleted",
            ]
            .iter()
            .map(|name| count(&format!("rows_{name}")))
            .sum();
            prop_assert_eq!(count("rows_read"), became);
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{options}: {error}"));
}

#[test]
fn a_replace_holds_the_last_batch() {
    check("mode: replace", 6, |table, _, batch| *table = batch.to_vec());
}

#[test]
fn a_merge_holds_the_newest_row_of_each_key() {
    let options =
        "mode: merge, key: id, dedup_by: [at desc, v desc, gone desc], on_null_key: reject";
    check(options, 10, |table, _, batch| {
        let mut newest: BTreeMap<u8, Row> = BTreeMap::new();
        for row in batch {
            let Some(id) = row.id else { continue };
            let rank = |row: &Row| (row.at, row.v, row.gone);
            let better = newest.get(&id).is_none_or(|known| rank(known) < rank(row));
            if better {
                newest.insert(id, row.clone());
            }
        }
        table.retain(|row| row.id.is_none_or(|id| !newest.contains_key(&id)));
        table.extend(newest.into_values());
    });
}

#[test]
fn a_merge_with_deletes_lacks_what_is_marked() {
    let options = "mode: merge, key: id, dedup_by: [at desc, v desc, gone desc], on_null_key: match, \
                   deletes: hard, delete_when: gone, max_delete_percent: 100";
    check(options, 10, |table, _, batch| {
        let mut newest: BTreeMap<Option<u8>, Row> = BTreeMap::new();
        for row in batch {
            let rank = |row: &Row| (row.at, row.v, row.gone);
            if newest.get(&row.id).is_none_or(|known| rank(known) < rank(row)) {
                newest.insert(row.id, row.clone());
            }
        }
        table.retain(|row| !newest.contains_key(&row.id));
        table.extend(newest.into_values().filter(|row| !row.gone));
    });
}

#[test]
fn an_append_holds_what_was_read_each_copy_once() {
    check("mode: append, cursor: at", 10, |table, recorded, batch| {
        let since = *recorded;
        let read = batch.iter().filter(|row| since.is_none_or(|since| row.at >= since));
        let mut known: Vec<Row> = match since {
            None => Vec::new(),
            Some(since) => table.iter().filter(|row| row.at >= since).cloned().collect(),
        };
        for row in read {
            match known.iter().position(|known| known == row) {
                Some(at) => _ = known.swap_remove(at),
                None => table.push(row.clone()),
            }
            *recorded = (*recorded).max(Some(row.at));
        }
    });
}
