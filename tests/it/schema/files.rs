//! Snapshot files that are broken, in conflict, or of nobody.

use super::{SOURCES, json, schema, shop, timeless, words};
use crate::project::Project;
use snapbox::{assert_data_eq, str};

/// The file of `crm.orders` with `from` replaced by `to`.
fn changed(project: &Project, from: &str, to: &str) {
    let text = project.read("schemas/crm/orders.yml");
    assert!(text.contains(from), "{text}");
    project.write("schemas/crm/orders.yml", &text.replacen(from, to, 1));
}

#[test]
fn a_broken_file_is_told_for_its_table_and_does_not_stop_the_others() {
    for (from, to) in [
        ("type: bigint", "type: integer"),
        ("version: 1", "<<<<<<< HEAD\nversion: 1\n=======\nversion: 1\n>>>>>>> other"),
        ("version: 1", "version: 1\nshape: 7"),
        ("columns:", "columns"),
        ("version: 1", "version: 99999999999"),
    ] {
        let project = shop();
        changed(&project, from, to);
        for verb in ["show", "history", "compare"] {
            let ran = schema(&project, [verb, "--all", "--output", "json"]).exits(1);
            let ran = ran.stderr_contains("error[SF402]").stderr_contains("schemas/crm/orders.yml");
            let statuses = words(&ran, "status");
            assert_eq!(statuses[1], "crm.orders broken");
            assert!(statuses[0] != "crm.customers broken" && statuses.len() == 3);
            assert_eq!(json(&ran)["tables"][1]["problems"][0]["code"], "SF402");
            let ran = schema(&project, [verb, "--all"]).exits(1);
            ran.stdout_contains("schemas/crm/orders.yml cannot be read")
                .stdout_contains("web.visits");
        }
    }
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let project = shop();
    changed(&project, "version: 1", "format: 2\nversion: 1");
    let before = project.files("schemas");
    for verb in ["show", "history", "compare", "accept"] {
        let ran = schema(&project, [verb, "--all"]).fails_with("SF421");
        ran.stderr_contains("--> schemas/crm/orders.yml:1:9").stdout_contains("web.visits");
    }
    project.run(["load"]).fails_with("SF421").stderr_contains("✓ load   web.visits");
    assert_eq!(project.files("schemas"), before);
}

#[test]
fn what_is_no_text_or_no_file_is_told_too() {
    let project = shop();
    project.write_bytes("schemas/crm/orders.yml", b"version: 1\nname: \xff\xfe\n");
    schema(&project, ["show", "--all"]).exits(1).stderr_contains("is not UTF-8");
    project.remove("schemas/crm/orders.yml");
    let project = project.directory("schemas/crm/orders.yml");
    schema(&project, ["compare", "--all"]).exits(3).stderr_contains("error[SF901]: cannot read");
    let ran = schema(&project, ["accept", "--all"]).exits(3);
    ran.stdout_contains("✗ crm.orders     not accepted")
        .stderr_contains("error[SF901]: cannot read");
}

#[test]
fn a_hand_edited_file_is_repaired_with_its_history_and_descriptions() {
    let project = shop();
    project.write("data/orders.csv", "id,total,paid\n1,2,true\n");
    schema(&project, ["accept", "crm.orders", "--message", "release 7"]).succeeds();
    changed(&project, "nullable: true}", "nullable: true, description: the key}");
    changed(&project, "type: bigint", "type: integer");
    schema(&project, ["compare", "crm.orders"]).fails_with("SF402");
    schema(&project, ["accept", "crm.orders", "--column", "id"])
        .exits(2)
        .stderr_contains("the snapshot of `crm.orders` cannot be read");
    schema(&project, ["accept", "crm.orders"]).succeeds().stdout(str![[r#"
✓ crm.orders  repaired, version 3

"#]]);
    assert_data_eq!(
        timeless(&project.read("schemas/crm/orders.yml")),
        str![[r#"
version: 3
fingerprint: 82777b8fedc51461b7989f3e4b5dfc0f
read: {delimiter: ","}
columns:
  - {name: id, type: bigint, nullable: true, description: the key}
  - {name: total, type: bigint, nullable: true}
  - {name: paid, type: boolean, nullable: true}
history:
  - {version: 1, at: [AT], by: first load}
  - {version: 2, at: [AT], by: accept, why: release 7, added: [{name: paid, type: boolean, nullable: true}]}
  - {version: 3, at: [AT], by: accept}

"#]]
    );
    schema(&project, ["compare", "crm.orders"]).succeeds();
}

#[test]
fn a_file_that_is_no_snapshot_at_all_becomes_one() {
    for text in
        ["", "hello", "- - -\n", "<<<<<<< HEAD\n", "\u{0}\u{1}", "history:\n  - {version: 3"]
    {
        let project = shop();
        project.write("schemas/crm/orders.yml", text);
        schema(&project, ["accept", "--all"])
            .succeeds()
            .stdout_contains("crm.orders     repaired, version 1");
        schema(&project, ["compare", "--all"]).succeeds();
    }
}

#[test]
fn snapshots_of_nobody_are_a_warning_and_can_be_removed() {
    let project = shop();
    project.write(
        "sources/crm.yml",
        &SOURCES.replace("visits", "hits").replace("name: web", "name: net"),
    );
    project.write("schemas/crm/notes.yml", "what: my own file\n");
    project.write("schemas/readme.yml", "what: my own file\n");
    for verb in ["show", "history", "compare", "accept"] {
        let ran = schema(&project, [verb, "--all"]).stderr_contains(
            "warning[SF420]: 1 snapshot of tables that this project does not have",
        );
        ran.stderr_contains("schemas/web/visits.yml").stderr_lacks("notes.yml");
        schema(&project, [verb, "crm"]).succeeds().stderr_lacks("SF420");
    }
    let ran = schema(&project, ["compare", "--all", "--output", "json"]);
    assert_eq!(json(&ran)["left_over"], serde_json::json!(["schemas/web/visits.yml"]));
    schema(&project, ["accept", "crm", "--prune"])
        .exits(2)
        .stderr_contains("`--prune` stands without `--all`");
    let ran = schema(&project, ["accept", "--all", "--prune"]);
    ran.stdout_contains("- schemas/web/visits.yml removed\n").stderr_lacks("SF420");
    let left: Vec<String> = project.files("schemas").into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["crm/customers.yml", "crm/notes.yml", "crm/orders.yml", "readme.yml"]);
    assert!(!project.has("schemas/web"), "an empty directory goes too");
}

#[test]
fn what_is_switched_off_is_still_of_the_project() {
    let project = shop();
    let off = "{name: visits, config: {enabled: false},";
    project.write("sources/crm.yml", &SOURCES.replace("{name: visits,", off));
    schema(&project, ["accept", "--all", "--prune"]).succeeds().stderr_lacks("SF420");
    assert!(project.has("schemas/web/visits.yml"));
}

#[test]
fn a_link_out_of_the_directory_is_not_followed() {
    let project = shop();
    let outside = project.home().join("keep");
    std::fs::create_dir(&outside).unwrap();
    std::fs::copy(project.root().join("schemas/web/visits.yml"), outside.join("old.yml")).unwrap();
    std::os::unix::fs::symlink(&outside, project.root().join("schemas/linked")).unwrap();
    schema(&project, ["accept", "--all", "--prune"]).succeeds().stderr_lacks("SF420");
    assert!(outside.join("old.yml").exists());
}
