//! PostgreSQL's SQL.

use super::template::SqlTemplates;
use super::{Dialect, Feature, OutputNames, Support};
use crate::relation::{DataType, RelationName};
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
            "write_left",
            "write_swap",
            "write_new",
            "write_merge",
            "above",
            "add_column",
            "all_rows",
            "anew",
            "anew_checked",
            "append",
            "batch_keys",
            "columns_of_query",
            "delete_insert",
            "drop_column",
            "drop_table",
            "encoding",
            "engine_columns",
            "engine_relation",
            "engine_relations",
            "engine_schema",
            "export_columns",
            "export_query",
            "first_row",
            "held_stands",
            "held_work",
            "hold_left",
            "hold_mark",
            "hold_process",
            "hold_release",
            "hold_stands",
            "hold_take",
            "holders",
            "indexes",
            "insert_overwrite",
            "interval",
            "keys_of_batch",
            "load_anew",
            "load_append",
            "load_check",
            "load_clean",
            "load_defaults",
            "load_keep",
            "load_left",
            "load_manifest",
            "load_merge",
            "load_record",
            "load_rejects",
            "load_repeats",
            "load_required",
            "load_since",
            "load_stage",
            "load_standing",
            "load_state",
            "load_versions",
            "materialize",
            "materialized_view",
            "merge",
            "microbatch",
            "microbatch_anew",
            "microbatch_rows",
            "plain",
            "privileges",
            "relax_column",
            "retype_column",
            "retyped_values",
            "scd2",
            "scd2_add",
            "scd2_keys",
            "scd2_widen",
            "schema",
            "seed",
            "server_version",
            "snapshot",
            "snapshot_absent",
            "snapshot_ends",
            "snapshot_record",
            "standing",
            "state",
            "swap",
            "table",
            "test",
            "test_stored",
            "transaction_id",
            "under_views",
            "unread",
            "view",
            "view_words",
            "whole",
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

    /// The types that binary COPY writes for the same columns: see `crate::postgres`.
    fn type_name(&self, data_type: &DataType) -> String {
        if let Some(element) = data_type.element() {
            // The arrays of PostgreSQL have as many elements in each row of a dimension.
            return if element.element().is_some() {
                "jsonb".to_owned()
            } else {
                format!("{}[]", self.type_name(&element))
            };
        }
        let name = data_type.as_str();
        if let Some(digits) = name.strip_prefix("decimal(") {
            return format!("numeric({digits}");
        }
        match name {
            "tinyint" | "utinyint" | "smallint" => "smallint",
            "usmallint" | "integer" => "integer",
            "uinteger" | "bigint" => "bigint",
            "ubigint" => "numeric(20,0)",
            "hugeint" | "uhugeint" => "numeric(39,0)",
            "float" => "real",
            "double" => "double precision",
            "varchar" | "bit" | "\"null\"" => "text",
            "blob" => "bytea",
            "json" => "jsonb",
            "timestamp_s" | "timestamp_ms" | "timestamp_ns" => "timestamp",
            "timestamp with time zone" => "timestamptz",
            "time with time zone" => "timetz",
            _ if data_type.is_nested() => "jsonb",
            _ if name.starts_with("enum(") => "text",
            other => other,
        }
        .to_owned()
    }

    fn data_type(&self, name: &str) -> DataType {
        if let Some(element) = name.strip_suffix("[]") {
            return DataType::new(&format!("{}[]", self.data_type(element)));
        }
        if let Some(digits) = name.strip_prefix("numeric(") {
            return DataType::new(&format!("decimal({digits}"));
        }
        if let Some(length) = name.strip_prefix("character varying(") {
            return DataType::new(&format!("varchar({length}"));
        }
        DataType::new(match name {
            "real" => "float",
            "double precision" => "double",
            "text" | "character varying" => "varchar",
            "bytea" => "blob",
            "jsonb" => "json",
            "timestamp without time zone" => "timestamp",
            "timestamptz" => "timestamp with time zone",
            "timetz" => "time with time zone",
            "time without time zone" => "time",
            other => other,
        })
    }

    fn longest_name(&self) -> Option<usize> {
        Some(63)
    }

    fn temporary(&self, name: &str) -> RelationName {
        RelationName { database: None, ..RelationName::new("", "pg_temp", name) }
    }

    fn is_embedded(&self) -> bool {
        false
    }

    fn table_options(&self) -> &'static [&'static str] {
        &["indexes", "unlogged", "fillfactor"]
    }

    fn support(&self, feature: Feature) -> Support {
        Support::Template(match feature {
            Feature::View => "view",
            Feature::MaterializedView => "materialized_view",
            Feature::Table => "table",
            Feature::Append => "append",
            Feature::DeleteInsert => "delete_insert",
            Feature::Merge => "merge",
            Feature::InsertOverwrite => "insert_overwrite",
            Feature::Microbatch => "microbatch",
            Feature::Snapshot => "snapshot",
            Feature::Seed => "seed",
            Feature::LoadReplace => "load_anew",
            Feature::LoadAppend => "load_append",
            Feature::LoadMerge => "load_merge",
            Feature::LoadScd2 => "load_versions",
            Feature::Test => "test",
            Feature::StoredTest => "test_stored",
        })
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
