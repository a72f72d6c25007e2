//! The tests that minijinja has not or that Python answers otherwise.

use minijinja::Environment;
use minijinja::value::{Value, ValueKind};

use crate::template::relation_object::Relation;
use crate::template::value::Set;

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
    environment.add_test("sequence", |value: &Value| {
        use ValueKind::{Iterable, Map, Seq, String};
        matches!(value.kind(), String | Seq | Map | Iterable)
            && value.downcast_object_ref::<Set>().is_none()
    });
    // packages tell a relation from a name by asking whether it is a mapping with metadata
    environment.add_test("mapping", |value: &Value| {
        value.kind() == ValueKind::Map || value.downcast_object_ref::<Relation>().is_some()
    });
    environment.add_test("iterable", |value: &Value| {
        use ValueKind::{Iterable, Map, Seq, String, Undefined};
        matches!(value.kind(), String | Seq | Map | Iterable | Undefined)
    });
    environment.add_test("number", |value: &Value| {
        matches!(value.kind(), ValueKind::Number | ValueKind::Bool)
    });
}
