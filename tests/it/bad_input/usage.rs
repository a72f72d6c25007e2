//! Wrong words on the command line.

use crate::project::Project;
use snapbox::str;

fn shop() -> Project {
    Project::new().model("orders", "select 1 as id").model("customers", "select 1 as id")
}

#[test]
fn a_selection_that_matches_nothing_is_a_warning() {
    shop().run(["ls", "--select", "order"]).succeeds().stdout("").stderr_is(str![[r#"
warning[SF221]: `order` selects nothing
 |
 = help: did you mean `orders`?


"#]]);
}

#[test]
fn an_unknown_method_of_selection_is_compared_with_the_known_ones() {
    shop().run(["ls", "--select", "tags:nightly"]).exits(2).stdout("").stderr_is(str![[r#"
error[SF220]: cannot read the selection `tags:nightly`: unknown method `tags`
 |
 = help: did you mean `tag`?


"#]]);
}

#[test]
fn a_selection_that_cannot_be_read_says_why() {
    let project = shop();
    project.run(["ls", "--select", "@orders+"]).exits(2).stderr_is(str![[r#"
error[SF220]: cannot read the selection `@orders+`: `@` and `+` do not go together


"#]]);
    project.run(["ls", "--select", "+"]).exits(2).stderr_is(str![[r#"
error[SF220]: cannot read the selection `+`: no name in it


"#]]);
    project.run(["ls", "--select", "orders[", ","]).exits(2).stderr_is(str![[r#"
error[SF220]: cannot read the selection `orders[`: unclosed character class; missing ']'

error[SF220]: cannot read the selection `,`: it is empty


"#]]);
    project.run(["ls", "--select", "99999999999999999999+orders"]).exits(2).stderr_is(str![[r#"
error[SF220]: cannot read the selection `99999999999999999999+orders`: `99999999999999999999` is too large a number


"#]]);
}

#[test]
fn an_unknown_verb_is_compared_with_the_known_ones() {
    shop().run(["biuld"]).exits(2).stderr_is(str![[r#"
error: unrecognized subcommand 'biuld'

  tip: a similar subcommand exists: 'build'

Usage: sqlflow [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]]);
}

#[test]
fn an_unknown_flag_is_compared_with_the_known_ones() {
    shop().run(["build", "--full-refesh"]).exits(2).stderr_is(str![[r#"
error: unexpected argument '--full-refesh' found

  tip: a similar argument exists: '--full-refresh'

Usage: sqlflow build --full-refresh [NODES]...

For more information, try '--help'.

"#]]);
}

#[test]
fn variables_that_are_no_yaml_are_refused() {
    let project = shop();
    project.run(["parse", "--vars", "{start: "]).exits(2).stderr_is(str![[r#"
error[SF101]: invalid YAML: unclosed bracket '{'
 --> --vars:1:1
  |
1 | {start: 
  | ^


"#]]);
    project.run(["parse", "--vars", "2013"]).exits(2).stderr_is(str![[r#"
error[SF105]: `--vars` is not a mapping
 |
 = help: write it as YAML: --vars '{start: 2013-01-01}'


"#]]);
}

#[test]
fn a_node_that_does_not_exist_cannot_be_shown() {
    shop().run(["show", "order"]).exits(2).stderr_is(str![[r#"
error[SF221]: no node `order`
 |
 = help: did you mean `orders`?


"#]]);
}

#[test]
fn show_without_anything_to_show_says_what_it_needs() {
    shop().run(["show"]).exits(2).stderr_is(str![[r#"
error[SF220]: name a node, or give a query with --inline


"#]]);
}
