//! Which types take every value of another type, and give it back unchanged.
//!
//! The rules of a lossless widening; `->` chains hold in one step or in several. Nothing else widens,
//! also where it would lose nothing: what is not on the list is a change that somebody should see.
//!
//! | rule | widens | does not |
//! | --- | --- | --- |
//! | signed integers | `tinyint -> smallint -> integer -> bigint -> hugeint` | `bigint -> integer`, `hugeint -> bignum` |
//! | unsigned n to signed 2n | `utinyint -> smallint`, `usmallint -> integer`, `uinteger -> bigint`, `ubigint -> hugeint`, `utinyint -> hugeint` | `ubigint -> bigint`, `uhugeint -> hugeint`, `integer -> uinteger`, `utinyint -> usmallint` |
//! | int of at most 32 bits to double | `tinyint -> double`, `integer -> double`, `uinteger -> double` | `bigint -> double`, `ubigint -> double` |
//! | smallint to float | `smallint -> float`, `tinyint -> float`, `utinyint -> float` | `integer -> float`, `usmallint -> float` |
//! | intN to a decimal that holds it | `tinyint -> decimal(3,0)`, `smallint -> decimal(7,2)`, `integer -> decimal(10,0)`, `bigint -> decimal(38,19)`, `utinyint -> decimal(3,0)`, `ubigint -> decimal(20,0)` | `smallint -> decimal(4,0)`, `integer -> decimal(10,1)`, `bigint -> decimal(38,20)`, `hugeint -> decimal(38,0)` |
//! | float to double | `float -> double` | `double -> float`, `float -> decimal(38,10)`, `double -> decimal(38,10)` |
//! | decimals | `decimal(4,2) -> decimal(5,2) -> decimal(10,4)` | `decimal(4,2) -> decimal(4,3)`, `decimal(5,2) -> decimal(5,1)`, `decimal(5,0) -> integer`, `decimal(5,2) -> double` |
//! | date to timestamp | `date -> timestamp`, `date -> timestamp_s`, `date -> timestamp_ns` | `timestamp -> date`, `date -> timestamp with time zone` |
//! | timestamps to finer precision | `timestamp_s -> timestamp_ms -> timestamp -> timestamp_ns` | `timestamp -> timestamp_ms`, `timestamp -> timestamp with time zone`, `timestamp with time zone -> timestamp`, `time -> time_ns` |
//! | text | `varchar(3) -> varchar(5) -> varchar` | `varchar(5) -> varchar(3)`, `varchar -> varchar(5)`, `integer -> varchar`, `varchar -> integer` |
//! | enum to a superset or text | `enum('a') -> enum('b', 'a') -> varchar` | `enum('a', 'b') -> enum('a')`, `varchar -> enum('a')` |
//! | uuid and json to text | `uuid -> varchar`, `json -> varchar` | `varchar -> uuid`, `varchar -> json`, `blob -> varchar`, `boolean -> varchar` |
//! | structs by added fields | `struct(a integer) -> struct(a bigint, b varchar)`, `struct(b date) -> struct(a integer, "b" date)` | `struct(a integer, b date) -> struct(a integer)`, `struct(a integer, b date) -> struct(b date, a integer)`, `struct(integer) -> struct(integer, date)` |
//! | lists by element | `integer[] -> bigint[]`, `integer[3] -> bigint[3]`, `struct(a integer[])[] -> struct(a bigint[], b date)[]` | `bigint[] -> integer[]`, `integer[3] -> integer[4]`, `integer[3] -> integer[]`, `integer -> integer[]` |
//! | maps and unions | | `map(varchar, integer) -> map(varchar, bigint)`, `union(a integer) -> union(a bigint)` |
//!
//! "In range" is the engine's to say: a date or timestamp that the finer type cannot hold is an error
//! when it is cast, never another value. Fields of structs have no order that a value could lose, but
//! one that queries see; so a changed order is no widening.

use super::DataType;
use super::shape::Shape;

impl DataType {
    /// Whether every value of this type is one of `wider` too, and can be told from all others
    /// there. True for equal types.
    pub fn widens_to(&self, wider: &Self) -> bool {
        if self == wider {
            return true;
        }
        match (Shape::of(self.as_str()), Shape::of(wider.as_str())) {
            (Some(from), Some(to)) => widens(&from, &to),
            _ => false,
        }
    }
}

fn widens(from: &Shape, to: &Shape) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (Shape::Plain(from), Shape::Plain(to)) => plain_widens(from, to),
        (Shape::Plain(from), Shape::Decimal { precision, scale }) => {
            Integer::named(from).is_some_and(|from| scale + from.digits() <= *precision)
        }
        (
            Shape::Decimal { precision: from, scale: from_scale },
            Shape::Decimal { precision: to, scale: to_scale },
        ) => to_scale >= from_scale && to + from_scale >= from + to_scale,
        (Shape::Varchar(from), Shape::Varchar(to)) => from <= to,
        (Shape::Varchar(_) | Shape::Enum(_), Shape::Plain(to)) => to == "varchar",
        (Shape::Enum(from), Shape::Enum(to)) => from.iter().all(|label| to.contains(label)),
        (Shape::Struct(from), Shape::Struct(to)) => fields_widen(from, to),
        (Shape::List(from), Shape::List(to)) => widens(from, to),
        (Shape::Array(from, size), Shape::Array(to, to_size)) => {
            size == to_size && widens(from, to)
        }
        _ => false,
    }
}

fn plain_widens(from: &str, to: &str) -> bool {
    match (Integer::named(from), Integer::named(to)) {
        (Some(from), Some(to)) => from.widens_to(to),
        (Some(from), None) => match to {
            "double" => from.bits <= 32,
            "float" => from.widens_to(Integer { bits: 16, signed: true }),
            _ => false,
        },
        (None, _) => match (from, to) {
            ("float", "double") | ("uuid" | "json", "varchar") => true,
            _ => match (moment_precision(from), moment_precision(to)) {
                (Some(from), Some(to)) => from < to,
                _ => false,
            },
        },
    }
}

/// Fields by name, in the order that they have; new ones may stand anywhere. Nameless ones by place.
fn fields_widen(from: &[(Option<String>, Shape)], to: &[(Option<String>, Shape)]) -> bool {
    let named = |fields: &[(Option<String>, Shape)]| fields.iter().all(|(name, _)| name.is_some());
    if !named(from) || !named(to) {
        let same_names = from.iter().map(|(name, _)| name).eq(to.iter().map(|(name, _)| name));
        return same_names && from.iter().zip(to).all(|((_, from), (_, to))| widens(from, to));
    }
    let mut rest = to.iter();
    from.iter().all(|(name, shape)| {
        let found = rest.find(|(candidate, _)| candidate == name);
        found.is_some_and(|(_, wider)| widens(shape, wider))
    })
}

/// A whole number of fixed width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Integer {
    bits: u32,
    signed: bool,
}

impl Integer {
    fn named(name: &str) -> Option<Self> {
        let (signed, name) = match name.strip_prefix('u') {
            Some(name) => (false, name),
            None => (true, name),
        };
        let bits = match name {
            "tinyint" => 8,
            "smallint" => 16,
            "integer" => 32,
            "bigint" => 64,
            "hugeint" => 128,
            _ => return None,
        };
        Some(Self { bits, signed })
    }

    fn widens_to(self, wider: Self) -> bool {
        match (self.signed, wider.signed) {
            (true, true) => self.bits <= wider.bits,
            (false, true) => self.bits < wider.bits,
            (false, false) => self.bits == wider.bits,
            (true, false) => false,
        }
    }

    /// The digits of its longest value.
    fn digits(self) -> u32 {
        match (self.bits, self.signed) {
            (8, _) => 3,
            (16, _) => 5,
            (32, _) => 10,
            (64, true) => 19,
            (64, false) => 20,
            _ => 39,
        }
    }
}

/// How fine a date or a timestamp without time zone is; a larger number is finer.
fn moment_precision(name: &str) -> Option<u32> {
    match name {
        "date" => Some(0),
        "timestamp_s" => Some(1),
        "timestamp_ms" => Some(2),
        "timestamp" => Some(3),
        "timestamp_ns" => Some(4),
        _ => None,
    }
}

/// What kind of type it is.
impl DataType {
    /// The one spelling of this type, which the engine reads too: two spellings of one type are
    /// equal here. Text that is no type stays as it is.
    #[must_use]
    pub fn canonical(&self) -> Self {
        match Shape::of(self.as_str()) {
            Some(shape) => Self(shape.text()),
            None => self.clone(),
        }
    }

    /// The types without parts that it is made of, `bigint` in `bigint[]`; `None` for text that no
    /// engine would write.
    pub fn plain_parts(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        Shape::of(self.as_str())?.plain_parts(&mut names);
        Some(names)
    }

    /// The type of a list's elements; `None` for what is no list.
    pub fn element(&self) -> Option<Self> {
        match Shape::of(self.as_str())? {
            Shape::List(element) | Shape::Array(element, _) => Some(Self(element.text())),
            _ => None,
        }
    }

    /// A struct, list, array, map or union.
    pub fn is_nested(&self) -> bool {
        let text = self.as_str().trim_end();
        text.ends_with(']') || ["struct(", "map(", "union("].iter().any(|p| text.starts_with(p))
    }

    /// Text of any length.
    pub fn is_text(&self) -> bool {
        matches!(Shape::of(self.as_str()), Some(Shape::Varchar(_))) || self.as_str() == "varchar"
    }

    /// A binary fraction: equality of such values means little.
    pub fn is_floating(&self) -> bool {
        matches!(self.as_str(), "float" | "double")
    }

    /// A whole number of fixed width.
    pub fn is_integer(&self) -> bool {
        Integer::named(self.as_str()).is_some()
    }

    /// A decimal fraction of fixed precision.
    pub fn is_decimal(&self) -> bool {
        matches!(Shape::of(self.as_str()), Some(Shape::Decimal { .. }))
    }

    /// A date, or a timestamp with or without time zone.
    pub fn is_temporal(&self) -> bool {
        moment_precision(self.as_str()).is_some() || self.as_str() == "timestamp with time zone"
    }

    /// Whether rows can be read by it from where the last load stopped: integers, decimals, dates
    /// and timestamps.
    pub fn is_ordered_cursor(&self) -> bool {
        self.is_integer() || self.is_decimal() || self.is_temporal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs of one cell of the table: those next to each other in a chain.
    fn pairs(cell: &str) -> Vec<(DataType, DataType)> {
        let chains = cell.split('`').skip(1).step_by(2);
        chains
            .flat_map(|chain| {
                let types: Vec<_> = chain.split(" -> ").map(DataType::new).collect();
                let farthest = types.len() - 1;
                let steps = types.windows(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                let whole = (types[0].clone(), types[farthest].clone());
                steps.chain([whole]).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_table_holds() {
        let rows = include_str!("widen.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
        let rows: Vec<&str> = rows.skip(2).collect();
        assert_eq!(rows.len(), 15);
        for row in rows {
            let cells: Vec<&str> = row.split('|').collect();
            for (from, to) in pairs(cells[1]) {
                assert!(from.widens_to(&to), "{}: {from} -> {to}", cells[0]);
                assert!(!to.widens_to(&from), "{}: back from {to} to {from}", cells[0]);
                assert!(from.widens_to(&from));
            }
            for (from, to) in pairs(cells[2]) {
                assert!(!from.widens_to(&to), "{}: {from} -> {to}", cells[0]);
            }
        }
    }

    #[test]
    fn spellings_of_one_type_are_one() {
        let (a, b) = (DataType::new("STRUCT(a INTEGER)"), DataType::new("struct(\"a\" integer)"));
        assert!(a.widens_to(&b) && b.widens_to(&a));
        assert_eq!(a.canonical(), b.canonical());
        assert!(!DataType::new("what is").widens_to(&DataType::new("this(")));
    }

    #[test]
    fn kinds_of_types() {
        let kinds = |name: &str| {
            let data_type = DataType::new(name);
            let kinds = [
                (data_type.is_nested(), 'n'),
                (data_type.is_text(), 't'),
                (data_type.is_floating(), 'f'),
                (data_type.is_integer(), 'i'),
                (data_type.is_temporal(), 'd'),
                (data_type.is_ordered_cursor(), 'c'),
            ];
            kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect::<String>()
        };
        for (name, expected) in [
            ("BIGINT", "ic"),
            ("uhugeint", "ic"),
            ("decimal(10,2)", "c"),
            ("date", "dc"),
            ("timestamp_ns", "dc"),
            ("timestamp with time zone", "dc"),
            ("time", ""),
            ("interval", ""),
            ("double", "f"),
            ("varchar", "t"),
            ("varchar(3)", "t"),
            ("varchar(3)[]", "n"),
            ("varchar[]", "n"),
            ("struct(a integer)", "n"),
            ("map(integer, integer)", "n"),
            ("union(a integer)", "n"),
            ("integer[3]", "n"),
            ("enum('a[]')", ""),
            ("json", ""),
            ("uuid", ""),
        ] {
            assert_eq!(kinds(name), expected, "{name}");
        }
    }
}
