//! `sqlflow schema show`: the accepted schemas.

use super::json::{self, snapshot as as_json};
use super::paint::{Paint, plain};
use super::{Read, print_each};
use crate::args::schema::Tables;
use crate::commands::Opened;
use crate::outcome::Exit;
use crate::printer::Printer;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use sqlflow::schema::{Acceptance, Snapshot};

pub(super) fn run(opened: &Opened, tables: &Tables, printer: &Printer) -> Result<Exit, Exit> {
    print_each(opened, tables, printer, value, text)
}

fn value(read: &Read, printer: &Printer) -> Value {
    let mut table = json::table(&read.label, &read.id, &read.file, read.word());
    let accepted = read.snapshot.as_ref().ok().and_then(Option::as_ref).map(as_json);
    table.insert("accepted".to_owned(), accepted.into());
    let problems = read.snapshot.as_ref().err().into_iter().flatten();
    table.insert("problems".to_owned(), json::problems(problems, printer).into());
    table.into()
}

fn text(read: &Read, paint: Paint) -> String {
    let label = paint.bold(&plain(&read.label));
    match &read.snapshot {
        Ok(Some(snapshot)) => format!("{label} · {}\n{}", read.file, schema(snapshot, paint)),
        _ => format!("{label} · {}\n", read.lack()),
    }
}

fn schema(snapshot: &Snapshot, paint: Paint) -> String {
    let since = snapshot.history().last().map(|entry| since(&entry.acceptance)).unwrap_or_default();
    let head = format!("version {}{since}", snapshot.version());
    let fingerprint = paint.dim(&format!("fingerprint {}", snapshot.fingerprint()));
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["name", "type", "nullable", "description"]);
    for described in snapshot.columns() {
        let column = &described.column;
        table.add_row([
            plain(&column.name),
            plain(column.data_type.as_str()),
            if column.nullable { "yes" } else { "no" }.to_owned(),
            plain(described.description.as_deref().unwrap_or_default()),
        ]);
    }
    format!("{head}\n{fingerprint}\n{table}\n")
}

/// ` since 2026-03-01 10:00 UTC: accept by Ada`.
fn since(acceptance: &Acceptance) -> String {
    let who = acceptance.who.as_ref().map(|who| format!(" by {}", plain(who))).unwrap_or_default();
    let at = acceptance.at.strftime("%Y-%m-%d %H:%M");
    format!(" since {at} UTC: {}{who}", acceptance.by.words())
}
