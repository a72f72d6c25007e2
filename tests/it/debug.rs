//! `sqlflow debug`: one line for each thing that must be right.

use crate::project::Project;
use snapbox::str;

#[test]
fn all_well_before_the_first_build() {
    let project = Project::new();
    project
        .run(["debug"])
        .succeeds()
        .stdout(str![[r#"
sqlflow 0.1.0
  ✓ project            shop in [PROJECT]
  ✓ target             dev of profile shop: duckdb, [PROJECT]/shop.duckdb
  ✓ engine             duckdb 1.5.5, the file is made by the first build

"#]])
        .stderr_is("");
    assert!(!project.has("shop.duckdb"));
}

#[test]
fn all_well_after_a_build() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["build"]).succeeds();
    project.run(["debug"]).succeeds().stdout(str![[r#"
sqlflow 0.1.0
  ✓ project            shop in [PROJECT]
  ✓ target             dev of profile shop: duckdb, [PROJECT]/shop.duckdb
  ✓ engine             duckdb 1.5.5

"#]]);
}

#[test]
fn connections_are_checked_one_by_one() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
  connections:
    files: {type: file, path: data}
    nowhere: {type: file, path: nowhere}
    burrow: {type: gopher, host: acme}
";
    let project = Project::new().file("profiles.yml", profiles).directory("data");
    project.run(["debug"]).exits(3).stdout(str![[r#"
sqlflow 0.1.0
  ✓ project            shop in [PROJECT]
  ✓ target             dev of profile shop: duckdb, [PROJECT]/shop.duckdb
  ✓ engine             duckdb 1.5.5, the file is made by the first build
  ✓ connection files   [PROJECT]/data (file)
  ✗ connection nowhere [PROJECT]/nowhere is not a directory
  ✗ connection burrow  unknown connection type `gopher`

"#]]);
}

#[test]
fn a_database_that_is_none_is_told() {
    Project::new().file("shop.duckdb", "my notes").run(["debug"]).exits(3).stdout(str![[r#"
sqlflow 0.1.0
  ✓ project            shop in [PROJECT]
  ✓ target             dev of profile shop: duckdb, [PROJECT]/shop.duckdb
  ✗ engine             target `dev` cannot be opened: `[PROJECT]/shop.duckdb` is not a DuckDB database but another file

"#]]);
}

#[test]
fn a_project_that_does_not_parse_is_told() {
    let project = Project::new().model("a", "select {{ }}");
    project.run(["debug"]).exits(2).stderr_contains("error[SF201]");
}

/// Run with `SNAPSHOTS=overwrite`, this writes the tables of the page anew.
#[test]
fn the_page_of_connections_has_every_parameter() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/connections.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for spec in sqlflow::connector::specs() {
        let table = spec.parameters_table();
        let section = page.find(&format!("\n## {}\n", spec.name)).expect(spec.name);
        let rest = &page[section + 1..];
        let end = rest.find("\n## ").map_or(page.len(), |next| section + 2 + next);
        if page[section..end].contains(&table) {
            continue;
        }
        let overwrites = snapbox::assert::Action::with_env_var("SNAPSHOTS")
            == Some(snapbox::assert::Action::Overwrite);
        assert!(overwrites, "the table of {} should be\n{table}", spec.name);
        let old = ["\n| parameter", "\nTABLE"];
        let start = old.iter().find_map(|mark| page[section..end].rfind(mark)).unwrap();
        let blank = if end < page.len() { "\n" } else { "" };
        page.replace_range(section + start + 1..end, &format!("{table}{blank}"));
        std::fs::write(path, &page).unwrap();
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_kind_that_this_build_lacks_is_told() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
  connections:
    crm: {type: postgres, host: acme, user: me, dbname: crm}
";
    let sources = "sources: [{name: crm, connection: crm, tables: [{name: people}]}]\n";
    let project = Project::new().file("profiles.yml", profiles).file("sources/crm.yml", sources);
    project
        .run(["parse"])
        .exits(2)
        .stderr_contains("connection type `postgres` is not part of this build")
        .stderr_contains("profiles.yml:6:")
        .stderr_contains("build sqlflow with `--features postgres`");
}
