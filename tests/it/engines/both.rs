//! A project that is built on DuckDB and on PostgreSQL, and all that stands in the two.

use crate::postgres::server::Server;
use crate::project::{Project, Ran};
use serde_json::Value;
use sqlflow::connector::postgres::SPEC;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::postgres::Postgres;
use sqlflow::engine::{Engine, Session};
use sqlflow::relation::{Column, RelationKind, RelationName};
use std::collections::BTreeMap;

/// Outputs for both engines of the profile `shop`.
pub(super) const OUTPUTS: &str = "\
shop:
  target: duck
  outputs:
    duck: {type: duckdb, path: here.duckdb, schema: own, threads: 2}
    pg:
      type: postgres
      host: 127.0.0.1
      port: \"{{ env_var('PGPORT', '1') | int }}\"
      user: postgres
      dbname: postgres
      schema: own
      threads: 2
";

/// A project with the targets `duck` and `pg`, each built in turn.
pub(super) struct Both {
    pub(super) project: Project,
    pub(super) server: Server,
    file: String,
    schemas: Vec<String>,
}

/// A relation: its kind, its columns with their types, its rows as text, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    kind: String,
    columns: Vec<(String, String)>,
    rows: Vec<String>,
}

impl Both {
    /// `project`, whose DuckDB is in `file`, and of which the relations in `schemas` are compared.
    pub(super) fn new(project: Project, file: &str, schemas: &[&str]) -> Self {
        let server = Server::start();
        let project = project.env("PGPORT", &server.port.to_string());
        let schemas = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        Self { project, server, file: file.to_owned(), schemas }
    }

    /// Runs a verb on both targets.
    pub(super) fn run(&self, words: &[&str]) -> [Ran; 2] {
        ["duck", "pg"].map(|target| {
            let target = ["--target", target, "--target-path", &format!("target-{target}")];
            self.project.run(words.iter().chain(&target))
        })
    }

    /// A project with the least in it.
    pub(super) fn shop(make: impl FnOnce(Project) -> Project) -> Self {
        let project = Project::empty().file("sqlflow.yml", "name: shop\n");
        Self::new(make(project.file("profiles.yml", OUTPUTS)), "here.duckdb", &["own"])
    }

    /// Runs a verb on PostgreSQL alone.
    pub(super) fn on_postgres(&self, words: &[&str]) -> Ran {
        self.project.run(words.iter().chain(&["--target", "pg"]))
    }

    /// The rows of `sql` on PostgreSQL.
    #[track_caller]
    pub(super) fn asked(&self, sql: &str) -> Value {
        let rows = self.postgres().query(sql, None).unwrap().rows;
        Value::from_iter(rows.into_iter().map(Value::from))
    }

    /// Large relations of both hold the same rows, numbers within a billionth.
    #[track_caller]
    pub(super) fn have_the_same_rows(&self) {
        let folder = tempfile::tempdir().unwrap();
        let mut session = self.duckdb();
        let schemas = schemas(&self.schemas);
        let known = session.relations(&schemas).unwrap();
        let found = self.postgres().relations(&schemas).unwrap();
        let names = |relations: &[(RelationName, RelationKind)]| {
            let mut names: Vec<String> = relations
                .iter()
                .map(|(relation, kind)| {
                    format!("{}.{} {kind:?}", relation.schema(), relation.identifier)
                })
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(&known), names(&found));
        assert!(!known.is_empty());
        let mut client = self.server.client();
        client.batch_execute("set time zone 'UTC'").unwrap();
        for (relation, _) in known {
            let name = format!("\"{}\".\"{}\"", relation.schema(), relation.identifier);
            let columns = session.columns(&relation).unwrap().unwrap();
            let path = folder.path().join("rows.csv");
            let list = |form: &dyn Fn(&Column) -> String| {
                columns.iter().map(form).collect::<Vec<_>>().join(", ")
            };
            let quoted = list(&|c| format!("\"{}\"", c.name));
            let copy = format!("copy (select {quoted} from {name}) to stdout (format csv)");
            let mut rows = client.copy_out(&copy).unwrap();
            std::io::copy(&mut rows, &mut std::fs::File::create(&path).unwrap()).unwrap();
            drop(rows);
            let types = list(&|c| format!("'{}': '{}'", c.name, c.data_type));
            let shown = list(&|c| match c.data_type.as_str() {
                "double" => format!("round(\"{}\", 9)", c.name),
                _ => format!("\"{}\"", c.name),
            });
            let theirs = format!(
                "(select {shown} from read_csv('{}', header = false, columns = {{{types}}}, \
                 nullstr = '', allow_quoted_nulls = false, auto_detect = false, quote = '\"', \
                 escape = '\"', delim = ','))",
                path.display()
            );
            let ours = format!("(select {shown} from {name})");
            let count = format!(
                "select (select count(*) from ({ours} except all {theirs})), \
                 (select count(*) from ({theirs} except all {ours})), (select count(*) > 0 from {ours})"
            );
            let found = session.query(&count, None).unwrap().rows;
            assert_eq!(Value::from_iter(found), serde_json::json!([[0, 0, true]]), "{name}");
        }
    }

    pub(super) fn duckdb(&self) -> Box<dyn Session> {
        let options = Options::new(Location::File(self.project.root().join(&self.file)));
        DuckDb::open(&options).unwrap().session().unwrap()
    }

    pub(super) fn postgres(&self) -> Box<dyn Session> {
        let port = self.server.port.to_string();
        let parameters = [
            ("host", "127.0.0.1"),
            ("port", port.as_str()),
            ("user", "postgres"),
            ("dbname", "postgres"),
            ("sslmode", "disable"),
        ];
        Postgres::open(&SPEC.read(parameters).unwrap(), false).unwrap().session().unwrap()
    }

    /// The relations of both are the same; `masked` are columns of which only NULL counts.
    #[track_caller]
    pub(super) fn are_the_same(&self, masked: &[(&str, &str)]) {
        let duckdb = shown(&mut *self.duckdb(), &self.schemas, masked);
        let postgres = shown(&mut *self.postgres(), &self.schemas, masked);
        let names = |all: &BTreeMap<String, Shown>| all.keys().cloned().collect::<Vec<_>>();
        let mut differences = String::new();
        if names(&duckdb) != names(&postgres) {
            differences = format!("{:?}\n{:?}\n", names(&duckdb), names(&postgres));
        }
        for (name, duckdb) in &duckdb {
            if let Some(postgres) = postgres.get(name)
                && duckdb != postgres
            {
                differences.push_str(&format!("{name}\n{duckdb:#?}\n{postgres:#?}\n"));
            }
        }
        assert!(differences.is_empty(), "DuckDB, then PostgreSQL:\n{differences}");
    }
}

fn schemas(names: &[String]) -> Vec<RelationName> {
    let schema =
        |name: &String| RelationName { database: None, ..RelationName::new("", name.as_str(), "") };
    names.iter().map(schema).collect()
}

fn shown(
    session: &mut dyn Session,
    schemas: &[String],
    masked: &[(&str, &str)],
) -> BTreeMap<String, Shown> {
    let found = session.relations(&self::schemas(schemas)).unwrap();
    assert!(!found.is_empty());
    let one = |(relation, kind): (RelationName, RelationKind)| {
        let columns = session.columns(&relation).unwrap().unwrap();
        let hidden = |column: &str| {
            let own =
                |mask: &&(&str, &str)| relation.identifier.starts_with(mask.0) && mask.1 == column;
            masked.iter().any(|mask| own(&mask))
        };
        let list: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = format!("\"{}\"", column.name.replace('"', "\"\""));
                if hidden(&column.name) { format!("{name} is null") } else { name }
            })
            .collect();
        let name = format!("\"{}\".\"{}\"", relation.schema(), relation.identifier);
        let sql = format!("select {} from {name}", list.join(", "));
        let table = session.query(&sql, None).unwrap();
        let mut rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| row.iter().map(canonical).collect::<Vec<_>>().join(" | "))
            .collect();
        rows.sort();
        let columns = columns.into_iter().map(|c| (c.name, family(c.data_type.as_str()))).collect();
        (relation.identifier, Shown { kind: format!("{kind:?}"), columns, rows })
    };
    found.into_iter().map(one).collect()
}

/// A cell as text, however the engine gives it: numbers without zeros at their end.
fn canonical(cell: &Value) -> String {
    let text = match cell {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let is_number =
        text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || "-.".contains(c));
    if is_number { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The type, where the engines agree on it: sums and lengths have types of their own in each.
fn family(data_type: &str) -> String {
    match data_type {
        "decimal(38,2)" | "decimal(18,2)" | "numeric" => "a sum".to_owned(),
        "integer" | "bigint" => "a whole number".to_owned(),
        other if other.starts_with("varchar") => "text".to_owned(),
        other => other.to_owned(),
    }
}
