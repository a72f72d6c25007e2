//! dbt's Jinja on an unforked minijinja: from a template and a project around it to SQL.
//!
//! | question | file |
//! | --- | --- |
//! | what does dbt's Jinja allow that minijinja does not | `rewrite`, `sums`, `macro_template`, with `lexer` and `source_map` |
//! | which blocks does a file declare | `blocks` |
//! | which macros are there and what does a name mean | `library`, with `builtin` |
//! | how is a macro of another file called | `call` |
//! | which names does a template see | `scope`, `context` |
//! | what may a template ask of the project and the database | `host` |
//! | how is a template compiled and rendered | `renderer`, with `native` and `printing` |
//! | what went wrong and where | `error`, `locate`, `misfit`, `suggest` |
//! | how do Python's lists, dicts, numbers and strings behave | `value` |
//!
//! Nothing here prints, reads the environment or the clock: all of it comes through [`Host`].

mod batch;
mod blocks;
mod builtin;
mod call;
mod context;
mod error;
mod host;
mod lexer;
mod library;
mod locate;
mod macro_template;
mod misfit;
mod native;
mod printing;
mod relation_object;
mod renderer;
mod rewrite;
mod scope;
mod signature;
mod source_map;
mod suggest;
mod sums;
mod value;

pub(crate) use batch::with_batch;
pub use blocks::{Argument, Block, BlockKind, blocks, unclosed};
pub use error::{Frame, HostError, Kind, TemplateError};
pub use host::{Column, Facts, Host, Introspection, Level, Table};
pub use library::{BUILTIN_PACKAGE, MacroId, MacroInfo, MacroLibrary, MacroLibraryBuilder};
pub use minijinja::value::Value;
pub use relation_object::{Relation, RelationKind};
pub use renderer::{Handle, Limits, Mapped, Rendered, Renderer, TemplateSource};
pub use source_map::SourceMap;
pub use value::{from_json, from_serde, to_json, to_serde};
