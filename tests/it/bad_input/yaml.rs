//! YAML that cannot be read, or says what means nothing.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn malformed_yaml_is_shown_at_its_place() {
    let project = Project::new().file("models/_models.yml", "models:\n  - name: a\n columns: [\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unclosed_bracket_is_shown_where_it_opens() {
    let project = Project::new().file("models/_models.yml", "models:\n  - {name: a, tags: [x}\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_tab_in_yaml_is_named() {
    let project = Project::new().file("models/_models.yml", "models:\n\t- name: a\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_tab_between_key_and_value_is_fine() {
    let project = Project::new().file("sqlflow.yml", "name:\tshop\n");
    project.run(["parse"]).succeeds();
}

#[test]
fn a_duplicate_key_is_shown_with_its_first_mention() {
    let project = Project::new()
        .file(
            "models/_models.yml",
            "models:\n  - name: a\n    description: x\n    description: y\n",
        )
        .model("a", "select 1 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_duplicate_key_in_the_project_file_is_shown() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nvars: {a: 1, a: 2}\n");
    refuse(&project).stderr_is(str![[]]);
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
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_project_file_that_is_a_list_is_refused() {
    let project = Project::new().file("sqlflow.yml", "- name: shop\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_project_file_without_a_name_is_refused() {
    let project = Project::new().file("sqlflow.yml", "version: 1.0.0\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_empty_project_file_is_refused() {
    let project = Project::new().file("sqlflow.yml", "");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_key_of_the_project_is_compared_with_the_known_ones() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nmodel-path: [models]\n");
    project.run(["parse"]).stderr_is(str![[]]);
}

#[test]
fn an_unknown_key_of_a_source_table_is_compared_with_the_known_ones() {
    let yaml = "sources:\n  - name: raw\n    tables:\n      - name: t\n        pth: t.csv\n";
    let project = Project::new().file("sources/raw.yml", yaml);
    project.run(["parse"]).stderr_is(str![[]]);
}

#[test]
fn an_unknown_key_of_a_model_is_compared_with_the_known_ones() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: a\n    descripton: the only one\n");
    project.run(["parse"]).stderr_is(str![[]]);
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
    project.run(["parse"]).stderr_is(str![[]]);
}

#[test]
fn an_unknown_key_of_a_target_is_compared_with_the_known_ones() {
    let profiles =
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb, thread: 2}\n";
    let project = Project::new().file("profiles.yml", profiles);
    project.run(["parse"]).stderr_is(str![[]]);
}

#[test]
fn a_misspelt_configuration_is_told() {
    let project = Project::new().model("a", "{{ config(materialised='table') }}\nselect 1 as id");
    project.run(["parse"]).succeeds().stderr_is(str![[]]);
}

#[test]
fn an_unknown_materialization_is_refused_where_it_is_written() {
    let project = Project::new()
        .model("a", "{{\n  config(\n    materialized='tabel'\n  )\n}}\nselect 1 as id")
        .model("b", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: b\n    config: {materialized: veiw}\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_materialization_of_a_folder_is_told_once() {
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nmodels:\n  +materialized: tables\n")
        .model("a", "select 1 as id")
        .model("b", "select 1 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_incremental_model_that_cannot_be_carried_out_is_refused() {
    let project = Project::new()
        .model("a", "{{ config(materialized='incremental', incremental_strategy='merge') }}select 1 as id")
        .model("b", "{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='id') }}select 1 as id")
        .model("c", "{{ config(materialized='incremental', on_schema_change='append_new_columns') }}select 1 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    let project = Project::new().model("a", "select 1 as id").file(
        "models/_models.yml",
        "models:\n  - name: a\n    config: {enabled: perhaps, tags: {x: 1}}\n",
    );
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn properties_of_something_that_does_not_exist_are_told() {
    let project = Project::new()
        .model("orders", "select 1 as id")
        .file("models/_models.yml", "models:\n  - name: order\n    columns: [{name: id}]\n");
    project.run(["parse"]).succeeds().stderr_is(str![[]]);
}

#[test]
fn a_load_that_this_version_does_not_do_is_refused() {
    let yaml = "\
sources:
  - name: raw
    tables:
      - name: t
        path: t.csv
        load: {mode: merge, key: [id]}
";
    let project = Project::new().file("sources/raw.yml", yaml).file("t.csv", "id\n1\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn all_problems_of_a_project_are_told_in_one_run() {
    let project = Project::new()
        .model("a", "select * from {{ ref('nowhere') }}")
        .model("b", "select {{ 1 + }}")
        .model("c", "{{ config(materialized='cube') }}select 1 as id")
        .file("models/_models.yml", "models:\n  - name: a\n    name: a\n");
    refuse(&project).stderr_is(str![[]]);
}
