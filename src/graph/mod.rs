//! Names to references to order: the project as one graph.
//!
//! | file | answers |
//! | --- | --- |
//! | `target` | which database, schema and dialect the run is for |
//! | `config` | which settings hold for a node |
//! | `host` | what a template is told, while its references are collected and when it is compiled |
//! | `resolve` | which nodes there are |
//! | `tests` | which nodes the tests in YAML become |
//! | `bind` | what each reference means |
//! | `order` | in which order nodes can run, and which stand in a circle |
//! | `shown` | what `graph` is to a template |
//! | `select` | which nodes a `--select` means |

mod bind;
mod config;
mod host;
mod naming;
mod node;
mod order;
mod problem;
mod resolve;
mod select;
mod shown;
mod sources;
mod target;
pub mod tests;

pub use bind::Names;
pub use config::{Config, TestConfig, TestSeverity};
pub use host::{CompileHost, Invocation, Shared, Surroundings, ephemeral_name};
pub use node::{
    GenericTest, LoadNode, Node, NodeColumn, NodeId, NodeIndex, NodeKind, OnEmpty, Reference,
    SourceNode, TemplateTraits, TestNode,
};
pub use problem::{Files, diagnose};
pub use resolve::{Graph, resolve};
pub use select::{Selection, select};
pub use target::{Connection, Target, TargetRequest};
