//! A relation narrowed to an interval of time, as the inputs of a microbatch are read.

use super::Dialect;
use crate::mode::{Batch, is_name};
use minijinja::context;

/// Stands for the relation while the template is filled in; no name holds it.
const RELATION: &str = "\u{0}";

/// The SQL before and after a relation of which only the rows of `batch` are read.
///
/// `event_time` is a column's name or an expression; `id` tells the relation from others.
pub fn around_interval(
    dialect: &dyn Dialect,
    id: &str,
    event_time: &str,
    batch: &Batch,
) -> Option<(String, String)> {
    let context = context! {
        relation => RELATION,
        alias => format!("__sqlflow_interval_{}", &blake3::hash(id.as_bytes()).to_hex()[..12]),
        event_time => event_time_sql(dialect, event_time),
        start => Batch::literal(batch.start),
        end => Batch::literal(batch.end),
    };
    let sections = dialect.templates().render("interval", &context).ok()?;
    let statement = sections.into_iter().next()?.statements.into_iter().next()?;
    let (before, after) = statement.split_once(RELATION)?;
    Some((before.to_owned(), after.to_owned()))
}

/// `event_time` as it stands in SQL: a name is quoted, an expression is the user's own.
pub fn event_time_sql(dialect: &dyn Dialect, event_time: &str) -> String {
    if is_name(event_time) { dialect.quote(event_time) } else { event_time.to_owned() }
}
