//! A query's result as dbt's templates know it: the tables of agate.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::host::{Level, Table};
use crate::template::scope::host;
use crate::template::signature::bind;
use crate::template::value::{Dict, List, display};

/// The table that `run_query` gives.
pub(crate) fn table_value(table: Table) -> Value {
    let names: Arc<[String]> =
        table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().into();
    let rows = table.rows.into_iter().map(|values| Mapped {
        names: Arc::clone(&names),
        values,
        label: None,
    });
    let types = table.columns.into_iter().map(|column| column.data_type).collect();
    Value::from_object(TableObject {
        names: Arc::clone(&names),
        types,
        rows: rows.map(Arc::new).collect(),
    })
}

struct TableObject {
    names: Arc<[String]>,
    types: Vec<String>,
    rows: Vec<Arc<Mapped>>,
}

impl TableObject {
    fn columns(&self) -> Value {
        let column = |(index, name): (usize, &String)| {
            let values = self.rows.iter().map(|row| row.values.get(index).cloned());
            Value::from_object(Mapped {
                names: Arc::from([]),
                values: values.map(Option::unwrap_or_default).collect(),
                label: Some(name.clone()),
            })
        };
        let values = self.names.iter().enumerate().map(column).collect();
        Value::from_object(Mapped { names: Arc::clone(&self.names), values, label: None })
    }

    fn rows(&self) -> Value {
        let rows = self.rows.iter().map(|row| Value::from_dyn_object(Arc::clone(row)));
        Value::from_object(Mapped { names: Arc::from([]), values: rows.collect(), label: None })
    }

    fn text(&self) -> String {
        let heading = self.names.iter().cloned().collect();
        let body = self.rows.iter().map(|row| row.values.iter().map(display).collect());
        let lines: Vec<Vec<String>> = std::iter::once(heading).chain(body).collect();
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.names.len()).map(width).collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Object for TableObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(index) = key.as_usize() {
            return self.rows.get(index).map(|row| Value::from_dyn_object(Arc::clone(row)));
        }
        let tuple = |texts: &[String]| {
            Value::from(Tuple::from(
                texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>(),
            ))
        };
        match key.as_str()? {
            "columns" => Some(self.columns()),
            "rows" => Some(self.rows()),
            "column_names" => Some(tuple(&self.names)),
            "column_types" => Some(tuple(&self.types)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "print_table" | "print_csv" | "print_json" => {
                host(state)?.message(Level::Info, &self.text());
                Ok(Value::from(""))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for TableObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<table of {} rows>", self.rows.len())
    }
}

/// A sequence whose items also have names: agate's rows, and the columns of a table.
struct Mapped {
    names: Arc<[String]>,
    values: Vec<Value>,
    /// The name, if this is the values of a column.
    label: Option<String>,
}

impl Mapped {
    fn get(&self, name: &str) -> Option<Value> {
        let exact = self.names.iter().position(|known| known == name);
        let index = exact
            .or_else(|| self.names.iter().position(|known| known.eq_ignore_ascii_case(name)))?;
        self.values.get(index).cloned()
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        let names = self.names.iter().map(|name| Value::from(name.as_str()));
        names.zip(self.values.iter().cloned()).collect()
    }
}

impl Object for Mapped {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(index) = key.as_usize() {
            return self.values.get(index).cloned();
        }
        let name = key.as_str()?;
        match &self.label {
            Some(label) if name == "name" => Some(Value::from(label.as_str())),
            _ => self.get(name),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "values" => Ok(Value::from(Tuple::from(self.values.clone()))),
            "keys" => Ok(List::value(self.pairs().into_iter().map(|(key, _)| key).collect())),
            "items" => {
                let pair = |(key, value)| Value::from(Tuple::from([key, value]));
                Ok(List::value(self.pairs().into_iter().map(pair).collect()))
            }
            "dict" => Ok(Dict::value(self.pairs())),
            "get" => {
                let [key, default] = bind("get", ["key", "default"], args)?.0;
                let found = self.get(key.unwrap_or_default().as_str().unwrap_or_default());
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            "values_distinct" | "values_sorted" | "values_without_nulls" => {
                let mut values = self.values.clone();
                if method == "values_without_nulls" {
                    values.retain(|value| !value.is_none());
                } else {
                    values.sort();
                }
                if method == "values_distinct" {
                    values.dedup();
                }
                Ok(List::value(values))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.values).finish()
    }
}
