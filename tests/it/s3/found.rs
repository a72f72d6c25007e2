//! Which objects a path means.

use super::server::{KEY, SECRET, Server};
use crate::corpus::session;
use sqlflow::connector::file::{FileError, FileObject, etag};
use sqlflow::connector::s3::S3;

fn object(path: &str) -> FileObject {
    FileObject { path: path.to_owned(), ..FileObject::default() }
}

fn names(s3: &S3, path: &str) -> Vec<String> {
    s3.find(&object(path)).unwrap().into_iter().map(|file| file.name).collect()
}

#[test]
fn ten_thousand_objects_are_found_over_many_pages_in_order() {
    let server = Server::start();
    for number in 0..10_000 {
        let (year, day) = (2015 + number / 1000, number % 1000);
        server.object(&format!("events/year={year}/{day:04}.csv"), format!("id\n{number}\n"));
    }
    let s3 = server.s3();
    let found = names(&s3, "s3://shop/events/**/*.csv");
    assert_eq!(found.len(), 10_000);
    assert!(found.is_sorted());
    assert_eq!(names(&s3, "events/year=2017/*.csv").len(), 1_000);
    // Listing takes one request a page, and nothing is fetched.
    assert_eq!(server.faults.served.load(std::sync::atomic::Ordering::Relaxed), 0);
    let files = s3.find(&object("events/year=2016/00*.csv")).unwrap();
    let mut session = session();
    let scan = s3.scan(&object("events/year=2016/00*.csv"), &files, &mut *session).unwrap();
    let sum = format!("select count(*), sum(id), min(year) from ({})", scan.sql);
    let rows = session.query(&sum, None).unwrap().rows;
    assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[[100,"104950","2016"]]"#);
}

#[test]
fn marks_and_empty_objects_are_no_files() {
    let server = Server::start();
    for key in ["d/a.csv", "d/_SUCCESS.csv", "d/.b.csv", "d/_tmp/c.csv", "d/e/f.csv", "dd/g.csv"] {
        server.object(key, "id\n1\n");
    }
    server.object("d/empty.csv", "").object("_d/h.csv", "id\n1\n");
    let s3 = server.s3();
    assert_eq!(names(&s3, "d/**/*.csv"), ["s3://shop/d/a.csv", "s3://shop/d/e/f.csv"]);
    assert_eq!(names(&s3, "d/*.csv"), ["s3://shop/d/a.csv"]);
    assert_eq!(names(&s3, "_d/*.csv"), ["s3://shop/_d/h.csv"]);
    assert_eq!(names(&s3, "s3://shop/d/_SUCCESS.csv"), ["s3://shop/d/_SUCCESS.csv"]);
    assert_eq!(names(&s3, "{d,dd}/?.csv"), ["s3://shop/d/a.csv", "s3://shop/dd/g.csv"]);
}

#[test]
fn what_a_path_does_not_mean_is_said_as_of_files() {
    let server = Server::start();
    server.object("d/a.csv", "id\n1\n").object("d/empty.csv", "").object("x[1].csv", "id\n1\n");
    let s3 = server.s3();
    let error = |path: &str| s3.find(&object(path)).unwrap_err();
    for (path, message) in [
        ("d/b.csv", "`s3://shop/d/b.csv` does not exist"),
        ("d/*.json", "no file matches `d/*.json`"),
        ("nowhere/*.json", "no file matches `nowhere/*.json`"),
        ("d/empty.csv", "`s3://shop/d/empty.csv` is empty"),
        ("d", "`s3://shop/d` cannot be read: is a directory"),
        ("d/", "`s3://shop/d/` cannot be read: is a directory"),
        ("s3://shop", "`s3://shop/` cannot be read: is a directory"),
        ("d/[", "`d/[` is not a glob: unclosed character class; missing ']'"),
    ] {
        assert_eq!(error(path).to_string(), message);
    }
    assert!(matches!(error("d/b.csv"), FileError::Missing { .. }));
    assert_eq!(names(&s3, "x[1].csv"), ["s3://shop/x[1].csv"]);
}

#[test]
fn keys_need_not_be_names_of_files() {
    let server = Server::start();
    let long = format!("{}/{}", "ä".repeat(100), "b".repeat(200));
    let keys = ["a b/ü'\"?.csv", "a+b/%20.csv", "a=1/k=x y/z.csv", &format!("{long}/x.csv")];
    for key in keys {
        server.object(key, "id\n7\n");
    }
    let s3 = server.s3();
    let mut session = session();
    for key in keys {
        let url = object(&format!("s3://shop/{key}"));
        let scan = s3.scan(&url, &s3.find(&url).unwrap(), &mut *session).unwrap();
        assert_eq!(session.query(&scan.sql, None).unwrap().rows[0][0], 7, "{key}");
        assert_eq!(scan.files[0].name, format!("s3://shop/{key}"));
    }
}

#[test]
fn a_relative_path_is_below_bucket_and_prefix() {
    let server = Server::start();
    server.object("raw/2024/a.csv", "id\n1\n");
    let keys = [("access_key_id", KEY), ("secret_access_key", SECRET)];
    let mut all = vec![("bucket", "shop"), ("prefix", "raw")];
    all.extend(keys);
    assert_eq!(names(&server.with(&all), "2024/*.csv"), ["s3://shop/raw/2024/a.csv"]);
    let error = server.with(&keys).find(&object("2024/*.csv")).unwrap_err();
    assert_eq!(error.to_string(), "`2024/*.csv` names no bucket");
}

#[test]
fn an_object_that_changes_is_another_one() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n");
    let s3 = server.s3();
    let files = s3.find(&object("a.csv")).unwrap();
    let before = etag(&files[0]).unwrap();
    assert!(!s3.changed(&files).unwrap());
    server.object("a.csv", "id\n1\n2\n");
    assert!(s3.changed(&files).unwrap());
    assert_ne!(etag(&s3.find(&object("a.csv")).unwrap()[0]).unwrap(), before);
}

#[test]
fn one_that_changed_after_it_was_found_is_read_as_it_is_now() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n").object("b.csv", "id\n5\n");
    let s3 = server.s3();
    let all = object("*.csv");
    let files = s3.find(&all).unwrap();
    server.object("a.csv", "id\n1\n2\n3\n");
    let mut session = session();
    let scan = s3.scan(&all, &files, &mut *session).unwrap();
    assert_eq!(scan.row_count, Some(4));
    assert_ne!(scan.files[0].etag, files[0].etag);
    assert!(!s3.changed(&scan.files).unwrap());
}

#[test]
fn what_was_fetched_goes_with_the_scan() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n");
    let scratch = tempfile::tempdir().unwrap();
    let all = FileObject { scratch: scratch.path().to_owned(), ..object("*.csv") };
    let s3 = server.s3();
    let mut session = session();
    let scan = s3.scan(&all, &s3.find(&all).unwrap(), &mut *session).unwrap();
    assert!(scan.files[0].path.starts_with(scratch.path()));
    assert!(scan.files[0].path.exists());
    drop(scan);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
