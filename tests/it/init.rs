//! `sqlflow init`: a project that builds at once.

use crate::project::Project;
use snapbox::str;

#[test]
fn a_new_project_builds_at_once() {
    let project = Project::empty();
    project.run(["init", "my_project"]).succeeds().stderr_is(str![[r#"
  wrote my_project/README.md
  wrote my_project/sqlflow.yml
  wrote my_project/profiles.yml
  wrote my_project/.gitignore
  wrote my_project/data/customers.csv
  wrote my_project/data/orders.csv
  wrote my_project/sources/shop.yml
  wrote my_project/models/staging/stg_customers.sql
  wrote my_project/models/staging/stg_orders.sql
  wrote my_project/models/staging/_staging.yml
  wrote my_project/models/marts/customer_orders.sql
  wrote my_project/models/marts/daily_revenue.sql
  wrote my_project/models/marts/_marts.yml
  wrote my_project/seeds/order_statuses.csv
  wrote my_project/macros/euros.sql
  wrote my_project/tests/no_order_before_its_customer.sql

Next: cd my_project && sqlflow build

"#]]);
    project
        .run(["build", "--project-dir", "my_project"])
        .succeeds()
        .stderr_contains("ERROR=0 SKIP=0");
    project.run(["build", "--project-dir", "my_project"]).succeeds();
    let show = ["show", "daily_revenue", "--project-dir", "my_project", "--output", "csv"];
    assert!(project.run(show).succeeds().lines().len() > 1);
}

#[test]
fn without_a_name_the_project_is_made_here() {
    let project = Project::empty();
    project.run(["init"]).succeeds();
    project.run(["build"]).succeeds();
}

#[test]
fn the_project_is_named_after_its_directory() {
    let project = Project::empty();
    project.run(["init", "my-shop 2"]).succeeds();
    project.run(["build", "--project-dir", "my-shop 2"]).succeeds().stderr_contains("my_shop_2");
}

#[test]
fn a_second_time_nothing_is_written() {
    let project = Project::empty();
    project.run(["init", "my_project"]).succeeds();
    project.write("my_project/sqlflow.yml", "name: changed\n");
    project.run(["init", "my_project"]).exits(2).stderr_is(str![[r#"
error[SF105]: `my_project/README.md` exists already, nothing was written
 |
 = help: name another directory: sqlflow init my_project


"#]]);
    assert_eq!(project.read("my_project/sqlflow.yml"), "name: changed\n");
}

#[test]
fn files_that_stand_there_are_left_alone_where_nothing_collides() {
    let project = Project::empty().file("shop/notes.txt", "mine");
    project.run(["init", "shop"]).succeeds();
    assert_eq!(project.read("shop/notes.txt"), "mine");
}

#[test]
fn one_file_in_the_way_stops_all() {
    let project = Project::empty().file("shop/profiles.yml", "mine");
    project.run(["init", "shop"]).exits(2);
    assert_eq!(project.files("shop").len(), 1);
}

#[test]
fn what_is_generated_is_ignored_by_git() {
    let project = Project::empty();
    project.run(["init"]).succeeds();
    let ignored = project.read(".gitignore");
    assert!(ignored.contains("target") && ignored.contains("duckdb"), "{ignored}");
}
