//! What every engine promises: one set of cases that runs against each of them.

mod apply;
mod catalogue;
#[cfg(feature = "postgres")]
mod commands;
mod interrupts;
#[cfg(feature = "postgres")]
mod postgres;
mod queries;
mod rows;
mod types;

#[cfg(feature = "postgres")]
use crate::postgres::server::Server;
use serde_json::Value;
use sqlflow::dialect::Dialect;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::relation::{RelationKind, RelationName};

/// An engine, and what differs in the SQL that the cases send.
struct Subject {
    engine: Box<dyn Engine>,
    dialect: &'static dyn Dialect,
    /// The schema that names without one mean.
    schema: RelationName,
    /// A query that gives one row, later than anybody waits.
    slow: &'static str,
    #[cfg(feature = "postgres")]
    server: Option<Server>,
}

fn duckdb() -> Subject {
    Subject {
        engine: Box::new(DuckDb::open(&Options::new(Location::Memory)).unwrap()),
        dialect: sqlflow::dialect::named("duckdb").unwrap(),
        schema: RelationName::new("memory", "main", ""),
        slow: "select sum(a.i * b.i) as i from range(10000000) a(i), range(10000000) b(i)",
        #[cfg(feature = "postgres")]
        server: None,
    }
}

/// Every engine that this build has.
fn subjects() -> Vec<Subject> {
    let all = vec![
        duckdb(),
        #[cfg(feature = "postgres")]
        postgres::subject(&[], &[]),
    ];
    assert!(all.iter().all(|subject| subject.engine.name() == subject.dialect.name()));
    all
}

impl Subject {
    fn session(&self) -> Box<dyn Session> {
        self.engine.session().unwrap()
    }

    fn name(&self) -> &'static str {
        self.engine.name()
    }

    /// The relation `name` where names without a schema are.
    fn relation(&self, name: &str) -> RelationName {
        self.schema.sibling(name)
    }

    fn kind(&self, name: &str) -> Option<RelationKind> {
        self.session().relation_kind(&self.relation(name)).unwrap()
    }

    /// The statement that takes rows into `table`, from the view [`VIEW`] where it reads one.
    fn taking(&self, table: &str) -> String {
        let table = self.dialect.quote(table);
        if self.dialect.is_embedded() {
            format!("insert into {table} select * from \"{VIEW}\"")
        } else {
            format!("copy {table} from stdin (format binary)")
        }
    }
}

/// The view of rows that are taken.
const VIEW: &str = "rows to take";

/// The first value that `sql` gives.
fn one(session: &mut dyn Session, sql: &str) -> Value {
    session.query(sql, None).unwrap().rows[0][0].clone()
}
