//! Writing into tables: whole or not at all.

use super::server::{Server, all, read, rows, table};
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use snapbox::{assert_data_eq, str};
use sqlflow::connector::postgres::Postgres;
use sqlflow::connector::{
    Batches, Connector, ConnectorError, Kind, Object, ReadRequest, WriteMode, WriteRequest,
};
use std::sync::Arc;

/// Batches that are there already; after them an error, where there is one.
struct Given(SchemaRef, Vec<RecordBatch>, Option<ConnectorError>);

impl Batches for Given {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        match (self.1.pop(), self.2.take()) {
            (Some(batch), error) => {
                self.2 = error;
                Ok(Some(batch))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }
}

/// Rows of an `id` and a `v`.
fn given(rows: &[(i32, Option<&str>)]) -> Given {
    let ids: Int32Array = rows.iter().map(|(id, _)| Some(*id)).collect();
    let values: StringArray = rows.iter().map(|(_, v)| *v).collect();
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("v", Arc::new(values))];
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    Given(batch.schema(), vec![batch], None)
}

fn write(
    postgres: &Postgres,
    name: &str,
    mode: WriteMode,
    batches: &mut dyn Batches,
) -> Result<u64, ConnectorError> {
    let request = WriteRequest { object: table(name), mode, run_id: "r1".to_owned() };
    postgres.write(&request, batches)
}

fn key(columns: &[&str]) -> WriteMode {
    WriteMode::Merge { key: columns.iter().map(|column| (*column).to_owned()).collect() }
}

fn sorted(postgres: &Postgres, name: &str) -> String {
    let mut rows = read(postgres, &all(table(name))).unwrap();
    rows.sort();
    rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_is_read_and_written_is_the_same() {
    let server = Server::start();
    server.run(
        "create type pair as (a int, t text);
         create table source as select
             i % 2 = 0 as b, i::smallint as i2, i as i4, i::bigint * 1000000007 as i8, i::real / 3 as f4, i::float8 / 3 as f8,
             (i * 1.01)::numeric(12,2) as n, (10::numeric ^ (i % 38) * case when i % 2 = 0 then 1 else -1 end)::numeric(38,0) as wide,
             (1::numeric / (10::numeric ^ (i % 37 + 1)))::numeric(38,38) as deep,
             'text ' || i || ' é😀' as t, decode(md5(i::text), 'hex') as bytes, date '2000-01-01' + i as d, time '00:00' + i * interval '1 minute' as tm,
             timestamp '1999-12-31' + i * interval '1.000001 second' as ts, timestamptz '2024-01-01' - i * interval '1 hour' as tz,
             i * interval '1 month 2 days 3 seconds' as iv, md5(i::text)::uuid as u, jsonb_build_object('a', i) as j, array[i, null, -i] as l, array[i::text] as lt
         from generate_series(1, 3000) i;
         alter table source alter wide type numeric(38,0);
         insert into source (d, ts, tz, tm) values ('infinity', '-infinity', 'infinity', '24:00'), ('-infinity', 'infinity', '-infinity', '00:00'), ('4713-01-01 BC', '4713-01-01 BC', null, null);
         insert into source (n, deep, wide) values (0, 0, 0), (-0.01, -0.99999999999999999999999999999999999999, -99999999999999999999999999999999999999);",
    );
    let postgres = server.connector(&[]);
    let request = ReadRequest { connections: 3, batch_rows: 700, ..all(table("source")) };
    for mode in [WriteMode::Replace, WriteMode::Replace, WriteMode::Append] {
        let mut batches = postgres.read(&request).unwrap();
        if mode == WriteMode::Append {
            server.run("truncate public.copy");
        }
        assert_eq!(write(&postgres, "copy", mode, batches.as_mut()).unwrap(), 3005);
        let mut client = server.client();
        for (one, other) in [("source", "copy"), ("copy", "source")] {
            let differ = format!(
                "select count(*) from (select * from {one} except all select * from {other}) d"
            );
            assert_eq!(client.query_one(&differ, &[]).unwrap().get::<_, i64>(0), 0, "{one}");
        }
        let types = |name: &str| {
            postgres
                .schema(&table(name))
                .unwrap()
                .iter()
                .map(|c| c.data_type.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(types("source"), types("copy"));
    }
}

#[test]
fn composites_become_json() {
    let server = Server::start();
    let postgres = server.connector(&[]);
    server.run("create type pair as (a int, t text, l int[], n numeric(5,2), d date, u uuid)");
    let query = "select row(1, 'x \"y\"', '{1,null}', 1.50, '2024-02-29', '6f070184-381d-4671-af70-1618d9d73193')::pair as p, array[row(2, null, null, null, null, null)::pair] as ps
        union all select null, null";
    let mut batches = postgres.read(&all(Object::Query(query.to_owned()))).unwrap();
    write(&postgres, "t", WriteMode::Replace, batches.as_mut()).unwrap();
    let columns = postgres.schema(&table("t")).unwrap();
    assert_eq!((columns[0].data_type.as_str(), columns[1].data_type.as_str()), ("json", "json[]"));
    let found = read(&postgres, &all(table("t"))).unwrap();
    assert_eq!(
        found,
        [
            [
                r#"{"a": 1, "d": "2024-02-29", "l": [1, null], "n": 1.50, "t": "x \"y\"", "u": "6f070184-381d-4671-af70-1618d9d73193"}"#,
                r#"[{"a": 2, "d": null, "l": null, "n": null, "t": null, "u": null}]"#
            ],
            ["NULL", "NULL"]
        ]
    );
}

#[test]
fn replace_append_and_merge_do_what_they_say() {
    let server = Server::start();
    let postgres = server.connector(&[]);
    let a = [(1, Some("a")), (2, Some("b")), (3, None)];
    assert_eq!(write(&postgres, "made.t", WriteMode::Append, &mut given(&a)).unwrap(), 3);
    assert_eq!(sorted(&postgres, "made.t"), "1 a, 2 b, 3 NULL");
    write(&postgres, "made.t", WriteMode::Append, &mut given(&a[..1])).unwrap();
    assert_eq!(sorted(&postgres, "made.t"), "1 a, 1 a, 2 b, 3 NULL");
    write(&postgres, "made.t", WriteMode::Replace, &mut given(&a)).unwrap();
    let b = [(2, None), (3, Some("c")), (4, Some("d"))];
    assert_eq!(write(&postgres, "made.t", key(&["id"]), &mut given(&b)).unwrap(), 3);
    assert_eq!(sorted(&postgres, "made.t"), "1 a, 2 NULL, 3 c, 4 d");
    write(&postgres, "made.t", WriteMode::Replace, &mut given(&[])).unwrap();
    assert_eq!(sorted(&postgres, "made.t"), "");
    write(&postgres, "made.by_key", key(&["id", "v"]), &mut given(&a[..2])).unwrap();
    write(&postgres, "made.by_key", key(&["id", "v"]), &mut given(&a[1..2])).unwrap();
    assert_eq!(sorted(&postgres, "made.by_key"), "1 a, 2 b");
}

#[test]
fn a_key_that_the_table_has_twice_is_not_merged() {
    let server = Server::start();
    let postgres = server.connector(&[]);
    server.run(
        "create table twice (id int, v text); insert into twice values (1, 'a'), (1, 'b'), (2, 'c'), (9, 'x'), (9, 'y');
         create table once (id int, v text, unique (id)); insert into once values (1, 'a')",
    );
    let error =
        write(&postgres, "twice", key(&["id"]), &mut given(&[(1, None), (2, None)])).unwrap_err();
    assert_eq!(error.message, "`public.twice` has 1 of the keys `id` more than once: 1");
    assert_eq!(sorted(&postgres, "twice"), "1 a, 1 b, 2 c, 9 x, 9 y");
    write(&postgres, "twice", key(&["id"]), &mut given(&[(2, Some("d")), (3, None)])).unwrap();
    assert_eq!(sorted(&postgres, "twice"), "1 a, 1 b, 2 d, 3 NULL, 9 x, 9 y");
    write(&postgres, "once", key(&["id"]), &mut given(&[(1, None), (2, None)])).unwrap();
    assert_eq!(sorted(&postgres, "once"), "1 NULL, 2 NULL");
}

#[test]
fn what_stands_on_a_table_stands_after_it_was_replaced() {
    let server = Server::start();
    server.run(
        "create role someone; create role other;
         create table t (id int primary key, v text not null, constraint short check (length(v) < 9));
         create unique index \"By V\" on t (lower(v)); create index on t (v) where id > 1;
         comment on table t is 'it''s'; comment on column t.v is 'value'; comment on index \"By V\" is 'quick'; comment on constraint short on t is 's';
         grant select, insert on t to someone; grant update on t to other with grant option;
         create table seen (id int, v text); create view v as select * from seen; insert into seen values (9, 'x');
         create table referred (id int primary key, v text); create table refers (id int references referred);
         insert into referred values (1, 'a'), (5, 'e'); insert into refers values (1);",
    );
    let describe = "select (select string_agg(x, chr(10) order by x) from (
            select indexdef from pg_indexes where tablename = 't'
            union all select conname || pg_get_constraintdef(oid) from pg_constraint where conrelid = 't'::regclass
            union all select relacl::text from pg_class where oid = 't'::regclass
            union all select description || objsubid from pg_description where objoid in ('t'::regclass, '\"By V\"'::regclass)
            union all select description from pg_description join pg_constraint on objoid = pg_constraint.oid where conrelid = 't'::regclass
            union all select attname || attnotnull from pg_attribute where attrelid = 't'::regclass and attnum > 0) as all_of (x))";
    let mut client = server.client();
    let before: String = client.query_one(describe, &[]).unwrap().get(0);
    let postgres = server.connector(&[]);
    let oid = "select 't'::regclass::oid";
    let number: u32 = client.query_one(oid, &[]).unwrap().get(0);
    write(&postgres, "t", WriteMode::Replace, &mut given(&[(1, Some("a")), (2, Some("b"))]))
        .unwrap();
    assert_eq!(sorted(&postgres, "t"), "1 a, 2 b");
    assert_ne!(number, client.query_one(oid, &[]).unwrap().get::<_, u32>(0), "it was not swapped");
    assert_eq!(before, client.query_one(describe, &[]).unwrap().get::<_, String>(0));
    let error =
        write(&postgres, "t", WriteMode::Replace, &mut given(&[(1, Some("too long for it"))]))
            .unwrap_err();
    assert!(error.message.contains("violated") || error.message.contains("violates"), "{error}");
    assert_eq!(sorted(&postgres, "t"), "1 a, 2 b");
    write(&postgres, "seen", WriteMode::Replace, &mut given(&[(1, Some("a"))])).unwrap();
    assert_eq!(sorted(&postgres, "v"), "1 a");
    let error =
        write(&postgres, "referred", WriteMode::Replace, &mut given(&[(5, None)])).unwrap_err();
    assert!(error.message.contains("violates foreign key constraint"), "{error}");
    assert_eq!(sorted(&postgres, "referred"), "1 a, 5 e");
    let left: i64 = client
        .query_one("select count(*) from pg_class where relname like '\\_\\_sqlflow%'", &[])
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
}

#[test]
fn what_does_not_fit_is_said_before_anything_is_written() {
    let server = Server::start();
    server.run(
        "create table narrow (id int); create table needy (id int, v text, must int not null);
         create table typed (id smallint, v text); create table made (id int, v text generated always as ('x') stored);
         create table bounded (id int, v varchar(3)); create table dec (n numeric(6,1));
         create view a_view as select 1 as id;",
    );
    let postgres = server.connector(&[]);
    let mut text = String::new();
    let mut failing = |name: &str, mode: WriteMode, rows: &[(i32, Option<&str>)]| {
        let error = write(&postgres, name, mode, &mut given(rows)).unwrap_err();
        assert_eq!(error.kind, Kind::Data, "{error}");
        text += &format!("{}\n  {}\n", error.message, error.help.as_deref().unwrap_or("-"));
    };
    let one: &[(i32, Option<&str>)] = &[(1, Some("a"))];
    failing("narrow", WriteMode::Append, one);
    failing("needy", WriteMode::Replace, one);
    failing("typed", WriteMode::Replace, one);
    failing("made", WriteMode::Append, one);
    failing("a_view", WriteMode::Replace, one);
    failing("bounded", WriteMode::Append, &[(1, Some("long text"))]);
    failing("new", key(&["nix"]), one);
    failing("new", key(&["id"]), &[(1, None), (1, Some("a")), (2, None), (2, None)]);
    failing("new", key(&["v"]), &[(1, None)]);
    failing(&"x".repeat(64), WriteMode::Append, one);
    assert_data_eq!(
        text,
        str![[r#"
`public.narrow` has no column `v`
  add it there, or leave it out of what is written
column `must` of `public.needy` must have a value, and none is written
  write it too, or give it a default there
column `id` is written as `integer`, and `public.typed` has it as `smallint`
  cast it in the model, or change the type of the column there
column `v` of `public.made` is made by the server
  leave it out of what is written
`public.a_view` is a view, and rows are written to tables
  drop it, or write to another name
PostgreSQL says: value too long for type character varying(3) [22001]
  -
key `nix` is no column of what is written
  -
2 keys `id` come more than once: 1; 2
  leave all rows but one of each key out, or choose another key
1 row has NULL in the key `v`
  leave such rows out, or choose another key
`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has more than 63 bytes
  choose a shorter name

"#]]
    );
    let decimal = Object::Query("select 1.25::numeric(5,2) as n".to_owned());
    let mut batches = postgres.read(&all(decimal)).unwrap();
    let error = write(&postgres, "dec", WriteMode::Append, batches.as_mut()).unwrap_err();
    assert_eq!(
        error.message,
        "column `n` is written as `numeric(5,2)`, and `public.dec` has it as `numeric(6,1)`"
    );
}

#[test]
fn a_stream_that_fails_changes_nothing() {
    let server = Server::start();
    let postgres = server.connector(&[]);
    write(&postgres, "t", WriteMode::Replace, &mut given(&[(1, Some("a"))])).unwrap();
    for mode in [WriteMode::Replace, WriteMode::Append, key(&["id"])] {
        let mut batches = given(&[(2, Some("b"))]);
        batches.2 = Some(ConnectorError::new(Kind::Network, "the source broke"));
        let error = write(&postgres, "t", mode.clone(), &mut batches).unwrap_err();
        assert_eq!(error.message, "the source broke");
        let mut batches = given(&[(2, Some("b"))]);
        batches.2 = Some(ConnectorError::new(Kind::Network, "the source broke"));
        _ = write(&postgres, "fresh", mode, &mut batches).unwrap_err();
    }
    assert_eq!(sorted(&postgres, "t"), "1 a");
    assert_eq!(postgres.schema(&table("fresh")).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn rows_move_from_server_to_server_without_a_file() {
    let (from, to) = (Server::start(), Server::start());
    from.run(
        "create table t as select i as id, repeat('x', 100) as v from generate_series(1, 50000) i",
    );
    let source = from.connector(&[]);
    let target = to.connector(&[]);
    let mut batches = source.read(&ReadRequest { connections: 2, ..all(table("t")) }).unwrap();
    assert_eq!(write(&target, "t", WriteMode::Replace, batches.as_mut()).unwrap(), 50_000);
    let sum =
        Object::Query("select sum(id)::bigint as a, count(distinct id) as b from t".to_owned());
    let mut batches = target.read(&all(sum)).unwrap();
    assert_eq!(rows(batches.as_mut()).unwrap(), [["1250025000", "50000"]]);
}

#[test]
fn a_write_that_waited_for_another_sees_what_that_wrote() {
    let server = Server::start();
    let mut other = server.client();
    for (table, lock) in [("t", "public.t"), ("made.t", "made.t")] {
        let schema = lock.split('.').next().unwrap();
        let mut held = other.transaction().unwrap();
        let sql = format!(
            "select pg_advisory_xact_lock(hashtextextended('sqlflow:{lock}', 0));
             create schema if not exists {schema}; create table {lock} (id int, v text, w int);
             insert into {lock} values (0, 'first', 5)"
        );
        held.batch_execute(&sql).unwrap();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let rows = &mut given(&[(1, Some("a"))]);
                write(&server.connector(&[]), table, WriteMode::Append, rows)
            });
            let waiting =
                "select count(*) from pg_locks where locktype = 'advisory' and not granted";
            let mut watch = server.client();
            while watch.query_one(waiting, &[]).unwrap().get::<_, i64>(0) == 0 {
                assert!(!writing.is_finished(), "{:?}", writing.join());
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            held.commit().unwrap();
            assert_eq!(writing.join().unwrap().unwrap(), 1);
        });
        assert_eq!(sorted(&server.connector(&[]), table), "0 first 5, 1 a NULL");
    }
}

#[test]
fn many_that_write_to_one_table_at_once_all_succeed() {
    let server = Server::start();
    std::thread::scope(|scope| {
        let one = |_| {
            scope.spawn(|| {
                let rows = &mut given(&[(1, Some("a"))]);
                let postgres = server.connector(&[]);
                write(&postgres, "made.t", WriteMode::Append, rows)?;
                write(&postgres, "made.r", WriteMode::Replace, rows)
            })
        };
        let all: Vec<_> = (0..4).map(one).collect();
        for one in all {
            assert_eq!(one.join().unwrap().unwrap(), 0);
        }
    });
    assert_eq!(sorted(&server.connector(&[]), "made.t"), "1 a, 1 a, 1 a, 1 a");
}
