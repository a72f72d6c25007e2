//! Schema snapshots that were changed by hand, or by git.

use sqlflow::diagnostic::SourceFile;
use sqlflow::schema::Snapshot;

const ORDERS: &str = "\
version: 2
fingerprint: FINGERPRINT
columns:
  - {name: id, type: bigint, nullable: false}
  - {name: total, type: \"decimal(10,2)\", nullable: true}
history:
  - {version: 1, at: 2026-02-11T08:30:00Z, by: first load}
  - {version: 2, at: 2026-03-01T10:00:00Z, by: accept, who: Ada, added: [{name: total, type: \"decimal(10,2)\", nullable: true}]}
";

/// The fingerprint of the columns above.
const FINGERPRINT: &str = "34f204b8de3eddada0a020cde39ad402";

fn parse(text: &str) -> Result<Snapshot, Vec<String>> {
    let text = text.replace("FINGERPRINT", FINGERPRINT);
    Snapshot::parse(&SourceFile::new("schemas/shop/orders.yml", text)).map_err(|problems| {
        let line =
            |help: Option<String>| help.map_or_else(String::new, |help| format!(" | {help}"));
        problems.iter().map(|problem| format!("{problem}{}", line(problem.help.clone()))).collect()
    })
}

/// What is said when `from` is replaced by `to` in the file.
#[track_caller]
fn said(from: &str, to: &str) -> Vec<String> {
    assert!(ORDERS.contains(from), "{from}");
    let problems = parse(&ORDERS.replacen(from, to, 1)).unwrap_err();
    let shared =
        " | take the change back with git, or write the file anew: `sqlflow schema accept`";
    problems
        .into_iter()
        .map(|problem| {
            problem
                .replace("error[SF402]: ", "")
                .replace("schemas/shop/orders.yml:", "")
                .replace(shared, "")
        })
        .collect()
}

#[test]
fn the_file_itself_is_fine() {
    assert_eq!(parse(ORDERS).unwrap().render(), ORDERS.replace("FINGERPRINT", FINGERPRINT));
}

#[test]
fn a_change_by_hand_is_seen_by_the_fingerprint() {
    for (from, to) in [
        ("name: id", "name: ID"),
        ("type: bigint", "type: integer"),
        ("nullable: false", "nullable: true"),
        ("  - {name: id, type: bigint, nullable: false}\n", ""),
    ] {
        let problems = said(from, to);
        assert_eq!(problems.len(), 1, "{problems:?}");
        let expected = format!("expected {FINGERPRINT}: they were changed by hand (2:14)");
        assert!(problems[0].ends_with(&expected), "{problems:?}");
    }
}

#[test]
fn the_page_shows_what_is_said() {
    let page = sqlflow::diagnostic::Code::SNAPSHOT_UNREADABLE.page();
    let said = said("nullable: false", "nullable: true");
    assert!(page.contains(said[0].trim_end_matches(" (2:14)")), "{said:?}");
}

#[test]
fn a_conflict_of_two_branches_is_named_at_its_first_line() {
    let text = ORDERS.replace("history:", "<<<<<<< HEAD\n=======\n>>>>>>> other\nhistory:");
    assert_eq!(
        parse(&text).unwrap_err(),
        [
            "error[SF402]: an unresolved merge conflict in the snapshot (schemas/shop/orders.yml:6:1) | \
          keep one side whole, with `git checkout --ours` or `--theirs` and this file, or write it \
          anew: `sqlflow schema accept`"
        ]
    );
}

#[test]
fn everything_else_that_is_not_as_it_was_written_is_told_with_its_place() {
    for (from, to, expected) in [
        (
            "version: 2",
            "version: 3",
            vec!["the version is 3, expected 2: the last of the history (1:10)"],
        ),
        (
            "version: 2",
            "version: 0",
            vec!["`version` is `0`, expected a whole number from 1 (1:10)"],
        ),
        (
            "version: 2",
            "version: two",
            vec!["`version` is `two`, expected a whole number from 1 (1:10)"],
        ),
        (
            "history:\n",
            "history: []\nhistori:\n",
            vec!["unknown key `histori` in the snapshot (7:1) | did you mean `history`?"],
        ),
        ("version: 2\n", "", vec!["the snapshot has no `version` (1:1)"]),
        (
            "{version: 1",
            "{version: 2",
            vec!["version 2 comes after version 2 in the history, expected a greater one (8:15)"],
        ),
        ("name: total", "name: id", vec!["column `id` stands here twice (5:22)"]),
        (
            "type: bigint",
            "type: bigin",
            vec!["column `id` has the unknown type `bigin` (4:22) | did you mean `bigint`?"],
        ),
        ("type: bigint", "type: \"int[\"", vec!["column `id` has the unknown type `int[` (4:22)"]),
        ("{name: id, ", "{", vec!["this column has no `name` (4:5)"]),
        (", nullable: false", "", vec!["this column has no `nullable` (4:5)"]),
        (
            "nullable: false",
            "nullable: never",
            vec!["`nullable` is text, expected true or false (4:40)"],
        ),
        (
            "nullable: false",
            "nulable: false",
            vec![
                "this column has no `nullable` (4:5)",
                "unknown key `nulable` in this column (4:30) | did you mean `nullable`?",
            ],
        ),
        (
            "by: accept",
            "by: acept",
            vec![
                "`by` is `acept`, expected one of first load, permissive, accept, restore (8:48) | \
             did you mean `accept`?",
            ],
        ),
        (
            "2026-02-11T08:30:00Z",
            "yesterday",
            vec!["`yesterday` is no time, expected one such as 2026-02-11T08:30:00Z (7:22)"],
        ),
        (
            "columns:",
            "colums:",
            vec![
                "the snapshot has no `columns` (1:1)",
                "unknown key `colums` in the snapshot (3:1) | did you mean `columns`?",
            ],
        ),
        ("columns:", "read: x\ncolumns:", vec!["`read` is text, expected a mapping (3:7)"]),
        ("fingerprint: FINGERPRINT\n", "", vec!["the snapshot has no `fingerprint` (1:1)"]),
    ] {
        assert_eq!(said(from, to), expected, "{to}");
    }
}

#[test]
fn a_file_that_is_no_snapshot_is_refused() {
    let shared = "(schemas/shop/orders.yml:1:1) | take the change back with git, or write the file \
                  anew: `sqlflow schema accept`";
    for (text, expected) in
        [("", "the snapshot is empty"), ("- a\n", "`the snapshot` is a list, expected a mapping")]
    {
        assert_eq!(parse(text).unwrap_err(), [format!("error[SF402]: {expected} {shared}")]);
    }
    let empty = parse("version: 1\nfingerprint: x\ncolumns: []\nhistory: []\n").unwrap_err();
    let expected = "error[SF402]: the history is empty, expected how this version came to be \
                    (schemas/shop/orders.yml:1:10)";
    assert!(empty.len() == 1 && empty[0].starts_with(expected), "{empty:?}");
    let torn = parse("columns:\n  - {name: id, type").unwrap_err();
    assert!(torn[0].starts_with("error[SF402]: invalid YAML: "), "{torn:?}");
    let twice = parse("version: 1\nversion: 2\n").unwrap_err();
    assert!(twice[0].starts_with("error[SF402]: key `version` stands here twice"), "{twice:?}");
}
