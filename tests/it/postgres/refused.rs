//! What is wrong with a connection, or with what it is to give, as the program tells it: one line
//! that says what, one that says what to change; and the other loads go on.

use super::load::project_with;
use super::proxy::{At, Break, Proxy};
use super::server::Server;
use crate::project::Ran;
use serde_json::json;
use snapbox::{assert_data_eq, str};
use std::process::Stdio;

/// The errors of a run with their help, one each.
fn errors(ran: &Ran) -> String {
    let said = ran.stderr.lines().map(str::trim_start).filter_map(|line| {
        line.starts_with("error[")
            .then(|| format!("{line}\n"))
            .or_else(|| Some(format!("  {}\n", line.strip_prefix("= help: ")?)))
    });
    said.collect()
}

#[test]
fn connections_and_objects_that_are_wrong_say_what_to_change() {
    let server = Server::start();
    server.run(
        "create table people (id int, total int); insert into people values (1, 0);
         create type part as (a inet); create table shapes (id int, parts part[]);
         insert into shapes values (1, array[row('10.0.0.1')::part]);
         create view broken as select id, 1 / total as share from people;
         create role loader login",
    );
    let port = server.port.to_string();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = closed.port().to_string();
    let people = "{name: people}";
    let mut text = String::new();
    for (port, more, table) in [
        (&port, "user: loader, host: no-such-host.invalid", people),
        (&closed, "user: loader, retries: 0", people),
        (&port, "user: loader, dbname: nowhere", people),
        (&port, "user: nobody", people),
        (&port, "user: loader", people),
        (&port, "user: postgres", "{name: poeple}"),
        (&port, "user: postgres", "{name: people, columns: [{name: totl, data_type: integer}]}"),
        (&port, "user: postgres", "{name: people, load: {mode: merge, key: idd}}"),
        (&port, "user: postgres", "{name: people, load: {mode: append, cursor: att}}"),
        (&port, "user: postgres", "{name: q, query: 'select totl from people'}"),
        (&port, "user: postgres", "{name: broken}"),
        (&port, "user: postgres", "{name: shapes}"),
    ] {
        let project = project_with(port, more, &format!("      - {table}\n"));
        let profiles = project.read("profiles.yml");
        // What is given again takes the place of the usual one.
        let profiles = if more.contains("host:") {
            profiles.replace("host: 127.0.0.1, ", "")
        } else if more.contains("dbname:") {
            profiles.replace("dbname: postgres, ", "")
        } else {
            profiles
        };
        project.write("profiles.yml", &profiles);
        let ran = project.run(["load"]);
        assert!(ran.stderr.contains("ERROR=1"), "{ran}");
        text += &errors(&ran).replace(port.as_str(), "[PORT]");
        assert_eq!(project.relations(), [""; 0], "{table}");
    }
    // What the resolver says differs from system to system.
    let text = fancy_regex::Regex::new("is not known: .*")
        .unwrap()
        .replace_all(&text, "is not known")
        .into_owned();
    assert_data_eq!(
        text,
        str![[r#"
error[SF603]: the host of `no-such-host.invalid:[PORT]` is not known
  check `host:`, and that names are resolved on this machine
error[SF603]: nothing answers at 127.0.0.1:[PORT]: connection refused
  check `host:` and `port:`, and that the server runs and listens there
error[SF327]: PostgreSQL says: database "nowhere" does not exist [3D000]
  check `dbname:`, which is `nowhere`
error[SF604]: PostgreSQL says: role "nobody" does not exist [28000]
  check `user:`, `dbname:` and `sslmode:`; the server's pg_hba.conf must let `nobody` in
error[SF605]: `loader` may not read `public.people`
  have its owner say `GRANT USAGE ON SCHEMA "public" TO "loader"` and `GRANT SELECT ON "public"."people" TO "loader"`
error[SF327]: there is no table or view `public.poeple`
  did you mean `people`?
error[SF319]: column `totl` is declared, which the source lacks
  its columns are id, total
error[SF319]: `key` names column `idd`, which the source lacks
  its columns are id, total
error[SF319]: `cursor` names column `att`, which the source lacks
  its columns are id, total
error[SF327]: PostgreSQL says: column "totl" does not exist [42703]
  perhaps you meant to reference the column "people.total"
error[SF328]: PostgreSQL says: division by zero [22012]
  the server fails at a row of it: mend the view or query there, or leave such rows out by a `query:`
error[SF328]: column `parts` of `public.shapes` has type `_part`, which cannot be carried
  leave it out with `exclude_columns`, or declare a `query:` that casts it, to text for instance

"#]]
    );
    let cast = "      - {name: shapes, query: 'select id, parts::text as parts from shapes'}\n";
    let project = project_with(&port, "user: postgres", cast);
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select * from crm.shapes"), json!([[1, "{(10.0.0.1)}"]]));
}

#[test]
fn one_load_that_fails_leaves_the_others_alone() {
    let server = Server::start();
    server.run(
        "create table good (id int); insert into good values (1);
         create table secret (id int); create role loader login;
         create view late as select i as id, 1 / (99999 - i) as x from generate_series(1, 200000) i;
         create table dropped (id int); insert into dropped values (1);
         grant select on good, late, dropped to loader",
    );
    let tables = ["dropped", "good", "late", "missing", "secret"];
    let tables: String =
        tables.iter().map(|table| format!("      - {{name: {table}}}\n")).collect();
    // The second connection is the one that reads: by the first, the table was there.
    let proxy = Proxy::new(server.port, At::Connection(2), Break::Wait);
    let project = project_with(&proxy.port.to_string(), "user: loader", &tables);
    let mut command = project.command(["load", "--threads", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !proxy.hit() {
        std::thread::yield_now();
    }
    server.run("drop table dropped");
    proxy.resume();
    let ran = Ran::new(&child.wait_with_output().unwrap(), project.root());
    let ran = ran.exits(3).tallies("PASS=1 WARN=0 ERROR=4 SKIP=0");
    assert_data_eq!(
        errors(&ran),
        str![[r#"
error[SF327]: PostgreSQL says: relation "public.dropped" does not exist [42P01]
  check its name and schema; the table may have been dropped meanwhile
error[SF328]: PostgreSQL says: division by zero [22012]
  the server fails at a row of it: mend the view or query there, or leave such rows out by a `query:`
error[SF327]: there is no table or view `public.missing`
  check its name, its schema and the database; names are compared as they are written
error[SF605]: `loader` may not read `public.secret`
  have its owner say `GRANT USAGE ON SCHEMA "public" TO "loader"` and `GRANT SELECT ON "public"."secret" TO "loader"`

"#]]
    );
    assert_eq!(project.relations(), ["crm.good"]);
    let schemas: Vec<_> = project.files("schemas").into_iter().map(|(path, _)| path).collect();
    assert_eq!(schemas, ["crm/good.yml"]);
}

#[test]
fn exports_that_cannot_be_written_say_what_to_change() {
    let server = Server::start();
    server.run(
        "create role loader login; create table theirs (id bigint, name text);
         create table twice (id bigint, name text); insert into twice values (1, 'a'), (1, 'b');
         create table other (id bigint, label text); create view seen as select 1 as id;
         grant usage on schema public to loader; grant all on twice, other to loader",
    );
    let mut text = String::new();
    for words in [
        "table: theirs\nmode: append",
        "table: made_by_loader",
        "table: twice\nmode: merge\nkey: id",
        "table: other\nmode: append",
        "table: seen",
    ] {
        let project = super::export::project(server.port, words);
        let profiles = project.read("profiles.yml").replace("user: postgres", "user: loader");
        project.write("profiles.yml", &profiles);
        let ran = project.run(["build"]);
        assert!(ran.stderr.contains("ERROR=1"), "{ran}");
        text += &errors(&ran);
    }
    assert_data_eq!(
        text,
        str![[r#"
error[SF605]: PostgreSQL says: permission denied for table theirs [42501]
  have its owner say `GRANT SELECT, INSERT, UPDATE, DELETE ON "public"."theirs" TO "loader"`, and the database's `GRANT TEMPORARY` on it
error[SF605]: PostgreSQL says: permission denied for schema public [42501]
  have its owner say `GRANT USAGE, CREATE ON SCHEMA "public" TO "loader"`
error[SF328]: `public.twice` has 1 of the keys `id` more than once: 1
  remove all rows but one of each key there, or choose another key
error[SF328]: `public.other` has no column `name`
  add it there, or leave it out of what is written
error[SF328]: `public.seen` is a view, and rows are written to tables
  drop it, or write to another name

"#]]
    );
}
