//! The sample project from tables of PostgreSQL, held against what it makes of files.

use super::server::Server;
use crate::sample::{filled, has_the_tables_of_the_files};

#[test]
fn the_sample_from_postgres_is_the_sample_from_files() {
    let server = Server::start();
    let port = server.port.to_string();
    let project = filled("database", |project| {
        let project = project.env("PGHOST", "127.0.0.1").env("PGPORT", &port);
        project.env("PGUSER", "postgres").env("PGPASSWORD", "").env("PGDATABASE", "postgres")
    });
    let build = ["build", "--project-dir", "variants/postgres"];
    project.run(build).succeeds().tallies("PASS=73 WARN=2 ERROR=0 SKIP=0");
    has_the_tables_of_the_files(&project, "postgres");
    let delays = "select count(*) from carrier_delays";
    assert_eq!(server.client().query_one(delays, &[]).unwrap().get::<_, i64>(0), 185);

    server.run(
        "update flights set distance = distance + 1 where time_hour = (select max(time_hour) from flights)",
    );
    let again = ["load", "--project-dir", "variants/postgres", "--select", "source:raw.flights"];
    project.run(again).succeeds().stderr_contains(" updated, ");
}
