//! Lines of a diff, in git's colours where those may be used.

use sqlflow::load::Sign;
use sqlflow::load::schemas::Comparison;
use sqlflow::relation::Column;
use sqlflow::schema::{Change, DiffLine, Entry, Hunk, Verdict};

/// Whether colours may be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn style(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.style("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.style("2", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.style("32", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.style("31", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.style("33", text)
    }

    /// A line in the colour of the mark that it begins with.
    pub(super) fn marked(self, line: &str) -> String {
        match line.trim_start().chars().next() {
            Some('+' | '✓') => self.green(line),
            Some('-' | '✗') => self.red(line),
            Some('~' | '?') => self.yellow(line),
            _ => line.to_owned(),
        }
    }
}

/// A name from outside on one line: what would move the cursor is shown as it is written in Rust.
pub(super) fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(shown).collect()
}

/// `bigint not null`.
pub(super) fn typed(column: &Column) -> String {
    let required = if column.nullable { "" } else { " not null" };
    plain(&format!("{}{required}", column.data_type))
}

/// What `line` says of its column beside the name.
fn said(line: &DiffLine<'_>) -> String {
    let column = line.is.or(line.was);
    let parts: Vec<String> = line.changes.iter().map(|change| changed(*change)).collect();
    let whole = matches!(line.changes.first(), None | Some(Change::Added(_) | Change::Removed(_)));
    match column {
        Some(column) if whole => typed(column),
        Some(column) if !parts.iter().any(|part| part.contains(" -> ")) => {
            format!("{}, {}", typed(column), parts.join(", "))
        }
        _ => parts.join(", "),
    }
}

fn changed(change: Change<'_>) -> String {
    match change {
        Change::Added(column) | Change::Removed(column) => typed(column),
        Change::Widened(old, new) => {
            plain(&format!("{} -> {} (holds every value)", old.data_type, new.data_type))
        }
        Change::Retyped(old, new) => plain(&format!("{} -> {}", old.data_type, new.data_type)),
        Change::NowRequired(_) => "nullable -> not null".to_owned(),
        Change::NowNullable(_) => "not null -> nullable".to_owned(),
        Change::Moved(_) => "at another position".to_owned(),
    }
}

fn mark(line: &DiffLine<'_>) -> char {
    match (line.was, line.is) {
        (_, Some(_)) if line.changes.is_empty() => ' ',
        (Some(_), Some(_)) => '~',
        (None, _) => '+',
        (_, None) => '-',
    }
}

/// What a load does about a change.
fn done(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Note => "noted",
        Verdict::LeaveOut => "left out",
        Verdict::Accept => "accepted by the load",
        Verdict::Halt => "stops the load",
    }
}

/// `hunks` as lines, indented, with what becomes of each change and where it shows.
pub(super) fn lines(hunks: &[Hunk<'_>], of: &Comparison, paint: Paint) -> String {
    let rows: Vec<Option<[String; 3]>> = hunks.iter().map(|hunk| row(hunk, of)).collect();
    let width = |part: usize| {
        let wide = rows.iter().flatten().map(|row| row[part].chars().count());
        wide.max().unwrap_or_default()
    };
    let (names, types) = (width(0), width(1));
    let mut text = String::new();
    for (hunk, row) in hunks.iter().zip(&rows) {
        text += &match (hunk, row) {
            (Hunk::Line(line), Some([name, said, done])) => {
                let text = format!("    {} {name:<names$}  {said:<types$}  {done}", mark(line));
                let sign = sign(line, of).map(|sign| format!("\n{}", paint.dim(&sign)));
                paint.marked(text.trim_end()) + &sign.unwrap_or_default()
            }
            (Hunk::Gap(1), _) => paint.dim("      … 1 column as accepted"),
            (Hunk::Gap(count), _) => paint.dim(&format!("      … {count} columns as accepted")),
            (Hunk::Line(_), None) => String::new(),
        };
        text.push('\n');
    }
    text
}

/// Name, what is said of it, and what a load does.
fn row(hunk: &Hunk<'_>, of: &Comparison) -> Option<[String; 3]> {
    let Hunk::Line(line) = hunk else { return None };
    let name = line.is.or(line.was).map(|column| plain(&column.name)).unwrap_or_default();
    let gravest = line.changes.iter().map(|change| of.verdict(*change)).max();
    Some([name, said(line), gravest.map(done).unwrap_or_default().to_owned()])
}

/// A line about the first value that does not fit, where there is one.
fn sign(line: &DiffLine<'_>, of: &Comparison) -> Option<String> {
    let Sign { path, line, text, .. } = of.sign(line.changes.first()?.column())?;
    let at = line.map(|line| format!("line {line} of ")).unwrap_or_default();
    (!text.is_empty()).then(|| format!("        {at}{} has `{}`", plain(path), plain(text)))
}

/// What a version changed, a line each.
pub(super) fn entry(entry: &Entry, paint: Paint) -> String {
    let added = entry.added.iter().map(|column| format!("+ {} {}", column.name, typed(column)));
    let removed = entry.removed.iter().map(|column| format!("- {} {}", column.name, typed(column)));
    let retyped = entry.retyped.iter();
    let retyped =
        retyped.map(|change| format!("~ {}: {} -> {}", change.name, change.from, change.to));
    let nullability = entry.nullability.iter().map(|(name, nullable)| {
        let change = if *nullable { "not null -> nullable" } else { "nullable -> not null" };
        format!("~ {name}: {change}")
    });
    let moved = entry.moved.iter().map(|name| format!("~ {name}: at another position"));
    let lines = added.chain(removed).chain(retyped).chain(nullability).chain(moved);
    lines.map(|line| paint.marked(&format!("    {}", plain(&line))) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_gits_colours() {
        let paint = |line: &str| Paint(true).marked(line);
        assert_eq!(paint("    + new  uuid"), "\u{1b}[32m    + new  uuid\u{1b}[0m");
        assert_eq!(paint("    - old  date"), "\u{1b}[31m    - old  date\u{1b}[0m");
        assert_eq!(paint("    ~ n    date"), "\u{1b}[33m    ~ n    date\u{1b}[0m");
        assert_eq!(paint("      id   date"), "      id   date");
        assert_eq!(Paint(false).marked("    + new  uuid"), "    + new  uuid");
    }

    #[test]
    fn names_from_outside_move_no_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(plain("größe 名前"), "größe 名前");
    }
}
