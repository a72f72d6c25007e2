//! Materialized views, and how tables are stored.

use super::both::{Both, OUTPUTS};
use crate::project::Project;
use serde_json::json;
use snapbox::str;

#[test]
fn a_materialized_view_is_refreshed_where_its_query_is_unchanged() {
    let both = Both::shop(|project| {
        project
            .model("numbers", "{{ config(materialized='table') }} select {{ var('n', 1) }} as id")
            .model(
                "kept",
                "{{ config(materialized='materialized_view', indexes=[{'columns': ['id'], 'unique': true}]) }}\nselect id from {{ ref('numbers') }}",
            )
            .model("above", "select * from {{ ref('kept') }}")
    });
    let oid = "select 'own.kept'::regclass::oid::text, relkind::text from pg_class where oid = 'own.kept'::regclass";
    both.on_postgres(&["build"]).succeeds();
    let made = both.asked(oid);
    assert_eq!(made[0][1], "m");
    assert_eq!(both.asked("select * from own.above"), json!([[1]]));
    both.on_postgres(&["build", "--vars", "{n: 2}"]).succeeds().stderr_lacks("note[");
    assert_eq!(both.asked(oid), made);
    assert_eq!(both.asked("select * from own.above"), json!([[2]]));
    let indexes = "select count(*) from pg_indexes where schemaname = 'own' and tablename = 'kept'";
    assert_eq!(both.asked(indexes), json!([[1]]));

    both.project.write(
        "models/kept.sql",
        "{{ config(materialized='materialized_view') }}\nselect id + 1 as id from {{ ref('numbers') }}",
    );
    both.on_postgres(&["build"]).succeeds();
    assert_ne!(both.asked(oid), made);
    assert_eq!(both.asked("select * from own.above"), json!([[2]]));

    for materialized in ["view", "table", "incremental", "materialized_view"] {
        let text = format!(
            "{{{{ config(materialized='{materialized}') }}}}\nselect id from {{{{ ref('numbers') }}}}"
        );
        both.project.write("models/kept.sql", &text);
        both.on_postgres(&["build"]).succeeds();
        both.on_postgres(&["build"]).succeeds();
    }
    assert_eq!(both.asked(oid)[0][1], "m");
}

#[test]
fn columns_change_below_the_views_that_read_them() {
    let table = "{{ config(materialized='incremental', on_schema_change='sync_all_columns') }}\nselect 1 as id, {{ var('x', '2') }} as x";
    let both = Both::shop(|project| {
        project
            .model("more", &format!("{table}, 'a' as gone"))
            .model("near", "select id, x, gone from {{ ref('more') }}")
            .model("far", "select id, x from {{ ref('near') }}")
            .model("beside", "select id, x from {{ ref('more') }}")
    });
    both.on_postgres(&["build"]).succeeds();
    both.server.run(
        "create role reader; grant select on own.beside to reader; comment on view own.beside is 'mine'",
    );
    both.project.write("models/more.sql", table);
    both.project.write("models/near.sql", "select id, x from {{ ref('more') }}");
    let vars = ["--vars", "{x: '2.5'}"];
    let told = both.on_postgres(&[&["build"], &vars[..]].concat()).succeeds();
    told.stderr_contains(
        "note[SF505]: postgres: view own.near cannot be read until it is built again",
    )
    .stderr_contains("create view own.near");
    assert_eq!(both.asked("select x::text from own.far order by 1"), json!([["2"], ["2.5"]]));
    let kept = "select obj_description('own.beside'::regclass), has_table_privilege('reader', 'own.beside', 'select')";
    assert_eq!(both.asked(kept), json!([["mine", true]]));

    both.server.run("create view public.theirs as select x from own.more");
    both.project.write("models/more.sql", &table.replace(", {{", ", 'b' as x -- {{"));
    both.on_postgres(&["build"]).fails_with("SF502").stderr_contains(
        "view theirs reads own.more, whose columns are to change, and is no model of this project",
    );
}

#[test]
fn tables_are_stored_as_their_options_say() {
    let options = "indexes=[{'columns': ['id'], 'unique': true}, {'columns': ['word', 'id']}, {'columns': 'word', 'type': 'hash'}], unlogged=true, fillfactor=70";
    let both = Both::shop(|project| {
        project
            .file("seeds/raw.csv", "id,word\n1,a\n2,b\n")
            .file("seeds/raw.yml", "version: 2\nseeds:\n  - name: raw\n    config: {indexes: [{columns: [id]}], unlogged: true}\n")
            .model("one", &format!("{{{{ config(materialized='table', {options}) }}}} select * from {{{{ ref('raw') }}}}"))
            .model("more", &format!("{{{{ config(materialized='incremental', unique_key='id', {options}) }}}} select * from {{{{ ref('raw') }}}}"))
    });
    let stored = "select c.relname, c.relpersistence::text, array_to_string(c.reloptions, ','),
      (select string_agg(substring(indexdef from 'CREATE (.*INDEX)') || ' ' || substring(indexdef from 'USING .*'), '; ' order by indexdef)
       from pg_indexes where schemaname = 'own' and tablename = c.relname)
      from pg_class as c where relnamespace = 'own'::regnamespace and relkind = 'r' order by 1";
    let mut first = None;
    for _ in 0..3 {
        both.on_postgres(&["build"]).succeeds();
        let found = both.asked(stored);
        assert_eq!(first.get_or_insert_with(|| found.clone()), &found);
    }
    let found = first.unwrap();
    assert_eq!(found[1][0], "one");
    assert_eq!(found[1][1], "u");
    assert_eq!(found[1][2], "fillfactor=70");
    let indexes = found[1][3].as_str().unwrap();
    for index in
        ["UNIQUE INDEX USING btree (id)", "INDEX USING btree (word, id)", "INDEX USING hash (word)"]
    {
        assert!(indexes.contains(index), "{indexes}");
    }
    assert_eq!(found[0][3], found[1][3]);
    assert_eq!(found[2][1], "u");
    both.project
        .run(["build"])
        .succeeds()
        .stderr_contains("warning[SF117]: `indexes` is not applied on duckdb");
}

#[test]
fn options_that_are_none_are_refused_at_their_place() {
    let model = |options: &str| {
        format!("{{{{ config(\n  materialized='table',\n  {options}\n) }}}}\nselect 1 as id")
    };
    let project = Project::empty()
        .file("sqlflow.yml", "name: shop\n")
        .file("profiles.yml", OUTPUTS)
        .model("a", &model("fillfactor=5"))
        .model("b", &model("unlogged='perhaps'"))
        .model("c", &model("indexes='id'"))
        .model("d", &model("indexes=[{'unique': true}]"))
        .model("e", &model("indexes=[{'columns': ['id'], 'kind': 'hash'}]"))
        .model("f", &model("indexes=[{'columns': ['id'], 'unique': true, 'type': 'hash'}]"))
        .model("g", &model("indexes=[{'columns': ['id'], 'type': 'x; drop'}]"))
        .model("h", &model("indexes=['id']"));
    project.run(["parse"]).exits(2).stderr_is(str![[r#"
warning[SF117]: `fillfactor` is not applied on duckdb
 --> models/a.sql:3:3
  |
3 |   fillfactor=5
  |   ^^^^^^^^^^

error[SF105]: `fillfactor` is `5`, expected 10 to 100
 --> models/a.sql:3:3
  |
3 |   fillfactor=5
  |   ^^^^^^^^^^

error[SF105]: `unlogged` is `perhaps`, expected true or false
 --> models/b.sql:3:3
  |
3 |   unlogged='perhaps'
  |   ^^^^^^^^

error[SF105]: `indexes` is `id`, expected a list, such as [{columns: [id], unique: true}]
 --> models/c.sql:3:3
  |
3 |   indexes='id'
  |   ^^^^^^^

error[SF105]: an index has no columns
 --> models/d.sql:3:3
  |
3 |   indexes=[{'unique': true}]
  |   ^^^^^^^
  |
  = help: name them: {columns: [id]}

error[SF105]: unknown key `kind` of an index
 --> models/e.sql:3:3
  |
3 |   indexes=[{'columns': ['id'], 'kind': 'hash'}]
  |   ^^^^^^^
  |
  = help: known are columns, unique, type

error[SF105]: an index of type `hash` cannot be unique
 --> models/f.sql:3:3
  |
3 |   indexes=[{'columns': ['id'], 'unique': true, 'type': 'hash'}]
  |   ^^^^^^^
  |
  = help: leave out `type`, or `unique`

error[SF105]: `type` of an index is `"x; drop"`, expected the name of a method
 --> models/g.sql:3:3
  |
3 |   indexes=[{'columns': ['id'], 'type': 'x; drop'}]
  |   ^^^^^^^
  |
  = help: usual are btree, hash, gin, gist, spgist, brin

error[SF105]: `"id"` is no index, expected `columns` and what else it has
 --> models/h.sql:3:3
  |
3 |   indexes=['id']
  |   ^^^^^^^
  |
  = help: write it as {columns: [id], unique: true, type: btree}


"#]]);
}
