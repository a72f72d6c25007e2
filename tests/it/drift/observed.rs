//! What sources are like now, without a load and without the target.

use super::matrix::{after, before, policies};
use super::sources::{Shop, Source};
use crate::project::Project;
use sqlflow::diagnostic::{Code, Secrets};
use sqlflow::graph::{Graph, Invocation, NodeIndex, Surroundings, TargetRequest};
use sqlflow::load::{Observed, observe};
use sqlflow::run::{PrepareRequest, prepare};
use std::sync::Arc;

fn graph(project: &Project) -> Graph {
    let request = PrepareRequest {
        project: project.root().to_owned(),
        profiles: vec![project.root().to_owned()],
        target: TargetRequest { profile: None, target: None, threads: Some(1), engine: None },
        invocation: Invocation::default(),
    };
    let surroundings = Surroundings {
        environment: Arc::default(),
        secrets: Secrets::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
        invocation_id: "test".to_owned(),
        process_id: 1,
        host_name: "test".to_owned(),
    };
    let (graph, problems) = prepare(&request, &surroundings);
    graph.unwrap_or_else(|| panic!("{problems:?}"))
}

/// Every source table as it is now, by its name.
fn observed(project: &Project) -> (Graph, Vec<(String, Observed)>) {
    let graph = graph(project);
    let all: Vec<NodeIndex> =
        (0..u32::try_from(graph.nodes.len()).unwrap()).map(NodeIndex).collect();
    let scratch = project.root().join("target/scratch");
    let observed = observe(&graph, &all, &scratch).into_iter();
    let observed = observed.map(|one| (graph.node(one.node).name.clone(), one)).collect();
    (graph, observed)
}

/// Each change is seen as a load would see it, with the same words.
fn each_change(source: Source) {
    let changes: Vec<&str> = policies().into_iter().map(|(change, _)| change).collect();
    let name = |number: usize| format!("t{number}");
    let tables: Vec<(String, String)> =
        (0..changes.len()).map(|number| (name(number), "mode: replace".to_owned())).collect();
    let shop = Shop::new(source, &tables);
    shop.write(tables.iter().map(|(name, _)| (name, before(source))));
    let (_, first) = observed(&shop.project);
    assert!(first.iter().all(|(_, one)| one.accepted == Ok(None)));
    shop.project.run(["load"]).succeeds();
    let (graph, unchanged) = observed(&shop.project);
    for ((name, first), (_, second)) in first.iter().zip(&unchanged) {
        assert!(second.drift(&graph).unwrap().is_empty(), "{name}: {second:?}");
        assert_eq!(first.seen.as_ref().unwrap().columns, second.seen.as_ref().unwrap().columns);
    }
    let after = changes.iter().enumerate().filter_map(|(number, change)| {
        let (table, told) = after(change, source, &name(number))?;
        Some((name(number), table, told))
    });
    let after: Vec<_> = after.collect();
    shop.write(after.iter().map(|(name, table, _)| (name, table.clone())));
    shop.project.remove_if_there("shop.duckdb");
    let (graph, found) = observed(&shop.project);
    assert!(!shop.project.has("shop.duckdb"));
    for (name, _, told) in after {
        let (_, one) = found.iter().find(|(found, _)| *found == name).unwrap();
        let (drift, load) = (one.drift(&graph).unwrap(), graph.node(one.node).load().unwrap());
        let lines: Vec<_> =
            drift.difference.changes().map(|change| drift.told(load, change)).collect();
        assert_eq!(lines, [told], "{source:?}");
    }
}

#[test]
fn changes_of_files_are_seen_without_a_load() {
    for source in [Source::Csv, Source::Json, Source::Parquet] {
        each_change(source);
    }
}

#[cfg(feature = "s3")]
#[test]
fn changes_of_objects_are_seen_without_a_load() {
    each_change(Source::S3Csv);
    each_change(Source::S3Parquet);
}

#[cfg(feature = "postgres")]
#[test]
fn changes_of_tables_are_seen_without_a_load() {
    each_change(Source::Postgres);
}

#[test]
fn what_is_gone_or_broken_does_not_hide_the_others() {
    let tables = ["a", "b", "c"].map(|name| (name.to_owned(), "mode: replace".to_owned()));
    let shop = Shop::new(Source::Csv, &tables);
    shop.write(tables.iter().map(|(name, _)| (name, before(Source::Csv))));
    shop.project.run(["load"]).succeeds();
    shop.project.remove("data/a.csv");
    shop.project.write("schemas/raw/b.yml", "version: 1\n");
    let (graph, found) = observed(&shop.project);
    let [a, b, c] = [0, 1, 2].map(|index: usize| &found[index].1);
    let problems = a.seen.as_ref().unwrap_err();
    assert_eq!(problems[0].code, Code::SOURCE_MISSING);
    assert!(problems[0].notes.iter().any(|note| note.starts_with("version 1 of its schema")));
    assert_eq!(b.accepted.as_ref().unwrap_err()[0].code, Code::SNAPSHOT_UNREADABLE);
    assert_eq!(b.seen.as_ref().unwrap().columns.len(), 4);
    assert!(c.drift(&graph).unwrap().is_empty());
}

/// A load that reads each file once accepted what came with the last one.
#[test]
fn files_of_earlier_loads_are_no_drift() {
    let project = Project::new().file(
        "sources/raw.yml",
        "sources:\n  - name: raw\n    tables:\n      - {name: t, path: in/*.csv, load: {mode: append, on_drift: permissive}}\n",
    );
    project.write("in/1.csv", "id\n1\n");
    project.run(["load"]).succeeds();
    project.write("in/2.csv", "id,v\n2,x\n");
    project.run(["load"]).succeeds().stderr_contains("SF404");
    let (graph, found) = observed(&project);
    assert!(found[0].1.drift(&graph).unwrap().is_empty());
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_is_asked_once_for_all_its_tables_and_queries() {
    use crate::postgres::server::Server;
    let server = Server::with(&["log_statement=all"], |_| {});
    let mut yaml =
        "sources:\n  - name: crm\n    connection: crm\n    schema: public\n    tables:\n"
            .to_owned();
    let mut tables = String::new();
    for number in 0..200 {
        yaml.push_str(&format!("      - {{name: t{number}}}\n"));
        tables.push_str(&format!("create table t{number} (id int primary key, v text);"));
    }
    yaml.push_str("      - {name: q, query: \"select id, v from t1\"}\n      - {name: wrong, query: select nothing from t1}\n");
    server.run(&tables);
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    \
         crm: {{type: postgres, host: 127.0.0.1, port: {}, user: postgres, dbname: postgres, sslmode: disable}}\n",
        server.port
    );
    let project = Project::new().file("profiles.yml", &profiles).file("sources/crm.yml", &yaml);
    let before = server.log().matches("execute").count();
    let (_, found) = observed(&project);
    let asked = server.log().matches("execute").count() - before;
    assert!(asked <= 4, "{asked} statements");
    assert_eq!(found.len(), 202);
    for (name, one) in &found {
        assert_eq!(one.seen.is_ok(), name != "wrong", "{name}: {:?}", one.seen);
    }
    server.stop();
    let (_, found) = observed(&project);
    for (name, one) in &found {
        assert_eq!(one.seen.as_ref().unwrap_err()[0].code, Code::CONNECTION_FAILED, "{name}");
    }
}
