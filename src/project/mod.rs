//! Files to declarations: what the user wrote, as written, with the place of every word.
//!
//! | file | becomes |
//! | --- | --- |
//! | `sqlflow.yml`, or `dbt_project.yml` | [`ProjectFile`] |
//! | `profiles.yml` | [`ProfilesFile`] |
//! | `*.sql` under model-, test-, analysis-, macro-paths | [`SqlFile`], macro files |
//! | `*.csv` under seed-paths | [`SeedFile`] |
//! | `*.yml` under model-, source-, seed-, macro-, test-paths | [`Properties`] |
//!
//! Nothing is rendered and no name is looked up here: Jinja inside YAML is still text.

mod export;
mod fields;
mod files;
mod package;
mod profiles;
mod project_file;
mod properties;
pub mod scaffold;
mod settings;
mod source;
mod yaml;

pub use export::DeclaredExport;
pub use fields::{Fields, Text};
pub use files::{SeedFile, SqlFile};
pub use package::{Package, Project, read};
pub use profiles::{Profile, ProfilesFile, read_profiles};
pub use project_file::{FolderSetting, ProjectFile, ProjectPaths};
pub use properties::{
    DeclaredColumn, DeclaredTest, MacroProperties, NodeProperties, Properties, PropertiesKind,
};
pub use settings::{Setting, Settings};
pub use source::{DeclaredSource, DeclaredTable};
pub use yaml::{Key, Node, Yaml, parse};
