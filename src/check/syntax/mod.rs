//! Which columns a statement uses, where, and what its own columns are made of.
//!
//! DuckDB parses: [`syntax`] asks it for the syntax tree of each statement, which is a fifth of the
//! time that it takes to bind it. [`Parsed::resolve`] then finds out what each name means, as
//! DuckDB's binder does, given the columns of the relations; it is pure and opens nothing.
//! [`Parsed::without`] tells what breaks when a column goes.
//!
//! | construct | what it means here |
//! | --- | --- |
//! | a name | a column in scope, innermost query first, then an alias of the select list, then the query around |
//! | `*`, `t.*`, `columns(…)` | copies of the columns; no use of them, but what then names one uses the source's |
//! | `exclude`, `replace`, `using` | uses; the tree has no position for them, so the text behind is searched |
//! | a CTE | resolved where it is first read; one that is never read is not bound by DuckDB, and no use |
//! | `x -> …` in a function that takes lambdas | parameters, no columns; elsewhere `->` reads JSON |
//! | a relation whose columns are not known | a qualified name is taken for a column of it; an unqualified one, too, where nothing else can be meant |
//! | set operations | an output is fed by the columns at its place (`by name`: of its name) on both sides |
//!
//! What cannot be told is [`Uncertain`], with the relations whose columns are then perhaps used.

mod answer;
mod expression;
mod from;
mod name;
mod parse;
mod pivot;
mod removal;
mod resolve;
mod scope;
mod select;
mod star;
mod text;
mod tree;

#[cfg(test)]
mod tests;

pub use answer::{
    Column, Output, Problem, ProblemKind, Read, Relation, Role, Syntax, Uncertain, Use, Why,
};
pub use parse::{Parsed, syntax};
pub use removal::{Break, Removal};
