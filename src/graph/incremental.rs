//! How an incremental model applies its batches, read from its settings.

use super::config::Reader;
use super::node::{Node, NodeIndex, NodeKind};
use super::resolve::Graph;
use crate::diagnostic::{Code, Diagnostic};
use crate::mode::{
    BatchChecks, BatchSize, Incremental, Key, Materialization, Merge, Microbatch, Mode,
    OnSchemaChange, Reaction, STRATEGIES, moment,
};
use jiff::Timestamp;

/// What only keys can break, and the strategies that have none.
const KEY_CHECKS: [&str; 2] = ["on_duplicate", "on_null_key"];

/// dbt-duckdb's defaults: delete+insert with a key, append without.
pub(super) fn read(reader: &mut Reader<'_>) -> Incremental {
    let key = Key::new(reader.columns("unique_key"));
    let keyless = key.is_none();
    let strategy = reader.text("incremental_strategy").unwrap_or_else(|| {
        let default = if key.is_some() { "delete+insert" } else { "append" };
        default.to_owned()
    });
    let known = reader.problem_count();
    let mode = mode(reader, &strategy, key);
    if keyless && mode == Mode::Append && reader.problem_count() == known {
        tell_no_key(reader);
    }
    if mode.key().is_none() && reader.problem_count() == known {
        for check in KEY_CHECKS {
            if reader.names(check) {
                let message = format!("`{check}` means nothing to `{strategy}`, which has no key");
                let help = "set `unique_key` with `delete+insert` or `merge`".to_owned();
                reader.report(Code::INVALID_VALUE, check, message, Some(help));
            }
        }
    }
    let predicates = reader.texts("incremental_predicates");
    let predicates = if predicates.is_empty() { reader.texts("predicates") } else { predicates };
    Incremental { mode, on_schema_change: on_schema_change(reader), predicates }
}

fn mode(reader: &mut Reader<'_>, strategy: &str, key: Option<Key>) -> Mode {
    match (strategy, key) {
        ("append", _) => Mode::Append,
        ("delete+insert" | "delete_insert", Some(key)) => Mode::DeleteInsert(key),
        ("merge", Some(key)) => Mode::Merge(merge(reader, key)),
        ("merge", None) => needs(reader, strategy, "a `unique_key`", None),
        ("delete+insert" | "delete_insert", None) => {
            match Key::new(reader.columns("partition_by")) {
                Some(partitions) => Mode::InsertOverwrite(partitions),
                None => needs(reader, strategy, "a `unique_key` or `partition_by`", None),
            }
        }
        ("insert_overwrite", _) => match Key::new(reader.columns("partition_by")) {
            Some(partitions) => Mode::InsertOverwrite(partitions),
            None => {
                let help = "name the columns whose values are replaced whole: \
                            `partition_by: [day]`";
                needs(reader, strategy, "`partition_by`", Some(help))
            }
        },
        ("microbatch", key) => microbatch(reader, key.is_some()),
        (unknown, _) => {
            reader.unknown("incremental_strategy", "incremental strategy", unknown, &STRATEGIES);
            Mode::Append
        }
    }
}

/// A key without columns is none, as in dbt; who writes one expects that it counts.
fn tell_no_key(reader: &mut Reader<'_>) {
    if !reader.names("unique_key") {
        return;
    }
    let message = "`unique_key` names no column".to_owned();
    let note = "the strategy is `append`: each run adds all rows again";
    reader.warn("unique_key", message, note, "name the columns that identify a row, or remove it");
}

fn needs(reader: &mut Reader<'_>, strategy: &str, what: &str, help: Option<&str>) -> Mode {
    let message = format!("incremental strategy `{strategy}` needs {what}");
    let help = help.map(str::to_owned);
    reader.report(Code::MISSING_KEY, "incremental_strategy", message, help);
    Mode::Append
}

fn on_schema_change(reader: &mut Reader<'_>) -> OnSchemaChange {
    let Some(text) = reader.text("on_schema_change") else { return OnSchemaChange::default() };
    OnSchemaChange::named(&text).unwrap_or_else(|| {
        reader.unknown("on_schema_change", "schema change rule", &text, &OnSchemaChange::NAMES);
        OnSchemaChange::default()
    })
}

fn merge(reader: &mut Reader<'_>, key: Key) -> Merge {
    let update = reader.columns("merge_update_columns");
    let exclude = reader.columns("merge_exclude_columns");
    if !update.is_empty() && !exclude.is_empty() {
        let message = "`merge_update_columns` and `merge_exclude_columns` do not go together";
        let help = "name the columns to update, or those not to".to_owned();
        let key = "merge_exclude_columns";
        reader.report(Code::INVALID_VALUE, key, message.to_owned(), Some(help));
    }
    Merge {
        key,
        update,
        exclude,
        update_conditions: reader.texts("merge_update_condition"),
        insert_conditions: reader.texts("merge_insert_condition"),
    }
}

fn microbatch(reader: &mut Reader<'_>, has_key: bool) -> Mode {
    let known = reader.problem_count();
    if has_key {
        let message = "`unique_key` does not go with `microbatch`".to_owned();
        let help = "a microbatch replaces an interval of `event_time`; use `merge` for keys";
        reader.report(Code::INVALID_VALUE, "unique_key", message, Some(help.to_owned()));
    }
    let lacking: Vec<String> = ["event_time", "begin", "batch_size"]
        .into_iter()
        .filter(|key| !reader.names(key))
        .map(|key| format!("`{key}`"))
        .collect();
    if !lacking.is_empty() {
        let help = "for example `event_time='created_at', begin='2024-01-01', batch_size='day'`";
        return needs(reader, "microbatch", &lacking.join(", "), Some(help));
    }
    reader.boolean("concurrent_batches");
    let batch = Microbatch {
        event_time: reader.text("event_time").unwrap_or_default(),
        begin: begin(reader),
        batch_size: batch_size(reader),
        lookback: lookback(reader),
    };
    if reader.problem_count() == known { Mode::Microbatch(batch) } else { Mode::Append }
}

fn begin(reader: &mut Reader<'_>) -> Timestamp {
    let text = reader.text("begin").unwrap_or_default();
    moment(&text).unwrap_or_else(|| {
        reader.wrong("begin", "an ISO date or time, such as 2024-01-01 or 2024-01-01T06:00:00");
        Timestamp::UNIX_EPOCH
    })
}

fn batch_size(reader: &mut Reader<'_>) -> BatchSize {
    let text = reader.text("batch_size").unwrap_or_default();
    BatchSize::named(&text).unwrap_or_else(|| {
        reader.unknown("batch_size", "batch size", &text, &BatchSize::NAMES);
        BatchSize::Day
    })
}

fn lookback(reader: &mut Reader<'_>) -> u32 {
    let Some(count) = reader.count("lookback") else { return 1 };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Reads `on_empty`, `on_duplicate` and `on_null_key`.
pub(super) fn checks(reader: &mut Reader<'_>) -> BatchChecks {
    let mut read = |key: &str| {
        let text = reader.text(key)?;
        let reaction = Reaction::named(&text);
        if reaction.is_none() {
            reader.unknown(key, "reaction", &text, &Reaction::NAMES);
        }
        reaction
    };
    BatchChecks {
        on_empty: read("on_empty"),
        on_duplicate: read("on_duplicate"),
        on_null_key: read("on_null_key"),
    }
}

/// Microbatch models none of whose inputs can be narrowed: each interval reads them whole.
pub(super) fn read_whole(graph: &Graph) -> Vec<Diagnostic> {
    let has_time = |index: &NodeIndex| graph.node(*index).config.text("event_time").is_some();
    let reads_whole = |node: &&Node| match &node.kind {
        NodeKind::Model(Materialization::Incremental(incremental)) => {
            matches!(incremental.mode, Mode::Microbatch(_)) && !node.parents.iter().any(has_time)
        }
        _ => false,
    };
    let warning = |node: &Node| {
        let message = format!("no input of microbatch model `{}` has an `event_time`", node.name);
        Diagnostic::warning(Code::MISSING_KEY, message)
            .at(node.config.places.get("event_time").unwrap_or(&node.place).clone())
            .with_note("each batch reads its inputs whole")
            .with_help("set `event_time` in the configuration of an input")
    };
    graph.nodes.iter().filter(reads_whole).map(warning).collect()
}
