//! DuckDB's SQL.

use super::template::SqlTemplates;
use super::{Dialect, Feature, OutputNames, Support};
use crate::relation::RelationName;
use std::sync::LazyLock;

/// DuckDB.
#[derive(Debug)]
pub struct DuckDb;

pub(super) static DUCKDB: DuckDb = DuckDb;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/duckdb/", $name, ".sql")))),+]
    };
}

static TEMPLATES: LazyLock<SqlTemplates> = LazyLock::new(|| {
    SqlTemplates::new(
        &DUCKDB,
        templates![
            "view",
            "table",
            "anew",
            "append",
            "delete_insert",
            "merge",
            "insert_overwrite",
            "microbatch",
            "microbatch_anew",
            "microbatch_rows",
            "interval",
            "anew_checked",
            "add_column",
            "drop_column",
            "relax_column",
            "retype_column",
            "retyped_values",
            "keys_of_batch",
            "columns_of_query",
            "seed",
            "load_stage",
            "load_since",
            "load_check",
            "load_clean",
            "load_repeats",
            "load_anew",
            "load_required",
            "load_standing",
            "load_defaults",
            "load_keep",
            "load_left",
            "load_append",
            "load_merge",
            "load_versions",
            "load_record",
            "load_rejects",
            "rows",
            "load_read",
            "load_state",
            "load_manifest",
            "state",
            "unread",
            "batch_keys",
            "drop_table",
            "first_row",
            "all_rows",
            "scd2",
            "scd2_add",
            "scd2_widen",
            "scd2_keys",
            "snapshot",
            "export_columns",
            "export_rows",
            "export_query",
            "export_stage",
            "export_parts",
            "export_part",
            "export_csv",
            "export_json",
            "export_parquet",
            "export_standing",
            "snapshot_ends",
            "snapshot_absent",
            "snapshot_record",
            "schema",
            "bind_database",
            "bind_setup",
            "bind_plan",
            "bind_table",
            "bind_type",
            "bind_value",
            "test",
            "test_stored",
        ],
    )
});

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn temporary(&self, name: &str) -> RelationName {
        RelationName::new("temp", "main", name)
    }

    fn is_embedded(&self) -> bool {
        true
    }

    fn support(&self, feature: Feature) -> Support {
        Support::Template(match feature {
            Feature::View => "view",
            Feature::MaterializedView => {
                return Support::Lacking("DuckDB has no materialized views");
            }
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

    fn fold(&self, identifier: &str) -> String {
        identifier.to_lowercase()
    }

    fn templates(&self) -> &SqlTemplates {
        &TEMPLATES
    }

    fn defaults(&self, output: &OutputNames<'_>) -> (String, String) {
        let database = output.database.map_or_else(
            || {
                // DuckDB calls an attached file by its stem, and a database in memory `memory`.
                let stem = output
                    .path
                    .filter(|path| path.as_os_str() != ":memory:")
                    .and_then(|path| path.file_stem())
                    .map(|stem| stem.to_string_lossy().into_owned());
                stem.unwrap_or_else(|| "memory".to_owned())
            },
            str::to_owned,
        );
        (database, output.schema.unwrap_or("main").to_owned())
    }
}
