//! What sources have now beside what was accepted.

use super::{SOURCES, json, schema, shop, unloaded, words};
use serde_json::json;
use snapbox::str;

#[test]
fn what_is_as_accepted_is_a_line_and_exit_0() {
    let project = shop();
    for _ in 0..2 {
        schema(&project, ["compare", "--all"])
            .succeeds()
            .stdout(str![[r#"
✓ crm.customers  as accepted, version 1
✓ crm.orders     as accepted, version 1
✓ web.visits     as accepted, version 1

"#]])
            .stderr_is("3 tables: 3 as accepted\n");
    }
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).succeeds();
    assert_eq!(words(&ran, "status"), ["crm.customers same", "crm.orders same", "web.visits same"]);
    assert_eq!(words(&ran, "changes"), ["crm.customers []", "crm.orders []", "web.visits []"]);
}

#[test]
fn a_drift_is_a_diff_and_exit_1() {
    let project = shop();
    project.write("data/customers.csv", "id,mail,since,vip\n1,a@b.c,2026-01-01,true\n");
    project.write("data/orders.csv", "total,id\n2,1\n");
    project.write("data/visits.csv", "at,page\nsoon,/home\n");
    schema(&project, ["compare", "--all"])
        .exits(1)
        .stdout(str![[r#"
~ crm.customers  drifted from version 1 · on_drift: alert
      id     bigint
    - email  varchar  stops the load
    + mail   varchar  stops the load
    + since  date     stops the load
    + vip    boolean  stops the load
    ? mail is perhaps email under a new name
    breaks nothing
    if that is right: sqlflow schema accept crm.customers
~ crm.orders     in another order than version 1
      total  bigint
    ~ id     bigint, at another position  noted
    breaks nothing
    if that is right: sqlflow schema accept crm.orders
~ web.visits     drifted from version 1 · on_drift: alert
    ~ at    date -> varchar  stops the load
        line 2 of data/visits.csv has `soon`
      page  varchar
    breaks nothing
    if that is right: sqlflow schema accept web.visits

"#]])
        .stderr_is("3 tables: 2 drifted, 1 in another order\n");
    schema(&project, ["compare", "crm.orders"]).succeeds();
}

#[test]
fn a_drift_is_one_object_for_programs() {
    let project = shop();
    project.write("data/orders.csv", "id,amount\n1,x\n2,y\n");
    let ran = schema(&project, ["compare", "crm.orders", "--output", "json"]).exits(1);
    let mut value = json(&ran);
    let table = &mut value["tables"][0];
    for part in ["accepted", "seen"] {
        assert_eq!(table[part]["fingerprint"].as_str().unwrap().len(), 32);
    }
    assert_eq!(table["accepted"]["version"], 1);
    assert_eq!(table["accepted"]["columns"][1]["name"], "total");
    let column =
        |name: &str, data_type: &str| json!({"name": name, "type": data_type, "nullable": true});
    assert_eq!(
        table["seen"]["columns"],
        json!([column("id", "bigint"), column("amount", "varchar")])
    );
    let keys: Vec<&String> = table.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "table",
            "unique_id",
            "file",
            "status",
            "on_drift",
            "halts",
            "accepted",
            "seen",
            "changes",
            "possible_renames",
            "impact",
            "problems"
        ]
    );
    let sign = json!({"file": "data/orders.csv", "line": null, "text": ""});
    assert_eq!(
        table["changes"],
        json!([
            {"kind": "added", "column": "amount", "was": null, "is": column("amount", "varchar"), "verdict": "halt", "sign": sign},
            {"kind": "removed", "column": "total", "was": column("total", "bigint"), "is": null, "verdict": "halt", "sign": sign},
        ])
    );
    assert_eq!((&table["status"], &table["halts"]), (&json!("drifted"), &json!(true)));
    assert_eq!(table["problems"], json!([]));
}

#[test]
fn a_verdict_is_what_the_load_will_do() {
    for (policy, verdict) in [("alert", "halt"), ("permissive", "accept"), ("ignore", "leave_out")]
    {
        let project = unloaded();
        let load = format!("{{name: orders, load: {{on_drift: {policy}}},");
        project.write("sources/crm.yml", &SOURCES.replace("{name: orders,", &load));
        project.run(["load"]).succeeds();
        project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
        let ran = schema(&project, ["compare", "crm.orders", "--output", "json"]).exits(1);
        let table = &json(&ran)["tables"][0];
        assert_eq!(table["changes"][0]["verdict"], verdict, "{policy}");
        assert_eq!(
            (&table["on_drift"], &table["halts"]),
            (&json!(policy), &json!(verdict == "halt"))
        );
        schema(&project, ["compare", "crm.orders"])
            .exits(1)
            .stdout_contains(&format!("drifted from version 1 · on_drift: {policy}"));
        let ran = schema(&project, ["compare", "crm.orders", "--on-drift", "ignore"]).exits(1);
        ran.stdout_contains("· on_drift: ignore").stdout_contains("+ paid   boolean  left out");
    }
    schema(&unloaded(), ["compare", "crm", "--on-drift", "sleep"])
        .exits(2)
        .stderr_contains("expected one of alert, permissive, ignore");
}

#[test]
fn far_from_a_change_columns_are_counted() {
    let project = unloaded();
    let names: Vec<String> = (1..=20).map(|i| format!("c{i}")).collect();
    let row =
        |names: &[String]| format!("{}\n{}\n", names.join(","), vec!["1"; names.len()].join(","));
    project.write("data/orders.csv", &row(&names));
    project.run(["load"]).succeeds();
    let mut now = names.clone();
    now.remove(9);
    project.write("data/orders.csv", &row(&now));
    schema(&project, ["compare", "crm.orders"]).exits(1).stdout(str![[r#"
~ crm.orders  drifted from version 1 · on_drift: alert
      … 6 columns as accepted
      c7   bigint
      c8   bigint
      c9   bigint
    - c10  bigint  stops the load
      c11  bigint
      c12  bigint
      c13  bigint
      … 7 columns as accepted
    breaks nothing
    if that is right: sqlflow schema accept crm.orders

"#]]);
}

#[test]
fn the_target_is_not_opened_and_nothing_is_written() {
    let project = shop();
    project.write("data/orders.csv", "id\n1\n");
    if project.elsewhere.is_none() {
        project.write("shop.duckdb", "this is no database");
    }
    let before = project.files("schemas");
    project.remove("target");
    schema(&project, ["compare", "--all"]).exits(1);
    assert_eq!(project.files("schemas"), before);
    let fresh = unloaded();
    schema(&fresh, ["compare", "--all"]).succeeds().stderr_is("3 tables: 3 not accepted yet\n");
    assert!(!fresh.has("schemas") && !fresh.has("shop.duckdb"));
}

#[test]
fn a_source_that_is_gone_is_told_and_does_not_stop_the_others() {
    let project = shop();
    project.remove("data/orders.csv");
    project.write("data/visits.csv", "at,page\n2026-01-01,\"half\n");
    let ran = schema(&project, ["compare", "--all"]).exits(1).stdout(str![[r#"
✓ crm.customers  as accepted, version 1
✗ crm.orders     is not there
    ✗ source `crm.orders` breaks at sources/crm.yml:5:30: `data/orders.csv` does not exist
✗ web.visits     cannot be compared
    ✗ source `web.visits` breaks at sources/crm.yml:8:30: line 2 of `data/visits.csv`: a quote is not closed

"#]]);
    ran.stderr_contains("error[SF301]")
        .stderr_contains("version 1 of its schema was accepted at")
        .stderr_contains("3 tables: 1 not there, 1 as accepted, 1 not compared");
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).exits(1);
    assert_eq!(
        words(&ran, "status"),
        ["crm.customers same", "crm.orders vanished", "web.visits failed"]
    );
    let value = json(&ran);
    let problem = &value["tables"][1]["problems"][0];
    assert_eq!(problem["code"], "SF301");
    assert_eq!(problem["place"]["file"], "sources/crm.yml");
    assert_eq!(problem["place"]["line"], 5);
}

#[test]
fn parquet_is_compared_by_its_footers() {
    let project = unloaded();
    project.write("sources/crm.yml", &SOURCES.replace("orders.csv", "orders/*.parquet"));
    project.write("data/orders/readme", "");
    let write = |file: &str, sql: &str| {
        let path = project.root().join("data/orders").join(file);
        let mut session = sqlflow::engine::duckdb::in_memory().unwrap();
        session.execute(&format!("copy ({sql}) to '{}'", path.display())).unwrap();
    };
    write("a.parquet", "select 1::integer as id, 'x' as name");
    project.run(["load"]).succeeds();
    schema(&project, ["compare", "crm.orders"]).succeeds();
    write("b.parquet", "select 1::bigint as id, 'x' as name, true as paid");
    write("a.parquet", "select 1::bigint as id, 'x' as name, true as paid");
    schema(&project, ["compare", "crm.orders"]).exits(1).stdout(str![[r#"
~ crm.orders  drifted from version 1 · on_drift: alert
    ~ id    integer -> bigint (holds every value)  stops the load
      name  varchar
    + paid  boolean                                stops the load
    breaks nothing
    if that is right: sqlflow schema accept crm.orders

"#]]);
    schema(&project, ["accept", "crm.orders"]).succeeds().stdout(str![[r#"
✓ crm.orders  version 1 -> 2
    + paid boolean
    ~ id: integer -> bigint

"#]]);
    schema(&project, ["compare", "crm.orders"]).succeeds();
}

#[test]
fn json_has_no_order() {
    let project = unloaded();
    project.write("sources/crm.yml", &SOURCES.replace("orders.csv", "orders.json"));
    project.write("data/orders.json", "{\"id\": 1, \"total\": 2}\n");
    project.run(["load"]).succeeds();
    project.write("data/orders.json", "{\"total\": 2, \"id\": 1}\n");
    schema(&project, ["compare", "crm.orders"]).succeeds();
    let ran = schema(&project, ["accept", "crm.orders"]).succeeds();
    ran.stdout_contains("nothing to accept");
    project.write("data/orders.json", "{\"paid\": true, \"total\": 2, \"id\": 1}\n");
    schema(&project, ["accept", "crm.orders"]).succeeds().stdout(str![[r#"
✓ crm.orders  version 1 -> 2
    + paid boolean

"#]]);
}
