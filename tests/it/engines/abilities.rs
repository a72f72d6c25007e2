//! The table of what each engine does, in docs/engines.md.

use sqlflow::dialect::{ALL, Feature, Support};
use std::fs;

/// The table as it stands in the page.
fn table() -> String {
    let mut text = String::from("| what |");
    for dialect in ALL {
        text.push_str(&format!(" {} |", dialect.name()));
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(ALL.len()));
    text.push('\n');
    for feature in Feature::ALL {
        text.push_str(&format!("| {} |", feature.name()));
        for dialect in ALL {
            match dialect.support(feature) {
                Support::Template(name) => text
                    .push_str(&format!(" [{name}](../templates/{}/{name}.sql) |", dialect.name())),
                Support::Lacking(reason) => text.push_str(&format!(" no: {reason} |")),
            }
        }
        text.push('\n');
    }
    let options: Vec<&str> =
        ALL.iter().flat_map(|dialect| dialect.table_options()).copied().collect();
    for option in options {
        text.push_str(&format!("| `{option}:` |"));
        for dialect in ALL {
            let known = dialect.table_options().contains(&option);
            text.push_str(if known { " yes |" } else { " left out, with a warning |" });
        }
        text.push('\n');
    }
    text
}

/// Run with `SNAPSHOTS=overwrite`, this writes the table anew.
#[track_caller]
pub(super) fn stands_in_the_page(name: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/engines.md");
    let page = fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let expected = format!("{before}{begin}{table}{end}{after}");
    let overwrites = snapbox::assert::Action::with_env_var("SNAPSHOTS")
        == Some(snapbox::assert::Action::Overwrite);
    if overwrites && page != expected {
        fs::write(path, &expected).unwrap();
    } else {
        assert_eq!(page, expected);
    }
}

#[test]
fn the_page_of_the_engines_has_their_table() {
    stands_in_the_page("abilities", &table());
}

#[test]
fn every_template_that_is_promised_is_there() {
    for dialect in ALL {
        for feature in Feature::ALL {
            let Support::Template(name) = dialect.support(feature) else { continue };
            let path =
                format!("{}/templates/{}/{name}.sql", env!("CARGO_MANIFEST_DIR"), dialect.name());
            assert!(fs::exists(&path).unwrap(), "{path}");
        }
    }
}
