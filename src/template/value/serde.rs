//! Between the values of templates and those of JSON, YAML and configuration.

use super::{Dict, List, items_of, pairs_of};
use minijinja::value::{Value, ValueKind};
use serde_json::{Map, Number, Value as Json};

/// The value as templates see it: lists and dicts that they can change.
pub fn from_serde(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => List::value(items.iter().map(from_serde).collect()),
        Json::Object(entries) => Dict::value(
            entries
                .iter()
                .map(|(key, value)| (Value::from(key.as_str()), from_serde(value)))
                .collect(),
        ),
    }
}

/// The value as JSON. What JSON cannot hold (relations, dates, infinite numbers) becomes its text,
/// what is undefined becomes null.
pub fn to_serde(value: &Value) -> Json {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::Seq | ValueKind::Iterable => match items_of(value) {
            Ok(items) => Json::Array(items.iter().map(to_serde).collect()),
            Err(_) => Json::String(value.to_string()),
        },
        ValueKind::Map => match pairs_of(value) {
            Ok(pairs) => Json::Object(
                pairs
                    .iter()
                    .map(|(key, value)| (key.to_string(), to_serde(value)))
                    .collect::<Map<_, _>>(),
            ),
            Err(_) => Json::String(value.to_string()),
        },
        _ => Json::String(value.to_string()),
    }
}

fn number(value: &Value) -> Json {
    if let Ok(integer) = i64::try_from(value.clone())
        && value.is_integer()
    {
        return Json::from(integer);
    }
    let float = f64::try_from(value.clone()).ok();
    let float = float.filter(|_| !value.is_integer()).and_then(Number::from_f64);
    float.map_or_else(|| Json::String(value.to_string()), Json::Number)
}
