//! Statements of the kinds that people write, with all that is known of them.
//!
//! `SNAPSHOTS=overwrite cargo test --test it lineage` writes tests/expected/lineage.txt again.

use super::Oracle;
use super::oracle::{Counts, Table};
use crate::project::PROJECT_ROOT;
use sqlflow::check::syntax::{Column, Role, Syntax, Why, syntax};
use std::fmt::Write as _;
use std::path::Path;

fn table(name: &str, columns: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()));
    Table { name: name.to_owned(), columns: columns.collect() }
}

fn tables() -> Vec<Table> {
    vec![
        table(
            "orders",
            &[
                ("id", "integer"),
                ("customer", "integer"),
                ("status", "varchar"),
                ("total", "integer"),
                ("tags", "integer[]"),
                ("address", "struct(city varchar, zip integer)"),
                ("payload", "json"),
            ],
        ),
        table("customers", &[("id", "integer"), ("name", "varchar"), ("Größe", "integer")]),
        table("refunds", &[("id", "integer"), ("total", "integer"), ("select", "integer")]),
    ]
}

/// The statements of tests/expected/lineage.txt.
fn statements(text: &str) -> Vec<String> {
    let blocks = text.split("\n\n").map(|block| {
        let lines = block.lines().take_while(|line| !line.starts_with("  ="));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    });
    blocks.filter(|block| !block.is_empty()).collect()
}

fn column(syntax: &Syntax, column: Column) -> String {
    let (relation, name) = syntax.name(column).unwrap();
    format!("{relation}.{name}")
}

fn columns(syntax: &Syntax, columns: &[Column]) -> String {
    columns.iter().map(|one| column(syntax, *one)).collect::<Vec<_>>().join(" ")
}

fn show(sql: &str, syntax: &Syntax) -> String {
    let mut text = format!("{sql}\n");
    for output in &syntax.outputs {
        let name = output.name.as_deref().unwrap_or("?");
        let sure = if output.is_sure { "" } else { " perhaps" };
        let copy = output.copy_of.map_or(String::new(), |_| " copy".to_owned());
        let feeds = columns(syntax, &output.feeds);
        writeln!(text, "  = {name}{sure}{copy}: {feeds}").unwrap();
    }
    if syntax.is_open {
        writeln!(text, "  = ...").unwrap();
    }
    for used in &syntax.uses {
        let place = used
            .place
            .clone()
            .map_or("?".to_owned(), |place| format!("{}:{}", place.start, &sql[place.clone()]));
        writeln!(text, "  =use {place} {:?} {}", used.role, column(syntax, used.column)).unwrap();
    }
    for read in &syntax.reads {
        let place =
            read.place.clone().map(|place| format!("{}:{}", place.start, &sql[place.clone()]));
        writeln!(text, "  =read {}", place.unwrap_or_default()).unwrap();
    }
    writeln!(text, "  =rows {}", columns(syntax, &syntax.rows)).unwrap();
    for one in &syntax.uncertain {
        writeln!(text, "  =uncertain {:?} {:?}", one.why, one.relations).unwrap();
    }
    text
}

#[test]
fn statements_of_all_kinds_are_told_apart() {
    let path = Path::new(PROJECT_ROOT).join("tests/expected/lineage.txt");
    let expected = std::fs::read_to_string(&path).unwrap();
    let mut oracle = Oracle::new(&tables());
    let mut counts = Counts::default();
    let mut shown = Vec::new();
    let mut wrong = Vec::new();
    for sql in statements(&expected) {
        if let Err(problem) = oracle.check(&sql, &mut counts) {
            wrong.push(format!("{problem}\n  {sql}"));
        }
        if counts.refused > 0 {
            wrong.push(format!("does not bind: {sql}"));
            counts.refused = 0;
        }
        let (_, syntax) = oracle.resolve(&sql);
        shown.push(show(&sql, &syntax));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    snapbox::assert_data_eq!(shown.join("\n"), snapbox::Data::read_from(&path, None));
}

#[test]
fn relations_that_are_not_known_are_read_and_their_qualified_columns_used() {
    let mut oracle = Oracle::new(&tables());
    let sql = "select x.a, o.id from db.s.unknown as x join orders o on x.id = o.id";
    let (_, told) = oracle.resolve(sql);
    assert!(!told.is_open && told.uncertain.is_empty() && told.problems.is_empty(), "{told:?}");
    // The condition of a join is read before what is selected.
    assert_eq!(told.relations[0].columns, ["id", "a"]);
    assert_eq!(&sql[told.reads[0].place.clone().unwrap()], "db.s.unknown");

    let (_, told) = oracle.resolve("select a, b.z from unknown, other as b where a > 1");
    assert_eq!(told.uncertain[0].why, Why::Unqualified);
    assert_eq!(told.uncertain[0].relations, [0, 1]);

    let (_, told) = oracle.resolve("select * from unknown");
    assert!(told.is_open && told.outputs.is_empty());
}

#[test]
fn what_is_no_query_has_no_tree() {
    let mut session = crate::corpus::session();
    let statements =
        ["delete from t", "select 1; select 2", "selec", "select '\0'", "select 1", ""];
    let parsed = syntax(&mut *session, &statements).unwrap();
    let none = parsed
        .iter()
        .map(|one| one.resolve(&|_| None))
        .map(|told| told.uncertain.first().is_some_and(|one| one.why == Why::NoTree));
    assert_eq!(none.collect::<Vec<_>>(), [true, true, true, true, false, true]);
}

#[test]
fn places_count_bytes_of_the_statement_behind_unicode_spaces() {
    let mut oracle = Oracle::new(&tables());
    let sql = "select 'é\u{a0}' as é,\u{a0}\u{2003}o.\"Größe\", -- \u{a0}'\n\u{3000}\"name\" from\u{a0}customers\u{2003}o";
    let (_, told) = oracle.resolve(sql);
    let texts: Vec<&str> = told.uses.iter().map(|used| &sql[used.place.clone().unwrap()]).collect();
    assert_eq!(texts, ["\"Größe\"", "\"name\""]);
    assert_eq!(&sql[told.reads[0].place.clone().unwrap()], "customers");
}

#[test]
fn a_removed_column_is_told_at_each_of_its_uses_and_where_another_takes_its_place() {
    let mut oracle = Oracle::new(&tables());
    let sql = "with all_orders as (select * from orders)\n\
               select id, total from all_orders where total > 1 order by total";
    let (parsed, told) = oracle.resolve(sql);
    let removal = oracle.without(&parsed, &told, "orders", "total");
    let places: Vec<&str> = removal
        .breaks
        .iter()
        .map(|one| parsed.text_at(one.place.as_ref().unwrap()).unwrap())
        .collect();
    assert_eq!(places, ["total", "total", "total"]);
    assert!(removal.rebinds.is_empty() && !removal.is_uncertain);

    let sql =
        "select id, (select max(total) from refunds where refunds.id = orders.id) from orders";
    let (parsed, told) = oracle.resolve(sql);
    let removal = oracle.without(&parsed, &told, "refunds", "total");
    assert!(removal.breaks.is_empty(), "{removal:?}");
    assert_eq!(removal.rebinds[0].role, Role::Value);
    let relation = &told.relations[removal.rebinds[0].column.relation as usize].name;
    assert_eq!(relation.identifier, "refunds");
}
