//! The command line: parses, calls the library, tells the outcome.

mod args;
mod commands;
mod environment;
mod explain;
mod outcome;
mod printer;

use args::{Args, Command};
use clap::Parser;
use outcome::Exit;
use printer::Printer;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let printer = Printer::new(args.common.no_color, args.common.no_progress, args.common.quiet);
    let exit = match args.command {
        Command::Parse => commands::parse::run(&args.common, &printer),
        Command::Compile(compile) => commands::compile::run(&args.common, &compile, &printer),
        Command::Ls(ls) => commands::ls::run(&args.common, &ls, &printer),
        Command::Clean => commands::clean::run(&args.common, &printer),
        Command::Explain(explain) => commands::explain::run(&explain, &printer),
    };
    exit.unwrap_or_else(|exit: Exit| exit).into()
}
