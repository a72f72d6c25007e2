//! `api.Column` and the columns that `adapter.get_columns_in_relation` gives.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::host::Column;
use crate::template::scope::host;
use crate::template::signature::bind;
use crate::template::value::display;

pub(crate) fn column_value(state: &State, column: Column) -> Result<Value, Error> {
    let quoted = host(state)?.quote(&column.name);
    Ok(Value::from_object(ColumnObject { column, quoted }))
}

pub(crate) struct ColumnObject {
    pub column: Column,
    quoted: String,
}

impl ColumnObject {
    /// The name of the type without its size, in lower case.
    fn base(&self) -> String {
        let kind = self.column.data_type.split('(').next().unwrap_or_default();
        kind.trim().to_lowercase()
    }

    /// The numbers in the parentheses of the type.
    fn sizes(&self) -> Vec<u64> {
        let inside = self.column.data_type.split_once('(').map_or("", |(_, rest)| rest);
        let inside = inside.trim_end_matches(')');
        inside.split(',').filter_map(|size| size.trim().parse().ok()).collect()
    }

    fn is_string(&self) -> bool {
        let kinds =
            ["text", "character varying", "character", "varchar", "string", "char", "bpchar"];
        kinds.contains(&self.base().as_str())
    }

    fn is_integer(&self) -> bool {
        let base = self.base();
        let base = base.strip_prefix('u').unwrap_or(&base);
        let kinds = [
            "smallint",
            "integer",
            "bigint",
            "int",
            "int2",
            "int4",
            "int8",
            "tinyint",
            "hugeint",
            "serial",
            "bigserial",
            "smallserial",
        ];
        kinds.contains(&base)
    }

    fn is_float(&self) -> bool {
        let kinds = ["real", "float4", "float", "double precision", "float8", "double"];
        kinds.contains(&self.base().as_str())
    }

    fn is_numeric(&self) -> bool {
        ["numeric", "decimal", "number"].contains(&self.base().as_str())
    }
}

impl Object for ColumnObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let size =
            |index: usize| self.sizes().get(index).map_or(Value::from(()), |s| Value::from(*s));
        Some(match key.as_str()? {
            "name" | "column" => Value::from(self.column.name.as_str()),
            "quoted" => Value::from(self.quoted.as_str()),
            "data_type" => Value::from(self.column.data_type.as_str()),
            "dtype" => Value::from(self.column.data_type.split('(').next().unwrap_or_default()),
            "char_size" if self.is_string() => size(0),
            "numeric_precision" if self.is_numeric() => size(0),
            "numeric_scale" if self.is_numeric() => size(1),
            "char_size" | "numeric_precision" | "numeric_scale" => Value::from(()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        Ok(match method {
            "is_string" => Value::from(self.is_string()),
            "is_integer" => Value::from(self.is_integer()),
            "is_float" => Value::from(self.is_float()),
            "is_numeric" => Value::from(self.is_numeric()),
            "is_number" => Value::from(self.is_integer() || self.is_float() || self.is_numeric()),
            "string_size" => Value::from(self.sizes().first().copied().unwrap_or(256)),
            "can_expand_to" => {
                let [other] = bind(method, ["other_column"], args)?.required(method)?;
                let other = other.downcast_object_ref::<ColumnObject>();
                let wider = other.is_some_and(|other| {
                    let size =
                        |column: &ColumnObject| column.sizes().first().copied().unwrap_or(256);
                    self.is_string() && other.is_string() && size(other) > size(self)
                });
                Value::from(wider)
            }
            "string_type" => string_type(args)?,
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Column {} ({})>", self.column.name, self.column.data_type)
    }
}

impl fmt::Debug for ColumnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Column {} ({})>", self.column.name, self.column.data_type)
    }
}

fn string_type(args: &[Value]) -> Result<Value, Error> {
    let [size] = bind("string_type", ["size"], args)?.required("string_type")?;
    Ok(Value::from(format!("character varying({})", display(&size))))
}

/// `api.Column`
#[derive(Debug)]
pub(crate) struct ColumnClass;

impl ColumnClass {
    fn create(state: &State, args: &[Value]) -> Result<Value, Error> {
        let names = ["column", "dtype", "char_size", "numeric_precision", "numeric_scale"];
        let [name, kind, size, precision, scale] = bind("Column", names, args)?.0;
        let mut data_type = kind.map(|kind| display(&kind)).unwrap_or_default();
        let given = |value: Option<Value>| value.filter(|value| !value.is_none());
        match (given(size), given(precision), given(scale)) {
            (Some(size), _, _) => data_type.push_str(&format!("({})", display(&size))),
            (None, Some(precision), Some(scale)) => {
                data_type.push_str(&format!("({},{})", display(&precision), display(&scale)));
            }
            _ => {}
        }
        let name = name.map(|name| display(&name)).unwrap_or_default();
        column_value(state, Column { name, data_type })
    }
}

impl Object for ColumnClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        ColumnClass::create(state, args)
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "create" => ColumnClass::create(state, args),
            "string_type" => string_type(args),
            "translate_type" => {
                let [kind] = bind(method, ["dtype"], args)?.required(method)?;
                let kind = display(&kind);
                // the one name that dbt has for what each database calls otherwise
                let is_string = kind.eq_ignore_ascii_case("string");
                Ok(Value::from(if is_string { "TEXT".to_string() } else { kind }))
            }
            "numeric_type" => {
                let [kind, precision, scale] =
                    bind(method, ["dtype", "precision", "scale"], args)?.required(method)?;
                let text = if precision.is_none() || scale.is_none() {
                    display(&kind)
                } else {
                    format!("{}({},{})", display(&kind), display(&precision), display(&scale))
                };
                Ok(Value::from(text))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
