//! YAML that cannot be read, or says what means nothing.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn malformed_yaml_is_shown_at_its_place() {
    let project = Project::new().file("models/_models.yml", "models:\n  - name: a\n columns: [\n");
    refuse(&project).stderr_is(str![[r#"
error[SF101]: invalid YAML: while parsing a block mapping, did not find expected key
 --> models/_models.yml:3:2
  |
3 |  columns: [
  |  ^


"#]]);
}

#[test]
fn an_unclosed_bracket_is_shown_where_it_opens() {
    let project = Project::new().file("models/_models.yml", "models:\n  - {name: a, tags: [x}\n");
    refuse(&project).stderr_is(str![[r#"
error[SF101]: invalid YAML: mismatched bracket '[' closed by '}'
 --> models/_models.yml:2:21
  |
2 |   - {name: a, tags: [x}
  |                     ^


"#]]);
}

#[test]
fn a_tab_in_yaml_is_named() {
    let project = Project::new().file("models/_models.yml", "models:\n\t- name: a\n");
    refuse(&project).stderr_is(str![[r#"
error[SF101]: a tab in the indentation, expected spaces
 --> models/_models.yml:2:1
  |
2 |     - name: a
  | ^^^^
  |
  = help: YAML allows only spaces there: replace the tab by spaces


"#]]);
}

#[test]
fn a_tab_between_key_and_value_is_fine() {
    let project = Project::new().file("sqlflow.yml", "name:\tshop\n");
    project.run(["parse"]).succeeds();
}

#[test]
fn a_duplicate_key_is_shown() {
    let project = Project::new()
        .file(
            "models/_models.yml",
            "models:\n  - name: a\n    description: x\n    description: y\n",
        )
        .model("a", "select 1 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF102]: key `description` stands here twice
 --> models/_models.yml:4:5
  |
4 |     description: y
  |     ^^^^^^^^^^^
  |
  = help: remove one of them: YAML would keep only the last


"#]]);
}

#[test]
fn a_duplicate_key_in_the_project_file_is_shown() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nvars: {a: 1, a: 2}\n");
    refuse(&project).stderr_is(str![[r#"
error[SF102]: key `a` stands here twice
 --> sqlflow.yml:2:14
  |
2 | vars: {a: 1, a: 2}
  |              ^
  |
  = help: remove one of them: YAML would keep only the last


"#]]);
}

#[test]
fn an_alias_bomb_is_stopped() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        let aliases = vec![alias; 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let project = Project::new().file("models/bomb.yml", &bomb);
    refuse(&project).stderr_is(str![[r#"
error[SF103]: the aliases in this file expand to more than 100000 values
 --> models/bomb.yml:1:22
  |
1 | a0: &a0 [x, x, x, x, x, x, x, x, x, x]
  |                      ^
  |
  = help: write out what the aliases stand for, or split the file


"#]]);
}

#[test]
fn a_project_file_without_a_name_is_refused() {
    let project = Project::new().file("sqlflow.yml", "version: 1.0.0\n");
    refuse(&project).stderr_is(str![[r#"
error[SF106]: the project file has no `name`
 --> sqlflow.yml:1:1
  |
1 | version: 1.0.0
  | ^


"#]]);
}

#[test]
fn an_empty_project_file_is_refused() {
    let project = Project::new().file("sqlflow.yml", "");
    refuse(&project).stderr_is(str![[r#"
error[SF106]: the project file has no `name`
--> sqlflow.yml


"#]]);
}

#[test]
fn an_unknown_key_of_the_project_is_compared_with_the_known_ones() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nmodel-path: [models]\n");
    project.run(["parse"]).stderr_is(str![[r#"
warning[SF104]: unknown key `model-path` in the project file
 --> sqlflow.yml:2:1
  |
2 | model-path: [models]
  | ^^^^^^^^^^
  |
  = help: did you mean `model-paths`?

Parsed 0 nodes.

"#]]);
}

#[test]
fn an_unknown_key_of_a_source_table_is_compared_with_the_known_ones() {
    let yaml = "sources:\n  - name: raw\n    tables:\n      - name: t\n        pth: t.csv\n";
    let project = Project::new().file("sources/raw.yml", yaml);
    project.run(["parse"]).stderr_is(str![[r#"
warning[SF104]: unknown key `pth` in this table
 --> sources/raw.yml:5:9
  |
5 |         pth: t.csv
  |         ^^^
  |
  = help: did you mean `path`?

Parsed 1 node.

"#]]);
}

#[test]
fn an_unknown_key_of_a_model_is_compared_with_the_known_ones() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: a\n    descripton: the only one\n");
    project.run(["parse"]).stderr_is(str![[r#"
warning[SF104]: unknown key `descripton` in this model
 --> models/_models.yml:3:5
  |
3 |     descripton: the only one
  |     ^^^^^^^^^^
  |
  = help: did you mean `description`?

Parsed 1 node.

"#]]);
}

#[test]
fn an_unknown_key_of_a_target_is_compared_with_the_known_ones() {
    let profiles =
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb, thread: 2}\n";
    let project = Project::new().file("profiles.yml", profiles);
    project.run(["parse"]).stderr_is(str![[r#"
warning[SF104]: unknown key `thread` in target `dev`
 --> profiles.yml:4:41
  |
4 |     dev: {type: duckdb, path: x.duckdb, thread: 2}
  |                                         ^^^^^^
  |
  = help: did you mean `threads`?

Parsed 0 nodes.

"#]]);
}

#[test]
fn a_misspelt_configuration_is_told() {
    let project = Project::new().model("a", "{{ config(materialised='table') }}\nselect 1 as id");
    project.run(["parse"]).succeeds().stderr_is(str![[r#"
warning[SF104]: unknown configuration `materialised`
 --> models/a.sql:1:11
  |
1 | {{ config(materialised='table') }}
  |           ^^^^^^^^^^^^
  |
  = help: did you mean `materialized`?

Parsed 1 node.

"#]]);
}

#[test]
fn an_unknown_materialization_is_refused_where_it_is_written() {
    let project = Project::new()
        .model("a", "{{\n  config(\n    materialized='tabel'\n  )\n}}\nselect 1 as id")
        .model("b", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: b\n    config: {materialized: veiw}\n");
    refuse(&project).stderr_is(str![[r#"
error[SF105]: unknown materialization `tabel`
 --> models/a.sql:3:5
  |
3 |     materialized='tabel'
  |     ^^^^^^^^^^^^
  |
  = help: did you mean `table`?

error[SF105]: unknown materialization `veiw`
 --> models/_models.yml:3:28
  |
3 |     config: {materialized: veiw}
  |                            ^^^^
  |
  = help: did you mean `view`?


"#]]);
}

#[test]
fn an_incremental_model_that_cannot_be_carried_out_is_refused() {
    let project = Project::new()
        .model("a", "{{ config(materialized='incremental', incremental_strategy='merge') }}select 1 as id")
        .model("b", "{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='id') }}select 1 as id")
        .model("c", "{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }}select 1 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF106]: incremental strategy `merge` needs a `unique_key`
 --> models/a.sql:1:39
  |
1 | {{ config(materialized='incremental', incremental_strategy='merge') }}select 1 as id
  |                                       ^^^^^^^^^^^^^^^^^^^^

error[SF105]: unknown incremental strategy `upsert`
 --> models/b.sql:1:39
  |
1 | {{ config(materialized='incremental', incremental_strategy='upsert', unique_key='id') }}selec...
  |                                       ^^^^^^^^^^^^^^^^^^^^
  |
  = help: known are append, delete+insert, merge, insert_overwrite, microbatch

error[SF106]: incremental strategy `insert_overwrite` needs `partition_by`
 --> models/c.sql:1:39
  |
1 | {{ config(materialized='incremental', incremental_strategy='insert_overwrite') }}select 1 as id
  |                                       ^^^^^^^^^^^^^^^^^^^^
  |
  = help: name the columns whose values are replaced whole: `partition_by: [day]`


"#]]);
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    let project = Project::new().model("a", "select 1 as id").file(
        "models/_models.yml",
        "models:\n  - name: a\n    config: {enabled: perhaps, tags: {x: 1}}\n",
    );
    refuse(&project).stderr_is(str![[r#"
error[SF105]: `tags` is `{"x":1}`, expected text or a list of texts
 --> models/_models.yml:3:38
  |
3 |     config: {enabled: perhaps, tags: {x: 1}}
  |                                      ^

error[SF105]: `enabled` is `perhaps`, expected true or false
 --> models/_models.yml:3:23
  |
3 |     config: {enabled: perhaps, tags: {x: 1}}
  |                       ^^^^^^^


"#]]);
}

#[test]
fn properties_of_something_that_does_not_exist_are_told() {
    let project = Project::new()
        .model("orders", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: order\n    columns: [{name: id}]\n");
    project.run(["parse"]).succeeds().stderr_is(str![[r#"
warning[SF114]: properties of the model `order`, which does not exist
 --> models/_models.yml:2:11
  |
2 |   - name: order
  |           ^^^^^
  |
  = help: did you mean `orders`?

Parsed 1 node.

"#]]);
}

#[test]
fn all_problems_of_a_project_are_told_in_one_run() {
    let project = Project::new()
        .model("a", "select * from {{ ref('nowhere') }}")
        .model("b", "select {{ 1 + }}")
        .model("c", "{{ config(materialized='cube') }}select 1 as id")
        .file("models/_models.yml", "models:\n  - name: a\n    name: a\n");
    refuse(&project).stderr_is(str![[r#"
error[SF102]: key `name` stands here twice
 --> models/_models.yml:3:5
  |
3 |     name: a
  |     ^^^^
  |
  = help: remove one of them: YAML would keep only the last

error[SF201]: unexpected end of variable block
 --> models/b.sql:1:15
  |
1 | select {{ 1 + }}
  |               ^^

error[SF105]: unknown materialization `cube`
 --> models/c.sql:1:11
  |
1 | {{ config(materialized='cube') }}select 1 as id
  |           ^^^^^^^^^^^^
  |
  = help: known are view, table, incremental, ephemeral, materialized_view

error[SF210]: ref('nowhere'): no model, seed or snapshot `nowhere`
 --> models/a.sql:1:18
  |
1 | select * from {{ ref('nowhere') }}
  |                  ^^^^^^^^^^^^^^


"#]]);
}

#[test]
fn an_unknown_key_of_a_load_is_compared_with_the_known_ones() {
    let yaml = "\
sources:
  - name: raw
    tables:
      - name: t
        path: t.csv
        load: {mod: replace}
        options: {delimeter: ';'}
";
    let project = Project::new().file("sources/raw.yml", yaml).file("t.csv", "a\n1\n");
    project.run(["parse"]).stderr_is(str![[r#"
error[SF105]: unknown load option `mod`
 --> sources/raw.yml:6:16
  |
6 |         load: {mod: replace}
  |                ^^^
  |
  = help: did you mean `mode`?

error[SF105]: unknown option `delimeter`
 --> sources/raw.yml:7:19
  |
7 |         options: {delimeter: ';'}
  |                   ^^^^^^^^^
  |
  = help: did you mean `delimiter`?


"#]]);
}

#[test]
fn an_unknown_materialization_of_a_folder_is_told_once() {
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nmodels:\n  +materialized: tables\n")
        .model("a", "select 1 as id")
        .model("b", "select 1 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF105]: unknown materialization `tables`
 --> sqlflow.yml:3:18
  |
3 |   +materialized: tables
  |                  ^^^^^^
  |
  = help: did you mean `table`?


"#]]);
}

#[test]
fn a_project_file_that_is_a_list_is_refused() {
    let project = Project::new().file("sqlflow.yml", "- name: shop\n");
    refuse(&project).stderr_is(str![[r#"
error[SF105]: `the project file` is a list, expected a mapping
 --> sqlflow.yml:1:1
  |
1 | - name: shop
  | ^


"#]]);
}
