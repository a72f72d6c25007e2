//! Faults at random while `sqlflow` itself loads from a store and exports to it: each run succeeds,
//! or ends in a clean error; the data is exactly right, or exactly as before.
//!
//! A fault counts where bytes of an object had flowed and the object was not whole yet. Of a storm,
//! and of what stays broken, only the first counts.

use super::faults::Fault;
use super::random_faults::wanted;
use super::server::Server;
use super::shop::{keys, manifest, names, profiles, project};
use crate::corpus::session;
use crate::project::{Project, Ran};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What came of the runs.
#[derive(Default)]
struct Tally {
    healed: u32,
    failed: BTreeMap<String, u32>,
}

impl Tally {
    /// Whether the run succeeded; if not, it said so in one error, of a kind that a store is to blame
    /// for, for each thing that failed.
    fn take(&mut self, ran: &Ran, seed: u64) -> bool {
        let errors: Vec<&str> =
            ran.stderr.lines().filter(|line| line.starts_with("error")).collect();
        if errors.is_empty() {
            assert!(ran.stderr.contains("ERROR=0"), "seed {seed}: {ran}");
            self.healed += 1;
            return true;
        }
        let is_clean =
            |error: &&str| ["[SF603]", "[SF604]", "[SF605]", "[SF606]"].contains(&&error[5..12]);
        assert!(errors.iter().all(is_clean), "seed {seed}: {ran}");
        assert!(ran.stderr.contains(&format!("ERROR={} ", errors.len())), "seed {seed}: {ran}");
        *self.failed.entry(errors[0][6..11].to_owned()).or_default() += 1;
        false
    }

    /// For people.
    fn told(&self, server: &Server) -> String {
        let (hits, healed) = (server.faults.hits(), self.healed);
        let count: u32 = hits.values().sum();
        format!("{count} faults {hits:?}; {healed} runs healed, {:?} failed", self.failed)
    }
}

/// What goes wrong in the run `seed`: faults here and there, and in some runs the store is gone for
/// good from some moment on.
fn prepare(server: &Server, seed: u64) {
    server.faults.at_random(seed, 2 + seed % 4);
    let end = match seed % 24 {
        5 | 17 => Fault::Expired,
        9 => Fault::Denied,
        13 => Fault::SlowDown,
        21 => Fault::Dropped,
        _ => return,
    };
    server.faults.end_with(seed % 7, end);
}

fn count(server: &Server) -> u32 {
    server.faults.hits().values().sum()
}

/// Runs `sqlflow` with the faults of `seed`.
fn run(project: &Project, server: &Server, seed: u64, args: &[&str]) -> Ran {
    prepare(server, seed);
    let ran = project.run(args);
    server.faults.at_random(0, 0);
    ran
}

/// Objects of the version `version`, in files of each format.
fn make_objects(folder: &Path, version: u32) {
    std::fs::create_dir_all(folder).unwrap();
    let mut maker = session();
    for (ending, rows, options) in [
        ("csv", 4_000, ""),
        ("csv.gz", 4_000, ", compression gzip"),
        ("json", 3_000, ""),
        ("parquet", 60_000, ", row_group_size 10000, compression uncompressed"),
    ] {
        let format = ending.split('.').next().unwrap();
        for part in 0..2 {
            let path = folder.join(format!("{part}.{ending}"));
            maker
                .execute(&format!(
                    "copy (select i as id, md5((i + {version})::varchar) as t, i % 9 as other from \
                     range({part} * {rows}, {part} * {rows} + {rows} + {version}) r(i)) to '{}' (format {format}{options})",
                    path.display()
                ))
                .unwrap();
        }
    }
}

const TABLES: [&str; 4] = ["csv", "gz", "json", "parquet"];

/// What is in each table.
fn tables(project: &Project) -> Vec<Value> {
    let table = |name: &&str| {
        project.query(&format!(
            "select count(*), sum(id)::varchar, bit_xor(hash(id, t))::varchar from raw.{name}"
        ))
    };
    TABLES.iter().map(table).collect()
}

// proves: E-8
#[test]
fn loads_are_exactly_right_or_exactly_as_before() {
    let server = Server::start();
    let bucket = server.bucket("shop");
    for version in [0, 1] {
        make_objects(&bucket.join(format!("v{version}")), version);
    }
    let table = |name: &str| {
        let glob = if name == "gz" { "*.csv.gz".to_owned() } else { format!("*.{name}") };
        format!("      - {{name: {name}, path: 'in/{glob}', columns: [{{name: id}}]}}\n")
    };
    let yaml: String = TABLES.iter().map(|name| table(name)).collect();
    let project = Project::new()
        .file("profiles.yml", &profiles(&server, &format!("bucket: shop, {}", keys())))
        .file(
            "sources/raw.yml",
            &format!("sources:\n  - name: raw\n    connection: lake\n    tables:\n{yaml}"),
        );
    let mut now = 0;
    let mut show = |version: u32| {
        if version != now {
            std::fs::rename(bucket.join("in"), bucket.join(format!("v{now}"))).unwrap();
            std::fs::rename(bucket.join(format!("v{version}")), bucket.join("in")).unwrap();
        }
        now = version;
    };
    std::fs::rename(bucket.join("v0"), bucket.join("in")).unwrap();
    let mut right = Vec::new();
    for version in [0, 1] {
        show(version);
        project.run(["load"]).succeeds();
        right.push(tables(&project));
    }
    assert_ne!(right[0], right[1]);
    let mut before = right[1].clone();
    let (mut tally, mut seed) = (Tally::default(), 0);
    while count(&server) < wanted() {
        seed += 1;
        let version = u32::try_from(seed % 2).unwrap();
        show(version);
        let ran = run(&project, &server, seed, &["load"]);
        let healed = tally.take(&ran, seed);
        let (found, expected) = (tables(&project), &right[version as usize]);
        for (table, found) in found.iter().enumerate() {
            let is_right = *found == expected[table];
            let as_before = !healed && *found == before[table];
            assert!(is_right || as_before, "{} after seed {seed}: {ran}", TABLES[table]);
        }
        assert!(project.files("target/scratch").is_empty(), "seed {seed}");
        before = found;
    }
    println!("loads: {}", tally.told(&server));
}

/// The rows that a reader of the manifest gets.
fn exported(server: &Server) -> Value {
    let (manifest, files) = manifest(server, "out");
    let files: Vec<String> = files.iter().map(|file| format!("'{}'", file.display())).collect();
    let mut session = session();
    let sql = format!(
        "select count(*), sum(id)::varchar, bit_xor(hash(id, t, p::bigint))::varchar, min(version), max(version) \
         from read_csv([{}], hive_partitioning = true)",
        files.join(", ")
    );
    let rows = session.query(&sql, None).unwrap().rows;
    assert_eq!(manifest["rows"], rows[0][0]);
    json!(rows[0])
}

/// The rows of the export `version`; `big` ones need several parts of an upload.
fn rows(version: u64, is_big: bool) -> String {
    let (count, width) = if is_big { (60_000, 600) } else { (9_000, 1) };
    format!(
        "select i as id, repeat(md5((i + {version})::varchar), {width} // 32 + 1) as t, {version} as version, \
         (i * i) % 3 as p from range({count}) r(i)"
    )
}

// proves: E-8
#[test]
fn exports_are_exactly_right_or_exactly_as_before() {
    let server = Server::start();
    let project = project(&server, "");
    let write = |version: u64| {
        let rows = rows(version, version % 6 == 3);
        let exports = format!(
            "exports:\n  - {{name: all, query: \"{rows}\", connection: lake, path: out/, format: csv, options: {{partition_by: p}}}}\n  \
             - {{name: one, query: \"select {version} as version\", connection: lake, path: one/x.csv}}\n"
        );
        project.write("models/exports.yml", &exports);
    };
    let one = || std::fs::read_to_string(server.bucket("shop").join("one/x.csv")).unwrap();
    write(0);
    project.run(["export"]).succeeds();
    let mut before = (exported(&server), one());
    let (mut tally, mut seed) = (Tally::default(), 0);
    while count(&server) < wanted() {
        seed += 1;
        write(seed);
        let ran = run(&project, &server, seed, &["export"]);
        let healed = tally.take(&ran, seed);
        let found = (exported(&server), one());
        let new = format!("version\n{seed}\n");
        let is_new = found.0[3] == seed && found.0 == expected(seed);
        assert!(is_new || (!healed && found.0 == before.0), "seed {seed}: {found:?} {ran}");
        assert!(found.1 == new || (!healed && found.1 == before.1), "seed {seed}: {found:?} {ran}");
        if healed && !ran.stderr.contains("warning") {
            assert_eq!(names(&server, "out").len(), 1 + 2, "seed {seed}");
            assert_eq!(server.uploads(), 0, "seed {seed}");
        }
        assert!(project.files("target/scratch").is_empty(), "seed {seed}");
        before = found;
    }
    seed += 1;
    write(seed);
    project.run(["export"]).succeeds();
    assert_eq!(exported(&server), expected(seed));
    assert_eq!((names(&server, "out").len(), server.uploads()), (3, 0));
    println!("exports: {}", tally.told(&server));
}

/// What is exported as `version`.
fn expected(version: u64) -> Value {
    let sql = format!(
        "select count(*), sum(id)::varchar, bit_xor(hash(id::bigint, t, p::bigint))::varchar, min(version)::bigint, \
         max(version)::bigint from ({})",
        rows(version, version % 6 == 3)
    );
    json!(session().query(&sql, None).unwrap().rows[0])
}
