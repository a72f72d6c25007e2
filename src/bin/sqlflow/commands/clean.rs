//! `sqlflow clean`: removes what was generated, never anything outside the project.

use super::open;
use crate::args::Common;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::diagnostic::{Code, Diagnostic};

pub(crate) fn run(common: &Common, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "clean", false, printer)?;
    let root = opened.target.root();
    let inside = root
        .canonicalize()
        .is_ok_and(|target| target.starts_with(&opened.graph.root) && target != opened.graph.root);
    if root.exists() && !inside {
        let message = format!("`{}` is not inside the project", root.display());
        let problem = Diagnostic::error(Code::INVALID_VALUE, message);
        printer.problems(&[problem.with_help("remove it by hand")]);
        return Err(Exit::Usage);
    }
    match opened.target.remove() {
        Ok(true) => printer.tell(&format!("Removed what was generated in {}.", root.display())),
        Ok(false) => printer.tell("There was nothing to remove."),
        Err(problem) => {
            printer.problems(&[*problem]);
            return Err(Exit::Surroundings);
        }
    }
    Ok(Exit::Success)
}
