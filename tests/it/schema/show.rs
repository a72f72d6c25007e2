//! What was accepted, and how it came to be.

use super::{json, schema, shop, timeless, unloaded, words};
use serde_json::json;
use snapbox::assert_data_eq;
use snapbox::str;

#[test]
fn the_accepted_schema_is_a_table() {
    let project = shop();
    let snapshot = project.read("schemas/crm/orders.yml");
    let described = "nullable: true, description: in cents}";
    let last = snapshot.rfind("nullable: true}").unwrap();
    let described = format!("{}{described}{}", &snapshot[..last], &snapshot[last + 15..]);
    project.write("schemas/crm/orders.yml", &described);
    let ran = schema(&project, ["show", "crm.orders"]).succeeds().stderr_is("");
    assert_data_eq!(
        timeless(&ran.stdout),
        str![[r#"
crm.orders · schemas/crm/orders.yml
version 1 since [AT] UTC: first load
fingerprint 69674e0494e84afb97f45175381ca285
┌─────────────────────────────────────────┐
│ name    type     nullable   description │
╞═════════════════════════════════════════╡
│ id      bigint   yes                    │
│ total   bigint   yes        in cents    │
└─────────────────────────────────────────┘

"#]]
    );
}

#[test]
fn the_accepted_schema_is_one_object() {
    let ran = schema(&shop(), ["show", "web", "--output", "json"]).succeeds().stderr_is("");
    let value = json(&ran);
    let table = &value["tables"][0];
    assert_eq!(
        [&table["table"], &table["unique_id"], &table["file"], &table["status"]],
        ["web.visits", "source.shop.web.visits", "schemas/web/visits.yml", "accepted"]
    );
    let accepted = &table["accepted"];
    assert_eq!(accepted["version"], json!(1));
    assert_eq!(accepted["fingerprint"].as_str().unwrap().len(), 32);
    assert_eq!(timeless(accepted["since"].as_str().unwrap()), "[AT]");
    assert_eq!(
        accepted["columns"],
        json!([
            {"name": "at", "type": "date", "nullable": true, "description": null},
            {"name": "page", "type": "varchar", "nullable": true, "description": null},
        ])
    );
    assert_eq!((&table["problems"], &value["left_over"]), (&json!([]), &json!([])));
}

#[test]
fn what_was_never_loaded_is_told_and_no_error() {
    let project = unloaded();
    project.run(["load", "--select", "source:web"]).succeeds();
    schema(&project, ["show", "crm"]).succeeds().stdout(str![[r#"
crm.customers · nothing is accepted yet: the first load does, or sqlflow schema accept crm.customers

crm.orders · nothing is accepted yet: the first load does, or sqlflow schema accept crm.orders

"#]]);
    let ran = schema(&project, ["show", "--all", "--output", "json"]).succeeds();
    assert_eq!(
        words(&ran, "status"),
        ["crm.customers none", "crm.orders none", "web.visits accepted"]
    );
    schema(&project, ["history", "crm.orders"]).succeeds().stdout(str![[r#"
crm.orders · nothing is accepted yet: the first load does, or sqlflow schema accept crm.orders

"#]]);
}

#[test]
fn the_history_reads_like_a_log_oldest_first() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2.5,true\n");
    schema(&project, ["accept", "crm.orders", "--message", "CRM release 7\nsee ticket 12"])
        .succeeds();
    project.write("data/orders.csv", "paid,total\ntrue,x\n");
    schema(&project, ["accept", "crm"]).succeeds();
    let ran = schema(&project, ["history", "crm.orders"]).succeeds().stderr_is("");
    assert_data_eq!(
        timeless(&ran.stdout),
        str![[r#"
crm.orders · schemas/crm/orders.yml
version 1 · [AT] UTC · first load
version 2 · [AT] UTC · accept
    CRM release 7
    see ticket 12
    + paid boolean
    ~ total: bigint -> double
version 3 · [AT] UTC · accept
    - id bigint
    ~ total: double -> varchar
    ~ total: at another position

"#]]
    );
    let ran = schema(&project, ["history", "crm.orders", "--output", "json"]).succeeds();
    let value = json(&ran);
    let history = &value["tables"][0]["history"];
    assert_eq!(history.as_array().unwrap().len(), 3);
    assert_eq!(history[1]["why"], "CRM release 7\nsee ticket 12");
    assert_eq!(history[1]["by"], "accept");
    assert_eq!(history[1]["added"], json!([{"name": "paid", "type": "boolean", "nullable": true}]));
    assert_eq!(history[1]["retyped"], json!([{"name": "total", "from": "bigint", "to": "double"}]));
    assert_eq!(history[2]["removed"], json!([{"name": "id", "type": "bigint", "nullable": true}]));
    assert_eq!((&history[2]["who"], &history[2]["why"]), (&json!(null), &json!(null)));
}
