//! YAML as a tree that remembers where everything stands.
//!
//! `serde-saphyr` parses; this tree keeps the byte range of each key and value, so that every later
//! message can point at what the user wrote. Duplicate keys, aliases without end and tabs are
//! refused here, with the place.

use crate::diagnostic::{Code, Diagnostic, Place, SourceFile};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How often aliases may be followed in one file; ten lines of YAML can ask for billions.
const ALIAS_EVENTS: usize = 100_000;

/// A value with the bytes that it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte range in the file; where the value is an alias, the alias.
    pub range: Range<u32>,
    /// What stands there.
    pub yaml: Yaml,
}

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A whole number or a decimal one.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key with the bytes that it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Byte range in the file.
    pub range: Range<u32>,
    /// The key as text.
    pub text: String,
}

impl Node {
    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.yaml {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::String(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// Where it stands in `file`.
    pub fn place(&self, file: &Arc<SourceFile>) -> Place {
        place(file, &self.range)
    }

    /// The value of `key` where this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Node> {
        match &self.yaml {
            Yaml::Map(entries) => {
                entries.iter().find(|(known, _)| known.text == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The same value without places.
    pub fn to_json(&self) -> Value {
        match &self.yaml {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(number) => Value::Number(number.clone()),
            Yaml::String(text) => Value::String(text.clone()),
            Yaml::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Yaml::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

impl Key {
    /// Where it stands in `file`.
    pub fn place(&self, file: &Arc<SourceFile>) -> Place {
        place(file, &self.range)
    }
}

fn place(file: &Arc<SourceFile>, range: &Range<u32>) -> Place {
    Place::new(file.clone(), range.start as usize..range.end as usize)
}

/// Parses `file`. An empty file is [`Yaml::Null`].
///
/// # Errors
/// One diagnostic that points at the place.
pub fn parse(file: &Arc<SourceFile>) -> Result<Node, Box<Diagnostic>> {
    let mut options = serde_saphyr::Options::default();
    options.alias_limits.max_total_replayed_events = ALIAS_EVENTS;
    options.leading_zero_numbers_as_strings = true;
    match serde_saphyr::from_str_with_options::<Option<Node>>(&file.text, options) {
        Ok(node) => Ok(node.map_or_else(empty, |node| restore_letters(node, &file.text))),
        Err(error) if matches!(error.without_snippet(), serde_saphyr::Error::Eof { .. }) => {
            Ok(empty())
        }
        Err(error) => Err(Box::new(diagnose(file, &error))),
    }
}

fn empty() -> Node {
    Node { range: 0..0, yaml: Yaml::Null }
}

fn diagnose(file: &Arc<SourceFile>, error: &serde_saphyr::Error) -> Diagnostic {
    use serde_saphyr::Error;
    let error = root_cause(error);
    let place = error
        .location()
        .and_then(|location| bytes(location, &file.text))
        .map_or_else(|| Place::start_of(file.clone()), |range| place(file, &range));
    let tab = tab_in_indentation(&file.text, place.line_column().line);
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("");
            Diagnostic::error(Code::DUPLICATE_KEY, format!("key `{key}` stands here twice"))
                .at(place)
                .with_help("remove one of them: YAML would keep only the last")
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Diagnostic::error(
            Code::YAML_LIMIT,
            format!("the aliases in this file expand to more than {ALIAS_EVENTS} values"),
        )
        .at(place)
        .with_help("write out what the aliases stand for, or split the file"),
        _ if let Some(offset) = tab => {
            Diagnostic::error(Code::YAML_SYNTAX, "a tab in the indentation, expected spaces")
                .at(Place::new(file.clone(), offset..offset + 1))
                .with_help("YAML allows only spaces there: replace the tab by spaces")
        }
        _ => Diagnostic::error(Code::YAML_SYNTAX, first_line(error))
            .with_help_maybe(unquoted_template(&place))
            .at(place),
    }
}

/// The error itself, out of the wrappings that say by which alias it was reached.
fn root_cause(error: &serde_saphyr::Error) -> &serde_saphyr::Error {
    match error.without_snippet() {
        serde_saphyr::Error::AliasError { error, .. } => root_cause(error),
        error => error,
    }
}

/// The parser's own words without its place, which we show ourselves.
fn first_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let end = line.find(" at line ").or_else(|| line.find(": line ")).unwrap_or(line.len());
    format!("invalid YAML: {}", line[..end].trim_end_matches('.'))
}

/// YAML reads `{{ … }}` without quotes as a mapping.
fn unquoted_template(place: &Place) -> Option<String> {
    let line = place.file.text.lines().nth(place.line_column().line - 1)?;
    let (_, value) = line.split_once(": ")?;
    value
        .trim_start()
        .starts_with("{{")
        .then(|| format!("put quotes around it: \"{}\"", value.trim()))
}

/// The first tab in the white space that begins line `line` or the one before it.
fn tab_in_indentation(text: &str, line: usize) -> Option<usize> {
    let mut offset = 0;
    for (index, content) in text.split_inclusive('\n').enumerate() {
        if index + 2 >= line && index <= line {
            let indentation = content.len() - content.trim_start_matches([' ', '\t']).len();
            if let Some(at) = content[..indentation].find('\t') {
                return Some(offset + at);
            }
        }
        offset += content.len();
    }
    None
}

/// `y` and `n` are letters: the loaders that dbt's users know leave them alone.
fn restore_letters(mut node: Node, text: &str) -> Node {
    match &mut node.yaml {
        Yaml::Bool(_) => {
            let written = text.get(node.range.start as usize..node.range.end as usize);
            if let Some(letter @ ("y" | "Y" | "n" | "N")) = written {
                node.yaml = Yaml::String(letter.to_owned());
            }
        }
        Yaml::List(items) => {
            for item in items {
                let taken = std::mem::replace(item, empty());
                *item = restore_letters(taken, text);
            }
        }
        Yaml::Map(entries) => {
            for (_, value) in entries {
                let taken = std::mem::replace(value, empty());
                *value = restore_letters(taken, text);
            }
        }
        Yaml::Null | Yaml::Number(_) | Yaml::String(_) => {}
    }
    node
}

fn bytes(location: Location, text: &str) -> Option<Range<u32>> {
    let span = location.span();
    if let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        return Some(narrow(start)..narrow(start.saturating_add(length)));
    }
    let line = usize::try_from(location.line()).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column()).ok()?.saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let content = text.get(start..)?.lines().next().unwrap_or("");
    let within: usize = content.chars().take(column).map(char::len_utf8).sum();
    let start = u32::try_from(start + within).ok()?;
    Some(start..start)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Yaml>::deserialize(deserializer)?;
        Ok(Self { range: range(spanned.referenced), yaml: spanned.value })
    }
}

/// Without a file at hand only byte offsets count; they are always there when parsing from text.
fn range(location: Location) -> Range<u32> {
    bytes(location, "").unwrap_or(0..0)
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Number::from_f64(value).map_or_else(|| Yaml::String(value.to_string()), Yaml::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Yaml, E> {
        Ok(Yaml::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        // YAML reads the word `null` as nothing, and it is the name of an option.
        while let Some(key) = map.next_key::<Spanned<Option<String>>>()? {
            let value = map.next_value::<Node>()?;
            let text = key.value.unwrap_or_else(|| "null".to_owned());
            entries.push((Key { range: range(key.referenced), text }, value));
        }
        Ok(Yaml::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Node {
        parse(&SourceFile::new("a.yml", text)).unwrap()
    }

    fn refused(text: &str) -> String {
        parse(&SourceFile::new("a.yml", text)).unwrap_err().to_string()
    }

    #[test]
    fn every_value_knows_its_bytes() {
        let text = "é: 1\nmodels:\n  - name: \"a b\"\n    on: [x, yes, n]\n";
        let node = parsed(text);
        let models = node.entry("models").unwrap();
        let Yaml::List(items) = &models.yaml else { unreachable!() };
        let name = items[0].entry("name").unwrap();
        assert_eq!(&text[name.range.start as usize..name.range.end as usize], "\"a b\"");
        assert_eq!(items[0].to_json(), serde_json::json!({"name": "a b", "on": ["x", true, "n"]}));
    }

    #[test]
    fn scalars_are_what_dbt_users_expect() {
        let node = parsed("a: 007\nb: 1.50\nc: 2013-01-01\nd: ~\ne: '5'\nf: off\ng: 1_000");
        assert_eq!(node.entry("a").unwrap().to_json(), serde_json::json!("007"));
        assert_eq!(node.entry("c").unwrap().to_json(), serde_json::json!("2013-01-01"));
        assert_eq!(node.entry("e").unwrap().to_json(), serde_json::json!("5"));
        assert_eq!(node.entry("f").unwrap().to_json(), serde_json::json!(false));
    }

    #[test]
    fn the_word_null_is_a_key_like_any_other() {
        for text in ["{a: 1, null: NA}", "a: 1\nnull: NA", "{a: 1, \"null\": NA}"] {
            let node = parsed(text);
            assert_eq!(node.to_json(), serde_json::json!({"a": 1, "null": "NA"}), "{text}");
            let Yaml::Map(entries) = &node.yaml else { unreachable!() };
            let range = &entries[1].0.range;
            assert!(text[range.start as usize..range.end as usize].contains("null"), "{text}");
        }
        assert_eq!(parsed("1: a\ntrue: b").to_json(), serde_json::json!({"1": "a", "true": "b"}));
        assert!(refused("null: 1\nnull: 2\n").starts_with("error[SF102]"));
    }

    #[test]
    fn an_empty_file_is_nothing() {
        for text in ["", "# only a comment\n", "---\n"] {
            assert_eq!(parsed(text).yaml, Yaml::Null, "{text:?}");
        }
    }

    #[test]
    fn what_is_refused_says_where() {
        let bomb = (0..12).fold(String::from("a0: &a0 [x, x]\n"), |text, level| {
            let next = level + 1;
            text + &format!("a{next}: &a{next} [{}]\n", vec![format!("*a{level}"); 9].join(", "))
        });
        assert_eq!(
            refused("a: 1\nb: 2\na: 3\n"),
            "error[SF102]: key `a` stands here twice (a.yml:3:1)"
        );
        assert!(refused(&bomb).starts_with("error[SF103]"), "{}", refused(&bomb));
        assert_eq!(
            refused("a:\n\tb: 1\n"),
            "error[SF101]: a tab in the indentation, expected spaces (a.yml:2:1)"
        );
        assert!(refused("a: [1, 2\nb: 3\n").starts_with("error[SF101]: invalid YAML: "));
    }
}
