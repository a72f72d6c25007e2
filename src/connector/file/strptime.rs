//! Formats of dates and timestamps, in the words of strptime that DuckDB and we read alike.

/// What is wrong with a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormatFlaw {
    /// What it is, after the option's name.
    pub(super) detail: String,
    /// What to do about it.
    pub(super) help: Option<&'static str>,
}

/// What a directive says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    DayOfYear,
    Weekday,
    /// The hour of a day.
    Hour,
    /// The hour of half a day.
    HalfDayHour,
    /// Which half that is.
    HalfDay,
    /// Something smaller than an hour, or all of the time.
    Time,
    Offset,
    /// A percent sign.
    Text,
}

/// A format of dates keeps all that it reads.
pub(super) fn check_date(format: &str) -> Result<(), FormatFlaw> {
    let parts = parts(format)?;
    let is_of_day = |part: Part| {
        use Part::{Day, DayOfYear, Month, Text, Weekday, Year};
        matches!(part, Year | Month | Day | DayOfYear | Weekday | Text)
    };
    if let Some((word, _)) = parts.iter().find(|(_, part)| !is_of_day(*part)) {
        let help = Some("for columns with a time of day say `timestamp_format`");
        let detail = format!("reads a time of day with `{word}`, which a date does not keep");
        return Err(FormatFlaw { detail, help });
    }
    is_whole(&parts)
}

/// A format of timestamps tells their day; without a time they are at midnight.
pub(super) fn check_timestamp(format: &str) -> Result<(), FormatFlaw> {
    let parts = parts(format)?;
    let has = |wanted: Part| parts.iter().any(|(_, part)| *part == wanted);
    if has(Part::HalfDayHour) != has(Part::HalfDay) {
        let detail = "has only one of `%I` and `%p`".to_owned();
        let help = Some("`%H` is the hour of a whole day, `%I %p` that of half a day");
        return Err(FormatFlaw { detail, help });
    }
    is_whole(&parts)
}

/// Whether timestamps of a format carry an offset.
pub(super) fn has_offset(format: &str) -> bool {
    parts(format).is_ok_and(|parts| parts.iter().any(|(_, part)| *part == Part::Offset))
}

fn is_whole(parts: &[(String, Part)]) -> Result<(), FormatFlaw> {
    let has = |wanted: Part| parts.iter().any(|(_, part)| *part == wanted);
    let has_day = has(Part::DayOfYear) || has(Part::Month) && has(Part::Day);
    let lacks = match (has(Part::Year), has_day) {
        (true, true) => return Ok(()),
        (false, true) => "has no year",
        (true, false) => "has no month and day",
        (false, false) => "has no directives of a date",
    };
    let help = Some("write it in strptime's words, such as `%d.%m.%Y`");
    Err(FormatFlaw { detail: lacks.to_owned(), help })
}

/// The directives of a format, as they are written.
fn parts(format: &str) -> Result<Vec<(String, Part)>, FormatFlaw> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some((_, after)) = rest.split_once('%') {
        let (flag, letters) = after.strip_prefix('-').map_or(("", after), |rest| ("-", rest));
        let letter = letters.chars().next();
        let word = format!("%{flag}{}", letter.map(String::from).unwrap_or_default());
        let Some((letter, part)) = letter.and_then(|letter| Some((letter, part(flag, letter)?)))
        else {
            let detail = format!("has `{word}`, which is not known");
            return Err(FormatFlaw { detail, help: Some(KNOWN) });
        };
        rest = letters.get(letter.len_utf8()..).unwrap_or_default();
        parts.push((word, part));
    }
    Ok(parts)
}

const KNOWN: &str =
    "known are %Y %y %m %b %B %d %j %a %A, %H %I %p %M %S %f %T, and %z for an offset";

/// What a directive says. Some that DuckDB has mean something else to others (`%g`, `%n`).
fn part(flag: &str, letter: char) -> Option<Part> {
    let may_be_short = matches!(letter, 'd' | 'm' | 'H' | 'I' | 'M' | 'S' | 'j' | 'y');
    if flag == "-" && !may_be_short {
        return None;
    }
    Some(match letter {
        'Y' | 'y' => Part::Year,
        'm' | 'b' | 'B' | 'h' => Part::Month,
        'd' => Part::Day,
        'j' => Part::DayOfYear,
        'a' | 'A' => Part::Weekday,
        'H' => Part::Hour,
        'I' => Part::HalfDayHour,
        'p' => Part::HalfDay,
        'M' | 'S' | 'f' | 'T' => Part::Time,
        'z' => Part::Offset,
        '%' => Part::Text,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_read_whole_dates() {
        let detail = |checked: Result<(), FormatFlaw>| checked.err().map(|flaw| flaw.detail);
        for (format, of_date, of_timestamp) in [
            ("%d.%m.%Y", None, None),
            ("%-d. %B %y (%a), 100%%", None, None),
            ("%Y/%j", None, None),
            (
                "%d.%m.%Y %H:%M",
                Some("reads a time of day with `%H`, which a date does not keep"),
                None,
            ),
            (
                "%Y-%m-%d %I:%M",
                Some("reads a time of day with `%I`, which a date does not keep"),
                Some("has only one of `%I` and `%p`"),
            ),
            ("garbage", Some("has no directives of a date"), Some("has no directives of a date")),
            ("", Some("has no directives of a date"), Some("has no directives of a date")),
            ("%m-%d", Some("has no year"), Some("has no year")),
            ("%Y-%d", Some("has no month and day"), Some("has no month and day")),
            (
                "%Y-%q-%d",
                Some("has `%q`, which is not known"),
                Some("has `%q`, which is not known"),
            ),
            ("%Y-%m-%", Some("has `%`, which is not known"), Some("has `%`, which is not known")),
            (
                "%Y-%-b",
                Some("has `%-b`, which is not known"),
                Some("has `%-b`, which is not known"),
            ),
        ] {
            assert_eq!(detail(check_date(format)).as_deref(), of_date, "{format}");
            assert_eq!(detail(check_timestamp(format)).as_deref(), of_timestamp, "{format}");
        }
        assert!(has_offset("%Y-%m-%d %z"));
        assert!(!has_offset("%Y-%m-%d 100%%z"));
    }
}
