//! `sqlflow schema history`: how accepted schemas came to be.

use super::json;
use super::paint::{self, Paint, plain};
use super::{Read, print_each};
use crate::args::schema::Tables;
use crate::commands::Opened;
use crate::outcome::Exit;
use crate::printer::Printer;
use serde_json::Value;
use sqlflow::schema::{Entry, Snapshot};

pub(super) fn run(opened: &Opened, tables: &Tables, printer: &Printer) -> Result<Exit, Exit> {
    print_each(opened, tables, printer, value, text)
}

fn value(read: &Read, printer: &Printer) -> Value {
    let mut table = json::table(&read.label, &read.id, &read.file, read.word());
    let history = read.snapshot.as_ref().ok().and_then(Option::as_ref).map(Snapshot::history);
    let history: Vec<Value> = history.unwrap_or_default().iter().map(json::entry).collect();
    table.insert("history".to_owned(), history.into());
    let problems = read.snapshot.as_ref().err().into_iter().flatten();
    table.insert("problems".to_owned(), json::problems(problems, printer).into());
    table.into()
}

fn text(read: &Read, paint: Paint) -> String {
    let label = paint.bold(&plain(&read.label));
    match &read.snapshot {
        Ok(Some(snapshot)) => {
            let entries = snapshot.history().iter().map(|entry| version(entry, paint));
            format!("{label} · {}\n{}", read.file, entries.collect::<String>())
        }
        _ => format!("{label} · {}\n", read.lack()),
    }
}

fn version(entry: &Entry, paint: Paint) -> String {
    let acceptance = &entry.acceptance;
    let number = paint.yellow(&format!("version {}", entry.version));
    let who = acceptance.who.as_ref().map(|who| format!(" by {}", plain(who))).unwrap_or_default();
    let at = acceptance.at.strftime("%Y-%m-%d %H:%M:%S");
    let why = acceptance.why.iter().flat_map(|why| why.lines());
    let why: String = why.map(|line| format!("    {}\n", plain(line))).collect();
    let head = format!("{number} · {at} UTC · {}{who}", acceptance.by.words());
    format!("{head}\n{why}{}", paint::entry(entry, paint))
}
