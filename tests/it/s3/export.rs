//! Exports to a store by the command line: what is there then is what is there on disk.

use super::server::Server;
use super::shop::{keys, listed, manifest, names, profiles, project, stored};
use crate::project::Project;
use serde_json::json;

// proves: E-1
#[test]
fn each_format_and_option_gives_the_bytes_that_it_gives_on_disk() {
    let server = Server::start();
    let cases = [
        ("x.csv", "{}"),
        ("x.csv", "{delimiter: ';', quote: \"'\", header: false, 'null': NA}"),
        ("x.csv", "{date_format: '%d.%m.%Y'}"),
        ("x.csv.gz", "{}"),
        ("x.json", "{}"),
        ("x.json.zst", "{}"),
        ("x.parquet", "{}"),
        ("x.parquet", "{compression: snappy, row_group_size: 2048}"),
        ("x.parquet", "{compression: gzip}"),
    ];
    let export = |number: usize, (path, options): (&str, &str)| {
        let of = |name: &str, connection: &str| {
            format!(
                "  - name: {name}{number}\n    query: \"select i as id, nullif(i % 7, 0) as v, 'a;''b' as t, \
                 date '2024-02-01' + i::int as day from range(5000) r(i)\"\n    path: out{number}/{path}\n    \
                 options: {options}\n{connection}"
            )
        };
        of("disk", "") + &of("lake", "    connection: lake\n")
    };
    let exports: String = cases.iter().enumerate().map(|(n, case)| export(n, *case)).collect();
    let project = project(&server, &exports);
    project.run(["export"]).succeeds();
    for (number, (path, options)) in cases.iter().enumerate() {
        let key = format!("out{number}/{path}");
        let on_disk = std::fs::read(project.root().join(&key)).unwrap();
        assert!(on_disk == stored(&server, &key), "{path} {options}");
    }
    assert!(project.files("target/scratch").is_empty());
}

// proves: E-1
#[test]
fn an_object_of_many_parts_is_whole() {
    let server = Server::start();
    let rows = "select i as id, md5(i::varchar) as t from range(900000) r(i)";
    let project = project(
        &server,
        &format!(
            "  - {{name: disk, query: \"{rows}\", path: x.csv}}\n  - {{name: lake, query: \"{rows}\", path: x.csv, connection: lake}}\n"
        ),
    );
    project.run(["export"]).succeeds();
    let there = stored(&server, "x.csv");
    assert!(there.len() > 2 * (16 << 20), "{}", there.len());
    assert!(std::fs::read(project.root().join("x.csv")).unwrap() == there);
    assert_eq!(server.uploads(), 0);
}

#[test]
fn values_of_partitions_are_in_keys_and_come_back() {
    let server = Server::start();
    let rows = "select * from (values (1, 'a b/c', 2024), (2, null, 2024), (3, 'é=1%', null), (4, 'NULL', 2023), \
                (5, 'x', 2023), (6, 'x', 2023)) t(id, \"key\", year)";
    let project = project(
        &server,
        "  - name: odd\n    from: ref('odd')\n    connection: lake\n    path: a b/ü=1/\n    format: csv\n    options: {partition_by: [year, key]}\n",
    );
    project.write("models/odd.sql", rows);
    project.run(["build"]).succeeds().stderr_contains("5 files");
    assert_eq!(
        names(&server, "a b/ü=1"),
        [
            "_manifest.json",
            "year=2023/key=%4EULL/odd-RUN-00001.csv",
            "year=2023/key=x/odd-RUN-00002.csv",
            "year=2024/key=__HIVE_DEFAULT_PARTITION__/odd-RUN-00004.csv",
            "year=2024/key=a%20b%2Fc/odd-RUN-00003.csv",
            "year=__HIVE_DEFAULT_PARTITION__/key=%C3%A9%3D1%25/odd-RUN-00005.csv",
        ]
    );
    assert_eq!(manifest(&server, "a b/ü=1").0["rows"], json!(6));
    project.write(
        "sources/raw.yml",
        "sources:\n  - {name: raw, connection: lake, tables: [{name: odd, path: 'a b/ü=1/*/*/*.csv'}]}\n",
    );
    project.run(["load"]).succeeds();
    let other = project.query(
        "select id, \"key\", year from main.odd except all select id, \"key\", year::int from raw.odd",
    );
    assert_eq!(other, json!([]));
}

#[test]
fn names_of_all_kinds_are_keys() {
    let server = Server::start();
    for path in ["a b/ü+'\"&/x y=1.csv", "p%41/%20.csv", "100%/k=v/x.csv", "#a;b/c@d:e,f$.csv"] {
        let yaml = serde_json::to_string(path).unwrap();
        let project = project(
            &server,
            &format!(
                "  - name: x\n    from: ref('orders')\n    connection: lake\n    path: {yaml}\n"
            ),
        );
        project.run(["build"]).succeeds();
        project.run(["build"]).succeeds();
        assert!(stored(&server, path).starts_with(b"id,name\n0,n0\n"), "{path}");
    }
    let whole = "  - {name: x, from: ref('orders'), connection: lake, path: 's3://kept/a/x.csv'}\n";
    project(&server, whole).run(["build"]).succeeds();
    assert!(server.bucket("kept").join("a/x.csv").exists());
}

#[test]
fn files_are_split_by_rows_and_by_size() {
    let server = Server::start();
    let project = project(
        &server,
        "  - name: few\n    from: ref('orders')\n    connection: lake\n    path: few/\n    format: json\n    options: {max_rows_per_file: 4}\n  \
           - name: big\n    query: select i as id, md5(i::varchar) as text from range(40000) r(i)\n    connection: lake\n    path: big/\n    format: csv\n    options: {file_size: 400kB}\n",
    );
    project.run(["build"]).succeeds();
    let few = ["few-RUN-00001.json", "few-RUN-00002.json", "few-RUN-00003.json"];
    assert_eq!(names(&server, "few")[1..], few);
    let (big, files) = manifest(&server, "big");
    assert!(files.len() > 2, "{big}");
    let rows = listed(&server, "big");
    assert_eq!(rows.len(), 40_000);
    for file in &big["files"].as_array().unwrap()[..files.len() - 1] {
        assert!((200_000..=500_000).contains(&file["bytes"].as_u64().unwrap()), "{big}");
    }
}

// proves: E-2
#[test]
fn a_second_run_replaces_the_objects_of_the_first() {
    let server = Server::start();
    let project = project(
        &server,
        "  - name: all\n    from: ref('orders')\n    connection: lake\n    path: out\n    format: csv\n    options: {partition_by: name}\n",
    );
    project.run(["build"]).succeeds();
    let first = manifest(&server, "out").0;
    server.object("out/README", "who reads this").object("outer/x.csv", "not in that folder");
    project.write("models/orders.sql", "select 7 as id, 'n1' as name");
    project.run(["build"]).succeeds();
    assert_eq!(listed(&server, "out"), ["7"]);
    let left = ["README", "_manifest.json", "name=n1/all-RUN-00001.csv"];
    assert_eq!(names(&server, "out"), left);
    assert_ne!(first["run_id"], manifest(&server, "out").0["run_id"]);
    server.object("out/mine.csv", "id\n1\n");
    project
        .run(["export"])
        .fails_with("SF330")
        .stderr_contains("`out` holds `mine.csv`, which this export did not write");
}

#[test]
fn append_adds_objects_and_extends_the_manifest() {
    let server = Server::start();
    let project = project(
        &server,
        "  - {name: more, from: ref('orders'), connection: lake, path: out/, format: csv, mode: append}\n",
    );
    project.run(["build"]).succeeds();
    project.run(["export"]).succeeds();
    assert_eq!(listed(&server, "out").len(), 20);
    project.write("models/orders.sql", "select 1 as id, 2 as name");
    project.run(["build"]).fails_with("SF317");
    assert_eq!(listed(&server, "out").len(), 20);
    assert_eq!(names(&server, "out").len(), 3);
}

// proves: E-7
#[test]
fn none_over_some_needs_a_word() {
    let server = Server::start();
    for (path, format) in [("one/x.csv", "csv"), ("two/x.parquet", "parquet"), ("out/", "csv")] {
        let exports = |rule: &str| {
            format!(
                "exports:\n  - {{name: out, from: ref('orders'), connection: lake, path: {path}, format: {format}{rule}}}\n"
            )
        };
        let project = project(&server, "");
        // Where nothing is, nothing is lost.
        project.write("models/orders.sql", "select 1 as id, 'x' as name where false");
        project.write("models/exports.yml", &exports(""));
        project.run(["build"]).succeeds();
        project.write("models/orders.sql", "select 1 as id, 'x' as name");
        project.run(["build"]).succeeds();
        let before = names(&server, "");
        project.write("models/orders.sql", "select 1 as id, 'x' as name where false");
        project.run(["build"]).fails_with("SF305").stderr_contains("on_empty: replace");
        assert_eq!(names(&server, ""), before, "{path}");
        project.write("models/exports.yml", &exports(", on_empty: keep"));
        project.run(["build"]).succeeds().stderr_contains("note[SF305]: export `out` has no rows");
        assert_eq!(names(&server, ""), before, "{path}");
        project.write("models/exports.yml", &exports(", on_empty: replace"));
        project.run(["build"]).succeeds().stderr_contains("0 rows");
    }
    assert_eq!(stored(&server, "one/x.csv"), b"id,name\n");
}

// proves: E-9
#[test]
fn what_a_store_refuses_is_one_line_that_says_what_to_change() {
    let server = Server::start();
    let store = server.endpoint();
    let right = keys();
    let wrong = "access_key_id: AKIANOBODY, secret_access_key: hush-hush-hush";
    let other = "access_key_id: AKIATHEKEYOFTESTS, secret_access_key: hush-hush-hush";
    let nobody = "anonymous: true";
    for (bucket, keys, status, error, help) in [
        ("nowhere", right.as_str(), 1, "[SF327]: there is no bucket `nowhere`", "check it and"),
        ("abroad", &right, 1, "[SF327]: bucket `abroad` is in region `eu-north-1`", "region:"),
        ("closed", &right, 3, "[SF605]: `s3://closed", "the credentials need s3:"),
        ("public", nobody, 3, "[SF605]: `s3://public/", "leave `anonymous` out"),
        ("shop", wrong, 3, &format!("[SF604]: `{store}` does not know these"), "check `access_"),
        ("shop", other, 3, &format!("[SF604]: `{store}` refuses the signature"), "does not go"),
    ] {
        for path in ["out/x.csv", "out/"] {
            let project = project(
                &server,
                &format!(
                    "  - {{name: x, from: ref('orders'), connection: lake, path: {path}, format: csv}}\n  - {{name: y, from: ref('orders'), path: y.csv}}\n"
                ),
            );
            project.write("profiles.yml", &profiles(&server, &format!("bucket: {bucket}, {keys}")));
            let ran = project.run(["build"]).exits(status);
            let lines: Vec<&str> =
                ran.stderr.lines().filter(|line| line.starts_with("error")).collect();
            assert_eq!(lines.len(), 1, "{bucket}: {ran}");
            let ran = ran.stderr_contains(error).stderr_contains(help).stderr_lacks("hush");
            let ran = ran.stderr_contains("models/exports.yml:2:");
            // What has nothing to do with it goes on.
            assert!(project.has("y.csv"), "{ran}");
            assert!(project.files("target/scratch").is_empty());
        }
    }
    assert_eq!(names(&server, ""), [""; 0]);
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let server = Server::start();
    let project = project(
        &server,
        "  - {name: x, from: ref('orders'), connection: lake, path: out/, format: csv}\n",
    );
    let away = "bucket: shop, endpoint: 'http://127.0.0.1:9', ";
    let profile = profiles(&server, &format!("{away}{}", keys()));
    let first = format!("endpoint: '{}', ", server.endpoint());
    project.write("profiles.yml", &profile.replacen(&first, "", 1));
    project
        .run(["build"])
        .exits(3)
        .stderr_contains("error[SF603]: `http://127.0.0.1:9` cannot be reached")
        .stderr_contains("check `endpoint`, the network and proxies");
}

#[test]
fn the_right_to_write_is_enough_for_one_object() {
    let server = Server::start();
    let project = project(
        &server,
        "  - {name: x, from: ref('orders'), connection: lake, path: s3://letterbox/x.csv}\n",
    );
    project.run(["build"]).succeeds();
    project.run(["build"]).succeeds();
    assert!(server.bucket("letterbox").join("x.csv").exists());
    project.write("models/orders.sql", "select 1 as id where false");
    project.run(["build"]).fails_with("SF305");
}

#[test]
fn objects_that_may_not_be_removed_are_told() {
    let server = Server::start();
    let project = project(
        &server,
        "  - {name: x, from: ref('orders'), connection: lake, path: s3://kept/out/, format: csv}\n",
    );
    project.run(["build"]).succeeds();
    project
        .run(["build"])
        .succeeds()
        .stderr_contains("warning[SF901]: files of the run before are still there")
        .stderr_contains("the next run removes them");
    // What the manifest no longer lists has to go before there is more of it.
    project.run(["build"]).exits(3).stderr_contains("error[SF605]").stderr_contains("Delete");
}

#[test]
fn two_exports_do_not_meet() {
    let server = Server::start();
    let two = "  - {name: a, from: ref('orders'), connection: lake, path: out/, format: csv}\n  - {name: b, from: ref('orders'), connection: lake, path: out/deep/x.csv}\n";
    project(&server, two)
        .run(["parse"])
        .exits(2)
        .stderr_contains("error[SF331]: exports `a` and `b` write to one place");
}

#[test]
fn a_connection_says_whether_it_may_write() {
    let server = Server::start();
    let told = |more: &str| {
        let project = Project::new().file("profiles.yml", &profiles(&server, more));
        project.run(["debug"]).stdout
    };
    let right = told(&format!("bucket: shop, {}", keys()));
    assert!(right.contains("may write"), "{right}");
    std::fs::write(server.bucket("public").join("a.csv"), "id\n").unwrap();
    let nobody = told("bucket: public, anonymous: true");
    assert!(nobody.contains("`s3://public/` may not be written"), "{nobody}");
}
