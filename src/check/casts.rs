//! The casts of a bound query that can fail on a value.

use crate::dialect::{Dialect, DuckDb};
use crate::engine::duckdb::Binder;
use crate::engine::{EngineError, ErrorKind};
use crate::relation::DataType;
use minijinja::context;
use serde_json::Value;
use std::collections::BTreeSet;

/// A cast, written or added by the database, that some value of its type may not survive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cast {
    /// The byte of the query at which the cast expression stands; `None` where the plan does not say.
    pub(super) position: Option<usize>,
    /// The type that is cast.
    pub(super) from: DataType,
    /// The type that it becomes.
    pub(super) to: DataType,
}

/// The casts of the query `sql` that can fail: text to anything else, and every type to one that does
/// not hold all its values. `try_cast` is none of them.
///
/// # Errors
/// The session's; a query that does not bind has none.
pub(super) fn casts(binder: &mut Binder, sql: &str) -> Result<BTreeSet<Cast>, EngineError> {
    let defect = |error: minijinja::Error| EngineError::new(ErrorKind::Internal, error.to_string());
    let question = DuckDb.templates().render("bind_plan", &context! { sql => sql });
    let question = question.map_err(defect)?;
    let mut found = BTreeSet::new();
    let mut constants = Vec::new();
    for statement in question.iter().flat_map(|section| &section.statements) {
        let plan = binder.session().query(statement, Some(1))?;
        let text = plan.rows.first().and_then(|row| row.first()?.as_str().map(str::to_owned));
        let plan = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
        collect(&plan, &mut found, &mut constants);
    }
    // What a constant is cast to does depend on a source: on the column that it stands beside.
    let lost = constants.into_iter().filter(|(cast, text)| !binder.holds(text, &cast.to));
    found.extend(lost.map(|(cast, _)| cast));
    Ok(found)
}

/// Walks without recursion: plans nest as deep as queries do.
fn collect(plan: &Value, found: &mut BTreeSet<Cast>, constants: &mut Vec<(Cast, String)>) {
    let mut open = vec![plan];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                if let Some(cast) = cast(value) {
                    match constant(value) {
                        Constant::Text(text) => constants.push((cast, text.to_owned())),
                        Constant::Null => {}
                        Constant::Other if is_number(&cast.to) => {}
                        Constant::Other | Constant::None => _ = found.insert(cast),
                    }
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
}

fn cast(expression: &Value) -> Option<Cast> {
    if expression.get("expression_class")?.as_str()? != "BOUND_CAST"
        || expression.get("try_cast").and_then(Value::as_bool) == Some(true)
    {
        return None;
    }
    let child = expression.get("child")?;
    let from = data_type(child.get("return_type").or_else(|| constant_type(child))?);
    let to = data_type(expression.get("return_type")?);
    if from.canonical() == to.canonical() || to.is_text() || from.widens_to(&to) {
        return None;
    }
    let position = expression.get("query_location").and_then(Value::as_u64);
    Some(Cast { position: position.and_then(|at| usize::try_from(at).ok()), from, to })
}

/// What a cast casts, if that is written in the query.
enum Constant<'p> {
    None,
    /// Text, which may be nothing of the other type.
    Text(&'p str),
    /// What is of a type by itself, and which no other kind of type may take.
    Other,
    /// NULL, which every type has.
    Null,
}

fn constant(cast: &Value) -> Constant<'_> {
    let Some(child) = cast.get("child") else { return Constant::None };
    if child.get("expression_class").and_then(Value::as_str) != Some("BOUND_CONSTANT") {
        return Constant::None;
    }
    if child.pointer("/value/is_null").and_then(Value::as_bool) == Some(true) {
        return Constant::Null;
    }
    let is_text = constant_type(child).is_some_and(|found| data_type(found).is_text());
    match child.pointer("/value/value").and_then(Value::as_str) {
        Some(text) if is_text => Constant::Text(text),
        _ => Constant::Other,
    }
}

fn is_number(data_type: &DataType) -> bool {
    let is_plain = data_type.is_integer() || data_type.is_decimal() || data_type.is_floating();
    is_plain || data_type.as_str() == "boolean"
}

fn constant_type(child: &Value) -> Option<&Value> {
    child.get("value")?.get("type")
}

/// A type as the plan has it: its name, and what a decimal holds.
fn data_type(value: &Value) -> DataType {
    let name = value.get("id").and_then(Value::as_str).unwrap_or_default();
    let info = |field: &str| value.get("type_info")?.get(field)?.as_u64();
    match (name, info("width")) {
        ("DECIMAL", Some(width)) => {
            DataType::new(&format!("decimal({width},{})", info("scale").unwrap_or_default()))
        }
        ("TIMESTAMP WITH TIME ZONE" | "TIMESTAMP_TZ", _) => {
            DataType::new("timestamp with time zone")
        }
        _ => DataType::new(name),
    }
}
