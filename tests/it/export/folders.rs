//! Folders: partitions, files split by rows or bytes, the manifest, what replaces and what adds.

use super::{names, project};
use crate::project::Project;
use serde_json::{Value, json};

fn rows(project: &Project, glob: &str) -> Value {
    let path = project.root().join(glob);
    project.query(&format!(
        "select count(*), sum(id)::bigint from read_csv('{}', hive_partitioning = true)",
        path.display()
    ))[0]
        .clone()
}

#[test]
fn values_of_partitions_are_folders_and_come_back() {
    let sql = "select * from (values (1, 'a b/c', 2024), (2, null, 2024), (3, 'é=1', null), (4, 'NULL', 2023), \
               (5, 'x', 2023), (6, 'x', 2023)) t(id, \"key\", year)";
    let project = Project::new().model("odd", sql).file(
        "models/exports.yml",
        "exports:\n  - name: odd\n    from: ref('odd')\n    path: out\n    format: csv\n    options: {partition_by: [year, key]}\n",
    );
    project.run(["build"]).succeeds();
    assert_eq!(
        names(&project, "out"),
        [
            "_manifest.json",
            "year=2023/key=%4EULL/odd-RUN-00001.csv",
            "year=2023/key=x/odd-RUN-00002.csv",
            "year=2024/key=__HIVE_DEFAULT_PARTITION__/odd-RUN-00004.csv",
            "year=2024/key=a%20b%2Fc/odd-RUN-00003.csv",
            "year=__HIVE_DEFAULT_PARTITION__/key=%C3%A9%3D1/odd-RUN-00005.csv",
        ]
    );
    let manifest = project.json("out/_manifest.json");
    assert_eq!(manifest["rows"], json!(6));
    assert_eq!(manifest["partition_by"], json!(["year", "key"]));
    let files = manifest["files"].as_array().unwrap();
    let counts: Vec<_> = files.iter().map(|file| file["rows"].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 2, 1, 1, 1]);
    project.write(
        "sources/raw.yml",
        "sources:\n  - name: raw\n    tables:\n      - name: odd\n        path: out/*/*/*.csv\n",
    );
    project.run(["load"]).succeeds();
    let other = project.query(
        "select id, \"key\", year from main.odd except all select id, \"key\", year::int from raw.odd",
    );
    assert_eq!(other, json!([]));
}

#[test]
fn files_are_split_by_rows_in_order() {
    for (format, name) in [("csv", "csv"), ("json", "json"), ("parquet", "parquet")] {
        let project = project(&format!(
            "  - name: split\n    query: select id from {{{{ ref('orders') }}}} order by id desc\n    \
             path: out/\n    format: {format}\n    options: {{max_rows_per_file: 4}}\n"
        ));
        project.run(["build"]).succeeds();
        let expected: Vec<String> = std::iter::once("_manifest.json".to_owned())
            .chain((1..=3).map(|number| format!("split-RUN-0000{number}.{name}")))
            .collect();
        assert_eq!(names(&project, "out"), expected);
        let glob = project.root().join(format!("out/split*.{name}"));
        let found = project.query(&format!(
            "select list(id)::varchar from '{}' group by filename order by filename",
            glob.display()
        ));
        assert_eq!(found, json!([["[9, 8, 7, 6]"], ["[5, 4, 3, 2]"], ["[1, 0]"]]), "{format}");
    }
}

#[test]
fn partitions_are_split_too() {
    let project = project(
        "  - name: split\n    from: ref('orders')\n    path: out/\n    format: csv\n    \
         options: {partition_by: name, max_rows_per_file: 2}\n",
    );
    project.run(["build"]).succeeds();
    assert_eq!(names(&project, "out").len(), 1 + 2 + 2 + 2);
    assert_eq!(rows(&project, "out/*/*.csv"), json!([10, 45]));
}

#[test]
fn files_are_about_as_large_as_told() {
    for format in ["csv", "parquet", "json"] {
        let project = project(&format!(
            "  - name: big\n    query: select i as id, md5(i::varchar) as text from range(60000) r(i)\n    \
             path: out/\n    format: {format}\n    options: {{file_size: 400kB}}\n"
        ));
        project.run(["build"]).succeeds();
        let manifest = project.json("out/_manifest.json");
        assert_eq!(manifest["rows"], json!(60000));
        let files = manifest["files"].as_array().unwrap();
        let (last, others) = files.split_last().unwrap();
        assert!(others.len() >= 2, "{format}: {files:?}");
        for file in others {
            let bytes = file["bytes"].as_u64().unwrap();
            assert!((200_000..=500_000).contains(&bytes), "{format}: {bytes}");
            let path = file["path"].as_str().unwrap();
            let found = std::fs::metadata(project.root().join("out").join(path)).unwrap();
            assert_eq!(found.len(), bytes);
        }
        assert!(last["bytes"].as_u64().unwrap() <= 500_000);
    }
}

// proves: E-2
#[test]
fn a_second_run_replaces_the_files_of_the_first() {
    let project = project(
        "  - name: all\n    from: ref('orders')\n    path: out/\n    format: csv\n    options: {partition_by: name}\n",
    );
    project.run(["build"]).succeeds();
    let first = project.json("out/_manifest.json");
    project.write("models/orders.sql", "select 7 as id, 'n1' as name");
    project.write("out/README", "who reads this");
    project.run(["build"]).succeeds();
    assert_eq!(rows(&project, "out/*/*.csv"), json!([1, 7]));
    let left = ["README", "_manifest.json", "name=n1/all-RUN-00001.csv"];
    assert_eq!(names(&project, "out"), left);
    assert!(!project.has("out/name=n0"));
    assert_ne!(first["run_id"], project.json("out/_manifest.json")["run_id"]);
}

#[test]
fn append_adds_files_and_extends_the_manifest() {
    let project = project(
        "  - name: more\n    from: ref('orders')\n    path: out/\n    format: csv\n    mode: append\n",
    );
    project.run(["build"]).succeeds();
    project.run(["export"]).succeeds();
    assert_eq!(rows(&project, "out/*.csv"), json!([20, 90]));
    let manifest = project.json("out/_manifest.json");
    assert_eq!((&manifest["rows"], manifest["files"].as_array().unwrap().len()), (&json!(20), 2));
    // Nothing to add is nothing wrong.
    project.write("models/orders.sql", "select 1 as id, 'x' as name where false");
    project.run(["build"]).succeeds().stderr_contains("0 rows");
    assert_eq!(project.json("out/_manifest.json"), manifest);
    // Other columns are.
    project.write("models/orders.sql", "select 1 as id, 2 as name");
    project
        .run(["build"])
        .fails_with("SF317")
        .stderr_contains("they are csv of id bigint, name varchar");
    assert_eq!(project.json("out/_manifest.json"), manifest);
    assert_eq!(names(&project, "out").len(), 3);
}

#[test]
fn no_rows_are_a_file_with_columns() {
    for (path, file) in [("out.csv", "out.csv"), ("out/", "")] {
        let project = project(&format!(
            "  - name: none\n    query: select 1 as id where false\n    path: {path}\n    format: csv\n"
        ));
        project.run(["build"]).succeeds();
        project.run(["build"]).succeeds();
        match file {
            "" => assert_eq!(names(&project, "out"), ["_manifest.json", "none-RUN-00001.csv"]),
            file => assert_eq!(project.read(file), "id\n"),
        }
    }
    let project = project(
        "  - name: none\n    query: select 1 as id, 2 as p where false\n    path: out/\n    format: parquet\n    options: {partition_by: p}\n",
    );
    project.run(["build"]).succeeds();
    assert_eq!(names(&project, "out"), ["_manifest.json"]);
    assert_eq!(project.json("out/_manifest.json")["columns"].as_array().unwrap().len(), 2);
}

// proves: E-7
#[test]
fn none_over_some_needs_a_word() {
    for (path, format) in [
        ("out.csv", "csv"),
        ("out.csv.gz", "csv"),
        ("out.json", "json"),
        ("out.parquet", "parquet"),
        ("out/", "csv"),
    ] {
        let exports = |rule: &str| {
            format!(
                "exports:\n  - name: out\n    from: ref('orders')\n    path: {path}\n    format: {format}\n{rule}"
            )
        };
        let project = project("");
        project.write("models/exports.yml", &exports(""));
        project.run(["build"]).succeeds();
        let before = super::names(&project, ".");
        project.write("models/orders.sql", "select 1 as id, 'x' as name where false");
        project
            .run(["build"])
            .fails_with("SF305")
            .stderr_contains("export `out` has no rows, but `out")
            .stderr_contains("on_empty: replace");
        assert_eq!(super::names(&project, "."), before, "{path}");
        project.write("models/exports.yml", &exports("    on_empty: keep\n"));
        project.run(["build"]).succeeds().stderr_contains("note[SF305]: export `out` has no rows");
        project.write("models/exports.yml", &exports("    on_empty: replace\n"));
        project.run(["build"]).succeeds().stderr_contains("0 rows");
        // Now there is nothing to lose.
        project.write("models/exports.yml", &exports(""));
        project.run(["build"]).succeeds();
    }
}
