//! `sqlflow seed`: CSV files of the project as tables.

use crate::project::Project;
use serde_json::json;

#[test]
fn a_seed_becomes_a_table_of_its_name() {
    let project = Project::new().file("seeds/countries.csv", "code,name\nde,Germany\nfr,\n");
    project.run(["seed"]).succeeds().tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(
        project.query("select * from countries order by all"),
        json!([["de", "Germany"], ["fr", null]])
    );
}

#[test]
fn seeding_again_replaces_the_rows() {
    let project = Project::new().file("seeds/codes.csv", "code\nde\n");
    project.run(["seed"]).succeeds();
    project.write("seeds/codes.csv", "code,name\nfr,France\n");
    project.run(["seed"]).succeeds();
    assert_eq!(project.query("select * from codes"), json!([["fr", "France"]]));
}

#[test]
fn column_types_are_those_of_the_configuration() {
    let yaml = "\
seeds:
  - name: zips
    config: {column_types: {zip: varchar, rate: 'decimal(9,3)'}, delimiter: ';', schema: ref}
";
    let project = Project::new()
        .file("seeds/_seeds.yml", yaml)
        .file("seeds/zips.csv", "zip;rate;n\n12345;1.5;3\n");
    project.run(["seed"]).succeeds();
    assert_eq!(
        project.query("select typeof(zip), typeof(rate), typeof(n) from main_ref.zips"),
        json!([["VARCHAR", "DECIMAL(9,3)", "BIGINT"]])
    );
}

#[test]
fn a_seed_without_rows_is_an_empty_table() {
    let project = Project::new().file("seeds/codes.csv", "code\nde\n");
    project.run(["seed"]).succeeds();
    project.write("seeds/codes.csv", "code\n");
    project.run(["seed"]).succeeds();
    assert_eq!(project.query("select count(*) from codes"), json!([[0]]));
}

#[test]
fn seeds_may_lie_in_folders_and_have_tests() {
    let yaml =
        "seeds:\n  - name: codes\n    columns: [{name: code, data_tests: [unique, not_null]}]\n";
    let project = Project::new()
        .file("seeds/reference/_seeds.yml", yaml)
        .file("seeds/reference/codes.csv", "code\nde\n");
    project.run(["build"]).succeeds().tallies("PASS=3 WARN=0 ERROR=0 SKIP=0");
}

#[test]
fn a_seed_that_does_not_fit_its_types_fails_and_keeps_the_table() {
    let yaml = "seeds:\n  - name: codes\n    config: {column_types: {n: integer}}\n";
    let project = Project::new().file("seeds/_seeds.yml", yaml).file("seeds/codes.csv", "n\n1\n");
    project.run(["seed"]).succeeds();
    project.write("seeds/codes.csv", "n\none\n");
    project.run(["seed"]).fails_with("SF309").stderr_contains("`one`");
    assert_eq!(project.query("select n from codes"), json!([[1]]));
}
