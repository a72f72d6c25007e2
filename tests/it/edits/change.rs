//! An edit of a source, made at random.

use super::random::Random;
use super::source::{Column, Format, Source, Type};

/// Changes `source` and says how. `taken` are names that models have for columns of their own.
pub(super) fn change(random: &mut Random, source: &mut Source, taken: &[String]) -> String {
    loop {
        if let Some(told) = attempt(random, source, taken) {
            return told;
        }
    }
}

fn attempt(random: &mut Random, source: &mut Source, taken: &[String]) -> Option<String> {
    let count = source.columns.len();
    // The key is changed too, and more seldom.
    let at = if random.chance(12) { 0 } else { 1 + random.below(count - 1) };
    match random.below(100) {
        0..12 => {
            let collides = random.chance(35) && !taken.is_empty();
            let name = if collides { random.pick(taken) } else { "extra".to_owned() };
            if source.columns.iter().any(|column| column.name == name) {
                return None;
            }
            let data_type = random.pick(source.format.types());
            let required = source.format == Format::Required && random.chance(20);
            let column = Column { name, data_type, required };
            source.columns.insert(1 + random.below(count), column);
            Some("added".to_owned())
        }
        12..28 => {
            source.columns.remove(at);
            Some("removed".to_owned())
        }
        28..41 => {
            let other = source.columns[1 + random.below(count - 1)].name.clone();
            let name = match random.below(5) {
                0 if !taken.is_empty() => random.pick(taken),
                // A name that differs by case alone is the same.
                1 => other.to_uppercase(),
                _ => format!("{other}_new"),
            };
            let is_other = |(index, column): (usize, &Column)| {
                index != at && column.name.eq_ignore_ascii_case(&name)
            };
            if source.columns.iter().enumerate().any(is_other) || source.columns[at].name == name {
                return None;
            }
            source.columns[at].name = name;
            Some("renamed".to_owned())
        }
        41..86 => {
            let was = source.columns[at].data_type;
            let now = random.pick(source.format.types());
            if now.sql() == was.sql() {
                return None;
            }
            source.columns[at].data_type = now;
            let kind = |one: Type| match one.family() {
                super::source::Family::Number => "number",
                super::source::Family::Text => "text",
                super::source::Family::Date | super::source::Family::Timestamp => "time",
                super::source::Family::Bool => "boolean",
            };
            Some(format!("retyped {} -> {}", kind(was), kind(now)))
        }
        86..92 => {
            let column = source.columns.remove(at);
            let to = random.below(count);
            source.columns.insert(to, column);
            (to != at).then(|| "reordered".to_owned())
        }
        _ => {
            let column = &mut source.columns[at];
            if source.format != Format::Required {
                return None;
            }
            column.required = !column.required;
            let now = if column.required { "made not null" } else { "made nullable" };
            Some(now.to_owned())
        }
    }
}
