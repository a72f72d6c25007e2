//! Incremental models: what stands after the first run, the second, and a full refresh.

use crate::project::Project;
use serde_json::json;
use snapbox::str;

/// An incremental model `kept` over the rows of the seed `batch`.
fn keeping(config: &str, first: &str) -> Project {
    let text = format!(
        "{{{{ config(materialized='incremental'{config}) }}}}\nselect * from {{{{ ref('batch') }}}}\n"
    );
    let project = Project::new().model("kept", &text).file("seeds/batch.csv", first);
    project.run(["build"]).succeeds();
    project
}

/// Builds again with another batch.
fn next(project: &Project, batch: &str) {
    project.write("seeds/batch.csv", batch);
    project.run(["build"]).succeeds();
}

const ONE_TWO: &str = "id,word\n1,one\n2,two\n";
const TWO_THREE: &str = "id,word\n2,zwei\n3,drei\n";

#[test]
fn append_adds_each_batch() {
    let project = keeping(", incremental_strategy='append'", ONE_TWO);
    next(&project, TWO_THREE);
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "one"], [2, "two"], [2, "zwei"], [3, "drei"]])
    );
}

#[test]
fn append_is_what_happens_without_key_and_strategy() {
    let project = keeping("", ONE_TWO);
    next(&project, ONE_TWO);
    assert_eq!(project.query("select count(*) from kept"), json!([[4]]));
}

#[test]
fn delete_insert_replaces_rows_whose_key_comes_again() {
    let project = keeping(", incremental_strategy='delete+insert', unique_key='id'", ONE_TWO);
    next(&project, TWO_THREE);
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "one"], [2, "zwei"], [3, "drei"]])
    );
}

#[test]
fn a_key_without_a_strategy_means_delete_insert() {
    let project = keeping(", unique_key='id'", ONE_TWO);
    next(&project, TWO_THREE);
    assert_eq!(project.query("select count(*) from kept"), json!([[3]]));
}

#[test]
fn merge_updates_rows_whose_key_comes_again() {
    let project = keeping(", incremental_strategy='merge', unique_key='id'", ONE_TWO);
    next(&project, TWO_THREE);
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "one"], [2, "zwei"], [3, "drei"]])
    );
}

#[test]
fn merge_updates_only_the_columns_named() {
    let config = ", incremental_strategy='merge', unique_key='id', merge_update_columns=['word']";
    let project = keeping(config, "id,word,note\n1,one,first\n");
    next(&project, "id,word,note\n1,eins,second\n2,zwei,second\n");
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "eins", "first"], [2, "zwei", "second"]])
    );
}

#[test]
fn a_full_refresh_starts_anew() {
    let project = keeping(", incremental_strategy='append'", ONE_TWO);
    project.write("seeds/batch.csv", TWO_THREE);
    project.run(["build", "--full-refresh"]).succeeds();
    assert_eq!(project.query("select * from kept order by all"), json!([[2, "zwei"], [3, "drei"]]));
}

#[test]
fn a_model_may_refuse_to_be_refreshed() {
    let project = keeping(", incremental_strategy='append', full_refresh=false", ONE_TWO);
    project.write("seeds/batch.csv", TWO_THREE);
    project.run(["build", "--full-refresh"]).succeeds();
    assert_eq!(project.query("select count(*) from kept"), json!([[4]]));
}

#[test]
fn a_model_may_always_be_refreshed() {
    let project = keeping(", incremental_strategy='append', full_refresh=true", ONE_TWO);
    next(&project, TWO_THREE);
    assert_eq!(project.query("select count(*) from kept"), json!([[2]]));
}

#[test]
fn a_predicate_narrows_what_is_replaced() {
    let config = ", incremental_strategy='delete+insert', unique_key='id', \
                  incremental_predicates=[\"DBT_INTERNAL_DEST.word <> 'two'\"]";
    let project = keeping(config, ONE_TWO);
    next(&project, "id,word\n1,eins\n2,zwei\n");
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([[1, "eins"], [2, "two"], [2, "zwei"]])
    );
}

#[test]
fn columns_are_matched_by_name_not_by_position() {
    for strategy in ["append", "delete+insert", "merge"] {
        let config = format!(", incremental_strategy='{strategy}', unique_key='id'");
        let project = keeping(&config, "id,word\n1,one\n");
        next(&project, "word,id\nzwei,2\n");
        assert_eq!(
            project.query("select id, word from kept order by all"),
            json!([[1, "one"], [2, "zwei"]]),
            "{strategy}"
        );
    }
}

#[test]
fn a_new_column_is_left_out_and_told() {
    let project = keeping(", unique_key='id'", ONE_TWO);
    project.write("seeds/batch.csv", "id,word,note\n3,three,new\n");
    project.run(["build"]).succeeds().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 seed, 1 model · 2 threads
  ✓ seed   main.batch            1 row   [TIME]
  ✓ incr   main.kept             1 row   [TIME]

warning[SF504]: table `main.kept` lacks column `note`: left out
 --> models/kept.sql:1:1
  |
1 | {{ config(materialized='incremental', unique_key='id') }}
  | ^
  |
  = help: rebuild the table with --full-refresh

Done in [TIME]. PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2

"#]]);
    assert_eq!(project.query("select * from kept where id = 3"), json!([[3, "three"]]));
}

#[test]
fn a_removed_column_stops_the_model_and_is_named() {
    let project = keeping(", unique_key='id'", ONE_TWO);
    project.write("seeds/batch.csv", "id\n3\n");
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 seed, 1 model · 2 threads
  ✓ seed   main.batch            1 row   [TIME]
  ✗ incr   main.kept   failed  [TIME]

error[SF504]: the query no longer gives column `word` of table `main.kept`
 --> models/kept.sql:1:1
  |
1 | {{ config(materialized='incremental', unique_key='id') }}
  | ^
  |
  = help: rebuild the table with --full-refresh, or give the column again

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
    assert_eq!(project.query("select * from kept order by all"), json!([[1, "one"], [2, "two"]]));
    project.run(["build", "--full-refresh"]).succeeds();
    assert_eq!(project.query("select * from kept"), json!([[3]]));
}

#[test]
fn a_column_in_other_capitals_is_the_same_column() {
    let project = keeping(", unique_key='id'", ONE_TWO);
    next(&project, "ID,WORD\n2,zwei\n");
    assert_eq!(project.query("select * from kept order by all"), json!([[1, "one"], [2, "zwei"]]));
}

#[test]
fn a_batch_that_does_not_convert_leaves_the_table_as_it_was() {
    let project = keeping(", unique_key='id'", "id,amount\n1,10\n");
    project.write("seeds/batch.csv", "id,amount\n1,ten\n");
    project.run(["build"]).fails();
    assert_eq!(project.query("select * from kept"), json!([[1, 10]]));
}

#[test]
fn is_incremental_is_false_first_true_later_and_false_when_refreshed() {
    let text = "\
{{ config(materialized='incremental') }}
select {% if is_incremental() %}(select max(n) + 1 from {{ this }}){% else %}1{% endif %} as n
";
    let project = Project::new().model("counted", text);
    for expected in [json!([[1]]), json!([[1], [2]]), json!([[1], [2], [3]])] {
        project.run(["build"]).succeeds();
        assert_eq!(project.query("select n from counted order by n"), expected);
    }
    project.run(["build", "--full-refresh"]).succeeds();
    assert_eq!(project.query("select n from counted"), json!([[1]]));
}

#[test]
fn is_incremental_is_false_over_a_view() {
    let text = "select {{ 'true' if is_incremental() else 'false' }} as was_incremental";
    let project = Project::new().model("m", text);
    project.run(["build"]).succeeds();
    let config = "{{ config(materialized='incremental') }}";
    project.write("models/m.sql", &format!("{config}{text}"));
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from m"), json!([[false]]));
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from m"), json!([[false], [true]]));
}

#[test]
fn is_incremental_in_a_macro_is_seen() {
    let project = Project::new()
        .file("macros/since.sql", "{% macro since() %}{% if is_incremental() %}where n > 1{% endif %}{% endmacro %}")
        .model("m", "{{ config(materialized='incremental') }}select n from (values (1), (2)) v(n) {{ since() }}");
    project.run(["build"]).succeeds();
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select n from m order by n"), json!([[1], [2], [2]]));
}

#[test]
fn an_empty_batch_changes_nothing() {
    for strategy in ["append", "delete+insert", "merge"] {
        let config = format!(", incremental_strategy='{strategy}', unique_key='id'");
        let project = keeping(&config, ONE_TWO);
        next(&project, "id,word\n");
        let rows = project.query("select * from kept order by all");
        assert_eq!(rows, json!([[1, "one"], [2, "two"]]), "{strategy}");
    }
}
