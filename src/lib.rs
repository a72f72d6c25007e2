//! sqlflow compiles a directory of SQL models and YAML into SQL for one database, and carries it out.
//!
//! Data flows one way, from files to outcome; each stage is a module that knows only those above it:
//!
//! | module | takes | gives | touches |
//! | --- | --- | --- | --- |
//! | [`diagnostic`] | | problems as data | – |
//! | [`relation`] | | names, columns, types | – |
//! | [`mode`] | | what a batch does to the rows there | – |
//! | [`dialect`] | `templates/<dialect>/*.sql` | SQL text | – |
//! | [`project`] | a directory | declarations with their places | reads the project |
//! | [`template`] | Jinja | text | – |
//! | [`graph`] | declarations | nodes, bound and in order | – |
//! | [`compile`] | nodes | scripts | – |

pub mod artifact;
pub mod compile;
pub mod connector;
pub mod diagnostic;
pub mod dialect;
pub mod engine;
pub mod graph;
pub mod load;
pub mod mode;
pub mod project;
pub mod relation;
pub mod run;
pub mod template;
pub mod watch;
