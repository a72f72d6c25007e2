//! A snapshot is what its file says: text and value, there and back.

use super::*;
use crate::diagnostic::SourceFile;
use crate::relation::{Column, DataType};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn column(name: &str, data_type: &str, nullable: bool) -> Column {
    Column { name: name.into(), data_type: DataType::new(data_type), nullable }
}

fn acceptance(at: &str, by: AcceptedBy) -> Acceptance {
    Acceptance { at: at.parse().unwrap(), by, who: None, why: None }
}

fn plain(columns: Vec<Column>) -> Vec<SnapshotColumn> {
    let plain = |column| SnapshotColumn { column, description: None };
    columns.into_iter().map(plain).collect()
}

fn parsed(text: &str) -> Snapshot {
    Snapshot::parse(&SourceFile::new("schemas/crm/customers.yml", text)).unwrap()
}

const CUSTOMERS: &str = r#"version: 2
fingerprint: FINGERPRINT
read: {delimiter: ";", header: true, null_values: ["", NA]}
columns:
  - {name: customer_id, type: bigint, nullable: false}
  - {name: email, type: varchar, nullable: true, description: "asked for: sign-up"}
  - {name: total, type: "decimal(10,2)", nullable: true}
  - {name: "2nd name", type: "varchar[]", nullable: true}
history:
  - {version: 1, at: 2026-02-11T08:30:00Z, by: first load}
  - {version: 2, at: 2026-03-01T10:00:00Z, by: accept, who: Ada, why: CRM release 7, added: [{name: email, type: varchar, nullable: true}], removed: [{name: "yes", type: date, nullable: true}], retyped: [{name: total, from: "decimal(9,2)", to: "decimal(10,2)"}], nullability: [{name: customer_id, nullable: false}], moved: ["2nd name"]}
"#;

#[test]
fn a_snapshot_reads_like_the_manual() {
    let read = json!({"null_values": ["", "NA"], "header": true, "delimiter": ";"});
    let Value::Object(read) = read else { unreachable!() };
    let mut columns = plain(vec![
        column("2nd name", "varchar[]", true),
        column("customer_id", "bigint", true),
        column("total", "decimal(9,2)", true),
        column("yes", "date", true),
    ]);
    columns[2].description = None;
    let first =
        Snapshot::first(columns, read, acceptance("2026-02-11T08:30:00Z", AcceptedBy::FirstLoad));
    let accepted = vec![
        column("customer_id", "bigint", false),
        column("email", "varchar", true),
        column("total", "decimal(10,2)", true),
        column("2nd name", "varchar[]", true),
    ];
    let by = Acceptance {
        who: Some("Ada".into()),
        why: Some("CRM release 7".into()),
        ..acceptance("2026-03-01T10:00:00Z", AcceptedBy::Accept)
    };
    let second = first.accept(accepted, by);
    let plain_text = CUSTOMERS.replace(", description: \"asked for: sign-up\"", "");
    let expected = plain_text.replace("FINGERPRINT", &second.fingerprint());
    assert_eq!(second.render(), expected);
    assert_eq!(parsed(&expected), second);
    let described = CUSTOMERS.replace("FINGERPRINT", &second.fingerprint());
    assert_eq!(parsed(&described).render(), described);
}

#[test]
fn line_endings_of_another_system_and_a_final_comment_change_nothing() {
    let snapshot = Snapshot::first(
        plain(vec![column("a", "date", true)]),
        Map::new(),
        acceptance("2026-02-11T08:30:00Z", AcceptedBy::FirstLoad),
    );
    assert_eq!(parsed(&snapshot.render().replace('\n', "\r\n")), snapshot);
    assert_eq!(parsed(&(snapshot.render() + "# a comment\n")), snapshot);
}

/// Names as they come from spreadsheets and from enemies.
fn name() -> impl Strategy<Value = String> {
    let hostile = [
        "",
        " ",
        "yes",
        "NULL",
        "~",
        "1",
        "007",
        "1e5",
        "0x1F",
        "1_000",
        "a: b",
        "a #b",
        "# a",
        "- a",
        "{a}",
        "[a]",
        "a, b",
        "'",
        "\"",
        "\\",
        "\"\\",
        "{{ x }}",
        "%YAML",
        "---",
        "...",
        "!!str a",
        "&a",
        "*a",
        "@a",
        "`a`",
        "|",
        ">",
        "?",
        ":",
        "a:",
        "<<",
        "<<<<<<< HEAD",
        "=======",
        "\t",
        "\n",
        "\r\n",
        "a\nb",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{feff}",
        "\u{2028}",
        "\u{202e}x",
        "\u{10ffff}",
        "größe",
        "größe",
        "名前",
        "🦆",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "12:30",
        ".inf",
        ".nan",
        "on",
        "Off",
        "=",
        "name: x, type: date",
        "a  b",
        "trailing ",
        "\u{e000}",
        "\u{fffe}",
        "\u{ad}",
        "e5",
    ];
    prop_oneof![
        4 => prop::sample::select(hostile.to_vec()).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[a-z0-9_:#'\" \\[\\]{},-]{0,12}",
    ]
}

fn data_type() -> impl Strategy<Value = DataType> {
    let written = prop::sample::select(vec![
        "bigint",
        "decimal(38,10)",
        "timestamp with time zone",
        "enum('it''s', 'Ja: nein', '# \"')",
        "struct(\"a: b\" integer[], c map(varchar, date))[3]",
        "\"null\"",
        "inet",
        "no type at all (",
    ]);
    prop_oneof![3 => written.prop_map(DataType::new), 1 => any::<String>().prop_map(|t| DataType::new(&t))]
}

fn columns() -> impl Strategy<Value = Vec<Column>> {
    let column = (name(), data_type(), any::<bool>())
        .prop_map(|(name, data_type, nullable)| Column { name, data_type, nullable });
    prop::collection::vec(column, 0..6).prop_map(|mut columns| {
        let mut seen = std::collections::HashSet::new();
        columns.retain(|column| seen.insert(column.name.clone()));
        columns
    })
}

fn option() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        name().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn snapshot()(
        descriptions in prop::collection::vec(prop::option::of(name()), 6),
        versions in prop::collection::vec(columns(), 1..4),
        who in prop::option::of(name()),
        why in prop::option::of(name()),
        at in -300_000_000_000_i64..250_000_000_000,
        read in prop::collection::btree_map(name(), option(), 0..3),
    ) -> Snapshot {
        let by = |by| Acceptance {
            at: jiff::Timestamp::from_second(at).unwrap(),
            by,
            who: who.clone(),
            why: why.clone(),
        };
        let first = versions[0].iter().cloned().zip(descriptions);
        let first = first.map(|(column, description)| SnapshotColumn { column, description });
        let first = Snapshot::first(first.collect(), read.into_iter().collect(), by(AcceptedBy::FirstLoad));
        let later = versions.into_iter().skip(1);
        later.fold(first, |snapshot, columns| snapshot.accept(columns, by(AcceptedBy::Permissive)))
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(snapshot in snapshot()) {
        let text = snapshot.render();
        let read = Snapshot::parse(&SourceFile::new("s.yml", text.as_str()));
        prop_assert_eq!(read.as_ref(), Ok(&snapshot), "{}", text);
        prop_assert_eq!(read.unwrap().render(), text.as_str());
        let items = snapshot.columns().len() + snapshot.history().len();
        prop_assert_eq!(text.lines().filter(|line| line.starts_with("  - {")).count(), items);
        prop_assert_eq!(text.chars().last(), Some('\n'));
    }

    #[test]
    fn no_text_is_too_wild_to_be_refused(text in any::<String>(), at in any::<prop::sample::Index>()) {
        let whole = CUSTOMERS.replace("FINGERPRINT", "0");
        let mut offset = at.index(whole.len());
        while !whole.is_char_boundary(offset) { offset -= 1; }
        let torn = format!("{}{text}{}", &whole[..offset], &whole[offset..]);
        for text in [text.as_str(), &whole[..offset], &torn] {
            let problems = Snapshot::parse(&SourceFile::new("s.yml", text)).unwrap_err();
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.is_error() && problem.code.as_str() == "SF402");
                prop_assert!(problem.help.is_some() && !problem.labels.is_empty());
            }
        }
    }
}
