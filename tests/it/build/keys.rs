//! Keys of incremental models: of several columns, with NULLs, with duplicates, with odd names.

use crate::project::Project;
use serde_json::json;

/// An incremental model `kept` that is first built from `first` and then from `second`.
fn twice(strategy: &str, key: &str, first: &str, second: &str) -> Project {
    let text = format!(
        "{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key={key}) }}}}\n\
         {{% if is_incremental() %}}{second}{{% else %}}{first}{{% endif %}}\n"
    );
    let project = Project::new().model("kept", &text);
    project.run(["build"]).succeeds();
    project.run(["build"]).succeeds();
    project
}

#[test]
fn a_key_of_two_columns_needs_both_to_match() {
    let first = "select * from (values ('de', 1, 'a'), ('de', 2, 'b'), ('fr', 1, 'c')) v(country, id, word)";
    let second = "select * from (values ('de', 1, 'new'), ('fr', 2, 'new')) v(country, id, word)";
    for strategy in ["delete+insert", "merge"] {
        let project = twice(strategy, "['country', 'id']", first, second);
        assert_eq!(
            project.query("select * from kept order by all"),
            json!([["de", 1, "new"], ["de", 2, "b"], ["fr", 1, "c"], ["fr", 2, "new"]]),
            "{strategy}"
        );
    }
}

#[test]
fn a_key_that_is_null_never_matches() {
    let first = "select * from (values (null, 'a'), (1, 'b')) v(id, word)";
    let second = "select * from (values (null, 'new'), (1, 'new')) v(id, word)";
    for strategy in ["delete+insert", "merge"] {
        let project = twice(strategy, "'id'", first, second);
        assert_eq!(
            project.query("select * from kept order by id nulls first, word"),
            json!([[null, "a"], [null, "new"], [1, "new"]]),
            "{strategy}"
        );
    }
}

#[test]
fn duplicates_within_a_batch_are_all_inserted_by_delete_insert() {
    let first = "select * from (values (1, 'a'), (2, 'b')) v(id, word)";
    let second = "select * from (values (1, 'x'), (1, 'y')) v(id, word)";
    let project = twice("delete+insert", "'id'", first, second);
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "x"], [1, "y"], [2, "b"]])
    );
}

#[test]
fn duplicates_in_the_table_are_replaced_by_one_row() {
    let first = "select * from (values (1, 'a'), (1, 'b')) v(id, word)";
    let project = twice("delete+insert", "'id'", first, "select 1 as id, 'new' as word");
    assert_eq!(project.query("select * from kept"), json!([[1, "new"]]));
}

#[test]
fn keys_with_odd_names_are_quoted() {
    let first = r#"select 1 as "Order Id", 'a' as "select", 'x' as "say ""hi""""#;
    let second = r#"select 1 as "Order Id", 'b' as "select", 'y' as "say ""hi""""#;
    for strategy in ["append", "delete+insert", "merge"] {
        let project = twice(strategy, "['Order Id']", first, second);
        let count = if strategy == "append" { 2 } else { 1 };
        assert_eq!(project.query("select count(*) from kept"), json!([[count]]), "{strategy}");
        assert_eq!(
            project.query(r#"select max("select"), max("say ""hi""") from kept"#),
            json!([["b", "y"]]),
            "{strategy}"
        );
    }
}

#[test]
fn a_key_that_the_query_does_not_give_fails_the_model_and_keeps_the_rows() {
    let first = "select 1 as id, 'a' as word";
    let text = format!("{{{{ config(materialized='incremental', unique_key='idd') }}}}\n{first}");
    let project = Project::new().model("kept", &text);
    project.run(["build"]);
    project.run(["build"]).fails().stderr_contains("idd");
}

#[test]
fn timestamps_and_decimals_are_keys_too() {
    let first =
        "select timestamp '2013-01-01 06:00:00' as hour, 1.50::decimal(9, 2) as price, 'a' as word";
    let second =
        "select timestamp '2013-01-01 06:00:00' as hour, 1.5::decimal(9, 2) as price, 'b' as word";
    for strategy in ["delete+insert", "merge"] {
        let project = twice(strategy, "['hour', 'price']", first, second);
        assert_eq!(project.query("select word from kept"), json!([["b"]]), "{strategy}");
    }
}
