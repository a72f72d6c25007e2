//! What fails while it is written: the old files stay, and nothing is left behind.

use super::{names, project};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_query_that_fails_leaves_the_old_files() {
    for options in ["{}", "{partition_by: name}", "{max_rows_per_file: 3}", "{file_size: 10}"] {
        let project = project(&format!(
            "  - name: all\n    query: select * from {{{{ ref('orders') }}}}\n    path: out/\n    format: csv\n    options: {options}\n  \
             - name: one\n    query: select * from {{{{ ref('orders') }}}}\n    path: out.csv\n"
        ));
        project.run(["build"]).succeeds();
        let (folder, file) = (names(&project, "out"), project.read("out.csv"));
        let manifest = project.read("out/_manifest.json");
        let yaml = project.read("models/exports.yml");
        let failing = "select id, case when id = 9 then error('no luck') else name end as name";
        project.write("models/exports.yml", &yaml.replace("select *", failing));
        project
            .run(["build"])
            .fails_with("SF504")
            .stderr_contains("no luck")
            .stderr_contains("models/exports.yml:3:12")
            .tallies("PASS=1 WARN=0 ERROR=2 SKIP=0");
        assert_eq!(names(&project, "out"), folder, "{options}");
        assert_eq!(project.read("out/_manifest.json"), manifest);
        assert_eq!(project.read("out.csv"), file);
        assert!(!names(&project, ".").iter().any(|name| name.contains(".sqlflow-")));
    }
}

#[test]
fn a_column_that_is_not_there_is_told_at_its_place() {
    let project = project(
        "  - name: all\n    from: ref('orders')\n    path: out/\n    format: csv\n    options: {partition_by: [nam]}\n",
    );
    project
        .run(["build"])
        .fails_with("SF319")
        .stderr_contains("`partition_by` names column `nam`, which the rows do not have")
        .stderr_contains("models/exports.yml:6:29")
        .stderr_contains("did you mean `name`?");
    let yaml = project.read("models/exports.yml");
    project.write("models/exports.yml", &yaml.replace("[nam]", "[name, ID]"));
    project.run(["build"]).fails_with("SF319").stderr_contains("names every column");
    project.write("models/orders.sql", "select 1 as \"a/b\", 2 as c");
    project.write("models/exports.yml", &yaml.replace("[nam]", "[a/b]"));
    project.run(["build"]).fails_with("SF319").stderr_contains("cannot be the name of a folder");
    project.write(
        "models/exports.yml",
        &yaml.replace("from: ref('orders')", "query: select nope from {{ ref('orders') }}"),
    );
    project.run(["build"]).fails_with("SF502").stderr_contains("models/exports.yml:3:12");
    assert!(!project.root().join("out").exists() || names(&project, "out").is_empty());
}

#[test]
fn a_folder_in_place_of_a_file_is_told_and_so_is_the_reverse() {
    let project = project("  - name: one\n    from: ref('orders')\n    path: out/x.csv\n")
        .directory("out/x.csv");
    project
        .run(["build"])
        .fails_with("SF329")
        .stderr_contains("`out/x.csv` is a folder, expected a file");
    project.remove("out");
    project.write("out", "a file");
    project.run(["build"]).fails_with("SF329").stderr_contains("is a file, expected a folder");
    assert_eq!(project.read("out"), "a file");
}

#[test]
fn a_folder_that_may_not_be_written_is_told() {
    let project =
        project("  - name: one\n    from: ref('orders')\n    path: /proc/self/out/x.csv\n");
    project
        .run(["build"])
        .exits(3)
        .stderr_contains("error[SF901]: cannot write to `/proc/self/out`");
    let project = super::project("  - name: one\n    from: ref('orders')\n    path: out/x.csv\n")
        .directory("out");
    let closed = project.root().join("out");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(closed.join("probe"), "").is_err() {
        project.run(["build"]).exits(3).stderr_contains("error[SF901]");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn files_of_others_in_the_folder_stop_it() {
    let project =
        project("  - name: all\n    from: ref('orders')\n    path: out/\n    format: csv\n")
            .file("out/2023/mine.csv", "id\n1\n");
    project
        .run(["build"])
        .fails_with("SF330")
        .stderr_contains("`out/` holds `2023/mine.csv`, which this export did not write");
    assert_eq!(names(&project, "out"), ["2023/mine.csv"]);
    project.remove("out/2023");
    project.run(["build"]).succeeds();
    let yaml = project.read("models/exports.yml");
    project.write("models/exports.yml", &yaml.replace("name: all", "name: some"));
    project
        .run(["build"])
        .fails_with("SF330")
        .stderr_contains("the folder holds files of `export.shop.all`");
    project.write("out/_manifest.json", "{}");
    project.run(["build"]).fails_with("SF330").stderr_contains("is not one that an export wrote");
}

#[test]
fn numbers_that_json_does_not_have_are_refused_with_their_column() {
    for values in [
        "'nan'::double",
        "'-inf'::float",
        "[1.5, 'inf'::double]",
        "{'a': 'NaN \" x', 'b': [map {'k': 'nan'::float}]}",
    ] {
        for options in ["{}", "{max_rows_per_file: 1}"] {
            let project = project(&format!(
                "  - name: all\n    from: ref('orders')\n    path: out/\n    format: json\n    options: {options}\n  \
                 - name: lake\n    from: ref('orders')\n    path: x.parquet\n"
            ));
            project.write("models/orders.sql", &format!("select 1 as id, {values} as \"a`b\""));
            let message = "column `a`b` has NaN or an infinity, which JSON does not have: cast it to \
                           varchar, or write Parquet";
            project.run(["build"]).fails_with("SF504").stderr_contains(message);
            assert!(names(&project, "out").is_empty() && project.root().join("x.parquet").exists());
        }
    }
    let project = project("  - name: one\n    from: ref('orders')\n    path: x.json\n");
    let fine = "{'a': 'NaN \" Infinity', 'b': [1.5::float, null]} as s, null::double as n";
    project.write("models/orders.sql", &format!("select 0.1::double as d, {fine}"));
    project.run(["build"]).succeeds();
    let line = r#"{"d":0.1,"s":{"a":"NaN \" Infinity","b":[1.5,null]},"n":null}"#;
    assert_eq!(project.read("x.json").trim(), line);
}
