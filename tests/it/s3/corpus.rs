//! The hostile files of tests/corpus give the same tables and the same errors from a store.

use super::server::{Server, quick, tests};
use crate::corpus::{cases, run};
use sqlflow::connector::file::FileObject;
use sqlflow::connector::s3::{S3, Sizes};

/// Everything is cut into small requests.
const SMALL: Sizes = Sizes { part: 512, upload: 5 << 20, whole: 0, tail: 16, gap: 0 };

#[test]
fn the_corpus_is_the_same_from_a_store() {
    let server = Server::start();
    let bucket = server.bucket("shop");
    std::fs::remove_dir(&bucket).unwrap();
    copy(&tests().join("corpus"), &bucket);
    let s3 = server.s3();
    let wrong: Vec<String> = cases().iter().filter_map(|case| difference(case, &s3)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let s3 = server.s3().tuned(quick(), SMALL);
    let mut cases = cases();
    cases.retain(|case| ["parquet", "partition", "_then_"].iter().any(|word| named(case, word)));
    let wrong: Vec<String> = cases.iter().filter_map(|case| difference(case, &s3)).collect();
    assert!(wrong.is_empty(), "in parts: {}", wrong.join("\n"));
}

fn named(case: &std::path::Path, word: &str) -> bool {
    case.file_name().unwrap().to_string_lossy().contains(word)
}

/// How the outcome of a case is another than from disk.
fn difference(folder: &std::path::Path, s3: &S3) -> Option<String> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let place = format!("s3://shop/{name}/");
    let (text, _) = run(folder, &|object, session| {
        let path = format!("{place}{}", object.path);
        let object = FileObject { path, ..object.clone() };
        s3.scan(&object, &s3.find(&object)?, session)
    });
    let text = text.replace(&place, "");
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    (text != expected).then(|| format!("{name}:\n{text}expected:\n{expected}"))
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
