//! What sources have now becomes what is accepted.

use super::git::git;
use super::{SOURCES, json, schema, shop, timeless, unloaded, words};
use serde_json::json;
use snapbox::{assert_data_eq, str};

#[test]
fn a_drift_is_accepted_and_then_loaded() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2.5,true\n");
    project.run(["load", "--select", "source:crm.orders"]).fails_with("SF401");
    schema(&project, ["accept", "crm.orders", "--message", "CRM release 7"])
        .succeeds()
        .stdout(str![[r#"
✓ crm.orders  version 1 -> 2
    + paid boolean
    ~ total: bigint -> double

"#]])
        .stderr_is("");
    assert_data_eq!(
        timeless(&project.read("schemas/crm/orders.yml")),
        str![[r#"
version: 2
fingerprint: 1de2b4dec5c79f2b3272ca24474fb9ae
read: {delimiter: ","}
columns:
  - {name: id, type: bigint, nullable: true}
  - {name: total, type: double, nullable: true}
  - {name: paid, type: boolean, nullable: true}
history:
  - {version: 1, at: [AT], by: first load}
  - {version: 2, at: [AT], by: accept, why: CRM release 7, added: [{name: paid, type: boolean, nullable: true}], retyped: [{name: total, from: bigint, to: double}]}

"#]]
    );
    schema(&project, ["compare", "--all"]).succeeds();
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id, total, paid from crm.orders"), json!([[1, 2.5, true]]));
}

#[test]
fn accepting_what_has_not_changed_says_so_and_writes_nothing() {
    let project = shop();
    let before = project.files("schemas");
    let written = || {
        let path = project.root().join("schemas/crm/orders.yml");
        std::fs::metadata(path).unwrap().modified().unwrap()
    };
    let time = written();
    for _ in 0..2 {
        schema(&project, ["accept", "--all", "-m", "nothing"]).succeeds().stdout(str![[r#"
✓ crm.customers  as accepted, version 1: nothing to accept
✓ crm.orders     as accepted, version 1: nothing to accept
✓ web.visits     as accepted, version 1: nothing to accept

"#]]);
    }
    assert_eq!((project.files("schemas"), written()), (before, time));
}

#[test]
fn accepting_twice_is_accepting_once() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
    schema(&project, ["accept", "--all"]).succeeds();
    let once = project.files("schemas");
    schema(&project, ["accept", "--all"])
        .succeeds()
        .stdout_contains("version 2: nothing to accept");
    assert_eq!(project.files("schemas"), once);
}

#[test]
fn only_the_columns_that_are_named_are_accepted() {
    let project = shop();
    project.write("data/orders.csv", "key,id,paid,total\nk,1,true,2.5\n");
    let accept = |columns: &[&str]| {
        let columns = columns.iter().flat_map(|name| ["--column", name]);
        schema(&project, ["accept", "crm.orders"].into_iter().chain(columns))
    };
    accept(&["paid"]).succeeds().stdout(str![[r#"
✓ crm.orders  version 1 -> 2
    + paid boolean

"#]]);
    accept(&["total", "key"]).succeeds().stdout(str![[r#"
✓ crm.orders  version 2 -> 3
    + key varchar
    ~ total: bigint -> double

"#]]);
    accept(&["id"]).succeeds().stdout_contains("version 3: nothing to accept");
    schema(&project, ["compare", "crm.orders"]).succeeds();
}

#[test]
fn a_column_that_is_nowhere_is_wrong_usage() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
    let before = project.files("schemas");
    schema(&project, ["accept", "--all", "--column", "payd", "--column", "id"])
        .exits(2)
        .stdout("")
        .stderr_contains("error[SF221]: no column `payd`, neither accepted nor in the source")
        .stderr_contains("did you mean `paid`?");
    assert_eq!(project.files("schemas"), before);
    project.remove("schemas/crm/customers.yml");
    let ran = schema(&project, ["accept", "crm", "--column", "paid"]).exits(2);
    ran.stdout_contains("crm.orders     version 1 -> 2")
        .stderr_contains("nothing of `crm.customers` was accepted yet")
        .stderr_contains("without `--column`, a first snapshot is written");
}

#[test]
fn a_table_that_was_never_loaded_has_a_first_snapshot() {
    let project = unloaded();
    schema(&project, ["accept", "crm.customers"]).succeeds().stdout(str![[r#"
✓ crm.customers  version 1, 2 columns

"#]]);
    assert_data_eq!(
        timeless(&project.read("schemas/crm/customers.yml")),
        str![[r#"
version: 1
fingerprint: 4429edb8c9980e4482155d97d951a60d
read: {delimiter: ","}
columns:
  - {name: id, type: bigint, nullable: true}
  - {name: email, type: varchar, nullable: true}
history:
  - {version: 1, at: [AT], by: accept}

"#]]
    );
    assert_eq!(project.files("schemas").len(), 1);
    project.run(["load"]).succeeds();
    schema(&project, ["compare", "--all"]).succeeds();
}

#[test]
fn files_without_rows_tell_no_types() {
    let project = unloaded();
    project.write("data/orders.csv", "id,total\n");
    let ran = schema(&project, ["accept", "--all"]).exits(1);
    ran.stderr_contains(
        "error[SF302]: the files of `crm.orders` have no rows, which tell the types",
    );
    assert!(!project.has("schemas/crm/orders.yml") && project.has("schemas/web/visits.yml"));
}

#[test]
fn who_is_gits_user_of_the_project() {
    let project = git(shop());
    project.write("data/orders.csv", "id\n1\n");
    schema(&project, ["accept", "crm.orders"]).succeeds();
    let ran = schema(&project, ["history", "crm.orders"]).succeeds();
    ran.stdout_contains(" · accept by Ada\n");
    let ran = schema(&project, ["history", "crm.orders", "--output", "json"]).succeeds();
    let history = &json(&ran)["tables"][0]["history"];
    assert_eq!((&history[0]["who"], &history[1]["who"]), (&json!(null), &json!("Ada")));
}

#[test]
fn without_git_it_is_nobody() {
    let project = shop().env("PATH", "/nowhere");
    project.write("data/orders.csv", "id\n1\n");
    schema(&project, ["accept", "crm.orders"]).succeeds();
    let ran = schema(&project, ["history", "crm.orders"]).succeeds();
    ran.stdout_contains(" · accept\n");
}

#[test]
fn a_dry_run_writes_nothing() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
    project.write("sources/crm.yml", &SOURCES.replace("{name: visits", "{name: hits"));
    let before = project.files("schemas");
    schema(&project, ["accept", "--all", "--prune", "--dry-run"])
        .succeeds()
        .stdout(str![[r#"
✓ crm.customers  as accepted, version 1: nothing to accept
✓ crm.orders     version 1 -> 2
    + paid boolean
✓ web.hits       version 1, 2 columns
- schemas/web/visits.yml would be removed

"#]])
        .stderr_is("Nothing was written: --dry-run\n");
    assert_eq!(project.files("schemas"), before);
}

#[test]
fn what_was_accepted_is_one_object_for_programs() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
    project.remove("data/visits.csv");
    project.remove("schemas/crm/customers.yml");
    let ran = schema(&project, ["accept", "--all", "-m", "why not", "--output", "json"]).exits(1);
    assert_eq!(
        words(&ran, "status"),
        ["crm.customers first", "crm.orders accepted", "web.visits failed"]
    );
    let value = json(&ran);
    let orders = &value["tables"][1];
    assert_eq!(orders["accepted"]["version"], 2);
    assert_eq!(
        (&orders["entry"]["why"], &orders["entry"]["added"][0]["name"]),
        (&json!("why not"), &json!("paid"))
    );
    assert_eq!(value["tables"][2]["problems"][0]["code"], "SF301");
    assert_eq!(value["pruned"], json!([]));
}
