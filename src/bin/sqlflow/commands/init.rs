//! `sqlflow init`: a project that builds at once.

use crate::args::Init;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::project::scaffold;
use std::path::PathBuf;

pub(crate) fn run(args: &Init, printer: &Printer) -> Result<Exit, Exit> {
    let directory = args.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    let files = scaffold::files(&directory);
    match scaffold::write(&directory, &files) {
        Ok(()) => {
            let shown = directory.display();
            for file in &files {
                printer.tell(&format!("  wrote {}", directory.join(file.path).display()));
            }
            let go = args.directory.as_ref().map(|_| format!("cd {shown} && "));
            printer.tell(&format!("\nNext: {}sqlflow build", go.unwrap_or_default()));
            Ok(Exit::Success)
        }
        Err(scaffold::ScaffoldError::Exists { path }) => {
            let message = format!("`{}` exists already, nothing was written", path.display());
            let problem = Diagnostic::error(Code::INVALID_VALUE, message)
                .with_help("name another directory: sqlflow init my_project");
            printer.problems(&[problem]);
            Err(Exit::Usage)
        }
        Err(error) => {
            printer.problems(&[Diagnostic::error(Code::INPUT_OUTPUT, error.to_string())]);
            Err(Exit::Surroundings)
        }
    }
}
