//! A PostgreSQL database under the contract.

use super::{Failing, Subject};
use crate::postgres::server::{Server, table};
use sqlflow::connector::{Kind, Object, WriteMode};

pub(super) struct Database(Server);

impl Database {
    pub(super) fn new() -> Self {
        let server = Server::with(&[], |data| {
            let rules = "host all postgres all trust\nhost all all all scram-sha-256\n";
            std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        });
        server.run(
            "create table people (id bigint, name text, at timestamp);
             insert into people values (1, 'Ann', '2024-01-01 10:00'), (2, 'Bo', '2024-01-01 11:00'),
                 (3, 'C, \"x\"', null), (4, null, '2024-01-01 12:00');
             create view view_of_people as select * from people;
             create materialized view kept_people as select * from people;
             create table empty as select * from people where false;
             create schema shut;
             create role guest login password 'open';
             create role reader login password 'open';
             revoke create on schema public from public;
             grant select on people to reader;",
        );
        Self(server)
    }
}

impl Subject for Database {
    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let port = self.0.port.to_string();
        let all = [
            ("host", "127.0.0.1"),
            ("port", &port),
            ("user", "postgres"),
            ("dbname", "postgres"),
            ("sslmode", "disable"),
            ("retries", "0"),
        ];
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn people(&self) -> Vec<Object> {
        let query = Object::Query("select * from people;".to_owned());
        vec![table("people"), table("public.view_of_people"), table("kept_people"), query]
    }

    fn empty(&self) -> Vec<Object> {
        vec![table("empty"), Object::Query("select * from people where false".to_owned())]
    }

    fn absent(&self) -> Vec<Object> {
        vec![
            table("nobody"),
            table("nowhere.people"),
            Object::Query("select * from nobody".to_owned()),
        ]
    }

    fn foreign(&self) -> Object {
        Object::Files("people.csv".to_owned())
    }

    fn failing(&self) -> Vec<Failing> {
        let role = |name: &str, password: &str| {
            vec![("user", name.to_owned()), ("password", password.to_owned())]
        };
        vec![
            ("reached", vec![("port", "1".to_owned())], Kind::Network),
            ("authenticated", role("guest", "shut"), Kind::Auth),
            ("authenticated", vec![("dbname", "nowhere".to_owned())], Kind::NotFound),
            ("may read", role("guest", "open"), Kind::Permission),
            ("may write", role("reader", "open"), Kind::Permission),
        ]
    }

    fn written(&self) -> (Object, Vec<WriteMode>) {
        let key = vec!["id".to_owned()];
        (table("out"), vec![WriteMode::Replace, WriteMode::Append, WriteMode::Merge { key }])
    }

    fn is_quiet(&self) -> bool {
        let left = "select count(*) from pg_stat_activity where application_name = 'sqlflow'";
        self.0.client().query_one(left, &[]).unwrap().get::<_, i64>(0) == 0
    }
}
