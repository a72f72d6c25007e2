//! PostgreSQL's SQL.

use super::template::SqlTemplates;
use super::{Dialect, OutputNames};
use std::sync::LazyLock;

/// PostgreSQL.
#[derive(Debug)]
pub struct Postgres;

/// The one value of it.
pub static POSTGRES: Postgres = Postgres;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/postgres/", $name, ".sql")))),+]
    };
}

static TEMPLATES: LazyLock<SqlTemplates> = LazyLock::new(|| {
    SqlTemplates::new(
        &POSTGRES,
        templates![
            "session",
            "probe",
            "catalog",
            "near",
            "begin",
            "export_snapshot",
            "extent",
            "mark",
            "ceiling",
            "bounds",
            "describe",
            "hold",
            "copy_out",
            "target",
            "target_columns",
            "target_keep",
            "write_lock",
            "write_schema",
            "write_stage",
            "write_copy",
            "write_checks",
            "write_append",
            "write_replace",
            "write_swap",
            "write_new",
            "write_merge",
            "write_number",
            "write_outcome",
            "write_twice",
        ],
    )
});

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn quote(&self, identifier: &str) -> String {
        let mut quoted = String::with_capacity(identifier.len() + 2);
        quoted.push('"');
        for character in identifier.chars() {
            if character == '"' {
                quoted.push('"');
            }
            quoted.push(character);
        }
        quoted.push('"');
        quoted
    }

    /// Sessions have `standard_conforming_strings` on: a backslash is a character like any other.
    fn string_literal(&self, text: &str) -> String {
        let mut literal = String::with_capacity(text.len() + 2);
        literal.push('\'');
        for character in text.chars() {
            if character == '\'' {
                literal.push('\'');
            }
            literal.push(character);
        }
        literal.push('\'');
        literal
    }

    /// Names are always quoted, so that they stay as they are.
    fn fold(&self, identifier: &str) -> String {
        identifier.to_owned()
    }

    fn templates(&self) -> &SqlTemplates {
        &TEMPLATES
    }

    fn defaults(&self, output: &OutputNames<'_>) -> (String, String) {
        let schema = output.schema.unwrap_or("public").to_owned();
        (output.database.unwrap_or("postgres").to_owned(), schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_sound() {
        assert_eq!(POSTGRES.templates().defects(), Vec::<String>::new());
    }
}
