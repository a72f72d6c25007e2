//! Loads that stop: what is said, and that the table is as it was.

use crate::project::{Project, Ran};
use serde_json::json;
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A project that loads `raw.orders` from `orders.csv`, with `rest` after the path.
fn project(rest: &str, csv: &str) -> Project {
    let project = Project::new().file("orders.csv", csv);
    say(&project, rest);
    project
}

fn say(project: &Project, rest: &str) {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: orders.csv\n        {rest}\n"
    );
    project.write("sources/shop.yml", &yaml);
}

/// Loading stops with `code`, at `line` of the YAML file, and leaves no table but those of before.
#[track_caller]
fn refused(project: &Project, code: &str, line: usize) -> Ran {
    let before = if project.has_database() { project.relations() } else { Vec::new() };
    let ran = project.run(["load"]).fails_with(code);
    let ran = ran.stderr_contains(&format!("sources/shop.yml:{line}:"));
    let after = if project.has_database() { project.relations() } else { Vec::new() };
    assert_eq!(after, before, "{ran}");
    ran
}

#[test]
fn a_lag_is_of_the_unit_of_its_cursor() {
    let dated = "mode: merge, key: id, cursor: at, lag: 3";
    let project = project(&format!("load: {{{dated}}}"), "id,at\n1,2024-01-01\n");
    refused(&project, "SF319", 6).stderr_contains("expected a duration such as `2 hours`");
    say(&project, "load: {mode: merge, key: id, cursor: id, lag: 3 hours}");
    refused(&project, "SF319", 6).stderr_contains("expected a number");
}

#[test]
fn a_file_that_never_rests_is_not_loaded() {
    let csv: String = (0..20_000).map(|id| format!("{id},{id}\n")).collect();
    let project = project("load: {mode: replace}", &format!("id,v\n{csv}"));
    let path = project.root().join("orders.csv");
    let file = File::options().append(true).open(path).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut time = file.metadata().unwrap().modified().unwrap();
            while !done.load(Ordering::Relaxed) {
                time += Duration::from_secs(1);
                file.set_modified(time).unwrap();
                thread::sleep(Duration::from_micros(200));
            }
        });
        let ran = project.run(["load"]);
        done.store(true, Ordering::Relaxed);
        ran.fails_with("SF303").stderr_contains("`orders.csv` changes while it is read");
    });
    assert_eq!(project.relations(), [""; 0]);
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[20_000]]));
}

#[test]
fn a_table_of_others_is_left_alone_until_it_is_adopted() {
    let project = project("load: {mode: merge, key: id}", "id,v\n1,a\n2,b\n");
    project.execute("create schema raw");
    project.execute("create table raw.orders (id bigint, v varchar not null)");
    project.execute("insert into raw.orders values (1, 'old')");
    refused(&project, "SF306", 4).stderr_contains("to let this load write into it");
    assert_eq!(project.query("select * from raw.orders"), json!([[1, "old"]]));
    say(&project, "load: {mode: merge, key: id, adopt: true}");
    project.run(["load"]).succeeds();
    let rows = json!([[1, "a"], [2, "b"]]);
    assert_eq!(project.query("select * from raw.orders order by id"), rows);
    // The table still says that `v` is not null, and is believed before it is written to.
    project.write("orders.csv", "id,v\n3,\n4,\n");
    refused(&project, "SF317", 5).stderr_contains("2 rows with NULL in `v`, which is not null");
    assert_eq!(project.query("select * from raw.orders order by id"), rows);
}

#[test]
fn keys_that_repeat_are_named_with_texts_and_nulls() {
    let load = "load: {mode: merge, key: [code, id], on_null_key: match}";
    let project = project(load, "code,id,v\nx,,1\nx,,2\ny,7,1\ny,7,2\nz,8,1\n");
    refused(&project, "SF310", 6)
        .stderr_contains("2 keys stand several times in the batch")
        .stderr_contains("code x, id NULL; code y, id 7");
}

#[test]
fn versions_do_not_go_where_they_do_not_fit() {
    let project = project("load: {mode: scd2, key: id, adopt: true}", "id,v\n1,2\n");
    project.execute("create schema raw");
    project.execute("create table raw.orders (id bigint, v bigint)");
    project.execute("insert into raw.orders values (9, 9)");
    refused(&project, "SF322", 6).stderr_contains("keeps no versions: it lacks columns");
    assert_eq!(project.query("select * from raw.orders"), json!([[9, 9]]));
    project.execute("drop table raw.orders");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id,v,is_current\n1,2,3\n");
    project.remove("schemas");
    project.execute("update _sqlflow.loads set \"schema\" = null");
    refused(&project, "SF322", 6)
        .stderr_contains("gives column `is_current`, which")
        .stderr_contains("read the source's column under another name");
}

#[test]
fn options_of_files_are_checked_before_anything_is_opened() {
    let project = project("options: {delimiter: [1]}", "id\n1\n");
    let says = |text: &str| {
        project.run(["load"]).exits(2).stderr_contains("error[SF105]").stderr_contains(text);
    };
    says("sources/shop.yml:6:");
    say(&project, "options: {delimitr: \";\"}");
    says("did you mean `delimiter`?");
    say(&project, "format: parquet\n        options: {delimiter: \";\"}");
    says("option `delimiter` means nothing for Parquet files");
    assert!(!project.has_database());
}

#[test]
fn options_that_clash_are_shown_in_their_place() {
    let options = "options: {delimiter: '\"', date_format: '%d.%m.%Y %H:%M'}";
    let project = project(options, "id\n1\n");
    let ran = project.run(["load"]).exits(2);
    ran.stderr_contains("error[SF105]: option `date_format` reads")
        .stderr_contains("for columns with a time of day say `timestamp_format`")
        .stderr_contains("options `quote` and `delimiter` are the same character")
        .stderr_contains("sources/shop.yml:6:");
}

#[test]
fn a_batch_of_which_every_row_was_rejected_says_so() {
    let declared = "columns: [{name: N, data_type: integer}]\n        load: {max_rejects: 5}";
    let project = project(declared, "id,n\n1,2\n");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id,n\n1,\"x\ny\"\n2,y\n");
    refused(&project, "SF305", 5).stderr_contains("all 2 rows of `orders.csv` were rejected");
    assert_eq!(project.query("select * from raw.orders"), json!([[1, 2]]));
    project.write("orders.csv", "id,n\n1,\"x\ny\"\n2,y\n3,4\n");
    project.run(["load"]).succeeds();
    let rejects =
        "select file, line, column_name, reason, text from _sqlflow.rejects order by line";
    let expected = json!([
        ["orders.csv", 2, "n", "`x\ny` is not integer", "1,\"x\ny\""],
        ["orders.csv", 4, "n", "`y` is not integer", "2,y"],
    ]);
    assert_eq!(project.query(rejects), expected);
}

#[test]
fn a_row_without_a_key_is_put_aside_as_it_came() {
    let load =
        "mode: merge, key: id, on_null_key: reject, deletes: {soft: gone}, delete_when: n = 0";
    let project = project(&format!("load: {{{load}}}"), "id,n\n1,2\n,3\n");
    project.run(["load"]).succeeds();
    let rejects = "select file, line, column_name, text from _sqlflow.rejects";
    assert_eq!(project.query(rejects), json!([[null, null, "id", "{\"id\":null,\"n\":3}"]]));
}

crate::elsewhere::again_on_postgres!(
    a_lag_is_of_the_unit_of_its_cursor,
    a_file_that_never_rests_is_not_loaded,
    a_table_of_others_is_left_alone_until_it_is_adopted,
    keys_that_repeat_are_named_with_texts_and_nulls,
    versions_do_not_go_where_they_do_not_fit,
    a_batch_of_which_every_row_was_rejected_says_so,
    a_row_without_a_key_is_put_aside_as_it_came,
);
