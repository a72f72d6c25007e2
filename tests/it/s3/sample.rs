//! The sample project from objects of S3, held against what it makes of files.

use super::server::{KEY, SECRET, Server};
use crate::sample::{filled, has_the_tables_of_the_files};
use serde_json::json;

#[test]
fn the_sample_from_s3_is_the_sample_from_files() {
    let server = Server::start();
    std::fs::create_dir(server.bucket("flights")).unwrap();
    let project = filled("lake", |project| {
        let project = project.env("AWS_ENDPOINT_URL", &server.endpoint());
        let project = project.env("AWS_REGION", "us-east-1");
        project.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET)
    });
    let build = ["build", "--project-dir", "variants/s3"];
    project.run(build).succeeds().tallies("PASS=73 WARN=2 ERROR=0 SKIP=0");
    has_the_tables_of_the_files(&project, "s3");
    let marts = server.bucket("flights").join("marts");
    let rows = format!(
        "select (select count(*) from read_csv('{0}/carrier_delays.csv')), \
         (select count(*) from read_parquet('{0}/daily_flights/*/*.parquet'))",
        marts.display()
    );
    assert_eq!(project.query_in("variants/s3/flights.duckdb", &rows), json!([[185, 1095]]));
}
