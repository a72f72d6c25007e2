//! Every wrong word is told at its place before anything runs.

use super::project;
use crate::project::Project;

/// What `parse` says of an export that is `words` besides its name.
#[track_caller]
fn refused(words: &str, code: &str, message: &str, help: &str) {
    let indented: String = words.lines().map(|line| format!("    {line}\n")).collect();
    let project = project(&format!("  - name: out\n{indented}"));
    let ran = project.run(["parse"]).exits(2).stderr_contains(&format!("error[{code}]: {message}"));
    assert!(ran.stderr.contains(help), "no `{help}` in {ran}");
    assert!(ran.stderr.contains("models/exports.yml:"), "{ran}");
}

#[test]
fn words_that_are_wrong_are_told_with_the_known_ones() {
    let from = "from: ref('orders')\n";
    for (words, code, message, help) in [
        ("path: x.csv", "SF106", "export `out` does not say what it writes", "from: ref('model')"),
        ("from: ref('orders')", "SF106", "export `out` does not say where it goes", "`path:`"),
        (
            "from: ref('orders')\nquery: select 1\npath: x.csv",
            "SF105",
            "`from` and `query` do not go",
            "",
        ),
        ("from: ref('orders')\npath: x.csv\ntable: t", "SF105", "`path` and `table` do not go", ""),
        (
            "from: ref('orders')\npath: x.csv\nformt: csv",
            "SF104",
            "unknown key `formt`",
            "did you mean `format`?",
        ),
        (
            "from: ref('orders')\npath: x.csv\nzzz: 1",
            "SF104",
            "unknown key `zzz`",
            "an export has name, from",
        ),
        (
            "from: ref('orders')\npath: x.csv\nformat: cvs",
            "SF105",
            "unknown format `cvs`",
            "did you mean `csv`?",
        ),
        (
            "from: ref('orders')\npath: x.txt",
            "SF106",
            "`x.txt` does not tell its format",
            "csv, parquet, json",
        ),
        ("from: ref('ordes')\npath: x.csv", "SF210", "", "did you mean `orders`?"),
        ("from: ref('orders'\npath: x.csv", "SF201", "", ""),
        (
            "from: ref('orders')\ntable: t",
            "SF106",
            "`table` is of another system",
            "name the connection",
        ),
        ("from: ref('orders')\nconnection: crm\ntable: t", "SF110", "no connection `crm`", ""),
        (
            "from: ref('orders')\npath: x.csv\nconfig: {materialized: view}",
            "SF105",
            "`materialized` means nothing for an export",
            "",
        ),
    ] {
        refused(words, code, message, help);
    }
    for (mode, code, message, help) in [
        ("mode: merge", "SF318", "mode `merge` is for tables", "write `mode: replace`"),
        (
            "mode: append",
            "SF318",
            "mode `append` adds files to a folder, and `x.csv` is one file",
            "end the path",
        ),
        ("mode: upsert", "SF105", "unknown mode `upsert`", "known are replace, append, merge"),
        ("key: [id]", "SF318", "`key` means nothing in mode `replace`", ""),
        ("on_empty: no", "SF105", "`on_empty` is `false`, expected error, replace or keep", ""),
    ] {
        refused(&format!("{from}path: x.csv\n{mode}"), code, message, help);
    }
    refused(
        &format!("{from}path: x/\nformat: csv\nmode: append\non_empty: keep"),
        "SF318",
        "`on_empty` means nothing",
        "",
    );
}

#[test]
fn options_that_are_wrong_are_told() {
    for (path, options, code, message, help) in [
        (
            "x.csv",
            "{row_group_size: 1}",
            "SF104",
            "CSV files have no option `row_group_size`",
            "known are compression",
        ),
        ("x.parquet", "{delimiter: ';'}", "SF104", "Parquet files have no option `delimiter`", ""),
        ("x.json", "{header: true}", "SF104", "JSON files have no option `header`", ""),
        (
            "x.csv",
            "{compresion: gzip}",
            "SF104",
            "CSV files have no option `compresion`",
            "did you mean `compression`?",
        ),
        (
            "x.csv",
            "{compression: snappy}",
            "SF105",
            "CSV files have no compression `snappy`",
            "none, gzip, zstd",
        ),
        (
            "x.parquet",
            "{compression: zip}",
            "SF105",
            "Parquet files have no compression `zip`",
            "did you mean",
        ),
        (
            "x.csv",
            "{compression: gzip}",
            "SF105",
            "compression is `gzip`, but `x.csv` is not named so",
            "x.csv.gz",
        ),
        ("x.csv", "{delimiter: ''}", "SF105", "`delimiter` is ``, expected one character", ""),
        ("x.csv", "{delimiter: '||'}", "SF105", "`delimiter` is `||`, expected one character", ""),
        ("x.csv", "{quote: ','}", "SF105", "`quote` is `,`, which is the delimiter too", ""),
        ("x.csv", "{header: maybe}", "SF105", "`header` is `maybe`, expected true or false", ""),
        (
            "x/",
            "{max_rows_per_file: 0}",
            "SF105",
            "`max_rows_per_file` is `0`, expected a whole number",
            "",
        ),
        (
            "x/",
            "{file_size: big}",
            "SF105",
            "`file_size` is `big`, expected a size such as 64MB",
            "",
        ),
        (
            "x/",
            "{file_size: 1MB, max_rows_per_file: 3}",
            "SF105",
            "`file_size` and `max_rows_per_file` do not go",
            "",
        ),
        ("x/", "{partition_by: [a, A]}", "SF105", "`partition_by` lists column `A` twice", ""),
        ("x/", "{partition_by: {a: b}}", "SF105", "`partition_by` is", "expected a column"),
    ] {
        let format = if path.contains('.') { "" } else { "\nformat: csv" };
        refused(
            &format!("from: ref('orders')\npath: {path}{format}\noptions: {options}"),
            code,
            message,
            help,
        );
    }
}

#[test]
fn paths_that_would_hurt_are_refused() {
    for (path, message) in [
        ("''", "`` is no path of a file or folder"),
        ("'x*.csv'", "`x*.csv` stands for several files"),
        ("../x.csv", "`../x.csv` leads out of the directory"),
        ("a/../../x.csv", "leads out of the directory"),
        ("models/x.csv", "`models/x.csv` is where models are read from"),
        ("a/../seeds/x.csv", "is where seeds are read from"),
        ("./sources/x.csv", "is where sources are declared"),
        ("schemas/x.csv", "is where accepted schemas are kept"),
        ("target/run/x.csv", "is where compiled SQL is written"),
        ("shop.duckdb", "`shop.duckdb` is where the database is"),
        ("./", "is where the project's own files are"),
        ("profiles.yml", "is where the project's own files are"),
    ] {
        refused(&format!("from: ref('orders')\npath: {path}\nformat: csv"), "SF329", "", message);
    }
    let words = "from: ref('orders')\npath: x.csv\noptions: {partition_by: id}";
    refused(
        words,
        "SF329",
        "`x.csv` names a file, but the options make several",
        "end the path with `/`",
    );
}

#[test]
fn two_exports_do_not_meet() {
    let two = |a: &str, b: &str| {
        project(&format!(
            "  - name: a\n    from: ref('orders')\n    path: {a}\n    format: csv\n  \
             - name: b\n    from: ref('orders')\n    path: {b}\n    format: csv\n"
        ))
    };
    for (a, b) in [("x.csv", "./x.csv"), ("x/", "x/y/z.csv"), ("x/y/", "x/"), ("x/", "x")] {
        two(a, b)
            .run(["parse"])
            .exits(2)
            .stderr_contains("error[SF331]: exports `a` and `b` write to one place");
    }
    two("x.csv", "y.csv").run(["parse"]).succeeds();
    two("x/", "xy/").run(["parse"]).succeeds();
    let twice = two("x.csv", "y.csv");
    let yaml = twice.read("models/exports.yml").replace("name: b", "name: a");
    twice.write("models/exports.yml", &yaml);
    twice.run(["parse"]).exits(2).stderr_contains("error[SF115]: two exports are called `a`");
}

#[test]
fn an_absolute_path_is_taken_at_its_word() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("deep/x.csv");
    let project =
        project(&format!("  - name: out\n    from: ref('orders')\n    path: {}\n", path.display()));
    project.run(["build"]).succeeds();
    assert!(std::fs::read_to_string(path).unwrap().starts_with("id,name\n"));
}

#[test]
fn words_of_yaml_may_hold_jinja() {
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nvars: {day: '2024-02-01', table: orders}\n")
        .model("orders", "select 1 as id")
        .file(
            "models/exports.yml",
            "exports:\n  - name: out\n    from: \"{{ ref(var('table')) }}\"\n    path: \"out/{{ var('day') }}.csv\"\n    options: {delimiter: \"{{ var('none', ';') }}\"}\n",
        );
    project.run(["build"]).succeeds();
    assert_eq!(project.read("out/2024-02-01.csv"), "id\n1\n");
}
