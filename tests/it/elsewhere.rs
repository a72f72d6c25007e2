//! Tests of projects that go into another database than a DuckDB file: those of a subject, as they
//! are, with a server of their own.

use serde_json::Value;
use sqlflow::engine::Session;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

/// A database of a project's own.
pub(crate) trait Elsewhere: Debug + Send + Sync {
    /// The text of profiles.yml.
    fn profiles(&self) -> String;

    fn session(&self) -> Box<dyn Session>;

    /// Keeps all that is in it under another name.
    fn save(&self, name: &str);

    /// Puts back what was saved.
    fn restore(&self, name: &str);

    /// Waits until nobody is at work in it.
    fn rest(&self);
}

/// Makes a database.
pub(crate) type Maker = Box<dyn Fn() -> Arc<dyn Elsewhere>>;

thread_local! {
    static MAKER: RefCell<Option<Maker>> = const { RefCell::new(None) };
}

/// A database for a project of this thread, where it does not go into a file.
pub(crate) fn new_database() -> Option<Arc<dyn Elsewhere>> {
    MAKER.with_borrow(|maker| maker.as_ref().map(|maker| maker()))
}

/// Runs `test`, whose projects go into databases that `maker` makes.
#[cfg(feature = "postgres")]
pub(crate) fn with(maker: Maker, test: impl FnOnce()) {
    MAKER.set(Some(maker));
    test();
    MAKER.set(None);
}

/// The rows of `sql`. Not every database sorts by all columns if it is told so.
#[track_caller]
pub(crate) fn query(session: &mut dyn Session, sql: &str) -> Value {
    let (sql, is_sorted) = match sql.trim_end().strip_suffix(" order by all") {
        Some(sql) => (sql, true),
        None => (sql, false),
    };
    let table = session.query(sql, None).unwrap_or_else(|error| panic!("{error}: {sql}"));
    let mut rows = table.rows;
    if is_sorted {
        rows.sort_by(|a, b| {
            let cells = a.iter().zip(b).map(|(a, b)| order(a, b));
            cells.fold(Ordering::Equal, Ordering::then)
        });
    }
    Value::from_iter(rows.into_iter().map(Value::from))
}

/// NULL comes last.
fn order(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| value.as_f64();
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => a.is_null().cmp(&b.is_null()),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.as_str().cmp(&b.as_str()),
        },
    }
}

/// Tests of the module above, with PostgreSQL as the target.
macro_rules! again_on_postgres {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(
                #[test]
                $(#[$attribute])*
                fn $test() {
                    crate::postgres::target::on_postgres(super::$test);
                }
            )*
        }
    };
}

pub(crate) use again_on_postgres;
