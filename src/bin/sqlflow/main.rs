//! The command line: parses, calls the library, tells the outcome.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::struct_field_names,
    reason = "verbs and channels have one shape, whether they need all of it or not; flags are \
              named as users type them"
)]

mod args;
mod commands;
mod environment;
mod explain;
mod outcome;
mod printer;
mod report;
#[cfg(debug_assertions)]
mod stall;

/// Compiling makes millions of small strings: a fifth of its time went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use args::{Args, Command};
use clap::Parser;
use commands::build::run as build;
use outcome::Exit;
use printer::Printer;
use sqlflow::run::Kinds;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let printer = Printer::new(args.common.no_color, args.common.no_progress, args.common.quiet);
    let exit = match args.command {
        Command::Parse => commands::parse::run(&args.common, &printer),
        Command::Compile(compile) => commands::compile::run(&args.common, &compile, &printer),
        Command::Check(check) => commands::check::run(&args.common, &check, &printer),
        Command::Ls(ls) => commands::ls::run(&args.common, &ls, &printer),
        Command::Plan(plan) => commands::plan::run(&args.common, &plan, &printer),
        Command::Build(run) => build(&args.common, &run, "build", Kinds::ALL, &printer),
        Command::Load(run) => build(&args.common, &run, "load", Kinds::LOADS, &printer),
        Command::Run(run) => build(&args.common, &run, "run", Kinds::MODELS, &printer),
        Command::Seed(run) => build(&args.common, &run, "seed", Kinds::SEEDS, &printer),
        Command::Snapshot(run) => build(&args.common, &run, "snapshot", Kinds::SNAPSHOTS, &printer),
        Command::Export(run) => build(&args.common, &run, "export", Kinds::EXPORTS, &printer),
        Command::Test(run) => build(&args.common, &run, "test", Kinds::TESTS, &printer),
        Command::Show(show) => commands::show::run(&args.common, &show, &printer),
        Command::Schema(verb) => commands::schema::run(&args.common, &verb, &printer),
        Command::Watch(watch) => commands::watch::run(&args.common, &watch, &printer),
        Command::Init(init) => commands::init::run(&init, &printer),
        Command::Debug(debug) => commands::debug::run(&args.common, &debug, &printer),
        Command::Completions(completions) => commands::help::completions(&completions, &printer),
        Command::Man => commands::help::man(&printer),
        Command::Clean => commands::clean::run(&args.common, &printer),
        Command::Explain(explain) => commands::explain::run(&explain, &printer),
    };
    exit.unwrap_or_else(|exit: Exit| exit).into()
}
