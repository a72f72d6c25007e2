//! PostgreSQL under the contract, and what only a server does.

use super::{Subject, one};
use crate::postgres::server::Server;
use serde_json::json;
use sqlflow::engine::postgres::Postgres;
use sqlflow::engine::{Engine, ErrorKind};
use sqlflow::relation::RelationName;
use sqlflow::system::Parameters;

fn parameters(server: &Server, more: &[(&str, &str)]) -> Parameters {
    let port = server.port.to_string();
    let usual = [
        ("host", "127.0.0.1"),
        ("user", "postgres"),
        ("dbname", "postgres"),
        ("sslmode", "disable"),
        ("port", port.as_str()),
    ];
    let given = usual.into_iter().chain(more.iter().copied());
    sqlflow::connector::spec("postgres").unwrap().read(given).unwrap()
}

pub(super) fn subject(settings: &[&str], more: &[(&str, &str)]) -> Subject {
    let server = Server::with(settings, |_| ());
    Subject {
        engine: Box::new(Postgres::open(&parameters(&server, more), false).unwrap()),
        dialect: sqlflow::dialect::named("postgres").unwrap(),
        schema: RelationName::new("postgres", "public", ""),
        slow: "select pg_sleep(1000)::text as i",
        server: Some(server),
    }
}

const SETTINGS: &str = "select concat_ws(' ', current_setting('search_path'), current_user, \
     current_setting('statement_timeout'), current_setting('TimeZone'))";

#[test]
fn a_session_whose_connection_was_lost_is_made_again_with_its_settings() {
    let server = Server::start();
    server.run("create role worker; create schema \"Own\"; grant all on schema \"Own\" to worker");
    // Without it, what was committed last may be gone after the restart: the server does not sync.
    server.run("checkpoint");
    let more = [("search_path", "\"Own\", public"), ("role", "worker"), ("statement_timeout", "7")];
    let engine = Postgres::open(&parameters(&server, &more), false).unwrap();
    let mut session = engine.session().unwrap();
    let settings = json!("\"Own\", public worker 7s UTC");
    assert_eq!(one(&mut *session, SETTINGS), settings);
    let kill =
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sqlflow'";
    server.run(kill);
    wait_until_alone(&server);
    assert_eq!(one(&mut *session, SETTINGS), settings);
    server.restart();
    assert_eq!(one(&mut *session, SETTINGS), settings);
    session.execute("create table t (i int)").unwrap();
    let made = RelationName::new("postgres", "Own", "t");
    assert!(session.relation_kind(&made).unwrap().is_some());
    server.run(kill);
    wait_until_alone(&server);
    session.apply(&["insert into t values (1)"]).unwrap();
    assert_eq!(one(&mut *session, "select count(*) from t"), json!(1));
}

fn wait_until_alone(server: &Server) {
    let mut client = server.client();
    let sql = "select count(*) from pg_stat_activity where application_name = 'sqlflow'";
    while client.query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0 {}
}

#[test]
fn a_connection_that_is_lost_in_a_statement_is_told_and_made_again() {
    let subject = subject(&[], &[]);
    let mut session = subject.session();
    let error = session.execute("select pg_terminate_backend(pg_backend_pid())").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Lost);
    assert_eq!(one(&mut *session, "select 1"), json!(1));
}

#[test]
fn a_constraint_that_waits_for_the_commit_takes_everything_back() {
    let subject = subject(&[], &[]);
    let mut session = subject.session();
    session.execute("create table t (i int unique deferrable initially deferred)").unwrap();
    let statements = ["insert into t values (1)", "insert into t values (1)", "create table u ()"];
    let (index, error) = session.apply(&statements).unwrap_err();
    assert_eq!((index, error.kind), (2, ErrorKind::Data));
    assert!(error.message.starts_with("duplicate key value"), "{error}");
    assert_eq!(one(&mut *session, "select count(*) from t"), json!(0));
    assert_eq!(subject.kind("u"), None);
}

#[test]
fn materialized_views_and_other_schemas_are_found() {
    let subject = subject(&[], &[]);
    let mut session = subject.session();
    session.execute("create schema s").unwrap();
    session.execute("create materialized view s.m as select 1::smallint as \"Äß\"").unwrap();
    session.execute("create table s.nothing ()").unwrap();
    session.execute("create table s.\"Parted\" (i int) partition by list (i)").unwrap();
    let schema = RelationName::new("postgres", "s", "m");
    let columns = session.columns(&schema).unwrap().unwrap();
    assert_eq!((columns[0].name.as_str(), columns[0].data_type.as_str()), ("Äß", "smallint"));
    assert_eq!(session.columns(&schema.sibling("nothing")).unwrap(), Some(Vec::new()));
    let all = session.relations(&[schema]).unwrap();
    let names: Vec<_> = all.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    assert_eq!(names, ["s.Parted table", "s.m view", "s.nothing table"]);
}

#[test]
fn a_transaction_is_two_messages_and_a_catalogue_question_one() {
    let subject = subject(&["log_statement=all", "log_line_prefix=%p "], &[]);
    let server = subject.server.as_ref().unwrap();
    let mut session = subject.session();
    let before = server.log().matches("LOG:  statement:").count();
    session.apply(&["create table t (i int)", "insert into t values (1)"]).unwrap();
    assert!(session.columns(&subject.relation("t")).unwrap().is_some());
    let log = server.log();
    assert_eq!(log.matches("LOG:  statement:").count() - before, 3, "{log}");
}
