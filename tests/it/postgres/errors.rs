//! What goes wrong is of a kind, says what to change, and holds no password.

use super::server::{Server, all, connector, read, rows, table};
use snapbox::{assert_data_eq, str};
use sqlflow::connector::postgres::{Postgres, SPEC};
use sqlflow::connector::{Connector, ConnectorError, Kind, Object, ReadRequest};
use std::path::Path;

const PASSWORD: &str = "s3cret-Pa55word";

fn told(error: &ConnectorError) -> String {
    let help = error.help.as_deref().unwrap_or("-");
    let text = format!("{:?}: {}\n  {help}\n", error.kind, error.message);
    assert!(!text.contains(PASSWORD), "{text}");
    assert!(!error.message.contains('\n') && !help.contains('\n'), "{text}");
    text
}

/// The error of a connection's test.
fn refused(postgres: &Postgres) -> String {
    let report = postgres.test_connection();
    let (check, error) = report.checks.last().unwrap();
    assert!(!format!("{postgres:?}").contains(PASSWORD));
    format!("{check} {}", told(error.as_ref().unwrap_err()))
}

/// A server that asks for the password of `someone`.
fn guarded() -> Server {
    let server = Server::with(&[], |data: &Path| {
        std::fs::write(
            data.join("pg_hba.conf"),
            "host all postgres all trust\nhost all someone all scram-sha-256\n",
        )
        .unwrap();
    });
    server.run(&format!("create role someone login password '{PASSWORD}'"));
    server
}

#[test]
fn connections_that_fail_say_what_to_change() {
    let server = guarded();
    let port = server.port.to_string();
    let said = |more: &[(&str, &str)]| {
        let base = [("user", "someone"), ("password", PASSWORD)];
        let rest: Vec<_> =
            base.into_iter().filter(|(name, _)| !more.iter().any(|(n, _)| n == name)).collect();
        let all: Vec<_> = more.iter().copied().chain(rest).collect();
        refused(&connector(&[("port", &port)], &all)).replace(&port, "[PORT]")
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut text = String::new();
    text += &said(&[("host", "no-such-host.invalid")]);
    text += &said(&[("port", &closed.to_string())]).replace(&closed.to_string(), "[CLOSED]");
    text += &said(&[("password", "wrong-s3cret")]);
    text += &said(&[("dbname", "nowhere")]);
    text += &said(&[("user", "nobody")]);
    text += &said(&[("role", "postgres")]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port().to_string();
    text += &said(&[("port", &silent_port), ("connect_timeout", "1")])
        .replace(&silent_port, "[SILENT]");
    // What the resolver says differs from system to system.
    let text = fancy_regex::Regex::new("is not known: .*")
        .unwrap()
        .replace_all(&text, "is not known")
        .into_owned();
    assert_data_eq!(
        text,
        str![[r#"
reached Network: the host of `no-such-host.invalid:[PORT]` is not known
  check `host:`, and that names are resolved on this machine
reached Network: nothing answers at 127.0.0.1:[CLOSED]: connection refused
  check `host:` and `port:`, and that the server runs and listens there
authenticated Auth: PostgreSQL says: password authentication failed for user "someone" [28P01]
  check `user:` and `password:`
authenticated NotFound: PostgreSQL says: database "nowhere" does not exist [3D000]
  check `dbname:`, which is `nowhere`
authenticated Auth: PostgreSQL says: no pg_hba.conf entry for host "127.0.0.1", user "nobody", database "postgres", no encryption [28000]
  check `user:`, `dbname:` and `sslmode:`; the server's pg_hba.conf must let `nobody` in
authenticated Permission: PostgreSQL says: permission denied to set role "postgres" [42501]
  have an administrator say `GRANT <role> TO someone`, or leave out `role:`
reached Network: 127.0.0.1:[SILENT] did not answer in 1 s
  check `host:` and `port:`, a firewall in between, or raise `connect_timeout:`

"#]]
    );
    let report = connector(&[("port", &port)], &[("user", "someone"), ("password", PASSWORD)])
        .test_connection();
    assert_eq!(report.checks[1].1, Ok("as someone in postgres".to_owned()));
    let without = connector(&[("port", &port)], &[("user", "someone")]);
    assert!(refused(&without).starts_with("authenticated Auth"));
}

#[test]
fn objects_that_cannot_be_read_say_why() {
    let server = guarded();
    server.run(
        "create table orders (id int, total int); create table hidden (id int);
         create view broken as select id, 1 / total as x from orders; insert into orders values (1, 0);
         create schema closed; create table closed.t (id int); create table part (a int, b int);
         grant select on orders, broken to someone; grant select (a) on part to someone;",
    );
    let postgres = server.connector(&[("user", "someone"), ("password", PASSWORD)]);
    let mut text = String::new();
    let mut failing = |request: ReadRequest| {
        let error = read(&postgres, &request).unwrap_err();
        text += &told(&error);
    };
    failing(all(table("order")));
    failing(all(table("nowhere.orders")));
    failing(all(table("hidden")));
    failing(all(table("closed.t")));
    failing(ReadRequest { columns: Some(vec!["totl".to_owned()]), ..all(table("orders")) });
    failing(all(table("broken")));
    failing(all(table("part")));
    failing(all(Object::Query("select * from gone".to_owned())));
    failing(all(Object::Query("selec 1".to_owned())));
    failing(all(Object::Query("select 1 as a, 2 as a".to_owned())));
    failing(all(Object::Query("select $1::int as a".to_owned())));
    failing(all(Object::Query("delete from orders returning id".to_owned())));
    failing(all(Object::Query("select 1) as x; drop table orders; select (2".to_owned())));
    failing(all(Object::Query("select * from hidden".to_owned())));
    failing(all(Object::Query("select 'x'::text::int as a".to_owned())));
    failing(all(Object::Files("*.csv".to_owned())));
    assert_data_eq!(
        text,
        str![[r#"
NotFound: there is no table or view `order`
  did you mean `orders`?
NotFound: there is no table or view `nowhere.orders`
  there is `public.orders`
Permission: `someone` may not read `public.hidden`
  have its owner say `GRANT USAGE ON SCHEMA "public" TO "someone"` and `GRANT SELECT ON "public"."hidden" TO "someone"`
Permission: `someone` may not read `closed.t`
  have its owner say `GRANT USAGE ON SCHEMA "closed" TO "someone"` and `GRANT SELECT ON "closed"."t" TO "someone"`
NotFound: `public.orders` has no column `totl`
  did you mean `total`?
Data: PostgreSQL says: division by zero [22012]
  the server fails at a row of it: mend the view or query there, or leave such rows out by a `query:`
Permission: PostgreSQL says: permission denied for table part [42501]
  have its owner say `GRANT SELECT ON table part TO someone`, or what is needed there
NotFound: PostgreSQL says: relation "gone" does not exist [42P01]
  check its name and schema; the table may have been dropped meanwhile
Data: PostgreSQL says: syntax error at or near "1" [42601]
  -
Data: the query has two columns called `a`
  give one of them another name with `as`
Data: the query has a parameter such as `$1`, and nothing gives it a value
  -
Data: PostgreSQL says: syntax error at or near "from" [42601]
  -
Data: PostgreSQL says: cannot insert multiple commands into a prepared statement [42601]
  -
Permission: PostgreSQL says: permission denied for table hidden [42501]
  have its owner say `GRANT SELECT ON table hidden TO someone`, or what is needed there
Data: PostgreSQL says: invalid input syntax for type integer: "x" [22P02]
  the server fails at a row of it: mend the view or query there, or leave such rows out by a `query:`
Data: Files("*.csv") is nothing that PostgreSQL has
  -

"#]]
    );
    let only = ReadRequest { columns: Some(vec!["a".to_owned()]), ..all(table("part")) };
    assert!(read(&postgres, &only).unwrap().is_empty());
}

#[test]
fn a_statement_that_takes_too_long_says_what_to_raise() {
    let server = Server::start();
    let postgres = server.connector(&[("statement_timeout", "1")]);
    let error = read(&postgres, &all(Object::Query("select pg_sleep(60)::text as a".to_owned())))
        .unwrap_err();
    assert_data_eq!(
        told(&error),
        str![[r#"
Resource: PostgreSQL says: canceling statement due to statement timeout [57014]
  raise `statement_timeout:` (seconds), or set it to 0

"#]]
    );
}

#[test]
fn a_table_that_is_dropped_before_it_is_read_is_not_found() {
    let server = Server::start();
    server.run("create table t (id int)");
    let postgres = server.connector(&[]);
    assert_eq!(postgres.schema(&table("t")).unwrap().len(), 1);
    server.run("drop table t");
    let error = postgres.read(&all(table("t"))).err().unwrap();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::NotFound, "there is no table or view `t`")
    );
}

#[test]
fn fewer_connections_do_where_the_server_has_no_more() {
    let server = Server::with(&["max_connections=5", "superuser_reserved_connections=3"], |_| ());
    server.run("create role someone login; create table t as select generate_series(1, 600000) as id; grant select on t to someone");
    let mut kept = Vec::new();
    let postgres = server.connector(&[("user", "someone"), ("max_connections", "8")]);
    let request = ReadRequest { connections: 8, ..all(table("t")) };
    assert_eq!(read(&postgres, &request).unwrap().len(), 600_000);
    let text = format!("host=127.0.0.1 port={} user=someone dbname=postgres", server.port);
    while let Ok(client) = ::postgres::Client::connect(&text, ::postgres::NoTls) {
        kept.push(client);
    }
    let error = postgres.read(&request).err().unwrap();
    assert_eq!(error.kind, Kind::Resource, "{error}");
    drop(kept);
}

#[test]
fn a_connection_is_tested_part_by_part() {
    let server = guarded();
    let report = server.connector(&[]).test_connection();
    assert!(report.version.starts_with("PostgreSQL "), "{}", report.version);
    assert!(report.latency.is_some());
    let names: Vec<_> = report.checks.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["reached", "authenticated", "may read", "may write"]);
    let someone =
        server.connector(&[("user", "someone"), ("password", PASSWORD), ("schema", "public")]);
    let text: String = someone
        .test_connection()
        .checks
        .iter()
        .map(|(name, check)| match check {
            Ok(text) => format!("{name}: {text}\n"),
            Err(error) => format!("{name}: {}", told(error)),
        })
        .collect();
    assert_data_eq!(
        text.replace(&server.port.to_string(), "[PORT]"),
        str![[r#"
reached: 127.0.0.1:[PORT]
authenticated: as someone in postgres
may read: 0 of 0 tables and views
may write: Permission: `someone` may create no table in schema `public`
  exports need `GRANT CREATE ON SCHEMA "public" TO "someone"`; reading works

"#]]
    );
    server.run("create table t (id int); grant select on t to someone; grant create on schema public to someone");
    let checks = someone.test_connection().checks;
    assert_eq!(checks[2].1, Ok("1 of 1 tables and views".to_owned()));
    assert_eq!(checks[3].1, Ok("in schema `public`".to_owned()));
    assert!(!server.log().contains(PASSWORD));
}

#[test]
fn sessions_are_pinned_whatever_the_server_says() {
    let server = Server::start();
    server.run(
        "alter database postgres set timezone = 'Asia/Tokyo'; alter database postgres set datestyle = 'German';
         alter database postgres set intervalstyle = 'sql_standard'; alter database postgres set bytea_output = 'escape';
         alter database postgres set standard_conforming_strings = off; alter database postgres set extra_float_digits = -5;
         create table \"a\\b\" as select timestamptz '2024-01-01 00:00+00' as ts, '\\'::text as slash",
    );
    let postgres =
        server.connector(&[("application_name", "mine"), ("search_path", "pg_catalog, public")]);
    let query = "select current_setting('TimeZone') as a, current_setting('DateStyle') as b, current_setting('IntervalStyle') as c,
        current_setting('client_encoding') as d, current_setting('application_name') as e, current_setting('search_path') as f,
        current_setting('extra_float_digits') as g, '{1 day}'::interval[]::text as h, int4range(1,2) as r";
    let mut batches = postgres.read(&all(Object::Query(query.to_owned()))).unwrap();
    let found = rows(batches.as_mut()).unwrap();
    assert_eq!(
        found[0].join("|"),
        "UTC|ISO, YMD|postgres|UTF8|mine|pg_catalog, public|1|{\"1 day\"}|[1,2)"
    );
    assert_eq!(read(&postgres, &all(table("a\\b"))).unwrap(), [["1704067200000000", "\\"]]);
}

#[test]
fn parameters_are_those_of_dbt() {
    let given = [
        ("host", "h"),
        ("port", "5432"),
        ("user", "u"),
        ("pass", "p"),
        ("database", "d"),
        ("schema", "s"),
        ("connect_timeout", "10"),
        ("keepalives_idle", "0"),
        ("retries", "1"),
        ("search_path", "a, b"),
        ("role", "r"),
        ("sslmode", "verify-full"),
        ("sslrootcert", "root.pem"),
    ];
    assert!(Postgres::new(SPEC.read(given).unwrap()).is_ok());
    let lone =
        SPEC.read([("host", "h"), ("user", "u"), ("dbname", "d"), ("sslcert", "c")]).unwrap();
    let error = Postgres::new(lone).unwrap_err();
    assert_eq!(error.message, "`sslcert` is given without `sslkey`");
}
