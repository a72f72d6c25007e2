//! Help for shells and people: `completions`, `man`.

use crate::args::{Args, Completions};
use crate::outcome::Exit;
use crate::printer::Printer;
use clap::CommandFactory;

pub(crate) fn completions(args: &Completions, printer: &Printer) -> Result<Exit, Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "sqlflow", &mut text);
    printer.data(&String::from_utf8_lossy(&text));
    Ok(Exit::Success)
}

pub(crate) fn man(printer: &Printer) -> Result<Exit, Exit> {
    let mut text = Vec::new();
    if let Err(error) = clap_mangen::Man::new(Args::command()).render(&mut text) {
        printer.insist(&format!("error: the manual page cannot be written: {error}"));
        return Err(Exit::Surroundings);
    }
    printer.data(&String::from_utf8_lossy(&text));
    Ok(Exit::Success)
}
