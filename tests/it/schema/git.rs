//! Snapshots under git: small diffs, merges, conflicts.

use super::{schema, shop, timeless};
use crate::project::Project;
use snapbox::{assert_data_eq, str};

/// `project` under git, with its files committed by Ada.
pub(super) fn git(project: Project) -> Project {
    let project = project.env("PATH", &path());
    project.write(".gitignore", "target\n*.duckdb*\n");
    run(&project, &["init", "--quiet", "--initial-branch=main"]);
    run(&project, &["config", "user.name", "Ada"]);
    run(&project, &["config", "user.email", "ada@example.org"]);
    commit(&project, "the project");
    project
}

#[expect(clippy::disallowed_methods, reason = "where the system's programs are")]
fn path() -> String {
    std::env::var("PATH").unwrap()
}

fn run(project: &Project, args: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new("git");
    command.env_clear().env("PATH", path()).env("HOME", project.home());
    let output = command.args(args).current_dir(project.root()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn commit(project: &Project, message: &str) {
    run(project, &["add", "--all"]);
    let (is_done, said) = run(project, &["commit", "--quiet", "--message", message]);
    assert!(is_done, "{said}");
}

/// The lines that git says have changed.
fn diff(project: &Project) -> String {
    let (_, said) = run(project, &["diff", "--unified=0"]);
    let lines = said.lines().filter(|line| line.starts_with(['+', '-']));
    lines
        .filter(|line| !line.starts_with("+++") && !line.starts_with("---"))
        .map(|line| timeless(line) + "\n")
        .collect()
}

/// On a branch of its own, `table` has a column more, which is accepted and committed.
fn accept_on_branch(project: &Project, branch: &str, table: &str, text: &str) {
    run(project, &["checkout", "--quiet", "-b", branch, "main"]);
    project.write(&format!("data/{table}.csv"), text);
    schema(project, ["accept", &format!("crm.{table}"), "--message", branch]).succeeds();
    commit(project, branch);
}

#[test]
fn an_added_column_changes_four_lines() {
    let project = git(shop());
    project.write("data/orders.csv", "id,paid,total\n1,true,2\n");
    schema(&project, ["accept", "--all"]).succeeds();
    run(&project, &["checkout", "--quiet", "data"]);
    assert_data_eq!(
        diff(&project),
        str![[r#"
-version: 1
-fingerprint: 69674e0494e84afb97f45175381ca285
+version: 2
+fingerprint: e48d0df250af8cc781b91680aeffa07b
+  - {name: paid, type: boolean, nullable: true}
+  - {version: 2, at: [AT], by: accept, who: Ada, added: [{name: paid, type: boolean, nullable: true}]}

"#]]
    );
}

#[test]
fn branches_that_accept_columns_of_two_tables_merge() {
    let project = git(shop());
    accept_on_branch(&project, "one", "orders", "id,total,paid\n1,2,true\n");
    accept_on_branch(&project, "two", "customers", "id,email,vip\n1,a,true\n");
    let (is_merged, said) = run(&project, &["merge", "--quiet", "--no-edit", "one"]);
    assert!(is_merged, "{said}");
    schema(&project, ["compare", "--all"])
        .succeeds()
        .stdout_contains("crm.orders     as accepted, version 2");
}

#[test]
fn branches_that_change_one_table_conflict_and_are_repaired_with_both_histories() {
    let project = git(shop());
    accept_on_branch(&project, "one", "orders", "id,total,paid\n1,2,true\n");
    accept_on_branch(&project, "two", "orders", "id,total,sent\n1,2,true\n");
    let (is_merged, _) = run(&project, &["merge", "--quiet", "--no-edit", "one"]);
    assert!(!is_merged);
    project.write("data/orders.csv", "id,total,sent,paid\n1,2,true,true\n");
    schema(&project, ["compare", "crm.orders"])
        .fails_with("SF402")
        .stderr_contains("an unresolved merge conflict in the snapshot");
    schema(&project, ["accept", "crm.orders", "-m", "both"]).succeeds().stdout(str![[r#"
✓ crm.orders  repaired, version 4
    + paid boolean

"#]]);
    assert_data_eq!(
        timeless(&project.read("schemas/crm/orders.yml")),
        str![[r#"
version: 4
fingerprint: 641692284aa7d999e31116ea5e053fd6
read: {delimiter: ","}
columns:
  - {name: id, type: bigint, nullable: true}
  - {name: total, type: bigint, nullable: true}
  - {name: sent, type: boolean, nullable: true}
  - {name: paid, type: boolean, nullable: true}
history:
  - {version: 1, at: [AT], by: first load}
  - {version: 2, at: [AT], by: accept, who: Ada, why: two, added: [{name: sent, type: boolean, nullable: true}]}
  - {version: 3, at: [AT], by: accept, who: Ada, why: one, added: [{name: paid, type: boolean, nullable: true}]}
  - {version: 4, at: [AT], by: accept, who: Ada, why: both, added: [{name: paid, type: boolean, nullable: true}]}

"#]]
    );
    schema(&project, ["compare", "--all"]).succeeds();
}

#[test]
fn writing_what_was_read_gives_the_same_bytes() {
    let project = shop();
    project.write("data/orders.csv", "id,total,\"a: b # c\"\n1,2,true\n");
    schema(&project, ["accept", "crm.orders", "-m", "it's {\"new\"}: # yes\nand more"]).succeeds();
    let text = project.read("schemas/crm/orders.yml");
    let file = sqlflow::diagnostic::SourceFile::new("orders.yml", text.as_str());
    assert_eq!(sqlflow::schema::Snapshot::parse(&file).unwrap().render(), text);
    project.run(["load"]).succeeds();
    assert_eq!(project.read("schemas/crm/orders.yml"), text);
}
