//! A syntax tree as DuckDB serializes it: JSON in one flat allocation.
//!
//! Queries nest deep, and a tree of boxes would be read and dropped by recursion as deep: so the
//! nodes lie in a list, and reading them grows the stack where it has to.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// Calls `work` with enough stack for one more level of a tree.
pub(super) fn deeper<R>(work: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, work)
}

/// A JSON document.
#[derive(Debug, Default)]
pub(super) struct Tree {
    values: Vec<Value>,
    /// The parts of lists and objects: the key (of an object's), and the index of the value.
    parts: Vec<(u16, u32)>,
    keys: Vec<Box<str>>,
    texts: String,
    root: u32,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Other,
    Flag(bool),
    Number(i128),
    Text(u32, u32),
    List(u32, u32),
    Object(u32, u32),
}

impl Tree {
    /// Reads JSON.
    pub(super) fn read(json: &str) -> Result<Self, serde_json::Error> {
        let mut reader = Reader::default();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer.disable_recursion_limit();
        let root = Seed(&mut reader).deserialize(&mut deserializer)?;
        deserializer.end()?;
        reader.tree.root = root;
        Ok(reader.tree)
    }

    /// The document itself.
    pub(super) fn root(&self) -> Node<'_> {
        Node { tree: self, value: self.root }
    }
}

#[derive(Default)]
struct Reader {
    tree: Tree,
    keys: HashMap<Box<str>, u16>,
}

impl Reader {
    fn push<E: Error>(&mut self, value: Value) -> Result<u32, E> {
        let index = index(self.tree.values.len())?;
        self.tree.values.push(value);
        Ok(index)
    }

    fn key<E: Error>(&mut self, key: &str) -> Result<u16, E> {
        if let Some(known) = self.keys.get(key) {
            return Ok(*known);
        }
        let index = u16::try_from(self.tree.keys.len()).map_err(E::custom)?;
        self.tree.keys.push(key.into());
        self.keys.insert(key.into(), index);
        Ok(index)
    }

    fn parts<E: Error>(&mut self, parts: Vec<(u16, u32)>) -> Result<(u32, u32), E> {
        let start = index(self.tree.parts.len())?;
        self.tree.parts.extend(parts);
        Ok((start, index(self.tree.parts.len())?))
    }
}

fn index<E: Error>(length: usize) -> Result<u32, E> {
    u32::try_from(length).map_err(E::custom)
}

struct Seed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deeper(|| deserializer.deserialize_any(self))
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<u32, E> {
        self.0.push(Value::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<u32, E> {
        self.0.push(Value::Other)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<u32, E> {
        self.0.push(Value::Flag(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u32, E> {
        self.0.push(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u32, E> {
        self.0.push(Value::Number(value.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        let start = index(self.0.tree.texts.len())?;
        self.0.tree.texts.push_str(text);
        let end = index(self.0.tree.texts.len())?;
        self.0.push(Value::Text(start, end))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u32, A::Error> {
        let mut parts = Vec::new();
        while let Some(value) = list.next_element_seed(Seed(self.0))? {
            parts.push((0, value));
        }
        let (start, end) = self.0.parts(parts)?;
        self.0.push(Value::List(start, end))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u32, A::Error> {
        let mut parts = Vec::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let key = self.0.key(&key)?;
            parts.push((key, map.next_value_seed(Seed(self.0))?));
        }
        let (start, end) = self.0.parts(parts)?;
        self.0.push(Value::Object(start, end))
    }
}

/// A value of a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'t> {
    tree: &'t Tree,
    value: u32,
}

impl<'t> Node<'t> {
    fn value(self) -> Value {
        self.tree.values.get(self.value as usize).copied().unwrap_or(Value::Other)
    }

    fn parts(self) -> impl Iterator<Item = (u16, Self)> {
        let (start, end) = match self.value() {
            Value::List(start, end) | Value::Object(start, end) => (start, end),
            Value::Other | Value::Flag(_) | Value::Number(_) | Value::Text(..) => (0, 0),
        };
        let range = Range { start: start as usize, end: end as usize };
        let parts = self.tree.parts.get(range).unwrap_or_default();
        parts.iter().map(move |&(key, value)| (key, Self { tree: self.tree, value }))
    }

    /// The values that it consists of, in order; none of what is no list or object.
    pub(super) fn children(self) -> impl Iterator<Item = Self> + use<'t> {
        self.parts().map(|(_, value)| value)
    }

    /// Its field called `key`.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        if !matches!(self.value(), Value::Object(..)) {
            return None;
        }
        let is_key = |index: u16| self.tree.keys.get(index as usize).is_some_and(|k| **k == *key);
        self.parts().find(|(index, _)| is_key(*index)).map(|(_, value)| value)
    }

    /// The values of its list called `key`; none where there is no such list.
    pub(super) fn list(self, key: &str) -> impl Iterator<Item = Self> + use<'t> {
        self.get(key).into_iter().flat_map(Self::children)
    }

    /// The text that it is.
    pub(super) fn as_text(self) -> Option<&'t str> {
        let Value::Text(start, end) = self.value() else { return None };
        self.tree.texts.get(start as usize..end as usize)
    }

    /// The number that it is.
    pub(super) fn as_number(self) -> Option<i128> {
        let Value::Number(number) = self.value() else { return None };
        Some(number)
    }

    /// The text of its field called `key`; empty where there is none.
    pub(super) fn text(self, key: &str) -> &'t str {
        self.get(key).and_then(Self::as_text).unwrap_or_default()
    }

    /// The texts of its list called `key`.
    pub(super) fn texts(self, key: &str) -> Vec<&'t str> {
        self.list(key).filter_map(Self::as_text).collect()
    }

    /// Whether its field called `key` is true.
    pub(super) fn flag(self, key: &str) -> bool {
        matches!(self.get(key).map(Self::value), Some(Value::Flag(true)))
    }

    /// Where it is in the text that DuckDB parsed; `None` where DuckDB does not say.
    pub(super) fn location(self) -> Option<usize> {
        let location = self.get("query_location")?.as_number()?;
        usize::try_from(location).ok().filter(|location| *location < u32::MAX as usize)
    }
}
