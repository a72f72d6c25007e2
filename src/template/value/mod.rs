//! Python's values, as far as templates can tell: lists, dicts and sets that change in place, and text as Python prints it.

mod containers;
mod dict;
mod json;
mod list;
mod literal;
mod python;
mod serde;
mod set;
mod strings;
mod yaml;

pub(crate) use containers::{check_nesting, items_of, own, own_deep, pairs_of, settled};
pub(crate) use dict::{Dict, dict};
pub use json::{from_json, to_json};
pub(crate) use list::List;
pub(crate) use literal::{number, python_literal};
pub(crate) use python::{display, float, repr};
pub use serde::{from_serde, to_serde};
pub(crate) use set::Set;
pub(crate) use strings::unknown_method;
pub(crate) use yaml::to_yaml;
