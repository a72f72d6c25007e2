//! A project whose connection `lake` is a store, and what is in the store.

use super::server::{KEY, SECRET, Server};
use crate::project::{PROFILES, Project};
use fancy_regex::Regex;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The right keys, as a profile has them.
pub(super) fn keys() -> String {
    format!("access_key_id: {KEY}, secret_access_key: {SECRET}")
}

/// `profiles.yml` where `lake` is `server`, with the parameters `more`.
pub(super) fn profiles(server: &Server, more: &str) -> String {
    format!(
        "{PROFILES}  connections:\n    lake: {{type: s3, region: us-east-1, endpoint: '{}', {more}}}\n",
        server.endpoint()
    )
}

/// A project with `orders`, a model of ten rows, and exports to the bucket `shop`.
pub(super) fn project(server: &Server, exports: &str) -> Project {
    let orders = "select i as id, 'n' || i % 3 as name from range(10) r(i) order by i";
    Project::new()
        .file("profiles.yml", &profiles(server, &format!("bucket: shop, {}", keys())))
        .model("orders", orders)
        .file("models/exports.yml", &format!("exports:\n{exports}"))
}

/// Every object below `folder` of the bucket `shop`, without the ids of runs.
pub(super) fn names(server: &Server, folder: &str) -> Vec<String> {
    let id = Regex::new(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}").unwrap();
    let names = objects(&server.bucket("shop").join(folder)).into_iter();
    names.map(|name| id.replace_all(&name, "RUN").into_owned()).collect()
}

/// Every object below the directory `folder` of a bucket, sorted.
pub(super) fn objects(folder: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = walk.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir());
    let path = |entry: walkdir::DirEntry| {
        entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned()
    };
    files.map(path).collect()
}

/// An object of the bucket `shop`.
pub(super) fn stored(server: &Server, key: &str) -> Vec<u8> {
    let path = server.bucket("shop").join(key);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{key}: {error}"))
}

/// The manifest of the folder `folder` of the bucket `shop`; what it says of its files is so.
pub(super) fn manifest(server: &Server, folder: &str) -> (Value, Vec<PathBuf>) {
    let folder = server.bucket("shop").join(folder);
    let text = std::fs::read(folder.join("_manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&text).unwrap();
    let file = |file: &Value| {
        let path = folder.join(file["path"].as_str().unwrap());
        assert_eq!(file["bytes"].as_u64(), Some(std::fs::metadata(&path).unwrap().len()));
        path
    };
    let files = manifest["files"].as_array().unwrap().iter().map(file).collect();
    (manifest, files)
}

/// The lines of the files of a manifest, without headers, sorted.
pub(super) fn listed(server: &Server, folder: &str) -> Vec<String> {
    let (manifest, files) = manifest(server, folder);
    let lines = |path: &PathBuf| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    };
    let mut rows: Vec<String> = files.iter().flat_map(lines).collect();
    assert_eq!(manifest["rows"].as_u64(), Some(rows.len() as u64));
    rows.sort();
    rows
}
