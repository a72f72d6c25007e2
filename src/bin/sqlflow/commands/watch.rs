//! `sqlflow watch`: recompiles on each save and tells the verdict.

use super::compile;
use crate::args::{Common, Compile, EventTime, Watch};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::watch::watch;
use std::path::{Path, PathBuf};

pub(crate) fn run(common: &Common, args: &Watch, printer: &Printer) -> Result<Exit, Exit> {
    let root = common.project_dir.canonicalize().unwrap_or(common.project_dir.clone());
    let mut problems = Vec::new();
    if sqlflow::project::read(&root, &mut problems).is_none()
        && problems.iter().any(|problem| problem.code == Code::NO_PROJECT)
    {
        printer.problems(&problems);
        return Err(Exit::Usage);
    }
    let target = common.target_path.clone().unwrap_or_else(|| root.join(target_path(&root)));
    let verdict = || match round(common, args, printer) {
        Exit::Success => printer.tell("✓ all well; waiting for changes"),
        _ => printer.tell("✗ see above; waiting for changes"),
    };
    let mut changed = |files: &[PathBuf]| {
        let shown: Vec<String> = files
            .iter()
            .map(|file| file.strip_prefix(&root).unwrap_or(file).display().to_string())
            .collect();
        if !shown.is_empty() {
            printer.tell(&format!("\nchanged: {}", shown.join(", ")));
        }
        verdict();
        true
    };
    watch(&root, &target, &mut changed).map_err(|error| {
        printer.problems(&[Diagnostic::error(Code::INPUT_OUTPUT, error.to_string())]);
        Exit::Surroundings
    })?;
    Ok(Exit::Success)
}

/// The project's `target-path`; where it cannot be read, the first verdict says why.
fn target_path(root: &Path) -> String {
    let project = sqlflow::project::read(root, &mut Vec::new());
    project.map_or_else(|| "target".to_owned(), |project| project.main().file.paths.target.clone())
}

fn round(common: &Common, args: &Watch, printer: &Printer) -> Exit {
    let compile = Compile {
        select: args.select.clone(),
        inline: None,
        engine: None,
        introspect: false,
        check: false,
        event_time: EventTime::default(),
    };
    compile::run(common, &compile, printer).unwrap_or_else(|exit| exit)
}
