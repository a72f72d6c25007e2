//! The arguments as typed.

pub(crate) mod schema;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand};
use jiff::Timestamp;
use sqlflow::dialect::{self, Dialect};
use sqlflow::mode::load::OnDrift;
use sqlflow::mode::moment;
use std::path::PathBuf;

/// A declarative data-project compiler: load, transform, test and export with SQL and YAML.
#[derive(Debug, Parser)]
#[command(name = "sqlflow", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read and resolve the project; write target/manifest.json
    Parse,
    /// Write all SQL for the selected nodes, without opening a database
    Compile(Compile),
    /// Type every query without a database, against schemas/
    Check(Check),
    /// List the selected nodes
    Ls(Ls),
    /// Show what a build would do, in order; runs nothing
    Plan(PlanArgs),
    /// Load, seed, run, snapshot, test and export the selected nodes in order
    Build(Run),
    /// Load the selected sources
    Load(Run),
    /// Build the selected models
    Run(Run),
    /// Load the selected seeds
    Seed(Run),
    /// Bring the selected snapshots up to date
    Snapshot(Run),
    /// Write the selected exports
    Export(Run),
    /// Run the selected tests
    Test(Run),
    /// Show rows of a node, or of a query
    Show(Show),
    /// Show, compare and accept the schemas of sources
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Recompile on each save
    Watch(Watch),
    /// Write a new project that builds at once
    Init(Init),
    /// Check project, target and connections
    Debug(DebugArgs),
    /// Remove everything generated
    Clean,
    /// Explain an error code
    Explain(Explain),
    /// Write completions for a shell
    Completions(Completions),
    /// Write the manual page
    Man,
}

/// Flags of every verb.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Directory of the project
    #[arg(
        long,
        global = true,
        env = "SQLFLOW_PROJECT_DIR",
        default_value = ".",
        value_name = "DIR"
    )]
    pub(crate) project_dir: PathBuf,
    /// Directory of profiles.yml [default: the project, ~/.sqlflow, ~/.dbt]
    #[arg(long, global = true, env = "SQLFLOW_PROFILES_DIR", value_name = "DIR")]
    pub(crate) profiles_dir: Option<PathBuf>,
    /// Profile in place of the project's
    #[arg(long, global = true, env = "SQLFLOW_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Target in place of the profile's default
    #[arg(long, short, global = true, env = "SQLFLOW_TARGET", value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Variables as YAML: '{start: 2013-01-01}'
    #[arg(long, global = true, env = "SQLFLOW_VARS", value_name = "YAML")]
    pub(crate) vars: Option<String>,
    /// Nodes at a time
    #[arg(long, global = true, env = "SQLFLOW_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Directory for everything generated [default: target]
    #[arg(long, global = true, env = "SQLFLOW_TARGET_PATH", value_name = "DIR")]
    pub(crate) target_path: Option<PathBuf>,
    /// Tell only what was asked for, and errors
    #[arg(long, short, global = true, env = "SQLFLOW_QUIET", value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,
    /// No colour
    #[arg(long, global = true, env = "SQLFLOW_NO_COLOR", value_parser = FalseyValueParser::new())]
    pub(crate) no_color: bool,
    /// No live lines
    #[arg(long, global = true, env = "SQLFLOW_NO_PROGRESS", value_parser = FalseyValueParser::new())]
    pub(crate) no_progress: bool,
}

/// Which nodes.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Select {
    /// Nodes to take: names, globs, `tag:x`, `path:x`, `+x`, `x+`, `@x`; a comma intersects
    #[arg(long, short, num_args = 1.., env = "SQLFLOW_SELECT", value_name = "NODES",
          visible_alias = "models")]
    pub(crate) select: Vec<String>,
    /// Nodes to leave out
    #[arg(long, num_args = 1.., env = "SQLFLOW_EXCLUDE", value_name = "NODES")]
    pub(crate) exclude: Vec<String>,
    /// Nodes to take, as with --select
    #[arg(value_name = "NODES")]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Compile {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Compile this text in place of a node, to stdout
    #[arg(long, value_name = "SQL")]
    pub(crate) inline: Option<String>,
    /// Open the target, read-only, for templates that ask the database
    #[arg(long)]
    pub(crate) introspect: bool,
    /// Write the SQL of this engine, whatever the target is: duckdb, postgres
    #[arg(long, value_name = "NAME", value_parser = engine, conflicts_with = "introspect")]
    pub(crate) engine: Option<&'static dyn Dialect>,
    /// Type every query, as `check` does, and write the columns into the manifest
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) event_time: EventTime,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) select: Select,
}

/// The window of time that microbatch models are built in.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct EventTime {
    /// Build microbatch models from this time on, in UTC: 2024-09-01, 2024-09-01T06:00:00
    #[arg(long, env = "SQLFLOW_EVENT_TIME_START", value_name = "TIME", value_parser = time,
          requires = "event_time_end")]
    pub(crate) event_time_start: Option<Timestamp>,
    /// Build microbatch models up to this time, which is not included
    #[arg(long, env = "SQLFLOW_EVENT_TIME_END", value_name = "TIME", value_parser = time,
          requires = "event_time_start")]
    pub(crate) event_time_end: Option<Timestamp>,
}

fn engine(text: &str) -> Result<&'static dyn Dialect, String> {
    dialect::named(text).ok_or_else(|| {
        let known: Vec<_> = dialect::ALL.iter().map(|dialect| dialect.name()).collect();
        format!("this version writes the SQL of {}", known.join(", "))
    })
}

fn policy(text: &str) -> Result<OnDrift, String> {
    OnDrift::named(text).ok_or_else(|| format!("expected one of {}", OnDrift::NAMES.join(", ")))
}

fn time(text: &str) -> Result<Timestamp, String> {
    moment(text).ok_or_else(|| "expected an ISO date or time, such as 2024-09-01".to_owned())
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Ls {
    #[command(flatten)]
    pub(crate) select: Select,
    /// What to print of each node
    #[arg(long, value_enum, default_value_t = LsOutput::Selector)]
    pub(crate) output: LsOutput,
    /// Only nodes of these kinds
    #[arg(long, num_args = 1.., value_name = "KIND",
          value_parser = ["model", "seed", "source", "snapshot", "test", "export", "analysis"])]
    pub(crate) resource_type: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LsOutput {
    /// The name
    Name,
    /// The file
    Path,
    /// One JSON object a line
    Json,
    /// What --select takes
    Selector,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// The code: SF210
    pub(crate) code: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DebugArgs {
    /// List the kinds of connections and what they take, and check nothing
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = PlanOutput::Text)]
    pub(crate) output: PlanOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PlanOutput {
    /// Wave by wave, for people
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Rebuild incremental models from nothing
    #[arg(long, short, env = "SQLFLOW_FULL_REFRESH", value_parser = FalseyValueParser::new())]
    pub(crate) full_refresh: bool,
    /// What a load does where its source is not as accepted, in place of its `on_drift`
    #[arg(long, env = "SQLFLOW_ON_DRIFT", value_name = "POLICY", value_parser = policy)]
    pub(crate) on_drift: Option<OnDrift>,
    /// Write no file of schemas/: a source without one fails
    #[arg(long, env = "SQLFLOW_LOCKED", value_parser = FalseyValueParser::new())]
    pub(crate) locked: bool,
    #[command(flatten)]
    pub(crate) event_time: EventTime,
    /// Start nothing new once a node has failed
    #[arg(long, short = 'x', env = "SQLFLOW_FAIL_FAST", value_parser = FalseyValueParser::new())]
    pub(crate) fail_fast: bool,
    /// Leave what does not fit to the database, in place of checking the queries first
    #[arg(long, env = "SQLFLOW_NO_CHECK", value_parser = FalseyValueParser::new())]
    pub(crate) no_check: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seconds to wait for another run that has the database
    #[arg(long, env = "SQLFLOW_LOCK_TIMEOUT", default_value_t = 60, value_name = "SECONDS")]
    pub(crate) lock_timeout: u64,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The node: a model, seed, test, or source.table
    #[arg(value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// A query in place of a node; may hold Jinja
    #[arg(long, value_name = "SQL", conflicts_with = "node")]
    pub(crate) inline: Option<String>,
    /// Rows at most
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) limit: u64,
    /// How the rows are written
    #[arg(long, value_enum, default_value_t = ShowOutput::Table)]
    pub(crate) output: ShowOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ShowOutput {
    /// A table, for people
    Table,
    /// One JSON array of objects
    Json,
    /// CSV with a header
    Csv,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) select: Select,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// Directory to make the project in [default: the current one]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
