//! Text as one YAML value that every reader takes for that text: plain where it safely can be, else in
//! double quotes.

use std::fmt::Write as _;

/// Words that some version of YAML takes for something else than text, in any case.
const WORDS: [&str; 13] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "none"];

/// `text` as a value in a flow mapping.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Letters, digits and a few marks that mean nothing, a letter first. Stricter than YAML: whoever
/// reads these files should not need to know its rules.
fn is_plain(text: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() || c == '_';
    text.starts_with(letter)
        && !text.ends_with(' ')
        && text.chars().all(|c| letter(c) || c.is_ascii_digit() || " -./()+".contains(c))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // `write!` to a string cannot fail.
            _ if is_invisible(character) => {
                let _written = match u32::from(character) {
                    code @ ..=0xFF => write!(quoted, "\\x{code:02X}"),
                    code @ ..=0xFFFF => write!(quoted, "\\u{code:04X}"),
                    code => write!(quoted, "\\U{code:08X}"),
                };
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that a reviewer of the file would not see, or that would change what is seen.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(
            character,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}' | '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..
        )
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn text_is_quoted_where_yaml_or_a_reader_could_take_it_for_something_else() {
        for (text, expected) in [
            ("customer_id", "customer_id"),
            ("timestamp with time zone", "timestamp with time zone"),
            ("größe", "größe"),
            ("名前", "名前"),
            ("first load", "first load"),
            ("", "\"\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("1a", "\"1a\""),
            ("1e5", "\"1e5\""),
            ("-", "\"-\""),
            ("~", "\"~\""),
            ("Yes", "\"Yes\""),
            ("NULL", "\"NULL\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("decimal(10,2)", "\"decimal(10,2)\""),
            ("varchar[]", "\"varchar[]\""),
            ("it's", "\"it's\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("a\nb\0\u{85}\u{202E}\u{FEFF}", "\"a\\nb\\x00\\x85\\u202E\\uFEFF\""),
            ("{{ x }}", "\"{{ x }}\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }
}
