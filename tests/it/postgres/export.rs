//! Exports into PostgreSQL by the command line.

use super::server::Server;
use crate::project::Project;
use postgres::SimpleQueryMessage;

/// A project that exports the model `people` to `server` as `words` say.
pub(super) fn project(port: u16, words: &str) -> Project {
    let indented: String = words.lines().map(|line| format!("    {line}\n")).collect();
    Project::new()
        .file(
            "profiles.yml",
            &format!(
                "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, user: postgres, sslmode: disable}}\n"
            ),
        )
        .model("people", "select i as id, 'n' || i as name from range(3) r(i)")
        .file(
            "models/exports.yml",
            &format!("exports:\n  - name: out\n    from: ref('people')\n    connection: crm\n{indented}"),
        )
}

/// What `sql` answers, a row a line.
pub(super) fn ask(server: &Server, sql: &str) -> String {
    let answers = server.client().simple_query(sql).unwrap();
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join("|"),
        ),
        _ => None,
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn rows_replace_are_added_and_merged() {
    let server = Server::start();
    let all = "select * from \"My people\" order by id";
    let project = project(server.port, "table: public.\"My people\"");
    project.run(["build"]).succeeds().stderr_contains("✓ export out");
    assert_eq!(ask(&server, all), "0|n0\n1|n1\n2|n2");
    project.write("models/people.sql", "select 7 as id, 'seven' as name");
    project.run(["build"]).succeeds();
    assert_eq!(ask(&server, all), "7|seven");
    let yaml = project.read("models/exports.yml");
    project.write("models/exports.yml", &format!("{yaml}    mode: append\n"));
    project.run(["plan"]).succeeds().stdout_contains("append to crm: public.My people");
    project.write("models/people.sql", "select 8 as id, 'eight' as name");
    project.run(["build"]).succeeds();
    project.write("models/people.sql", "select 8 as id, '8' as name union all select 9, null");
    project.write("models/exports.yml", &format!("{yaml}    mode: merge\n    key: ID\n"));
    project.run(["build"]).succeeds();
    assert_eq!(ask(&server, all), "7|seven\n8|8\n9|NULL");
    project.write("models/exports.yml", &format!("{yaml}    mode: merge\n    key: nope\n"));
    project.run(["build"]).fails_with("SF319").stderr_contains("`key` names column `nope`");
}

#[test]
fn no_rows_replace_rows_only_where_told() {
    let server = Server::start();
    let project = project(server.port, "table: people");
    project.run(["build"]).succeeds();
    project.write("models/people.sql", "select 1 as id, 'x' as name where false");
    project.run(["build"]).fails_with("SF305").stderr_contains("but `crm: people` has");
    assert_eq!(ask(&server, "select count(*) from people"), "3");
    let yaml = project.read("models/exports.yml");
    project.write("models/exports.yml", &format!("{yaml}    on_empty: replace\n"));
    project.run(["build"]).succeeds();
    assert_eq!(ask(&server, "select count(*) from people"), "0");
}

#[test]
fn rows_that_a_trigger_keeps_back_are_missed() {
    let server = Server::start();
    let project = project(server.port, "table: people");
    project.run(["build"]).succeeds();
    server.run(
        "create function nothing() returns trigger language plpgsql as
         'begin if coalesce(new.id, old.id) = 1 then return null; end if; return coalesce(new, old); end';
         create trigger swallowed before insert on people for each row execute function nothing()",
    );
    let yaml = project.read("models/exports.yml");
    for mode in ["", "    mode: append\n"] {
        project.write("models/exports.yml", &format!("{yaml}{mode}"));
        project.run(["build"]).fails().stderr_contains("it took 2 rows of 3");
    }
    project.write("models/exports.yml", &yaml);
    server.run("drop trigger swallowed on people; create trigger swallowed before delete on people for each row execute function nothing()");
    project.run(["build"]).fails().stderr_contains("not all of its rows could be deleted");
    assert_eq!(ask(&server, "select count(*) from people"), "3");
}

#[test]
fn a_query_that_fails_late_leaves_the_table() {
    let server = Server::start();
    let project = project(server.port, "table: people");
    project.run(["build"]).succeeds();
    project.write(
        "models/people.sql",
        "select i as id, case when i = 190000 then error('no luck') else 'x' end as name from range(200000) r(i)",
    );
    project.run(["build"]).fails_with("SF504").stderr_contains("no luck");
    assert_eq!(ask(&server, "select count(*) from people"), "3");
}

#[test]
fn types_that_arrow_lacks_arrive_all_the_same() {
    let server = Server::start();
    let project = project(server.port, "table: people");
    project.write(
        "models/people.sql",
        "select sum(i) as total, '6f070184-381d-4671-af70-1618d9d73193'::uuid as id, \
         'a'::enum('a', 'b') as kind, '101'::bit as bits, \
         cast('03:04:05+02' as time with time zone) as moment, [1, null] as list, \
         {'a': 1} as pair, 18446744073709551615::ubigint as wide, interval '1 month 1 microsecond' as span \
         from range(10) r(i)",
    );
    project.run(["build"]).succeeds();
    assert_eq!(
        ask(
            &server,
            "select total, id, kind, bits, moment, list, pair->>'a', wide, span from people"
        ),
        "45|6f070184-381d-4671-af70-1618d9d73193|a|101|03:04:05+02|{1,NULL}|1|18446744073709551615|1 mon 00:00:00.000001"
    );
    assert_eq!(
        ask(
            &server,
            "select data_type from information_schema.columns where table_name = 'people' and column_name = 'total'"
        ),
        "numeric"
    );
}

#[test]
fn uuid_and_json_go_into_columns_of_text_too() {
    let server = Server::start();
    server.run("create table people (id text, j varchar, u uuid, k json)");
    let project = project(server.port, "table: people\nmode: append");
    project.write(
        "models/people.sql",
        "select '6f070184-381d-4671-af70-1618d9d73193'::uuid as id, '{\"a\": 1}'::json as j, id as u, j as k \
         union all select null, null, null, null",
    );
    project.run(["build"]).succeeds();
    let id = "6f070184-381d-4671-af70-1618d9d73193";
    let expected = format!("{id}|{{\"a\": 1}}|{id}|{{\"a\": 1}}\nNULL|NULL|NULL|NULL");
    assert_eq!(ask(&server, "select * from people order by id"), expected);
}

#[test]
fn a_server_that_is_not_there_is_told_and_files_are_not_for_it() {
    let project = project(1, "table: people");
    project
        .run(["build"])
        .exits(3)
        .stderr_contains("error[SF603]")
        .stderr_contains("models/exports.yml:5:12");
    let files = self::project(1, "path: people.csv");
    files
        .run(["parse"])
        .exits(2)
        .stderr_contains("error[SF105]: connection `crm` has tables, and no files")
        .stderr_contains("name the table with `table`");
}

#[test]
fn what_postgres_would_cut_off_is_refused_with_its_column() {
    let server = Server::start();
    let project = project(server.port, "table: public.fine");
    for (value, message) in [
        (
            "'2024-01-01 00:00:00.123456789'::timestamp_ns",
            "column `v` has a timestamp with nanoseconds, which PostgreSQL does not keep",
        ),
        ("{'a': 'nan'::double}", "column `v` holds NaN or an infinity, which jsonb does not"),
    ] {
        project.write("models/people.sql", &format!("select {value} as v"));
        let ran = project.run(["build"]).fails_with("SF328").stderr_contains(message);
        ran.stderr_contains("cast it in the model's SQL");
    }
    project.write(
        "models/people.sql",
        "select '2024-01-01 00:00:00.123456'::timestamp_ns as t, 'nan'::double as d",
    );
    project.run(["build"]).succeeds();
    assert_eq!(ask(&server, "select * from fine"), "2024-01-01 00:00:00.123456|NaN");
}
