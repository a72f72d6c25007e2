//! Wrong words on the command line.

use crate::project::Project;
use snapbox::str;

fn shop() -> Project {
    Project::new().model("orders", "select 1 as id").model("customers", "select 1 as id")
}

#[test]
fn a_selection_that_matches_nothing_is_a_warning() {
    shop().run(["ls", "--select", "order"]).succeeds().stdout("").stderr_is(str![[]]);
}

#[test]
fn an_unknown_method_of_selection_is_compared_with_the_known_ones() {
    shop().run(["ls", "--select", "tags:nightly"]).exits(2).stdout("").stderr_is(str![[]]);
}

#[test]
fn a_selection_that_cannot_be_read_says_why() {
    let project = shop();
    project.run(["ls", "--select", "@orders+"]).exits(2).stderr_is(str![[]]);
    project.run(["ls", "--select", "+"]).exits(2).stderr_is(str![[]]);
    project.run(["ls", "--select", "orders[", ","]).exits(2).stderr_is(str![[]]);
    project.run(["ls", "--select", "99999999999999999999+orders"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn an_unknown_verb_is_compared_with_the_known_ones() {
    shop().run(["biuld"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn an_unknown_flag_is_compared_with_the_known_ones() {
    shop().run(["build", "--full-refesh"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn variables_that_are_no_yaml_are_refused() {
    let project = shop();
    project.run(["parse", "--vars", "{start: "]).exits(2).stderr_is(str![[]]);
    project.run(["parse", "--vars", "2013"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn a_node_that_does_not_exist_cannot_be_shown() {
    shop().run(["show", "order"]).fails().stderr_is(str![[]]);
}

#[test]
fn show_without_anything_to_show_says_what_it_needs() {
    shop().run(["show"]).exits(2).stderr_is(str![[]]);
}
