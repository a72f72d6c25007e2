//! Reads a snapshot back from its YAML. Everything that is not as it was written is an error: the
//! file decides what a load may do, so a slip in it must not pass.

use super::snapshot::{Acceptance, AcceptedBy, Entry, Retyped, Snapshot, SnapshotColumn};
use crate::diagnostic::{Code, Diagnostic, Place, Severity, SourceFile, did_you_mean};
use crate::project::{Fields, Node, Text, Yaml, parse as parse_yaml};
use crate::relation::{Column, DataType};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// What to do where nothing better is known.
const MEND: &str = "take the change back with git, or write the file anew: `sqlflow schema accept`";

/// The command that writes a file anew, without the table.
const ACCEPT: &str = "`sqlflow schema accept`";

/// How lines begin that git puts where two branches changed the same.
const CONFLICT: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// Names of types without parts, for telling a slip.
const TYPES: [&str; 31] = [
    "bigint",
    "bignum",
    "bit",
    "blob",
    "boolean",
    "date",
    "double",
    "float",
    "geometry",
    "hugeint",
    "integer",
    "interval",
    "json",
    "smallint",
    "time",
    "time with time zone",
    "time_ns",
    "timestamp",
    "timestamp with time zone",
    "timestamp_ms",
    "timestamp_ns",
    "timestamp_s",
    "tinyint",
    "ubigint",
    "uhugeint",
    "uinteger",
    "usmallint",
    "utinyint",
    "uuid",
    "varchar",
    "variant",
];

impl Snapshot {
    /// Reads what [`Snapshot::render`] wrote.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and how to mend it.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Vec<Diagnostic>> {
        if let Some(problem) = conflict(file) {
            return Err(vec![problem]);
        }
        let node = parse_yaml(file).map_err(|problem| vec![recoded(*problem)])?;
        if node.yaml == Yaml::Null {
            let start = Place::start_of(file.clone());
            return Err(vec![unreadable("the snapshot is empty", start)]);
        }
        if let Some(problem) = later(file, &node) {
            return Err(vec![problem]);
        }
        let mut reader = Reader { file, problems: Vec::new() };
        let snapshot = reader.snapshot(&node);
        let problems: Vec<_> = reader.problems.into_iter().map(recoded).collect();
        match snapshot {
            Some(snapshot) if problems.is_empty() => Ok(snapshot),
            _ => Err(problems),
        }
    }
}

/// `problem` of the snapshot of `table`, which its help then names: `crm.customers`.
pub fn of_table(problem: Diagnostic, table: &str) -> Diagnostic {
    let named = ACCEPT.replace("accept", &format!("accept {table}"));
    Diagnostic { help: problem.help.map(|help| help.replace(ACCEPT, &named)), ..problem }
}

fn unreadable(message: impl Into<String>, place: Place) -> Diagnostic {
    Diagnostic::error(Code::SNAPSHOT_UNREADABLE, message).at(place).with_help(MEND)
}

/// In this file every problem is an error, and each has a way out.
fn recoded(problem: Diagnostic) -> Diagnostic {
    let help = problem.help.clone().unwrap_or_else(|| MEND.to_owned());
    let code = Code::SNAPSHOT_UNREADABLE;
    Diagnostic { code, severity: Severity::Error, help: Some(help), ..problem }
}

/// Files of this version say no format; those of a later one, that this cannot read, will.
fn later(file: &Arc<SourceFile>, node: &Node) -> Option<Diagnostic> {
    let format = node.entry("format")?;
    let message = "a later version of sqlflow wrote this snapshot, in a format that this one lacks";
    let problem = Diagnostic::error(Code::SNAPSHOT_LATER, message).at(format.place(file));
    Some(problem.with_help("use that version, or take an older file back with git"))
}

fn conflict(file: &Arc<SourceFile>) -> Option<Diagnostic> {
    let mut offset = 0;
    for line in file.text.split_inclusive('\n') {
        let content = line.trim_end();
        let marker = CONFLICT.iter().find(|marker| {
            content
                .strip_prefix(**marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        if let Some(marker) = marker {
            let place = Place::new(file.clone(), offset..offset + marker.len());
            let problem = unreadable("an unresolved merge conflict in the snapshot", place);
            return Some(problem.with_help(
                "keep one side whole, with `git checkout --ours` or `--theirs` and this file, or write \
                 it anew: `sqlflow schema accept`",
            ));
        }
        offset += line.len();
    }
    None
}

/// The entry of a history that `item` is, where it is one.
pub(super) fn entry(item: &str) -> Option<Entry> {
    lenient(item, |reader, node| reader.entry(node)).map(|(entry, _)| entry)
}

/// The column that `item` is, where it is one.
pub(super) fn described(item: &str) -> Option<SnapshotColumn> {
    lenient(item, |reader, node| reader.described(node)).map(|(column, _)| column)
}

fn lenient<T>(item: &str, read: fn(&mut Reader<'_>, &Node) -> Option<T>) -> Option<T> {
    let file = SourceFile::new("", item);
    let node = parse_yaml(&file).ok()?;
    let mut reader = Reader { file: &file, problems: Vec::new() };
    read(&mut reader, &node).filter(|_| reader.problems.is_empty())
}

struct Reader<'f> {
    file: &'f Arc<SourceFile>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn snapshot(&mut self, node: &Node) -> Option<Snapshot> {
        let mut fields = Fields::of(node, self.file, "the snapshot", &mut self.problems)?;
        let version = fields.required("version", &mut self.problems);
        let fingerprint = fields.required("fingerprint", &mut self.problems);
        let read = fields.node("read");
        let columns = self.items(&mut fields, "columns", Self::described);
        let history = self.items(&mut fields, "history", Self::entry);
        fields.finish(&mut self.problems);
        let read = read.map_or_else(|| Some(Map::new()), |node| self.read(node));
        self.refuse_twice(&columns);
        let number = version.as_ref().and_then(|version| self.version(version));
        // Where an entry cannot be read, the history that is left says nothing.
        if let (Some(number), Some(written), []) = (number, &version, self.problems.as_slice()) {
            self.check_versions(number, &written.place, &history);
        }
        let (columns, places): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let history = history.into_iter().map(|(entry, _)| entry).collect();
        let snapshot = Snapshot::of_parts(columns, read?, history)?;
        // Where something else is wrong, the fingerprint would only repeat it.
        if self.problems.is_empty() && self.is_changed(&snapshot, &fingerprint?) {
            self.tell_slips(&snapshot, &places);
        }
        Some(snapshot)
    }

    /// Every item of the list `key`, read by `read`; the key has to be there.
    fn items<T>(
        &mut self,
        fields: &mut Fields<'_>,
        key: &'static str,
        read: fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        if fields.node(key).is_none() {
            let message = format!("the snapshot has no `{key}`");
            self.problems.push(unreadable(message, fields.place.clone()));
        }
        let nodes = fields.list(key, &mut self.problems);
        nodes.iter().filter_map(|node| read(self, node)).collect()
    }

    fn described(&mut self, node: &Node) -> Option<(SnapshotColumn, Place)> {
        let mut fields = Fields::of(node, self.file, "this column", &mut self.problems)?;
        let description = fields.text("description", &mut self.problems).map(|text| text.text);
        let (column, place) = self.column_fields(fields)?;
        Some((SnapshotColumn { column, description }, place))
    }

    fn column(&mut self, node: &Node) -> Option<Column> {
        let fields = Fields::of(node, self.file, "this column", &mut self.problems)?;
        self.column_fields(fields).map(|(column, _)| column)
    }

    /// A column, and where its type stands.
    fn column_fields(&mut self, mut fields: Fields<'_>) -> Option<(Column, Place)> {
        let problems = &mut self.problems;
        let name = fields.required("name", problems);
        let data_type = fields.required("type", problems);
        let nullable = boolean(&mut fields, "nullable", problems);
        fields.finish(problems);
        let (name, data_type) = (name?, data_type?);
        let column = Column {
            name: name.text,
            data_type: DataType::new(&data_type.text),
            nullable: nullable?,
        };
        Some((column, data_type.place))
    }

    fn entry(&mut self, node: &Node) -> Option<(Entry, Text)> {
        let mut fields = Fields::of(node, self.file, "this history entry", &mut self.problems)?;
        let version = fields.required("version", &mut self.problems);
        let at = fields.required("at", &mut self.problems);
        let by = fields.required("by", &mut self.problems);
        let who = fields.text("who", &mut self.problems).map(|text| text.text);
        let why = fields.text("why", &mut self.problems).map(|text| text.text);
        let added = self.each(&mut fields, "added", Self::column);
        let removed = self.each(&mut fields, "removed", Self::column);
        let retyped = self.each(&mut fields, "retyped", Self::retyped);
        let nullability = self.each(&mut fields, "nullability", Self::nullability);
        let moved = fields.texts("moved", &mut self.problems);
        let moved = moved.into_iter().map(|text| text.text).collect();
        fields.finish(&mut self.problems);
        let (at, by) = (at.and_then(|at| self.time(&at)), by.and_then(|by| self.by(&by)));
        let number = self.version(version.as_ref()?);
        let acceptance = Acceptance { at: at?, by: by?, who, why };
        let entry =
            Entry { version: number?, acceptance, added, removed, retyped, nullability, moved };
        Some((entry, version?))
    }

    fn each<T>(
        &mut self,
        fields: &mut Fields<'_>,
        key: &'static str,
        read: fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let nodes = fields.list(key, &mut self.problems);
        nodes.iter().filter_map(|node| read(self, node)).collect()
    }

    fn retyped(&mut self, node: &Node) -> Option<Retyped> {
        let mut fields = Fields::of(node, self.file, "this retyped column", &mut self.problems)?;
        let [name, from, to] =
            ["name", "from", "to"].map(|key| fields.required(key, &mut self.problems));
        fields.finish(&mut self.problems);
        let (from, to) = (DataType::new(&from?.text), DataType::new(&to?.text));
        Some(Retyped { name: name?.text, from, to })
    }

    fn nullability(&mut self, node: &Node) -> Option<(String, bool)> {
        let mut fields = Fields::of(node, self.file, "this column", &mut self.problems)?;
        let name = fields.required("name", &mut self.problems);
        let nullable = boolean(&mut fields, "nullable", &mut self.problems);
        fields.finish(&mut self.problems);
        Some((name?.text, nullable?))
    }

    fn read(&mut self, node: &Node) -> Option<Map<String, Value>> {
        if let Value::Object(map) = node.to_json() {
            return Some(map);
        }
        let message = format!("`read` is {}, expected a mapping", node.kind());
        self.problems.push(unreadable(message, node.place(self.file)));
        None
    }

    fn time(&mut self, at: &Text) -> Option<jiff::Timestamp> {
        let time = at.text.parse().ok();
        if time.is_none() {
            let message =
                format!("`{}` is no time, expected one such as 2026-02-11T08:30:00Z", at.text);
            self.problems.push(unreadable(message, at.place.clone()));
        }
        time
    }

    fn by(&mut self, by: &Text) -> Option<AcceptedBy> {
        let found = AcceptedBy::of_words(&by.text);
        if found.is_none() {
            let words = AcceptedBy::WORDS;
            let message = format!("`by` is `{}`, expected one of {}", by.text, words.join(", "));
            let problem = unreadable(message, by.place.clone());
            self.problems.push(problem.with_help_maybe(did_you_mean(&by.text, words)));
        }
        found
    }

    fn version(&mut self, text: &Text) -> Option<u32> {
        let version = text.text.parse().ok().filter(|version| (1..u32::MAX).contains(version));
        if version.is_none() {
            let message = format!("`version` is `{}`, expected a whole number from 1", text.text);
            self.problems.push(unreadable(message, text.place.clone()));
        }
        version
    }

    /// The versions of the history rise, and the last is the file's.
    fn check_versions(&mut self, version: u32, written: &Place, history: &[(Entry, Text)]) {
        for pair in history.windows(2) {
            let ([before, after], place) = ([&pair[0].0, &pair[1].0], &pair[1].1.place);
            if after.version <= before.version {
                let message = format!(
                    "version {} comes after version {} in the history, expected a greater one",
                    after.version, before.version
                );
                self.problems.push(unreadable(message, place.clone()));
            }
        }
        let Some((last, text)) = history.last() else {
            let message = "the history is empty, expected how this version came to be";
            self.problems.push(unreadable(message, written.clone()));
            return;
        };
        if last.version != version {
            let message = format!(
                "the version is {version}, expected {}: the last of the history",
                last.version
            );
            let problem = unreadable(message, written.clone());
            self.problems.push(problem.label(text.place.clone(), "the last"));
        }
    }

    fn refuse_twice(&mut self, columns: &[(SnapshotColumn, Place)]) {
        let mut seen = HashSet::new();
        for (column, place) in columns {
            let name = &column.column.name;
            if !seen.insert(name) {
                let message = format!("column `{name}` stands here twice");
                self.problems.push(unreadable(message, place.clone()));
            }
        }
    }

    /// Whether somebody changed the columns by hand, which is an error.
    fn is_changed(&mut self, snapshot: &Snapshot, written: &Text) -> bool {
        let found = snapshot.fingerprint();
        if found == written.text {
            return false;
        }
        let message = format!(
            "the columns have fingerprint {found}, expected {}: they were changed by hand",
            written.text
        );
        self.problems.push(unreadable(message, written.place.clone()));
        true
    }

    /// Types that nobody knows, in columns that were changed: more to the point than the fingerprint.
    fn tell_slips(&mut self, snapshot: &Snapshot, places: &[Place]) {
        let slips: Vec<_> = snapshot
            .columns()
            .iter()
            .zip(places)
            .filter_map(|(column, place)| slip(&column.column, place))
            .collect();
        if !slips.is_empty() {
            self.problems = slips;
        }
    }
}

fn slip(column: &Column, place: &Place) -> Option<Diagnostic> {
    let Column { name, data_type, .. } = column;
    let message = format!("column `{name}` has the unknown type `{data_type}`");
    let unknown = match data_type.plain_parts() {
        Some(parts) => Some(parts.into_iter().find(|part| !TYPES.contains(&part.as_str()))?),
        None => None,
    };
    let help = unknown.and_then(|unknown| did_you_mean(&unknown, TYPES));
    Some(unreadable(message, place.clone()).with_help_maybe(help))
}

/// A boolean that has to be there.
fn boolean(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Vec<Diagnostic>,
) -> Option<bool> {
    let before = problems.len();
    let value = fields.boolean(key, problems);
    if value.is_none() && problems.len() == before {
        let message = format!("this column has no `{key}`");
        problems.push(unreadable(message, fields.place.clone()));
    }
    value
}
