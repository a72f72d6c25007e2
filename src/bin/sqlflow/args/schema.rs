//! The arguments of `schema`.

use super::policy;
use clap::{Args as ClapArgs, Subcommand};
use sqlflow::mode::load::OnDrift;

#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Show the accepted schemas
    Show(Tables),
    /// Show how the accepted schemas came to be, oldest first
    History(Tables),
    /// Compare sources with their accepted schemas, without loading; exits 1 where one drifted
    Compare(Compare),
    /// Accept the schemas that sources have now
    Accept(Accept),
}

/// Which tables of sources, and how they are told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Tables {
    /// Sources, or tables of them: `crm`, `crm.customers`
    #[arg(value_name = "SOURCE[.TABLE]", conflicts_with = "all")]
    pub(crate) names: Vec<String>,
    /// Every table that is loaded
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is written
    #[arg(long, value_enum, default_value_t = SchemaOutput::Text)]
    pub(crate) output: SchemaOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SchemaOutput {
    /// Lines, for people
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) tables: Tables,
    /// What loads would do about it under this policy, in place of their `on_drift`
    #[arg(long, env = "SQLFLOW_ON_DRIFT", value_name = "POLICY", value_parser = policy)]
    pub(crate) on_drift: Option<OnDrift>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Accept {
    #[command(flatten)]
    pub(crate) tables: Tables,
    /// Accept only what is new about this column; may be repeated
    #[arg(long = "column", value_name = "NAME")]
    pub(crate) columns: Vec<String>,
    /// Why, for the history
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// With --all: remove the snapshots of tables that the project no longer has
    #[arg(long)]
    pub(crate) prune: bool,
    /// Show what would be accepted, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
