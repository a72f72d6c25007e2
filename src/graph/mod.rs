//! Names to references to order: the project as one graph.
//!
//! | file | answers |
//! | --- | --- |
//! | `target` | which database, schema and dialect the run is for |
//! | `connection` | which systems rows come from and go to |
//! | `config` | which settings hold for a node |
//! | `table_options` | how a table is stored |
//! | `abilities` | what of it the engine cannot do |
//! | `incremental` | how an incremental model applies its batches |
//! | `host` | what a template is told, while its references are collected and when it is compiled |
//! | `facts` | what all templates are told |
//! | `resolve` | the graph, step by step |
//! | `load_rules` | what `load:` says about the rows |
//! | `make` | which nodes there are |
//! | `snapshots` | which snapshots the blocks and the YAML become |
//! | `exports` | which exports the YAML declares |
//! | `tests` | which nodes the tests in YAML become |
//! | `bind` | what each reference means |
//! | `edges` | what each node needs |
//! | `order` | in which order nodes can run, and which stand in a circle |
//! | `shown` | what `graph` is to a template |
//! | `select` | which nodes a `--select` means |

mod abilities;
mod bind;
mod config;
mod connection;
mod edges;
mod exports;
mod facts;
mod host;
mod incremental;
mod load_rules;
mod make;
mod naming;
mod node;
mod order;
mod problem;
mod resolve;
mod select;
mod shown;
mod snapshots;
mod sources;
mod table_options;
mod target;
pub mod tests;

pub use bind::Names;
pub use config::{Config, TestConfig, TestSeverity};
pub use connection::Connection;
pub use exports::{
    Compression, ExportFormat, ExportNode, ExportQuery, ExportTarget, FileOptions, FileTarget,
};
pub use host::{CompileHost, Invocation, Shared, Surroundings, ephemeral_name};
pub use load_rules::OptionPlaces;
pub use node::{
    GenericTest, LoadNode, LoadObject, Node, NodeColumn, NodeId, NodeIndex, NodeKind, Reference,
    SnapshotNode, SnapshotQuery, SourceNode, TemplateTraits, TestNode,
};
pub use problem::{Files, diagnose};
pub use resolve::{Graph, resolve};
pub use select::{Selection, select};
pub use table_options::{Index, TableOptions};
pub use target::{Target, TargetRequest};
