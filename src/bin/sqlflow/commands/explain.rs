//! `sqlflow explain CODE`: the page about an error code.

use crate::args::Explain;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::diagnostic::{Code, did_you_mean};

pub(crate) fn run(args: &Explain, printer: &Printer) -> Result<Exit, Exit> {
    let Some(code) = Code::parse(&args.code) else {
        let known = Code::ALL.iter().map(|code| code.as_str());
        let help = did_you_mean(&args.code.to_uppercase(), known).unwrap_or_default();
        printer.insist(format!("error: no error code `{}`. {help}", args.code).trim_end());
        return Err(Exit::Usage);
    };
    printer.data(code.page());
    Ok(Exit::Success)
}
