//! Of Parquet only what is needed is fetched.

use super::server::{Server, quick};
use crate::corpus::session;
use sqlflow::connector::file::FileObject;
use sqlflow::connector::s3::Sizes;
use sqlflow::mode::Selection;
use std::sync::atomic::Ordering;

/// An object of 40 groups of rows with narrow and wide columns.
fn wide(server: &Server, key: &str) -> u64 {
    let path = server.bucket("shop").join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sql = format!(
        "copy (
            select i as id, md5(i::varchar) as \"a, b\", md5((i + 1)::varchar) as text,
                {{'n': i, 't': md5((i + 2)::varchar)}} as nested, [i, -i] as list
            from range(200000) r(i)
        ) to '{}' (format parquet, row_group_size 5000, compression zstd)",
        path.display()
    );
    session().execute(&sql).unwrap();
    std::fs::metadata(path).unwrap().len()
}

fn object(path: &str, wanted: &[&str]) -> FileObject {
    let wanted = match wanted {
        [] => Selection::All,
        names => Selection::Only(names.iter().map(ToString::to_string).collect()),
    };
    FileObject { path: path.to_owned(), wanted, ..FileObject::default() }
}

#[test]
fn only_the_needed_columns_are_fetched() {
    let server = Server::start();
    let size = wide(&server, "wide.parquet");
    assert!(size > 8 << 20, "{size}");
    let s3 = server.s3().tuned(quick(), Sizes { gap: 1 << 10, ..Sizes::default() });
    let mut session = session();
    let mut served = 0;
    let mut read = |wanted: &[&str], query: &str| {
        let object = object("wide.parquet", wanted);
        let scan = s3.scan(&object, &s3.find(&object).unwrap(), &mut *session).unwrap();
        let rows = session.query(&query.replace("SCAN", &scan.sql), None).unwrap().rows;
        let before = std::mem::replace(&mut served, server.faults.served.load(Ordering::Relaxed));
        (serde_json::to_string(&rows).unwrap(), served - before)
    };
    let (rows, bytes) = read(&["id"], "select count(*), sum(id)::bigint from (SCAN)");
    assert_eq!(rows, "[[200000,19999900000]]");
    assert!(bytes * 10 < size, "{bytes} of {size}");
    let (rows, bytes) =
        read(&["nested", "a, b"], "select count(distinct \"a, b\"), max(nested.n) from (SCAN)");
    assert_eq!(rows, "[[200000,199999]]");
    assert!(bytes * 10 < size * 8 && bytes * 10 > size * 4, "{bytes} of {size}");
    let (rows, bytes) = read(&[], "select count(text), sum(list[2])::bigint from (SCAN)");
    assert_eq!(rows, "[[200000,-19999900000]]");
    assert!(bytes >= size && bytes < size + (1 << 10), "{bytes} of {size}");
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let server = Server::start();
    wide(&server, "wide.parquet");
    server.object("x.csv", "id,b\n1,2\n");
    let s3 = server.s3();
    for path in ["wide.parquet", "x.csv"] {
        let object = object(path, &["id", "colour"]);
        let error = s3.scan(&object, &s3.find(&object).unwrap(), &mut *session()).unwrap_err();
        assert_eq!(error.to_string(), "there is no column `colour` in the files");
    }
    let object = object("x.csv", &["b"]);
    let mut session = session();
    let scan = s3.scan(&object, &s3.find(&object).unwrap(), &mut *session).unwrap();
    let table = session.query(&scan.sql, None).unwrap();
    assert_eq!((table.columns.len(), &table.rows[0][0]), (1, &serde_json::json!(2)));
}

#[test]
fn partitions_and_many_objects_are_one_table() {
    let server = Server::start();
    for day in 1..=5 {
        wide(&server, &format!("d/day={day}/wide.parquet"));
    }
    let s3 = server.s3();
    let object = object("d/**/*.parquet", &["id", "day"]);
    let mut session = session();
    let scan = s3.scan(&object, &s3.find(&object).unwrap(), &mut *session).unwrap();
    let query =
        format!("select count(*), count(distinct day), sum(id)::bigint from ({})", scan.sql);
    let rows = session.query(&query, None).unwrap().rows;
    assert_eq!(serde_json::to_string(&rows).unwrap(), "[[1000000,5,99999500000]]");
}

#[test]
fn an_object_that_changes_between_footer_and_columns_is_read_from_the_start() {
    let server = Server::start();
    wide(&server, "wide.parquet");
    let s3 = server.s3();
    let object = object("wide.parquet", &["id"]);
    let files = s3.find(&object).unwrap();
    let other = "copy (select i as id, 'x' as t from range(3000000) r(i)) to 'PATH'";
    let path = server.bucket("shop").join("wide.parquet");
    session().execute(&other.replace("PATH", path.to_str().unwrap())).unwrap();
    let mut session = session();
    let scan = s3.scan(&object, &files, &mut *session).unwrap();
    let query = format!("select count(*) from ({})", scan.sql);
    assert_eq!(session.query(&query, None).unwrap().rows[0][0], 3_000_000);
}
