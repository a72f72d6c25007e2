//! What can be read: tables of every kind, views, queries; and how they are named.

use super::server::{Server, all, read, table};
use sqlflow::connector::{Connector, Kind, Object, ReadRequest};

fn columns(postgres: &impl Connector, name: &str) -> Vec<String> {
    let columns = postgres.schema(&table(name)).unwrap();
    columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " not null" };
            format!("{} {}{null}", column.name, column.data_type)
        })
        .collect()
}

#[test]
fn every_kind_of_relation_is_described_and_read() {
    let server = Server::start();
    server.run(
        "create table plain (id int not null, v text);
         insert into plain values (1, 'a'), (2, null);
         create view seen as select * from plain;
         create materialized view kept as select * from plain;
         create table parted (id int not null, v text) partition by range (id);
         create table parted_low (v text, id int not null);
         alter table parted attach partition parted_low for values from (0) to (2);
         create table parted_high partition of parted for values from (2) to (9);
         insert into parted select * from plain;
         create table parent (id int not null, v text);
         create table child (more int) inherits (parent);
         insert into parent values (1, 'a');
         insert into child values (2, null, 3);
         create table nothing (id int not null, v text);",
    );
    let postgres = server.connector(&[]);
    let named: [(&str, &[&str]); 6] = [
        ("plain", &["id integer not null", "v varchar"]),
        ("seen", &["id integer", "v varchar"]),
        ("kept", &["id integer", "v varchar"]),
        ("parted", &["id integer not null", "v varchar"]),
        ("parent", &["id integer not null", "v varchar"]),
        ("nothing", &["id integer not null", "v varchar"]),
    ];
    for (name, expected) in named {
        assert_eq!(columns(&postgres, name), expected, "{name}");
        for connections in [1, 3] {
            let request = ReadRequest { connections, ..all(table(name)) };
            let rows = read(&postgres, &request).unwrap();
            if name == "nothing" {
                assert!(rows.is_empty());
            } else {
                assert_eq!(rows, [["1", "a"], ["2", "NULL"]], "{name}");
            }
        }
    }
    let wanted: Vec<Object> = named.iter().map(|(name, _)| table(name)).collect();
    let missing = [table("plane"), Object::Query("select 1 as one;".to_owned())];
    let all: Vec<Object> = wanted.into_iter().chain(missing).collect();
    let schemas = postgres.schemas(&all).unwrap();
    assert!(schemas[..6].iter().all(|schema| schema.as_ref().unwrap().len() == 2));
    assert_eq!(schemas[6].as_ref().unwrap_err().kind, Kind::NotFound);
    assert_eq!(schemas[7].as_ref().unwrap()[0].name, "one");
}

#[test]
fn names_are_taken_as_they_are_whatever_they_hold() {
    let server = Server::start();
    let long = "x".repeat(63);
    let names =
        ["select", "Upper", "with space", "quo\"te", "dot.ted", "ümläut", "semi;--", "%s{}", &long];
    for schema in ["public", "Odd \"schema\""] {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let mut statements = format!("create schema if not exists {};", quoted(schema));
        for name in names {
            let (schema, name) = (quoted(schema), quoted(name));
            statements += &format!(
                "create table {schema}.{name} ({name} int); insert into {schema}.{name} values (1), (null);"
            );
        }
        server.run(&statements);
        let postgres = server.connector(&[]);
        for name in names {
            let object = Object::Table { schema: Some(schema.to_owned()), name: name.to_owned() };
            let described = postgres.schema(&object).unwrap();
            assert_eq!(described[0].name, name);
            let request =
                ReadRequest { columns: Some(vec![name.to_owned()]), connections: 2, ..all(object) };
            assert_eq!(read(&postgres, &request).unwrap(), [["1"], ["NULL"]], "{name}");
        }
    }
}

#[test]
fn names_match_exactly_else_without_case_where_that_is_unique() {
    let server = Server::start();
    server.run(
        "create table \"Orders\" (\"Id\" int, \"TOTAL\" int, \"Total\" int); insert into \"Orders\" values (1, 2, 3);
         create table a (x int); create table \"A\" (y int); create table \"aB\" (x int); create table \"Ab\" (y int);",
    );
    let postgres = server.connector(&[("schema", "public")]);
    let request = ReadRequest {
        columns: Some(vec!["Total".to_owned(), "id".to_owned()]),
        ..all(table("orders"))
    };
    assert_eq!(read(&postgres, &request).unwrap(), [["3", "1"]]);
    assert_eq!(columns(&postgres, "A"), ["y integer"]);
    assert_eq!(columns(&postgres, "a"), ["x integer"]);
    let error = postgres.schema(&table("AB")).unwrap_err();
    assert!(error.message.starts_with("`AB` may be `public.a"), "{error}");
    let request = ReadRequest { columns: Some(vec!["total".to_owned()]), ..all(table("Orders")) };
    let error = postgres.read(&request).err().unwrap();
    assert_eq!(error.message, "`public.Orders` has no column `total`");
}

#[test]
fn a_thousand_columns_are_read() {
    let server = Server::start();
    let columns: Vec<_> = (0..1000).map(|at| format!("c{at} int")).collect();
    let values: Vec<_> = (0..1000).map(|at| format!("i + {at}")).collect();
    server.run(&format!(
        "create table wide ({}); insert into wide select {} from generate_series(1, 300) i",
        columns.join(", "),
        values.join(", ")
    ));
    let postgres = server.connector(&[]);
    let rows = read(&postgres, &all(table("wide"))).unwrap();
    assert_eq!(rows.len(), 300);
    assert_eq!(rows[299][999], "1299");
}

#[test]
fn a_limit_is_for_all_rows_together() {
    let server = Server::start();
    server.run("create table t as select generate_series(1, 500000) as id");
    let postgres = server.connector(&[]);
    let request = ReadRequest { limit: Some(7), connections: 4, ..all(table("t")) };
    assert_eq!(read(&postgres, &request).unwrap().len(), 7);
}
