//! Which tables a verb means.

use super::{SOURCES, schema, shop, unloaded, words};
use crate::project::Project;
use snapbox::str;

const VERBS: [&str; 4] = ["show", "history", "compare", "accept"];

#[test]
fn tables_are_named_alone_by_source_and_all_together() {
    let project = shop();
    for verb in VERBS {
        let of = |names: &[&str]| -> Vec<String> {
            let args = [&[verb, "--output", "json"], names].concat();
            let words = words(&schema(&project, args).succeeds(), "file").into_iter();
            words.map(|word| word.split(' ').next().unwrap().to_owned()).collect()
        };
        assert_eq!(of(&["crm.orders"]), ["crm.orders"]);
        assert_eq!(of(&["crm"]), ["crm.customers", "crm.orders"]);
        assert_eq!(of(&["web", "crm.orders", "web.visits"]), ["crm.orders", "web.visits"]);
        assert_eq!(of(&["source.shop.web.visits"]), ["web.visits"]);
        assert_eq!(of(&["--all"]), ["crm.customers", "crm.orders", "web.visits"]);
    }
}

#[test]
fn without_a_name_is_told_what_there_is() {
    let project = unloaded();
    for verb in VERBS {
        let ran = schema(&project, [verb]).exits(2).stdout("");
        ran.stderr_is(str![[r#"
error[SF220]: no source or source table is named
 |
 = note: source `crm` has customers, orders
 = note: source `web` has visits
 = help: name a source, or `source.table`, or several; `--all` means all of them


"#]]);
    }
}

#[test]
fn of_many_tables_some_are_listed() {
    let tables: String =
        (10..25).map(|i| format!("      - {{name: t{i}, path: t{i}.csv}}\n")).collect();
    let yaml = format!("sources:\n  - name: big\n    tables:\n{tables}");
    let project = Project::new().file("sources/big.yml", &yaml);
    schema(&project, ["show"])
        .exits(2)
        .stderr_contains("source `big` has t10, t11, t12, t13, t14, t15, t16, t17, and 7 more");
}

#[test]
fn an_unknown_name_is_told_with_its_neighbour() {
    let project = shop();
    for verb in VERBS {
        schema(&project, [verb, "crm.order", "wep", "crm.customers"])
            .exits(2)
            .stdout("")
            .stderr_contains("error[SF221]: no source or source table `crm.order`")
            .stderr_contains("did you mean `crm.orders`")
            .stderr_contains("no source or source table `wep`")
            .stderr_contains("did you mean `web`?");
        schema(&project, [verb, "crm", "--all"]).exits(2).stderr_contains("cannot be used with");
    }
}

#[test]
fn what_this_project_does_not_load_has_no_accepted_schema() {
    let project = unloaded();
    let foreign = "  - name: dwh\n    tables: [{name: days}]\n";
    project.write("sources/crm.yml", &format!("{SOURCES}{foreign}"));
    for name in ["dwh", "dwh.days"] {
        schema(&project, ["compare", name]).exits(2).stderr_contains(&format!(
            "`{name}` is not loaded by this project: it has no accepted schema"
        ));
    }
    let ran = schema(&project, ["show", "--all", "--output", "json"]).succeeds();
    assert_eq!(words(&ran, "status").len(), 3);
}

#[test]
fn a_project_without_loads_has_nothing_to_show() {
    let project = Project::new();
    schema(&project, ["show"]).exits(2).stderr_contains("this project loads no source");
    schema(&project, ["show", "--all"]).succeeds().stdout("");
    schema(&project, ["compare", "--all"]).succeeds().stdout("").stderr_is("0 tables\n");
    let ran = schema(&project, ["accept", "--all", "--output", "json"]).succeeds();
    assert_eq!(ran.stdout, "{\"tables\":[],\"pruned\":[]}\n");
}

#[test]
fn a_table_that_is_gone_is_not_unknown() {
    let project = shop();
    project.write("sources/crm.yml", &SOURCES.replace("{name: orders,", "{name: bookings,"));
    schema(&project, ["show", "crm.orders"])
        .exits(2)
        .stderr_contains("no source or source table `crm.orders`")
        .stderr_contains("its snapshot is still there: schemas/crm/orders.yml");
}
