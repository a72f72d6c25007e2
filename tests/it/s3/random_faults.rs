//! Faults at random while objects are read and written: the data is exactly right, or there is an
//! error and everything is as before.

use super::server::{Server, quick};
use crate::corpus::session;
use sqlflow::connector::file::FileObject;
use sqlflow::connector::s3::{Retry, S3, Sizes};

/// Faults that have to count; `SQLFLOW_TEST_FAULTS` asks for more.
const FAULTS: u32 = 20;

/// Small requests, so that much can go wrong; few attempts, so that some runs fail.
fn tuned(server: &Server) -> S3 {
    let sizes = Sizes { part: 100_000, upload: 5 << 20, whole: 1_000, tail: 1_000, gap: 1_000 };
    server.s3().tuned(Retry { attempts: 5, ..quick() }, sizes)
}

#[expect(clippy::disallowed_methods, reason = "whoever starts the tests says how long they take")]
pub(super) fn wanted() -> u32 {
    std::env::var("SQLFLOW_TEST_FAULTS").map_or(FAULTS, |count| count.parse().unwrap())
}

/// What is in the table, as text.
fn table(s3: &S3, path: &str) -> Result<String, String> {
    let object = FileObject { path: path.to_owned(), ..FileObject::default() };
    let mut session = session();
    let files = s3.find(&object).map_err(|error| error.to_string())?;
    let scan = s3.scan(&object, &files, &mut *session).map_err(|error| error.to_string())?;
    let sql = format!(
        "select count(*), sum(id)::varchar, bit_xor(hash(id, t))::varchar from ({})",
        scan.sql
    );
    Ok(serde_json::to_string(&session.query(&sql, None).unwrap().rows).unwrap())
}

#[test]
fn faults_while_objects_are_read() {
    let server = Server::start();
    let bucket = server.bucket("shop");
    let mut maker = session();
    for (ending, options) in [
        ("csv", ""),
        ("csv.gz", ", compression gzip"),
        ("json", ""),
        ("parquet", ", row_group_size 10000"),
    ] {
        for part in 0..3 {
            let path = bucket.join(format!("{part}.{ending}"));
            let format = ending.split('.').next().unwrap();
            let sql = format!(
                "copy (select i as id, md5(i::varchar) as t from range({part} * 10000, {part} * 10000 + 15000) r(i)) \
                 to '{}' (format {format}{options})",
                path.display()
            );
            maker.execute(&sql).unwrap();
        }
    }
    let s3 = tuned(&server);
    let paths = ["*.csv", "*.csv.gz", "*.json", "*.parquet"];
    let right = paths.map(|path| table(&s3, path).unwrap());
    let (mut seed, mut healed, mut failed) = (0, 0, 0);
    while count(&server) < wanted() {
        for (path, right) in paths.iter().zip(&right) {
            seed += 1;
            server.faults.at_random(seed, 4 + seed % 9);
            match table(&s3, path) {
                Ok(found) => {
                    healed += 1;
                    assert_eq!(found, *right, "{path}, seed {seed}");
                }
                Err(error) => {
                    failed += 1;
                    assert!(is_clean(&error), "{path}, seed {seed}: {error}");
                }
            }
        }
    }
    server.faults.at_random(0, 0);
    assert_eq!(paths.map(|path| table(&s3, path).unwrap()), right);
    assert!(healed > failed, "{healed} healed, {failed} failed");
    println!("{:?}: {healed} runs healed, {failed} failed", server.faults.hits());
}

#[test]
fn faults_while_objects_are_written() {
    let server = Server::start();
    let s3 = tuned(&server);
    let content = |number: u64| -> Vec<u8> {
        let byte = |at: u64| u8::try_from((at / 3 + number) % 251).unwrap();
        (0..(number % 2) * (6 << 20) + 70_000).map(byte).collect()
    };
    let mut before = content(0);
    s3.upload("out.bin", &mut &before[..]).unwrap();
    let (mut seed, mut healed, mut failed) = (0, 0, 0);
    while count(&server) < wanted() {
        seed += 1;
        server.faults.at_random(seed, 2 + seed % 3);
        let new = content(seed);
        let written = s3.upload("out.bin", &mut &new[..]);
        server.faults.at_random(0, 0);
        let stored = std::fs::read(server.bucket("shop").join("out.bin")).unwrap();
        match written {
            Ok(_) => {
                healed += 1;
                assert!(stored == new, "seed {seed}: another content");
                before = new;
            }
            Err(error) => {
                failed += 1;
                assert!(is_clean(&error.message), "seed {seed}: {error}");
                // The store may have done what it could not say any more.
                assert!(stored == before || stored == new, "seed {seed}: neither old nor new");
                before = stored;
            }
        }
    }
    s3.upload("out.bin", &mut &before[..]).unwrap();
    s3.abort_leftovers("", &|_| true).unwrap();
    assert_eq!(server.uploads(), 0);
    println!("{:?}: {healed} runs healed, {failed} failed", server.faults.hits());
}

fn count(server: &Server) -> u32 {
    server.faults.hits().values().sum()
}

/// Whether an error says that it was a fault of ours.
fn is_clean(error: &str) -> bool {
    ["cannot be reached", "overloaded or out of order", "have expired", "the connection broke"]
        .iter()
        .any(|text| error.contains(text))
}
