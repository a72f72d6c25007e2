//! The way to the server breaks at some byte: an error, never wrong rows.

use super::proxy::Proxy;
use super::server::{Server, all, read, table};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use sqlflow::connector::{Connector, Kind, ReadRequest};
use std::cell::Cell;

/// How many cuts; more with `SQLFLOW_TEST_FAULTS=200`.
#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn faults() -> u32 {
    std::env::var("SQLFLOW_TEST_FAULTS").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

#[test]
fn a_connection_cut_at_any_byte_is_an_error_and_never_wrong_rows() {
    let server = Server::start();
    server.run(
        "create table t (id int, pad text);
         insert into t select i, repeat('x', 900) from generate_series(1, 20000) i",
    );
    let total: usize = 20_000 * 930;
    let (hits, whole) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases: faults(),
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome =
        TestRunner::new(config).run(&(0..total + total / 8, 1..4_usize), |(bytes, connections)| {
            let proxy = Proxy::cut_after(server.port, bytes);
            let port = proxy.port.to_string();
            let postgres = server.connector(&[("port", &port)]);
            let request = ReadRequest { connections, ..all(table("t")) };
            let outcome = read(&postgres, &request);
            if proxy.hit() {
                hits.set(hits.get() + 1);
            }
            match outcome {
                Ok(mut rows) => {
                    whole.set(whole.get() + 1);
                    rows.sort_by_key(|row| row[0].parse::<i32>().unwrap());
                    prop_assert_eq!(rows.len(), 20_000);
                    prop_assert!(rows.iter().zip(1..).all(|(row, id)| row[0] == id.to_string()));
                }
                Err(error) => {
                    prop_assert_eq!(error.kind, Kind::Network, "{}", error);
                    prop_assert!(error.help.is_some(), "{}", error);
                }
            }
            Ok(())
        });
    outcome.unwrap();
    println!(
        "{} of {} cuts came while rows were on their way; {} reads were whole",
        hits.get(),
        faults(),
        whole.get()
    );
    assert!(hits.get() * 2 > faults(), "{} cuts hit", hits.get());
}

#[test]
fn a_server_that_stops_is_an_error() {
    let server = Server::start();
    server.run(
        "create table t as select i, repeat('x', 900) as pad from generate_series(1, 50000) i",
    );
    let postgres = server.connector(&[]);
    let mut batches = postgres.read(&all(table("t"))).unwrap();
    batches.next().unwrap().unwrap();
    server.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sqlflow'",
    );
    let error = loop {
        match batches.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the read went on"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, Kind::Network, "{error}");
}
