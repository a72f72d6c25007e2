//! The macros that come with the language: the package `dbt`.

/// The path for messages, and the text, of each file under `templates/macros/`.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("dbt/names.sql", include_str!("../../templates/macros/names.sql")),
    ("dbt/relations.sql", include_str!("../../templates/macros/relations.sql")),
    ("dbt/types.sql", include_str!("../../templates/macros/types.sql")),
    ("dbt/dates.sql", include_str!("../../templates/macros/dates.sql")),
    ("dbt/strings.sql", include_str!("../../templates/macros/strings.sql")),
    ("dbt/sets.sql", include_str!("../../templates/macros/sets.sql")),
    ("dbt/tests.sql", include_str!("../../templates/macros/tests.sql")),
];
