//! Databases of a PostgreSQL server as the targets of projects.

use super::server::Server;
use crate::elsewhere::{Elsewhere, with};
use crate::project::Project;
use ::postgres::Client;
use sqlflow::connector::postgres::SPEC;
use sqlflow::engine::postgres::Postgres;
use sqlflow::engine::{Engine, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of a server.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
    /// The port that projects use, where it is not the server's own.
    pub(crate) port: u16,
}

/// What profiles.yml says where projects go into `database` of the server on `port`.
pub(crate) fn profiles(port: u16, database: &str, more: &str) -> String {
    format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: postgres, host: 127.0.0.1, port: {port}, \
         user: postgres, dbname: {database}, schema: main, sslmode: disable, threads: 2{more}}}\n"
    )
}

impl Database {
    /// A new one.
    pub(crate) fn new(server: &Arc<Server>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("shop{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.run(&format!("create database {name}"));
        Self { server: server.clone(), name, port: server.port }
    }
}

impl Elsewhere for Database {
    fn profiles(&self) -> String {
        profiles(self.port, &self.name, "")
    }

    fn session(&self) -> Box<dyn Session> {
        let port = self.server.port.to_string();
        let parameters = [
            ("host", "127.0.0.1"),
            ("port", &port),
            ("user", "postgres"),
            ("dbname", &self.name),
            ("sslmode", "disable"),
        ];
        let parameters = SPEC.read(parameters).unwrap();
        Postgres::open(&parameters, false).unwrap().session().unwrap()
    }

    fn save(&self, name: &str) {
        self.rest();
        let Self { name: own, .. } = self;
        self.server.run(&format!("create database {own}_{name} template {own}"));
    }

    fn restore(&self, name: &str) {
        let Self { name: own, .. } = self;
        let mut client = self.server.client();
        client.execute(&format!("drop database {own} with (force)"), &[]).unwrap();
        client.execute(&format!("create database {own} template {own}_{name}"), &[]).unwrap();
    }

    fn rest(&self) {
        let sql = "select count(*) from pg_stat_activity where datname = $1";
        let mut client = self.server.client();
        while client.query_one(sql, &[&self.name]).unwrap().get::<_, i64>(0) > 0 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

/// Runs a test whose projects go into databases of one server.
pub(crate) fn on_postgres(test: impl FnOnce()) {
    let server = Arc::new(Server::start());
    with(Box::new(move || Arc::new(Database::new(&server))), test);
}

/// A project that loads `raw.orders` from orders.csv as `load` says, into a database of its own.
pub(crate) fn shop(server: &Arc<Server>, load: &str) -> Project {
    shop_in(&Arc::new(Database::new(server)), load)
}

/// The same into a database that is there.
pub(crate) fn shop_in(database: &Arc<Database>, load: &str) -> Project {
    let mut project = Project::new();
    project.elsewhere = Some(database.clone());
    project.write("profiles.yml", &database.profiles());
    project.write("sources/raw.yml", &source("orders", load));
    project
}

/// What a source says.
pub(crate) fn source(table: &str, load: &str) -> String {
    format!(
        "sources:\n  - name: raw\n    tables:\n      - name: {table}\n        path: {table}.csv\n        \
         load: {{{load}}}\n"
    )
}

/// Rows of `id` and `v`, the same value in all of them.
pub(crate) fn rows(ids: std::ops::Range<u32>, value: &str) -> String {
    let rows: String = ids.map(|id| format!("{id},{value}\n")).collect();
    format!("id,v\n{rows}")
}

/// A client of the superuser in the project's database.
pub(crate) fn client(server: &Server, project: &Project) -> Client {
    let profiles = project.read("profiles.yml");
    let name = profiles.split("dbname: ").nth(1).unwrap().split(',').next().unwrap();
    server.client_of(name)
}
