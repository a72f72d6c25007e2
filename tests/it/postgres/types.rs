//! Every type, with its extremes and NULL.

use super::server::{Server, all, read, rows, table};
use sqlflow::connector::{Connector, Kind, Object};

/// Type, what it becomes, and values: as SQL writes them, and as they must come.
pub(super) type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

pub(super) const CASES: &[Case] = &[
    ("boolean", "boolean", &[("true", "true"), ("false", "false")]),
    ("smallint", "smallint", &[("-32768", "-32768"), ("32767", "32767")]),
    ("integer", "integer", &[("-2147483648", "-2147483648"), ("2147483647", "2147483647")]),
    (
        "bigint",
        "bigint",
        &[
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775807", "9223372036854775807"),
        ],
    ),
    ("oid", "uinteger", &[("4294967295", "4294967295")]),
    (
        "real",
        "float",
        &[
            ("'NaN'", "NaN"),
            ("'-Infinity'", "-inf"),
            ("1e-45", "1e-45"),
            ("3.4028235e38", "3.4028235e38"),
        ],
    ),
    (
        "double precision",
        "double",
        &[
            ("'NaN'", "NaN"),
            ("'Infinity'", "inf"),
            ("'-0'", "-0.0"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e308"),
        ],
    ),
    (
        "numeric(38,0)",
        "decimal(38,0)",
        &[
            ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            ("-99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"),
            ("0", "0"),
            ("10000", "10000"),
            ("100000000000000000000", "100000000000000000000"),
        ],
    ),
    (
        "numeric(38,38)",
        "decimal(38,38)",
        &[
            (
                "0.99999999999999999999999999999999999999",
                "0.99999999999999999999999999999999999999",
            ),
            (
                "-0.00000000000000000000000000000000000001",
                "-0.00000000000000000000000000000000000001",
            ),
        ],
    ),
    (
        "numeric(12,2)",
        "decimal(12,2)",
        &[
            ("0.01", "0.01"),
            ("-9999999999.99", "-9999999999.99"),
            ("0.10", "0.10"),
            ("1000000", "1000000.00"),
            ("0", "0.00"),
        ],
    ),
    ("numeric(3,-2)", "decimal(5,0)", &[("12345", "12300"), ("-99949", "-99900")]),
    ("numeric(2,4)", "decimal(4,4)", &[("0.0012", "0.0012"), ("-0.0099", "-0.0099")]),
    (
        "numeric",
        "varchar",
        &[
            ("1e40", "10000000000000000000000000000000000000000"),
            ("-1e-20", "-0.00000000000000000001"),
            ("10001.50", "10001.50"),
            ("0.000", "0.000"),
            ("'NaN'", "NaN"),
            ("'-Infinity'", "-Infinity"),
            ("123456789012345678901234567890.12345", "123456789012345678901234567890.12345"),
        ],
    ),
    ("numeric(50,3)", "varchar", &[("1.5", "1.500"), ("0", "0.000")]),
    (
        "text",
        "varchar",
        &[("''", ""), ("'héé 😀'", "héé 😀"), ("'NULL'", "NULL"), ("E'a\\nb'", "a\nb")],
    ),
    ("varchar(5)", "varchar", &[("'abc'", "abc")]),
    ("char(5)", "varchar", &[("'abc'", "abc  ")]),
    ("\"char\"", "varchar", &[("'x'", "x")]),
    ("name", "varchar", &[("'pg'", "pg")]),
    ("json", "json", &[("'{\"a\" :  1}'", "{\"a\" :  1}"), ("'null'", "null")]),
    ("jsonb", "json", &[("'{\"a\" :  1}'", "{\"a\": 1}"), ("'null'", "null")]),
    ("xml", "varchar", &[("'<a>1</a>'", "<a>1</a>")]),
    ("bytea", "blob", &[("'\\x'", ""), ("'\\x00ff27'", "00ff27")]),
    (
        "date",
        "date",
        &[
            ("'infinity'", "2147483647"),
            ("'-infinity'", "-2147483647"),
            ("'1970-01-01'", "0"),
            ("'4713-01-01 BC'", "-2440550"),
            ("'5874897-12-31'", "2145042905"),
        ],
    ),
    (
        "time",
        "time",
        &[("'00:00'", "0"), ("'24:00:00'", "86400000000"), ("'23:59:59.999999'", "86399999999")],
    ),
    (
        "timetz",
        "time with time zone",
        &[
            ("'24:00:00+00'", "24:00:00+00:00"),
            ("'10:11:12.5-05:30'", "10:11:12.500000-05:30"),
            ("'00:00:00+15:59:59'", "00:00:00+15:59:59"),
        ],
    ),
    (
        "timestamp",
        "timestamp",
        &[
            ("'infinity'", "9223372036854775807"),
            ("'-infinity'", "-9223372036854775807"),
            ("'1970-01-01 00:00:00.000001'", "1"),
            ("'4713-01-01 00:00:00 BC'", "-210863520000000000"),
            ("'294246-12-31 23:59:59.999999'", "9223371244799999999"),
        ],
    ),
    (
        "timestamptz",
        "timestamp with time zone",
        &[
            ("'infinity'", "9223372036854775807"),
            ("'-infinity'", "-9223372036854775807"),
            ("'1970-01-01 02:00:00+02'", "0"),
        ],
    ),
    (
        "interval",
        "interval",
        &[
            ("'1 year 2 months 3 days 4 hours'", "14 3 14400000000000"),
            ("'-178000000 years'", "-2136000000 0 0"),
            ("'-1 microsecond'", "0 0 -1000"),
            ("'2562047 hours'", "0 0 9223369200000000000"),
        ],
    ),
    (
        "uuid",
        "uuid",
        &[("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc999c0b4ef8bb6d6bb9bd380a11")],
    ),
    ("mood", "varchar", &[("'sad'", "sad"), ("'it''s'", "it's")]),
    ("positive", "integer", &[("7", "7")]),
    ("price", "decimal(10,2)", &[("1.5", "1.50")]),
    (
        "integer[]",
        "integer[]",
        &[("'{1,NULL,3}'", "[1, NULL, 3]"), ("'{}'", "[]"), ("'[5:6]={1,2}'", "[1, 2]")],
    ),
    ("text[]", "varchar[]", &[("'{\"\",\"a,b\"}'", "[, a,b]")]),
    ("numeric(5,1)[]", "decimal(5,1)[]", &[("'{1.5,2}'", "[1.5, 2.0]")]),
    ("inet[]", "varchar[]", &[("'{10.0.0.1/8}'", "[10.0.0.1/8]")]),
    (
        "pair",
        "struct(\"a B\" integer, \"t\" varchar)",
        &[("row(1,'x')", "{a B: 1, t: x}"), ("row(null,null)", "{a B: NULL, t: NULL}")],
    ),
    (
        "pair[]",
        "struct(\"a B\" integer, \"t\" varchar)[]",
        &[("array[row(1,'x'),null]::pair[]", "[{a B: 1, t: x}, NULL]")],
    ),
    (
        "host",
        "struct(\"at\" varchar, \"n\" integer)",
        &[("row('::1',2)", "{at: ::1, n: 2}"), ("row(null,null)", "{at: NULL, n: NULL}")],
    ),
    ("inet", "varchar", &[("'::1'", "::1/128")]),
    ("cidr", "varchar", &[("'10.0.0.0/8'", "10.0.0.0/8")]),
    ("macaddr", "varchar", &[("'08:00:2b:01:02:03'", "08:00:2b:01:02:03")]),
    ("money", "varchar", &[("'12.34'", "$12.34")]),
    ("bit(3)", "varchar", &[("'101'", "101")]),
    ("varbit", "varchar", &[("'10101'", "10101")]),
    ("tsvector", "varchar", &[("'a b'", "'a' 'b'")]),
    ("int4range", "varchar", &[("'[1,5)'", "[1,5)"), ("'empty'", "empty")]),
    ("int4multirange", "varchar", &[("'{[1,5)}'", "{[1,5)}")]),
    ("point", "varchar", &[("'(1,2)'", "(1,2)")]),
    ("pg_lsn", "varchar", &[("'0/16B'", "0/16B")]),
    ("xid8", "varchar", &[("'7'", "7")]),
];

pub(super) const MADE: &str = "
create type mood as enum ('sad', 'it''s');
create domain positive as integer check (value > 0);
create domain price as numeric(10,2);
create type pair as (\"a B\" integer, t text);
create type host as (at inet, n integer);
";

#[test]
fn every_type_comes_as_it_was_with_its_extremes_and_null() {
    let server = Server::start();
    let mut client = server.client();
    client.batch_execute(MADE).unwrap();
    let postgres = server.connector(&[]);
    for (at, (type_name, data_type, values)) in CASES.iter().enumerate() {
        let texts: Vec<_> =
            values.iter().map(|(sql, _)| format!("(cast({sql} as {type_name}))")).collect();
        client
            .batch_execute(&format!(
                "create table t{at} (v {type_name}); insert into t{at} values {}, (null)",
                texts.join(", ")
            ))
            .unwrap();
        let object = table(&format!("t{at}"));
        let columns = postgres.schema(&object).unwrap();
        assert_eq!(columns[0].data_type.as_str(), *data_type, "{type_name}");
        let found = read(&postgres, &all(object)).unwrap();
        let mut expected: Vec<&str> = values.iter().map(|(_, shown)| *shown).collect();
        expected.push("NULL");
        // A host's inet is shown with its mask where it is cast.
        let found: Vec<_> = found.iter().map(|row| row[0].replace("::1/128,", "::1,")).collect();
        assert_eq!(found, expected, "{type_name}");
    }
}

#[test]
fn what_cannot_be_carried_is_named_with_its_row_and_the_way_out() {
    let server = Server::start();
    server.run(
        "create table special (id int, v numeric(5,1));
         insert into special values (7, 1), (8, 'NaN');
         create table long (name text, v interval);
         insert into long values ('x', '2562048 hours');
         create table late (v timestamp);
         insert into late values ('2024-01-01'), ('294247-01-11');
         create table cube (id bigint, v int[]);
         insert into cube values (5, '{{1},{2}}');
         create type pt as (a inet);
         create table foreigner (id int, v pt[]);",
    );
    let postgres = server.connector(&[]);
    for (name, message, help) in [
        (
            "special",
            "column `v` is NaN, which no decimal can be, in the row where `id` is 8",
            "set `numeric_special: null` to read such values as NULL",
        ),
        (
            "long",
            "column `v` is an interval whose time part is longer than 292 years, in the row where `name` is 'x'",
            "declare a `query:` that casts the column to text, or leaves such rows out",
        ),
        (
            "late",
            "column `v` is a timestamp after 294246-12-31, in the row number 2 of those read",
            "declare a `query:` that casts the column to text, or leaves such rows out",
        ),
        (
            "cube",
            "column `v` is an array with 2 dimensions, and a list has one, in the row where `id` is 5",
            "declare a `query:` that casts the column, with `to_jsonb(...)` for instance",
        ),
        (
            "foreigner",
            "column `v` of `public.foreigner` has type `_pt`, which cannot be carried",
            "leave it out with `exclude_columns`, or declare a `query:` that casts it, to text for instance",
        ),
    ] {
        let error = read(&postgres, &all(table(name))).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::Data, message));
        assert_eq!(error.help.as_deref(), Some(help));
    }
    let lenient = server.connector(&[("numeric_special", "null")]);
    let found = read(&lenient, &all(table("special"))).unwrap();
    assert_eq!(found, [["7", "1.0"], ["8", "NULL"]]);
    let without = sqlflow::connector::ReadRequest {
        columns: Some(vec!["id".to_owned()]),
        ..all(table("foreigner"))
    };
    assert_eq!(read(&postgres, &without).unwrap(), Vec::<Vec<String>>::new());
}

#[test]
fn queries_keep_the_precision_of_their_columns() {
    let server = Server::start();
    let postgres = server.connector(&[]);
    let query = Object::Query(
        "select 1.5::numeric(7,3) as a, 2.5 as b, array['x'::varchar(3)] as c -- done".to_owned(),
    );
    let columns = postgres.schema(&query).unwrap();
    let types: Vec<_> = columns.iter().map(|column| column.data_type.as_str()).collect();
    assert_eq!(types, ["decimal(7,3)", "varchar", "varchar[]"]);
    assert!(columns.iter().all(|column| column.nullable));
    assert_eq!(read(&postgres, &all(query)).unwrap(), [["1.500", "2.5", "[x]"]]);
}

#[test]
fn wide_text_makes_small_batches() {
    let server = Server::start();
    server.run(
        "create table wide as select i, repeat('x', 1000000) as v from generate_series(1, 60) i",
    );
    let postgres = server.connector(&[]);
    let mut batches = postgres.read(&all(table("wide"))).unwrap();
    let mut count = 0;
    while let Some(batch) = batches.next().unwrap() {
        assert!(batch.num_rows() <= 10, "{}", batch.num_rows());
        count += batch.num_rows();
    }
    assert_eq!(count, 60);
    assert!(rows(batches.as_mut()).unwrap().is_empty());
}
