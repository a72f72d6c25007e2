//! The tests that minijinja has not or that Python answers otherwise.

use minijinja::Environment;
use minijinja::value::{Value, ValueKind};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
    environment.add_test("sequence", |value: &Value| {
        use ValueKind::{Iterable, Map, Seq, String};
        matches!(value.kind(), String | Seq | Map | Iterable)
    });
    environment.add_test("iterable", |value: &Value| {
        use ValueKind::{Iterable, Map, Seq, String, Undefined};
        matches!(value.kind(), String | Seq | Map | Iterable | Undefined)
    });
    environment.add_test("number", |value: &Value| {
        matches!(value.kind(), ValueKind::Number | ValueKind::Bool)
    });
}
