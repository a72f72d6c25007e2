//! Whether the columns that an incremental model's settings name are those of its batch.

use crate::diagnostic::{Code, Diagnostic, columns_named};
use crate::graph::Node;
use crate::mode::{BatchSize, Incremental, Mode, is_name};
use crate::relation::Column;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Every column that a setting names is one of `columns`, and of a type that serves.
///
/// # Errors
/// The first that is not; `lacks` says of what it is none.
pub fn named_columns(
    node: &Node,
    incremental: &Incremental,
    columns: &[Column],
    lacks: &str,
    fold: &dyn Fn(&str) -> String,
) -> Result<()> {
    let find = |name: &str| {
        let name = fold(name);
        columns.iter().find(|column| fold(&column.name) == name)
    };
    for (setting, names) in incremental.named_columns() {
        let missing = names.iter().filter(|name| find(name).is_none());
        let missing: Vec<String> = missing.cloned().collect();
        if !missing.is_empty() {
            let message = format!("`{setting}` names {}, {lacks}", columns_named(&missing));
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            return Err(Box::new(
                Diagnostic::error(Code::DATA_FAILED, message)
                    .at(node.place_of(setting))
                    .with_help(format!("its columns are {}", known.join(", "))),
            ));
        }
    }
    match &incremental.mode {
        Mode::Microbatch(microbatch) if is_name(&microbatch.event_time) => {
            match find(&microbatch.event_time) {
                Some(column) => check_event_time(node, column, microbatch.batch_size),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Only a date or a time lies in an interval of time.
fn check_event_time(node: &Node, column: &Column, size: BatchSize) -> Result<()> {
    let data_type = column.data_type.as_str();
    let name = &column.name;
    let (problem, help) = if data_type == "date" && size == BatchSize::Hour {
        let message = format!("`batch_size: hour` is finer than column `{name}` of type date");
        (message, "write `batch_size: day`")
    } else if data_type == "date" || data_type.starts_with("timestamp") {
        return Ok(());
    } else {
        let message = format!(
            "`event_time` names column `{name}` of type {data_type}, expected a date or timestamp"
        );
        (message, "cast it in the query")
    };
    let setting = if data_type == "date" { "batch_size" } else { "event_time" };
    let problem = Diagnostic::error(Code::DATA_FAILED, problem).at(node.place_of(setting));
    Err(Box::new(problem.with_help(help)))
}
