//! How fast objects become a table, beside DuckDB's own reader of S3 and beside local files.
//!
//! `SQLFLOW_BENCH_PYTHON=python3 cargo test --release --test it -- --ignored s3::speed --nocapture`
//! with a Python that has `duckdb` and `duckdb-extension-httpfs`; `SQLFLOW_BENCH_ROWS` for another
//! number of rows.

use super::server::{KEY, SECRET, Server};
use sqlflow::connector::file::{FileObject, find, scan};
use sqlflow::connector::s3::{S3, SPEC};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::mode::Selection;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const HTTPFS: &str = r#"
import pathlib, sys, time, duckdb, duckdb_extension_httpfs
endpoint, key, secret, path, database = sys.argv[1:]
connection = duckdb.connect(database)
folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent
extension = next(folder.glob("extensions/*/httpfs.duckdb_extension"))
connection.execute(f"load '{extension}'")
connection.execute("set enable_progress_bar = false")
connection.execute(f"""create secret (type s3, key_id '{key}', secret '{secret}', endpoint '{endpoint}',
    url_style 'path', use_ssl false, region 'us-east-1')""")
for query in ["*", "id, amount"]:
    begin = time.time()
    connection.execute(f"create or replace table t as select {query} from read_parquet('{path}')")
    print(f"httpfs: {query}: {time.time() - begin:.2f} s")
"#;

#[test]
#[ignore = "a measurement"]
fn parquet_into_a_table() {
    let rows: u64 = told("SQLFLOW_BENCH_ROWS").map_or(10_000_000, |rows| rows.parse().unwrap());
    let server = Server::start();
    let path = server.bucket("shop").join("rows.parquet");
    make(&path, rows);
    println!("{rows} rows, {} MB", std::fs::metadata(&path).unwrap().len() >> 20);
    let endpoint = server.endpoint();
    let given = [("endpoint", endpoint.as_str()), ("bucket", "shop"), ("region", "us-east-1")];
    let keys = [("access_key_id", KEY), ("secret_access_key", SECRET)];
    let s3 = S3::new(&SPEC.read(given.into_iter().chain(keys)).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for wanted in [&[][..], &["id", "amount"]] {
        for round in 0..3 {
            println!("{round} local: {wanted:?}: {:.2} s", local(folder.path(), &path, wanted));
            let (fetched, all) = fetched(folder.path(), &s3, wanted);
            println!("{round} sqlflow: {wanted:?}: {all:.2} s, of that scan {fetched:.2} s");
        }
    }
    let python = told("SQLFLOW_BENCH_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let host = endpoint.trim_start_matches("http://");
    for round in 0..3 {
        let database = folder.path().join(format!("httpfs{round}.duckdb"));
        let mut command = Command::new(&python);
        command.args(["-c", HTTPFS, host, KEY, SECRET, "s3://shop/rows.parquet"]).arg(&database);
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        println!("{round} {}", String::from_utf8_lossy(&told));
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever measures says what")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn make(path: &Path, rows: u64) {
    let sql = format!(
        "copy (
            select i as id, (i * 7919 % 100000)::integer as customer,
                ((i * 31) % 10000000 / 100)::decimal(12, 2) as amount,
                timestamp '2020-01-01' + interval (i % 100000000) second as at,
                'order ' || (i % 5000) as note
            from range({rows}) r(i)
        ) to '{}' (format parquet)",
        path.display()
    );
    session(None).execute(&sql).unwrap();
}

fn session(file: Option<&Path>) -> Box<dyn Session> {
    let location = file.map_or(Location::Memory, |file| Location::File(file.to_owned()));
    DuckDb::open(&Options::new(location)).unwrap().session().unwrap()
}

fn object(path: &str, wanted: &[&str]) -> FileObject {
    let wanted = match wanted {
        [] => Selection::All,
        names => Selection::Only(names.iter().map(ToString::to_string).collect()),
    };
    FileObject { path: path.to_owned(), wanted, ..FileObject::default() }
}

fn local(folder: &Path, path: &Path, wanted: &[&str]) -> f64 {
    let database = folder.join("local.duckdb");
    _ = std::fs::remove_file(&database);
    let mut session = session(Some(&database));
    let begin = Instant::now();
    let object = object(path.to_str().unwrap(), wanted);
    let scan = scan(&object, &find(&object).unwrap(), &mut *session).unwrap();
    session.execute(&format!("create table t as {}", scan.sql)).unwrap();
    begin.elapsed().as_secs_f64()
}

/// Seconds until everything is on this machine, and until it is a table.
fn fetched(folder: &Path, s3: &S3, wanted: &[&str]) -> (f64, f64) {
    let database = folder.join("s3.duckdb");
    _ = std::fs::remove_file(&database);
    let mut session = session(Some(&database));
    let begin = Instant::now();
    let object = object("rows.parquet", wanted);
    let scan = s3.scan(&object, &s3.find(&object).unwrap(), &mut *session).unwrap();
    let fetched = begin.elapsed().as_secs_f64();
    session.execute(&format!("create table t as {}", scan.sql)).unwrap();
    (fetched, begin.elapsed().as_secs_f64())
}
