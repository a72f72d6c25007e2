//! The names in what DuckDB says: the one that it did not find, those that it thinks were meant, and
//! where in the statement the missing one stands.

/// What a message consists of.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The message without its lists of names.
    pub(super) message: String,
    /// The names of those lists.
    pub(super) candidates: Vec<String>,
}

/// How many signatures of a function are shown.
const SIGNATURES: usize = 5;

/// Takes the lists of names out of a message: `Candidate …: "a", "b"`, `Did you mean "a"?` and the
/// parameters of a table function. Of a function's signatures the first few stay, since a note for
/// each of the 43 of `+` hides the rest.
pub(super) fn split(text: &str) -> Said {
    let mut said = Said::default();
    let mut kept: Vec<String> = Vec::new();
    let mut lines = text.lines().flat_map(sentences).peekable();
    while let Some(line) = lines.next() {
        if is_list(line) {
            said.candidates.extend(quoted(line));
        } else if line == "Candidates:" {
            let parameters = std::iter::from_fn(|| lines.next_if(|line| line.starts_with("    ")));
            said.candidates.extend(parameters.filter_map(first_word));
        } else if line.trim() == "Candidate functions:" {
            kept.push(line.to_owned());
            let signatures: Vec<&str> =
                std::iter::from_fn(|| lines.next_if(|line| line.starts_with('\t'))).collect();
            kept.extend(signatures.iter().take(SIGNATURES).map(|line| (*line).to_owned()));
            if let Some(others) = signatures.len().checked_sub(SIGNATURES).filter(|n| *n > 0) {
                kept.push(format!("\tand {others} more"));
            }
        } else {
            kept.push(line.to_owned());
        }
    }
    said.message = kept.join("\n");
    said
}

/// A line, and behind it the question that some messages end it with.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let cut = ["! Did you mean ", ". Did you mean "].iter().find_map(|mark| line.find(mark));
    let (first, second) = cut.map_or((line, ""), |at| line.split_at(at + 1));
    [first, second.trim_start()].into_iter().take(if cut.is_some() { 2 } else { 1 })
}

fn is_list(line: &str) -> bool {
    let names = line.strip_prefix("Did you mean").or_else(|| {
        let (what, names) = line.strip_prefix("Candidate ")?.split_once(':')?;
        what.chars().all(|c| c.is_ascii_alphabetic() || c == ' ').then_some(names)
    });
    names.is_some_and(|names| names.trim_start_matches([':', ' ']).starts_with('"'))
}

/// The parts of `text` in double quotes.
fn quoted(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('"').skip(1).step_by(2).map(str::to_owned)
}

fn first_word(line: &str) -> Option<String> {
    line.split_whitespace().next().map(str::to_owned)
}

/// What stands around the missing name in messages whose JSON does not tell it.
const AROUND: [(&str, &str); 18] = [
    ("\" does not have a column named \"", "\""),
    ("\" does not have a column with name \"", "\""),
    ("Referenced table \"", "\" not found"),
    ("Referenced column \"", "\" "),
    ("Referenced update column ", " not found"),
    ("Could not find key \"", "\""),
    ("does not exist because schema \"", "\" does not exist"),
    ("Schema with name ", " does not exist"),
    ("Catalog \"", "\" does not exist"),
    ("No catalog + schema named \"", "\" found"),
    ("Unknown TimeZone '", "'"),
    ("Unrecognized option \"", "\" for"),
    ("Invalid named parameter \"", "\" for function"),
    ("Column \"", "\" in EXCLUDE list"),
    ("Column \"", "\" in REPLACE list"),
    ("Column \"", "\" does not exist on "),
    ("Column \"", "\" referenced in UNPIVOT"),
    ("database with name \"", "\": database not found"),
];

/// The name that a message says is not there.
pub(super) fn missing(message: &str) -> Option<&str> {
    let first = message.lines().next()?;
    AROUND.iter().find_map(|(start, end)| {
        let (name, _) = first.split_once(start)?.1.split_once(end)?;
        (!name.is_empty()).then_some(name)
    })
}

/// Whose column a message misses.
fn owner(message: &str) -> Option<&str> {
    let (before, _) = message.split_once("\" does not have a column named \"")?;
    before.rsplit_once('"').map(|(_, owner)| owner)
}

/// Where `missing` stands in the dotted name that starts at byte `at`: DuckDB gives the place of
/// the whole, `statuses.is_revenu`.
pub(super) fn place(sql: &str, at: usize, missing: &str, message: &str) -> Option<usize> {
    let parts = dotted(sql, at);
    let is_it = |part: &Part| part.name.eq_ignore_ascii_case(missing);
    let found = if let Some(owner) = owner(message) {
        let pairs = || parts.iter().zip(parts.iter().skip(1));
        pairs()
            .find(|(before, part)| before.name.eq_ignore_ascii_case(owner) && is_it(part))
            .or_else(|| pairs().find(|(_, part)| is_it(part)))
            .map(|(_, part)| part)
    } else if message.contains(" with name ") {
        parts.iter().rfind(|part| is_it(part))
    } else {
        parts.iter().find(|part| is_it(part))
    };
    found.map(|part| part.start)
}

/// One part of a dotted name.
struct Part {
    start: usize,
    name: String,
}

/// The parts of the dotted name at byte `at`, quoted or not.
fn dotted(sql: &str, at: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = at;
    while let Some((name, length)) = sql.get(start..).and_then(identifier) {
        parts.push(Part { start, name });
        let Some(rest) = sql.get(start + length..) else { break };
        let Some(behind) = rest.trim_start().strip_prefix('.') else { break };
        start = sql.len() - behind.trim_start().len();
    }
    parts
}

/// The identifier that `text` starts with, and its length as written.
fn identifier(text: &str) -> Option<(String, usize)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
        return text.get(..end).filter(|name| !name.is_empty()).map(|name| (name.to_owned(), end));
    };
    let mut name = String::new();
    let mut rest = inner;
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        let Some(more) = behind.strip_prefix('"') else {
            return Some((name, text.len() - behind.len()));
        };
        name.push('"');
        rest = more;
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// How the names of DuckDB's own relations and functions start.
const OWN: [&str; 5] = ["pg_", "pragma_", "duckdb_", "sqlite_", "information_schema"];

/// How the names of ours start, which are nobody's to write.
const OURS: [&str; 2] = ["__sqlflow_", "_sqlflow"];

/// Whether to offer `candidate` to who wrote `missing`: not what belongs to the database itself,
/// unless that is what was looked for.
pub(super) fn is_offered(candidate: &str, missing: Option<&str>) -> bool {
    let missing = missing.unwrap_or_default().to_lowercase();
    let is_of = |start: &str| candidate.split('.').any(|part| part.starts_with(start));
    !OURS.iter().any(|start| is_of(start))
        && !OWN.iter().any(|start| is_of(start) && !missing.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_leave_the_message() {
        for (text, message, candidates) in [
            ("no table a!\nDid you mean \"b\"?", "no table a!", "b"),
            ("no table a! Did you mean \"b or c\"?", "no table a!", "b or c"),
            ("x\n\nCandidate bindings: : \"a\", \"b c\"", "x\n", "a|b c"),
            ("x\n\nCandidate time zones: \"NZ\"", "x\n", "NZ"),
            ("x\nCandidates:\n    delim VARCHAR\n    skip BIGINT\ny", "x\ny", "delim|skip"),
            ("x\n\tCandidate functions:\n\tf(A)\n", "x\n\tCandidate functions:\n\tf(A)", ""),
            ("Did you mean it", "Did you mean it", ""),
        ] {
            let said = split(text);
            let found = (said.message.as_str(), said.candidates.join("|"));
            assert_eq!(found, (message, candidates.to_owned()), "{text}");
        }
        let many: String = (0..9).map(|n| format!("\tf(A{n})\n")).collect();
        let said = split(&format!("x\n\tCandidate functions:\n{many}"));
        assert_eq!(said.message.lines().count(), 8);
        assert!(said.message.ends_with("\tf(A4)\n\tand 4 more"), "{}", said.message);
    }

    #[test]
    fn the_missing_name_is_found_in_a_dotted_one() {
        let column = "Table \"s\" does not have a column named \"x\"";
        let table = "Table with name x does not exist";
        let referenced = "Referenced table \"x\" not found";
        for (sql, message, expected) in [
            ("s.x", column, Some("x")),
            ("s.x.y", column, Some("x.y")),
            ("x.s.x", column, Some("x")),
            ("db.\"S\" . \"X\" from t", column, Some("\"X\" from t")),
            ("\"a\"\"b\".x", column, Some("x")),
            ("s.y", column, None),
            ("x", column, None),
            ("x.x y", table, Some("x y")),
            ("x.x y", referenced, Some("x.x y")),
            ("", table, None),
            ("\"x", table, None),
        ] {
            let found = place(sql, 0, "x", message).map(|at| &sql[at..]);
            assert_eq!(found, expected, "{sql}: {message}");
        }
    }

    #[test]
    fn what_belongs_to_the_database_is_not_offered() {
        for (candidate, missing, expected) in [
            ("orders", "order", true),
            ("pg_enum", "nope", false),
            ("main.pg_enum", "nope", false),
            ("pg_tables", "pg_tabel", true),
            ("information_schema.tables", "table", false),
            ("__sqlflow_stage__x", "__sqlflow_stage", false),
            ("_sqlflow.loads", "load", false),
            ("shop._sqlflow.loads", "load", false),
        ] {
            assert_eq!(is_offered(candidate, Some(missing)), expected, "{candidate}");
        }
    }
}
