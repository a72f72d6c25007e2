//! `sqlflow show`: rows, as a table, as JSON and as CSV.

use crate::project::Project;
use snapbox::str;

fn shop() -> Project {
    let rows = "\
select * from (values
  (1, 'one', 9.50, true, date '2013-01-01'), (2, 'say \"hi\", you', null, false, null), (3, '', 0.10, null, date '2013-12-31')
) v(id, word, price, flag, \"the day\") order by id
";
    let yaml = "models:\n  - name: orders\n    columns: [{name: price, data_tests: [not_null]}]\n";
    let project = Project::new()
        .model("orders", rows)
        .file("models/_models.yml", yaml)
        .model("clean", "{{ config(materialized='ephemeral') }}select id from {{ ref('orders') }}")
        .file("seeds/codes.csv", "code\nde\n")
        .file("sources/raw.yml", "sources:\n  - name: raw\n    tables: [{name: t, path: t.csv}]\n")
        .file("t.csv", "id\n7\n");
    project.run(["build"]).fails();
    project
}

#[test]
fn rows_are_drawn_as_a_table() {
    shop()
        .run(["show", "orders"])
        .succeeds()
        .stdout(str![[r#"
┌─────────────────────────────────────────────────┐
│ id   word            price   flag    the day    │
╞═════════════════════════════════════════════════╡
│  1   one              9.50   true    2013-01-01 │
│  2   say "hi", you    NULL   false   NULL       │
│  3                    0.10   NULL    2013-12-31 │
└─────────────────────────────────────────────────┘

"#]])
        .stderr_is("");
}

#[test]
fn rows_are_written_as_json() {
    shop().run(["show", "orders", "--output", "json"]).succeeds().stdout(str![[r#"
[{"id":1,"word":"one","price":"9.50","flag":true,"the day":"2013-01-01"},{"id":2,"word":"say /"hi/", you","price":null,"flag":false,"the day":null},{"id":3,"word":"","price":"0.10","flag":null,"the day":"2013-12-31"}]

"#]]);
}

#[test]
fn rows_are_written_as_csv() {
    shop().run(["show", "orders", "--output", "csv"]).succeeds().stdout(str![[r#"
id,word,price,flag,the day
1,one,9.50,true,2013-01-01
2,"say ""hi"", you",,false,
3,"",0.10,,2013-12-31

"#]]);
}

#[test]
fn rows_beyond_the_limit_are_told_of() {
    let project = shop();
    let ran = project.run(["show", "orders", "--limit", "1", "--output", "csv"]).succeeds();
    assert_eq!(ran.lines().len(), 2);
    project
        .run(["show", "orders", "--limit", "2"])
        .stderr_is("The first 2 rows; more with --limit.\n");
}

#[test]
fn every_kind_of_node_can_be_shown() {
    let project = shop();
    for (node, expected) in [
        ("clean", "id\n1\n2\n3\n"),
        ("codes", "code\nde\n"),
        ("raw.t", "id\n7\n"),
        ("not_null_orders_price", "price\n\n"),
    ] {
        project.run(["show", node, "--output", "csv"]).succeeds().stdout(expected);
    }
}

#[test]
fn a_query_of_ones_own_may_refer_to_models() {
    let query = "select count(*) as n from {{ ref('orders') }} where id > {{ 1 }}";
    shop().run(["show", "--inline", query, "--output", "json"]).succeeds().stdout("[{\"n\":2}]\n");
}

#[test]
fn a_query_of_ones_own_may_use_ephemeral_models() {
    let query = "select max(id) as n from {{ ref('clean') }}";
    shop().run(["show", "--inline", query, "--output", "csv"]).succeeds().stdout("n\n3\n");
}

#[test]
fn no_rows_are_an_empty_table() {
    let project = shop();
    let query = "select id from {{ ref('orders') }} where false";
    project.run(["show", "--inline", query, "--output", "json"]).succeeds().stdout("[]\n");
    project.run(["show", "--inline", query, "--output", "csv"]).succeeds().stdout("id\n");
    project.run(["show", "--inline", query]).succeeds();
}

#[test]
fn two_columns_of_one_name_are_both_shown() {
    let project = shop();
    project
        .run(["show", "--inline", "select 1 as a, 2 as a", "--output", "csv"])
        .succeeds()
        .stdout("a,a\n1,2\n");
}

#[test]
fn show_changes_nothing() {
    let project = shop();
    project.run(["show", "--inline", "create table x as select 1"]).fails();
    project.run(["show", "--inline", "select 1; drop view orders"]).fails();
    assert!(project.relations().contains(&"main.orders".to_owned()));
    assert!(!project.relations().contains(&"main.x".to_owned()));
}

#[test]
fn a_database_that_was_never_built_is_not_made() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["show", "a"]).exits(3).stderr_is(str![[r#"
error[SF601]: target `dev` cannot be opened: the database `[PROJECT]/shop.duckdb` does not exist
 --> profiles.yml:4:31
  |
4 |     dev: {type: duckdb, path: shop.duckdb, threads: 2}
  |                               ^^^^^^^^^^^
  |
  = help: nothing was built yet: `sqlflow build` makes it


"#]]);
    assert!(!project.has("shop.duckdb"));
}
