//! Random tables in random dialects are read as they were written, and random bytes are read or
//! refused.

use proptest::prelude::*;
use serde_json::Value;
use sqlflow::connector::file::{FileObject, FileOptions, Frozen, find, scan};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::relation::DataType;
use std::cell::RefCell;

type Cell = Option<String>;

#[derive(Debug, Clone)]
struct Written {
    rows: Vec<Vec<Cell>>,
    width: usize,
    delimiter: char,
    quote: char,
    escape: char,
    line_ends: Vec<&'static str>,
    /// Which cells are in quotes though they need not be.
    quoted: Vec<bool>,
    has_mark: bool,
    is_utf16: bool,
    ends_with_line: bool,
}

impl Written {
    fn text(&self) -> String {
        let mut text = String::new();
        let header: Vec<String> = (0..self.width).map(|index| format!("c{index}")).collect();
        text.push_str(&header.join(&self.delimiter.to_string()));
        text.push_str(self.line_ends[0]);
        for (at, row) in self.rows.iter().enumerate() {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                let quoted = self.quoted[(at * self.width + column) % self.quoted.len()];
                self.cell(cell.as_deref(), quoted)
            });
            let line = cells.collect::<Vec<_>>().join(&self.delimiter.to_string());
            // Without a line end, nothing is no row.
            let is_last = at + 1 == self.rows.len() && !self.ends_with_line && !line.is_empty();
            text.push_str(&line);
            text.push_str(if is_last { "" } else { self.line_ends[at % self.line_ends.len()] });
        }
        text
    }

    fn cell(&self, cell: Option<&str>, quoted: bool) -> String {
        let Some(cell) = cell else { return String::new() };
        let means = |c: char| c == self.delimiter || c == '\n' || c == '\r' || c == self.quote;
        if !quoted && !cell.is_empty() && !cell.contains(means) {
            return cell.to_owned();
        }
        let mut text = self.quote.to_string();
        for character in cell.chars() {
            if character == self.quote || character == self.escape {
                text.push(self.escape);
            }
            text.push(character);
        }
        text.push(self.quote);
        text
    }

    fn bytes(&self) -> Vec<u8> {
        let mark = if self.has_mark { "\u{feff}" } else { "" };
        let text = format!("{mark}{}", self.text());
        if self.is_utf16 {
            return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        text.into_bytes()
    }

    fn options(&self) -> FileOptions {
        let encoding = if self.is_utf16 { "utf-16" } else { "utf-8" };
        let given = [
            ("delimiter", Value::from(self.delimiter.to_string())),
            ("quote", Value::from(self.quote.to_string())),
            ("escape", Value::from(self.escape.to_string())),
            ("encoding", Value::from(encoding)),
        ];
        FileOptions::read(given.iter().map(|(name, value)| (*name, value))).unwrap()
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    let characters = prop::sample::select(vec![
        'a', 'b', '1', '0', '.', '-', 'e', ' ', ',', ';', '|', '\t', '"', '\'', '\\', '\n', '\r',
        '#', 'é', '😀', '\u{feff}',
    ]);
    let hostile = prop::collection::vec(characters, 0..8).prop_map(|all| all.into_iter().collect());
    let plain = prop::sample::select(vec![
        "1",
        "-7",
        "007",
        "1.5",
        "1e5",
        "true",
        "2024-02-29",
        "2024-02-29 10:00:00",
        "NULL",
        "x y",
        "9223372036854775808",
        "0.12345678901234567",
    ]);
    prop_oneof![
        1 => Just(None),
        3 => hostile.prop_map(Some),
        3 => plain.prop_map(|text: &str| Some(text.to_owned())),
    ]
}

fn written() -> impl Strategy<Value = Written> {
    let line_ends =
        prop::sample::select(vec![vec!["\n"], vec!["\r\n"], vec!["\r"], vec!["\n", "\r\n"]]);
    let table = (1_usize..4).prop_flat_map(|width| {
        (Just(width), prop::collection::vec(prop::collection::vec(cell(), width), 0..10))
    });
    let dialect = (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!['"', '\'']),
        any::<bool>(),
        line_ends,
    );
    let rest =
        (prop::collection::vec(any::<bool>(), 1..7), any::<bool>(), any::<bool>(), any::<bool>());
    (table, dialect, rest).prop_map(
        |(
            (width, rows),
            (delimiter, quote, backslash, line_ends),
            (quoted, has_mark, is_utf16, ends),
        )| {
            let escape = if backslash { '\\' } else { quote };
            let ends_with_line = ends;
            Written {
                rows,
                width,
                delimiter,
                quote,
                escape,
                line_ends,
                quoted,
                has_mark,
                is_utf16,
                ends_with_line,
            }
        },
    )
}

thread_local! {
    static SESSION: RefCell<Box<dyn Session>> =
        RefCell::new(DuckDb::open(&Options::new(Location::Memory)).unwrap().session().unwrap());
}

/// Scans and reads; what cannot be scanned is `None`, what is scanned has to be read whole.
fn read(object: &FileObject) -> Option<(Frozen, Vec<Vec<Value>>)> {
    SESSION.with_borrow_mut(|session| {
        let files = find(object).ok()?;
        let found = scan(object, &files, &mut **session).ok()?;
        let table = session.query(&found.sql, None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.row_count, Some(table.rows.len() as u64));
        let delimiter = found.delimiter.clone();
        Some((Frozen { columns: found.columns.clone(), delimiter }, table.rows))
    })
}

fn object(folder: &tempfile::TempDir, content: &[u8]) -> FileObject {
    std::fs::write(folder.path().join("x.csv"), content).unwrap();
    FileObject {
        base: folder.path().to_owned(),
        path: "x.csv".to_owned(),
        scratch: folder.path().join("scratch"),
        ..FileObject::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(written in written()) {
        let folder = tempfile::tempdir().unwrap();
        let plain = FileObject { options: written.options(), ..object(&folder, &written.bytes()) };
        let columns = (0..written.width).map(|index| (format!("c{index}"), DataType::new("varchar")));
        let as_text = FileObject { columns: columns.collect(), ..plain.clone() };
        let expected: Vec<Vec<Value>> = written
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.clone().map_or(Value::Null, Value::from)).collect())
            .filter(|row: &Vec<Value>| written.width == 1 || !row.is_empty())
            .collect();
        let (_, rows) = read(&as_text).expect("text can always be read");
        prop_assert_eq!(&rows, &expected);
        let (frozen, rows) = read(&plain).expect("types can always be inferred");
        for (row, expected) in rows.iter().zip(&expected) {
            for ((cell, expected), column) in row.iter().zip(expected).zip(&frozen.columns) {
                prop_assert_eq!(cell.is_null(), expected.is_null());
                if column.data_type.as_str() == "varchar" {
                    prop_assert_eq!(cell, expected);
                }
            }
        }
        let again = FileObject { frozen: Some(frozen.clone()), ..plain };
        let (same, rows_again) = read(&again).expect("what is frozen holds what it was made from");
        prop_assert_eq!(same, frozen);
        prop_assert_eq!(rows_again, rows);
        let left: Vec<_> = std::fs::read_dir(folder.path().join("scratch"))
            .map(|entries| entries.collect())
            .unwrap_or_default();
        prop_assert!(left.is_empty(), "{:?} is left", left);
    }

    #[test]
    fn random_bytes_are_read_or_refused(
        bytes in prop::collection::vec(prop::sample::select(b"a1,;\"'\\\n\r #.-:T\0\xff\xc3\xa9e".to_vec()), 0..120),
        max_rejects in 0_u64..4,
        options in prop::sample::select(vec![
            "{}", "{\"comment\": \"#\"}", "{\"skip\": 2}", "{\"escape\": \"\\\\\"}", "{\"quote\": \"\"}",
            "{\"header\": false}", "{\"encoding\": \"latin-1\"}", "{\"encoding\": \"utf-16\"}",
            "{\"header\": false, \"delimiter\": \";\", \"comment\": \"#\"}", "{\"null_values\": [\"a\"]}",
        ]),
        is_json in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options: serde_json::Map<String, Value> = serde_json::from_str(options).unwrap();
        let given = options.iter().map(|(name, value)| (name.as_str(), value));
        let options = FileOptions::read(given).unwrap();
        let format = if is_json { "json" } else { "csv" };
        let format = sqlflow::connector::file::Format::named(format);
        let object = FileObject { max_rejects, options, format, ..object(&folder, &bytes) };
        read(&object);
    }
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let wrong = |given: &[(&str, &str)]| -> Vec<String> {
        let given: Vec<(&str, Value)> =
            given.iter().map(|(name, text)| (*name, Value::from(*text))).collect();
        let read = FileOptions::read(given.iter().map(|(name, value)| (*name, value)));
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    };
    for (given, expected) in [
        (&[("delimiter", ";"), ("quote", "'"), ("escape", "'")][..], &[][..]),
        (&[("quote", ""), ("escape", "")], &[]),
        (
            &[("delimiter", ";"), ("quote", ";")],
            &["options `quote` and `delimiter` are the same character"],
        ),
        (&[("delimiter", "\"")], &["options `quote` and `delimiter` are the same character"]),
        (
            &[("comment", "#"), ("delimiter", "#")],
            &["options `comment` and `delimiter` are the same character"],
        ),
        (
            &[("escape", "|"), ("delimiter", "|")],
            &["options `escape` and `delimiter` are the same character"],
        ),
        (&[("comment", "\"")], &["options `comment` and `quote` are the same character"]),
        (
            &[("delimiter", "\n")],
            &["option `delimiter` takes one character; found by looking where it is not given"],
        ),
        (
            &[("date_format", "%d.%m.%Y %H:%M")],
            &["option `date_format` reads a time of day with `%H`, which a date does not keep"],
        ),
        (&[("date_format", "garbage")], &["option `date_format` has no directives of a date"]),
        (&[("timestamp_format", "")], &["option `timestamp_format` has no directives of a date"]),
        (
            &[("timestamp_format", "%Y-%q")],
            &["option `timestamp_format` has `%q`, which is not known"],
        ),
    ] {
        assert_eq!(wrong(given), expected, "{given:?}");
    }
}
