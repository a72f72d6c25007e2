//! `modules.itertools`: products, combinations and chains, within a limit.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::error::{Kind, fail};
use crate::template::signature::Arguments;
use crate::template::value::{List, items_of};

/// `modules.itertools`
#[derive(Debug)]
pub(crate) struct Itertools;

/// Combinations grow without warning.
const MOST: usize = 1_000_000;

impl Object for Itertools {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let arguments = Arguments::new(args)?;
        let positional = arguments.positional;
        let lists = |values: &[Value]| values.iter().map(items_of).collect::<Result<Vec<_>, _>>();
        let size = || positional.get(1).and_then(Value::as_usize);
        let rows = match method {
            "chain" => return Ok(List::value(lists(positional)?.concat())),
            "product" => {
                let repeat = arguments.named.iter().find(|(name, _)| name == "repeat");
                let repeat = repeat.and_then(|(_, times)| times.as_usize()).unwrap_or(1);
                let lists = lists(positional)?;
                let all: Vec<_> = (0..repeat.min(20)).flat_map(|_| lists.iter().cloned()).collect();
                product(&all)?
            }
            "combinations" | "permutations" => {
                let items = lists(positional.get(..1).unwrap_or_default())?.concat();
                arrangements(&items, size().unwrap_or(items.len()), method == "combinations")?
            }
            "zip_longest" => {
                let columns = lists(positional)?;
                let length = columns.iter().map(Vec::len).max().unwrap_or(0);
                let cell = |column: &Vec<Value>, row: usize| {
                    column.get(row).cloned().unwrap_or_else(|| Value::from(()))
                };
                (0..length).map(|row| columns.iter().map(|c| cell(c, row)).collect()).collect()
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        };
        Ok(List::value(rows.into_iter().map(|row| Value::from(Tuple::from(row))).collect()))
    }
}

fn too_many() -> Error {
    fail(Kind::Limit, format!("`itertools` would make more than {MOST} items"))
}

fn product(lists: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, Error> {
    let mut rows = vec![Vec::new()];
    for list in lists {
        if rows.len().saturating_mul(list.len()) > MOST {
            return Err(too_many());
        }
        let extended = |row: &Vec<Value>| {
            let row = row.clone();
            list.iter().map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat())
        };
        rows = rows.iter().flat_map(|row| extended(row).collect::<Vec<_>>()).collect();
    }
    Ok(rows)
}

/// The ways to pick `size` items, in order if they are combinations.
fn arrangements(items: &[Value], size: usize, ordered: bool) -> Result<Vec<Vec<Value>>, Error> {
    let mut picks: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        let mut longer = Vec::new();
        for pick in &picks {
            let first = if ordered { pick.last().map_or(0, |last| last + 1) } else { 0 };
            let free = (first..items.len()).filter(|index| !pick.contains(index));
            longer.extend(free.map(|index| [pick.as_slice(), &[index]].concat()));
            if longer.len() > MOST {
                return Err(too_many());
            }
        }
        picks = longer;
    }
    let row = |pick: Vec<usize>| pick.into_iter().map(|index| items[index].clone()).collect();
    Ok(picks.into_iter().map(row).collect())
}
