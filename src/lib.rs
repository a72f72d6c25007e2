//! sqlflow compiles a directory of SQL models and YAML into SQL for one database, and carries it
//! out.
//!
//! Data flows one way, from files to outcome. Each module knows only those above it in this table,
//! and a test holds it to that:
//!
//! | module | takes | gives | touches |
//! | --- | --- | --- | --- |
//! | [`diagnostic`] | | problems as data, with places | – |
//! | [`relation`] | | names, columns, types | – |
//! | [`mode`] | | what a batch does to the rows there | – |
//! | [`dialect`] | `templates/<dialect>/*.sql` | SQL text | – |
//! | [`project`] | a directory | declarations, as written | reads the project |
//! | [`template`] | Jinja, `templates/macros/*.sql` | text | – |
//! | [`graph`] | declarations | nodes, bound and in order | – |
//! | [`compile`] | nodes | scripts of SQL | – |
//! | [`schema`] | columns, accepted and seen | snapshots, drift, verdicts | – |
//! | [`artifact`] | nodes, scripts, results, snapshots | `target/`, `schemas/` | writes both |
//! | [`system`] | | names, parameters and errors of other systems | – |
//! | `postgres` | statements, rows | rows, errors | a PostgreSQL server |
//! | [`engine`] | SQL | rows, errors | the target database |
//! | [`connector`] | files, other systems | rows, or a scan that the engine runs | data files, other systems |
//! | [`check`] | scripts, columns of sources | columns of all nodes, what does not fit | – |
//! | [`load`] | a scan | a table, whole or not at all | the engine |
//! | [`export`] | rows of a query | files, or a table elsewhere, whole or not at all | the engine, disk, connectors |
//! | [`run`] | scripts in order | an outcome | the engine |
//! | [`watch`] | a directory | what was saved | the file system |
//!
//! The library never prints, never exits, and is given environment, clock and ids: see
//! [`graph::Surroundings`]. The binary parses arguments, calls it, and tells what came of it.

pub mod artifact;
pub mod check;
pub mod compile;
pub mod connector;
pub mod diagnostic;
pub mod dialect;
pub mod engine;
pub mod export;
pub mod graph;
pub mod load;
pub mod mode;
#[cfg(feature = "postgres")]
mod postgres;
pub mod project;
pub mod relation;
pub mod run;
pub mod schema;
pub mod system;
pub mod template;
pub mod watch;
