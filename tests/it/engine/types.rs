//! Types both ways: rows of every type go in, and come out equal.

use super::{VIEW, duckdb, one, subjects};
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::json;
use sqlflow::compile::carry;
use sqlflow::engine::{Pour, Session, pour};
use sqlflow::relation::{Column, DataType};

/// Types as our own DuckDB has them, and values as it reads them.
const CASES: &[(&str, &[&str])] = &[
    ("boolean", &["true", "false"]),
    ("tinyint", &["-128", "127"]),
    ("smallint", &["-32768", "32767"]),
    ("integer", &["-2147483648", "2147483647"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807"]),
    ("utinyint", &["0", "255"]),
    ("usmallint", &["65535"]),
    ("uinteger", &["4294967295"]),
    ("ubigint", &["18446744073709551615"]),
    ("hugeint", &["-99999999999999999999999999999999999999", "170141183460469231731687"]),
    ("float", &["'nan'", "'-inf'", "1.5", "3.4028235e38"]),
    ("double", &["'nan'", "'inf'", "5e-324", "1.7976931348623157e308"]),
    ("decimal(4,1)", &["-999.9", "0.1"]),
    ("decimal(18,3)", &["-999999999999999.999"]),
    ("decimal(38,10)", &["9999999999999999999999999999.0000000001", "0"]),
    ("varchar", &["''", "'héé 😀'", "'a\tb'", "'NULL'", "'\\N'"]),
    ("blob", &["''", "'\\x00\\xFF'"]),
    ("date", &["'0001-01-01'", "'1969-12-31'", "'9999-12-31'"]),
    ("time", &["'00:00:00'", "'23:59:59.999999'"]),
    ("timestamp", &["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'"]),
    ("timestamp_s", &["'2024-02-29 23:59:59'"]),
    ("timestamp with time zone", &["'2024-02-29 23:59:59.000001+05:30'"]),
    ("interval", &["'1 month -2 days 3.000001 seconds'", "'0 seconds'"]),
    ("uuid", &["'6f070184-381d-4671-af70-1618d9d73193'"]),
    ("json", &["'{\"a\": [1, null]}'", "'null'"]),
    ("enum('a', 'b c')", &["'b c'"]),
    ("integer[]", &["[1, null, -3]", "[]"]),
    ("varchar[]", &["['', null, 'ä\"{},']"]),
    ("decimal(10,2)[]", &["[1.5, 0]"]),
    ("timestamp[]", &["['2024-02-29 01:02:03.5']"]),
];

/// The values of the first column; uuids without dashes.
fn shown(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut column = batch.column(0).clone();
    if matches!(column.data_type(), arrow::datatypes::DataType::Timestamp(_, Some(_))) {
        column = arrow::compute::cast(&column, &arrow::datatypes::DataType::Int64).unwrap();
    }
    let format = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
    (0..batch.num_rows()).map(|row| format.value(row).to_string()).collect()
}

fn streamed(session: &mut dyn Session, sql: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut take = |batch: RecordBatch| {
        values.extend(shown(&batch));
        true
    };
    session.stream(sql, &mut take).unwrap();
    values
}

#[test]
fn every_type_goes_in_and_comes_out_equal() {
    let source = duckdb();
    let mut source = source.session();
    for subject in subjects() {
        let mut session = subject.session();
        for (name, values) in CASES {
            let data_type = DataType::new(name);
            let kept = carry::kept(subject.dialect, &data_type);
            let case = format!("{} {name}", subject.name());
            let make = subject.dialect.type_name(&kept);
            session.execute(&format!("create table t (x {make})")).unwrap();
            let columns = session.columns(&subject.relation("t")).unwrap().unwrap();
            assert_eq!(columns[0].data_type, kept, "{case}");
            let cast = carry::into_arrow("x", &data_type).cast.unwrap_or_else(|| name.to_string());
            let rows: Vec<_> = values.iter().map(|v| format!("(({v})::{name})")).collect();
            let query =
                format!("select x::{cast} as x from (values {}, (null)) as v(x)", rows.join(", "));
            let column = Column { name: "x".into(), data_type: data_type.clone(), nullable: true };
            let what = Pour {
                query: &query,
                statement: &subject.taking("t"),
                view: VIEW,
                columns: &[column],
            };
            let poured = pour(&what, &mut *source, &mut *session).unwrap();
            assert_eq!(poured, Some(values.len() as u64 + 1), "{case}");
            let mut expected = streamed(&mut *source, &query);
            let mut found = streamed(&mut *session, "select x from t");
            if *name == "uuid" {
                for value in expected.iter_mut().chain(&mut found) {
                    value.retain(|c| c != '-');
                }
            }
            assert_eq!(found, expected, "{case}");
            session.execute("drop table t").unwrap();
        }
    }
}

#[test]
fn rows_of_one_engine_go_into_the_other() {
    for subject in subjects() {
        let ours = duckdb();
        let (mut from, mut into) = (subject.session(), ours.session());
        into.execute("create table t (i bigint, s varchar, d decimal(10,2))").unwrap();
        let query = "select cast(i as bigint) as i, cast(case when i % 2 = 0 then 'é' end as varchar) as s, \
             cast(i as decimal(10,2)) as d from generate_series(1, 250000) as r(i)";
        let statement = format!("insert into t select * from \"{VIEW}\"");
        let what = Pour { query, statement: &statement, view: VIEW, columns: &[] };
        assert_eq!(pour(&what, &mut *from, &mut *into).unwrap(), Some(250_000));
        let sums = "select concat(count(*), ' ', sum(i), ' ', count(s), ' ', sum(d)) from t";
        let expected = "250000 31250125000 125000 31250125000.00";
        assert_eq!(one(&mut *into, sums), json!(expected), "{}", subject.name());
    }
}
