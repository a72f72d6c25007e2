//! What stands on tables and views of a PostgreSQL database that are built again, and what holds on
//! to them: it stays, or the build is refused by name.

use super::both::Both;
use serde_json::{Value, json};

const TABLE: &str = "{{ config(materialized='table') }}";

/// A table of two columns, with what `more` adds to them.
fn shop(more: &[(&str, &str)]) -> Both {
    let both = Both::shop(|project| {
        let project = project.model(
            "kept",
            &format!("{TABLE} select 1 as id, 'a' as word {{{{ var('more', '') }}}}"),
        );
        more.iter().fold(project, |project, (name, text)| project.model(name, text))
    });
    both.on_postgres(&["build"]).succeeds();
    both
}

const MORE: [&str; 2] = ["--vars", "{more: ', 2 as fresh'}"];

/// Builds again, and again with another column.
fn build_with_more(both: &Both) -> crate::project::Ran {
    both.on_postgres(&[&["build"], &MORE[..]].concat())
}

// proves: T-2
#[test]
fn nothing_of_others_goes_with_a_table() {
    for (make, look, holder) in [
        (
            "create table public.theirs (k own.kept, n int); insert into theirs values ((1, 'z'), 5)",
            "select k::text from public.theirs",
            "column k of table theirs",
        ),
        (
            "create table public.theirs (k own.kept[], n int); insert into theirs values (array[(1, 'z')::own.kept], 5)",
            "select k::text from public.theirs",
            "column k of table theirs",
        ),
        (
            "create function public.rows() returns setof own.kept language sql as 'select * from own.kept'",
            "select 'rows()'::regprocedure::text",
            "function rows()",
        ),
        (
            "create function public.word_of(k own.kept) returns text language sql as 'select k.word'",
            "select word_of(k) from own.kept as k",
            "function word_of(own.kept)",
        ),
        (
            "create table public.theirs (n int); alter table theirs enable row level security;
             create policy only_known on theirs using (n in (select id from own.kept))",
            "select polname::text from pg_policy",
            "policy only_known on table theirs",
        ),
        (
            "create table public.theirs (id int); create rule copied as on insert to theirs do also
             insert into own.kept values (new.id, 'ruled')",
            "select rulename::text from pg_rules where tablename = 'theirs'",
            "rule copied on table theirs",
        ),
        (
            "create domain public.kept_one as own.kept",
            "select 'kept_one'::regtype::text",
            "type kept_one",
        ),
        (
            "alter table own.kept enable row level security; create policy mine on own.kept using (true)",
            "select polname::text from pg_policy",
            "policy mine on table own.kept",
        ),
        (
            "alter table own.kept alter column id set not null; alter table own.kept alter column id add generated always as identity (start 100)",
            "select attidentity::text from pg_attribute where attrelid = 'own.kept'::regclass and attname = 'id'",
            "sequence own.kept_id_seq",
        ),
        (
            "create table own.child () inherits (own.kept); insert into own.child values (7, 'child')",
            "select count(*) from only own.child",
            "table own.child",
        ),
    ] {
        let both = shop(&[]);
        both.server.run(make);
        let before = both.asked(look);
        assert_ne!(before, json!([]), "{make}");
        both.on_postgres(&["build"]).succeeds().stderr_lacks("note[");
        assert_eq!(both.asked(look), before, "{make}");
        assert_eq!(both.asked("select * from only own.kept"), json!([[1, "a"]]));
        let ran = build_with_more(&both).fails();
        ran.stderr_contains(&format!("{holder} holds on to own.kept, whose columns are to change"));
        assert_eq!(both.asked(look), before, "{make}");
        assert_eq!(both.asked("select * from only own.kept"), json!([[1, "a"]]));
    }
}

/// All that stands on `own.kept`, as text.
const STANDING: &str = "
  select format('%s %s %s %s %s %s', relrowsecurity, relforcerowsecurity, relreplident, relacl, reloptions, pg_get_userbyid(relowner))
  from pg_class where oid = 'own.kept'::regclass
  union all select array_to_string(t.reloptions, ',') from pg_class as c join pg_class as t on t.oid = c.reltoastrelid where c.oid = 'own.kept'::regclass
  union all select format('%s %s %s %s %s %s', attname, attstattarget, attoptions, attstorage, attnotnull, attacl)
  from pg_attribute where attrelid = 'own.kept'::regclass and attnum > 0 and not attisdropped
  union all select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'own.kept'::regclass
  union all select format('%s %s %s %s', pg_get_indexdef(i.indexrelid), indisclustered, indisreplident, obj_description(i.indexrelid, 'pg_class'))
  from pg_index as i where indrelid = 'own.kept'::regclass
  union all select format('%s %s %s', conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'))
  from pg_constraint where conrelid = 'own.kept'::regclass
  union all select obj_description('own.kept'::regclass, 'pg_class')
  union all select col_description('own.kept'::regclass, 1)
  order by 1";

const PROPERTIES: &str = "
create role analyst; create role keeper; grant usage, create on schema own to keeper;
alter table own.kept drop column word; alter table own.kept add column word text default 'x';
alter table own.kept enable row level security; alter table own.kept force row level security;
alter table own.kept set (autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = false);
alter table own.kept alter column word set statistics 500, alter column id set (n_distinct = -0.5),
  alter column word set storage external, alter column id set default 41 + 1, alter column id set not null;
create unique index sqlflow_mine on own.kept (id);
comment on index own.sqlflow_mine is 'an index';
create index by_word on own.kept (lower(word)); alter index own.by_word alter column 1 set statistics 300;
alter table own.kept add constraint apart unique (word), add constraint known check (id < 1000);
comment on constraint known on own.kept is 'a constraint'; comment on index own.apart is 'another';
comment on table own.kept is 'a table'; comment on column own.kept.id is 'a column';
alter table own.kept cluster on by_word; alter table own.kept replica identity using index sqlflow_mine;
grant select on own.kept to analyst; grant update (word) on own.kept to analyst;
alter table own.kept owner to keeper; grant insert on own.kept to postgres;";

// proves: T-2
#[test]
fn all_that_stands_on_a_table_stays() {
    for view in ["", "create view own.some as select id from own.kept;"] {
        let both = shop(&[]);
        both.server.run(&format!("{PROPERTIES}{view}"));
        let before = both.asked(STANDING);
        both.on_postgres(&["build"]).succeeds().stderr_lacks("note[");
        assert_eq!(both.asked(STANDING), before, "{view}");
        if view.is_empty() {
            build_with_more(&both).succeeds().stderr_lacks("note[");
            let after = both.asked(STANDING);
            let lost = before
                .as_array()
                .unwrap()
                .iter()
                .filter(|line| !after.as_array().unwrap().contains(line));
            assert_eq!(lost.collect::<Vec<&Value>>(), Vec::<&Value>::new(), "{after:#}");
        }
    }
}

// proves: T-2
#[test]
fn a_table_whose_rows_are_hidden_from_its_owner_gains_none() {
    let both = shop(&[]);
    both.server.run(
        "create role loader login; grant create on database postgres to loader; alter schema own owner to loader;
         alter table own.kept owner to loader; alter table own.kept enable row level security;
         alter table own.kept force row level security; create policy few on own.kept using (id > 5) with check (true)",
    );
    let profiles = both.project.read("profiles.yml").replace("user: postgres", "user: loader");
    both.project.write("profiles.yml", &profiles);
    for _ in 0..2 {
        both.on_postgres(&["build"])
            .exits(3)
            .stderr_contains("row security hides rows of own.kept from role loader");
        assert_eq!(both.asked("select * from own.kept"), json!([[1, "a"]]));
    }
}

const VIEWS: [(&str, &str); 2] =
    [("near", "select * from {{ ref('kept') }}"), ("far", "select id from {{ ref('near') }}")];

// proves: T-2
#[test]
fn what_stands_on_a_view_stays_when_a_column_goes() {
    let both = shop(&VIEWS);
    both.on_postgres(&[&["build"], &MORE[..]].concat()).succeeds();
    both.server.run(
        "create role analyst; create role keeper; grant usage, create on schema own to keeper;
         grant select on own.near, own.far to analyst; comment on view own.near is 'mine';
         grant select (id) on own.near to analyst;
         alter view own.near set (security_barrier = true); alter view own.near alter column id set default 3;
         alter view own.far set (security_barrier = true); alter view own.far owner to keeper;
         grant select on own.near to keeper",
    );
    let look = "select relname::text, relacl::text, array_to_string(reloptions, ','), pg_get_userbyid(relowner)::text,
        obj_description(oid, 'pg_class'), (select attacl::text from pg_attribute where attrelid = c.oid and attname = 'id'),
        (select count(*) from pg_attrdef where adrelid = c.oid)
      from pg_class as c where relname in ('near', 'far') order by 1";
    let before = both.asked(look);
    both.on_postgres(&[&["build"], &MORE[..]].concat()).succeeds().stderr_lacks("note[");
    assert_eq!(both.asked(look), before, "nothing changed");
    both.on_postgres(&["build", "--select", "kept"])
        .succeeds()
        .stderr_contains("view own.near cannot be read until it is built again");
    assert_eq!(both.asked(look), before, "it waits to be built again");
    let told = both.server.client().query("select * from own.far", &[]).unwrap_err();
    let told = told.as_db_error().unwrap().message().to_owned();
    assert!(
        told.contains("view own.near is to be built again, since the columns of own.kept"),
        "{told}"
    );
    both.on_postgres(&["build"]).succeeds().stderr_lacks("note[");
    assert_eq!(both.asked("select * from own.far"), json!([[1]]));
    assert_eq!(both.asked(look), before, "it was built again");
    build_with_more(&both).succeeds().stderr_lacks("note[");
    assert_eq!(both.asked(look), before, "a column came");
}

// proves: T-2
#[test]
fn a_view_that_something_holds_on_to_stays() {
    let both = shop(&VIEWS);
    both.server.run(
        "create function public.nothing() returns trigger language plpgsql as 'begin return null; end';
         create trigger written instead of insert on own.far for each row execute function nothing()",
    );
    both.on_postgres(&["build"]).succeeds();
    let text = both.project.read("models/kept.sql").replace("1 as id", "1::bigint as id");
    both.project.write("models/kept.sql", &text);
    both.on_postgres(&["build"]).fails().stderr_contains(
        "trigger written on view own.far holds on to own.far, which is to be made again",
    );
    assert_eq!(both.asked("select tgname::text from pg_trigger"), json!([["written"]]));
}

// proves: T-2
#[test]
fn a_view_that_becomes_a_table_keeps_its_comment_and_grants() {
    let both = Both::shop(|project| project.model("one", "select 1 as id"));
    both.on_postgres(&["build"]).succeeds();
    both.server.run(
        "create role analyst; grant select on own.one to analyst; comment on view own.one is 'mine';
         comment on column own.one.id is 'its'",
    );
    let look = "select obj_description('own.one'::regclass, 'pg_class'), col_description('own.one'::regclass, 1),
        has_table_privilege('analyst', 'own.one', 'select')";
    for materialized in ["table", "materialized_view", "view"] {
        let text = format!("{{{{ config(materialized='{materialized}') }}}} select 1 as id");
        both.project.write("models/one.sql", &text);
        both.on_postgres(&["build"]).succeeds();
        assert_eq!(both.asked(look), json!([["mine", "its", true]]), "{materialized}");
    }
}

// proves: T-2
#[test]
fn a_table_that_others_refer_to_takes_rows_that_exchange_values() {
    let rows = "{{ config(materialized='table') }} select * from (values (1, 'a', '{}'::json, '<x/>'::xml), (2, 'b', '{}', '<x/>')) as rows (id, code, doc, tree)";
    let both = Both::shop(|project| project.model("kept", rows));
    both.on_postgres(&["build"]).succeeds();
    both.server.run(
        "alter table own.kept add primary key (id); alter table own.kept add constraint codes unique (code);
         create unique index lowered on own.kept (lower(code));
         create table public.lines (id int references own.kept (id)); insert into lines values (1), (2)",
    );
    let changed = rows
        .replace("(1, 'a', '{}'::json", "(1, 'b', '{\"n\": 1}'::json")
        .replace("(2, 'b'", "(2, 'a'");
    both.project.write("models/kept.sql", &changed);
    both.on_postgres(&["build"]).succeeds();
    assert_eq!(
        both.asked("select id, code, doc::text from own.kept order by id"),
        json!([[1, "b", "{\"n\": 1}"], [2, "a", "{}"]])
    );
    let stand = "select (select count(*) from pg_constraint where conrelid = 'own.kept'::regclass and contype in ('p', 'u')),
        (select count(*) from pg_indexes where tablename = 'kept')";
    assert_eq!(both.asked(stand), json!([[2, 3]]));
    both.project.write("models/kept.sql", &changed.replace("(2, 'a'", "(2, 'b'"));
    both.on_postgres(&["build"]).fails().stderr_contains("codes");
    assert_eq!(both.asked(stand), json!([[2, 3]]));
    assert_eq!(both.asked("select code from own.kept order by id"), json!([["b"], ["a"]]));
}

// proves: T-2
#[test]
fn a_table_that_refers_to_itself_does_so_afterwards() {
    let both = Both::shop(|project| {
        project.model(
            "tree",
            "{{ config(materialized='table') }} select 1 as id, 1 as parent {{ var('more', '') }}",
        )
    });
    both.on_postgres(&["build"]).succeeds();
    both.server.run(
        "alter table own.tree add constraint z_key unique (id);
         alter table own.tree add constraint a_parent foreign key (parent) references own.tree (id);
         alter table own.tree rename constraint z_key to zz_key",
    );
    let look =
        "select conname::text from pg_constraint where conrelid = 'own.tree'::regclass order by 1";
    both.on_postgres(&["build"]).succeeds();
    assert_eq!(both.asked(look), json!([["a_parent"], ["zz_key"]]));
    build_with_more(&both).succeeds().stderr_lacks("note[");
    assert_eq!(both.asked(look), json!([["a_parent"], ["zz_key"]]));
}

// proves: T-2
#[test]
fn how_a_table_is_stored_holds_where_a_view_reads_it_too() {
    let both = shop(&VIEWS);
    let look = "select relpersistence::text, array_to_string(reloptions, ',') from pg_class where oid = 'own.kept'::regclass";
    assert_eq!(both.asked(look), json!([["p", null]]));
    let text = |options: &str| {
        format!("{{{{ config(materialized='table'{options}) }}}} select 1 as id, 'a' as word")
    };
    for (options, stored) in [
        (", unlogged=true, fillfactor=70", json!([["u", "fillfactor=70"]])),
        (", fillfactor=80", json!([["p", "fillfactor=80"]])),
        ("", json!([["p", "fillfactor=80"]])),
    ] {
        both.project.write("models/kept.sql", &text(options));
        both.on_postgres(&["build"]).succeeds();
        assert_eq!(both.asked(look), stored, "{options}");
        assert_eq!(both.asked("select * from own.far"), json!([[1]]));
    }
}

// proves: T-7
#[test]
fn a_trigger_that_keeps_rows_is_told() {
    for when in ["delete", "insert"] {
        let both = shop(&[]);
        both.server.run(&format!(
            "create function public.nothing() returns trigger language plpgsql as 'begin return null; end';
             create trigger swallowed before {when} on own.kept for each row execute function nothing()"
        ));
        both.on_postgres(&["build"])
            .fails()
            .stderr_contains("a trigger of own.kept kept rows from being written");
        assert_eq!(both.asked("select * from own.kept"), json!([[1, "a"]]));
    }
    let both = shop(&[]);
    both.server.run("create rule ruled as on insert to own.kept do instead nothing");
    both.on_postgres(&["build"])
        .fails()
        .stderr_contains("rule ruled of own.kept does something else instead of writing its rows");
    assert_eq!(both.asked("select * from own.kept"), json!([[1, "a"]]));
}

// proves: T-1
#[test]
fn names_that_hold_the_quotes_of_our_blocks_are_names() {
    let both = Both::shop(|project| {
        project
            .model("odd", "{{ config(materialized='table', alias='a$sqlflow$b', indexes=[{'columns': ['n$sqlflow$']}]) }} select 1 as \"n$sqlflow$\"")
            .model("above", "select * from {{ ref('odd') }}")
    });
    for _ in 0..2 {
        both.on_postgres(&["build"]).succeeds();
    }
    assert_eq!(both.asked("select * from own.above"), json!([[1]]));
}

// proves: T-5
#[test]
fn tables_below_one_view_get_other_columns_at_the_same_time() {
    let tables = ["one", "two", "three", "four"];
    let both = Both::shop(|project| {
        let project = tables.iter().fold(project, |project, name| {
            project.model(
                name,
                &format!("{TABLE} select 1 as id, 2 as own_{name} {{{{ var('more', '') }}}}"),
            )
        });
        let joined: Vec<String> = tables[1..]
            .iter()
            .map(|name| format!("join {{{{ ref('{name}') }}}} using (id)"))
            .collect();
        project
            .model(
                "above",
                &format!(
                    "select id, own_one, own_four from {{{{ ref('one') }}}} {}",
                    joined.join(" ")
                ),
            )
            .model("far", "select id from {{ ref('above') }}")
    });
    let profiles = both.project.read("profiles.yml").replace("threads: 2", "threads: 4");
    both.project.write("profiles.yml", &profiles);
    both.on_postgres(&["build"]).succeeds();
    for round in 0..6 {
        let more = format!("{{more: ', {round} as fresh_{round}'}}");
        both.on_postgres(&["build", "--vars", &more]).succeeds().stderr_lacks("note[");
    }
    assert_eq!(both.asked("select * from own.far"), json!([[1]]));
}

// proves: T-7
#[test]
fn a_trigger_that_keeps_rows_of_a_batch_is_told() {
    for (strategy, when) in [
        ("append", "insert"),
        ("delete+insert", "insert"),
        ("merge", "insert"),
        ("merge", "update"),
    ] {
        let both = Both::shop(|project| {
            project.model("more", &format!("{{{{ config(materialized='incremental', unique_key='id', incremental_strategy='{strategy}') }}}} select * from (values (1, 'a'), {{{{ var('row', \"(1, 'a')\") }}}}) as rows (id, word) where id > {{{{ var('least', 0) }}}} limit {{{{ var('count', 1) }}}}"))
        });
        both.on_postgres(&["build"]).succeeds();
        let next = ["build", "--vars", "{row: \"(2, 'b')\", count: 2}"];
        both.server.run(&format!(
            "create function public.nothing() returns trigger language plpgsql as 'begin return null; end';
             create trigger swallowed before {when} on own.more for each row execute function nothing()"
        ));
        let ran = both.on_postgres(&next).fails();
        if strategy == "merge" {
            ran.stderr_contains("a trigger of own.more kept rows from being written: 1");
        } else {
            ran.stderr_contains("a statement wrote 0 rows, expected 2");
        }
        assert_eq!(both.asked("select * from own.more"), json!([[1, "a"]]));
        both.server.run("drop trigger swallowed on own.more");
        both.on_postgres(&next).succeeds();
    }
}

// proves: T-5
#[test]
fn a_transaction_that_gave_way_to_another_is_carried_out_again() {
    let both = Both::shop(|project| project.model("one", "select 1 as id"));
    both.server.run("create table one (n int); create table two (n int); insert into one values (0); insert into two values (0)");
    std::thread::scope(|scope| {
        for order in [["one", "two"], ["two", "one"]] {
            let mut session = both.postgres();
            scope.spawn(move || {
                let [first, last] = order.map(|table| format!("update {table} set n = n + 1"));
                for _ in 0..3 {
                    let changed = session.apply(&[&first, "select pg_sleep(0.1)", &last]).unwrap();
                    assert_eq!(changed, [Some(1), None, Some(1)]);
                }
            });
        }
    });
    assert_eq!(both.asked("select one.n, two.n from one, two"), json!([[6, 6]]));
    assert!(both.server.log().contains("deadlock detected"));
}
