//! The interval of time that a microbatch is rendered for, as its template sees it: `model.batch`.

use super::context::moment;
use super::value::{Dict, pairs_of};
use jiff::Timestamp;
use minijinja::Value;

/// `model` with its `batch`: `id`, `event_time_start` and `event_time_end`; none where it has none.
pub(crate) fn with_batch(model: &Value, batch: Option<(String, Timestamp, Timestamp)>) -> Value {
    let mut entries = pairs_of(model).unwrap_or_default();
    let batch = batch.map_or(Value::from(()), |(id, start, end)| {
        let entry = |name: &str, value: Value| (Value::from(name), value);
        Dict::value(vec![
            entry("id", Value::from(id)),
            entry("event_time_start", moment(start)),
            entry("event_time_end", moment(end)),
        ])
    });
    entries.push((Value::from("batch"), batch));
    Dict::value(entries)
}
