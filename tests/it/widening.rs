//! The rules of lossless widening, held against what DuckDB does to the extremes of each type.

use proptest::prelude::*;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::relation::DataType;

fn memory() -> DuckDb {
    DuckDb::open(&Options::new(Location::Memory)).unwrap()
}

/// How many of `values` of type `from` do not come back from `to` as they went; those that cannot be
/// cast at all count.
fn lost(session: &mut dyn Session, from: &str, to: &str, values: &[String]) -> u64 {
    let rows: Vec<String> =
        values.iter().map(|value| format!("(cast('{value}' as {from}))")).collect();
    // DuckDB has no cast from one precision of timestamps back to another: text has them all.
    let back = if is_moment(from) { "try_cast(y as varchar)" } else { "y" };
    let sql = format!(
        "select count(*) from (select x, try_cast(x as {to}) as y from (values {}) as v(x)) \
         where try_cast({back} as {from}) is distinct from x",
        rows.join(", ")
    );
    session.query(&sql, None).unwrap().rows[0][0].as_u64().unwrap()
}

fn is_moment(name: &str) -> bool {
    name == "date" || name.starts_with("timestamp")
}

/// The extremes of `name`, and values that need all of its digits.
fn extremes(name: &str) -> Vec<String> {
    let power = |bits: u32| 1_u128 << bits;
    let signed = |bits: u32| {
        let least = format!("-{}", power(bits - 1));
        vec![
            least,
            (power(bits - 1) - 1).to_string(),
            "-1".into(),
            "0".into(),
            (power(bits - 1) / 3).to_string(),
        ]
    };
    let unsigned = |most: u128| vec!["0".into(), most.to_string(), (most / 3).to_string()];
    let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    match name {
        "tinyint" => signed(8),
        "smallint" => signed(16),
        "integer" => signed(32),
        "bigint" => signed(64),
        "hugeint" => signed(128),
        "utinyint" => unsigned(power(8) - 1),
        "usmallint" => unsigned(power(16) - 1),
        "uinteger" => unsigned(power(32) - 1),
        "ubigint" => unsigned(power(64) - 1),
        "uhugeint" => unsigned(u128::MAX),
        "float" => {
            texts(&["3.4028235e38", "-3.4028235e38", "1e-45", "0.1", "nan", "inf", "-inf", "-0"])
        }
        "double" => texts(&[
            "1.7976931348623157e308",
            "5e-324",
            "0.1",
            "nan",
            "inf",
            "-inf",
            "9007199254740993",
        ]),
        "date" => texts(&["0001-01-01", "9999-12-31", "1969-12-31", "4713-01-01 (BC)"]),
        "timestamp_s" => {
            texts(&["0001-01-01 00:00:01", "9999-12-31 23:59:59", "1969-12-31 23:59:59"])
        }
        "timestamp_ms" => texts(&["0001-01-01 00:00:00.001", "9999-12-31 23:59:59.999"]),
        "timestamp" => texts(&["0001-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999"]),
        "timestamp_ns" => {
            texts(&["1700-01-01 00:00:00.000000001", "2261-12-31 23:59:59.999999999"])
        }
        "timestamp with time zone" => {
            texts(&["0001-01-01 00:00:00.000001+00", "9999-12-31 23:59:59.999999+00"])
        }
        "uuid" => {
            texts(&["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
        }
        "json" => texts(&["{\"a\": [1, null, \"é\"]}", "1.50", "null"]),
        "varchar" => texts(&["", "a", " é\n", "1", "c", "true"]),
        "enum('a')" => texts(&["a"]),
        "enum('b', 'a')" => texts(&["a", "b"]),
        "blob" => texts(&["\\x00\\xFF"]),
        "boolean" => texts(&["true", "false"]),
        _ => decimal_extremes(name),
    }
}

fn decimal_extremes(name: &str) -> Vec<String> {
    let digits = name.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')')).unwrap();
    let (precision, scale) = digits.split_once(',').unwrap();
    let (precision, scale): (usize, usize) = (precision.parse().unwrap(), scale.parse().unwrap());
    let nines = |count| "9".repeat(count);
    let most = format!("{}.{}", nines(precision - scale), nines(scale));
    let least = format!("0.{}1", "0".repeat(scale.saturating_sub(1)));
    let least = if scale == 0 { "1".to_owned() } else { least };
    vec![most.clone(), format!("-{most}"), least, "0".into()]
}

/// What the rules pass over although these values come back: fractions of ten kept as fractions of
/// two, decimals that would lose the room for a point, and unsigned numbers that stay unsigned.
fn is_passed_over(from: &str, to: &str) -> bool {
    let unsigned = |name: &str| name.starts_with('u');
    let data_type = DataType::new(to);
    if DataType::new(from).is_decimal() {
        return data_type.is_integer() || data_type.is_floating();
    }
    unsigned(from) && (unsigned(to) || (from, to) == ("usmallint", "float"))
}

const FAMILIES: [&[&str]; 2] = [
    &[
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
        "float",
        "double",
        "decimal(3,0)",
        "decimal(4,2)",
        "decimal(5,0)",
        "decimal(7,2)",
        "decimal(10,0)",
        "decimal(10,1)",
        "decimal(19,0)",
        "decimal(20,0)",
        "decimal(38,0)",
        "decimal(38,19)",
        "decimal(38,38)",
    ],
    &["date", "timestamp_s", "timestamp_ms", "timestamp", "timestamp_ns"],
];

/// What the finer timestamp can hold: from 1677 to 2262, where it counts nanoseconds.
fn in_range(from: &str, to: &str) -> Vec<String> {
    let mut values = extremes(from);
    if to == "timestamp_ns" {
        for value in &mut values {
            *value = value
                .replace("0001-", "1700-")
                .replace("9999-", "2261-")
                .replace("4713-01-01 (BC)", "1700-01-01");
        }
    }
    values
}

#[test]
fn what_widens_comes_back_as_it_went_and_what_does_not_loses_something() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    let (mut kept, mut refused) = (0, 0);
    for family in FAMILIES {
        for from in family {
            for to in family.iter().filter(|to| *to != from) {
                let widens = DataType::new(from).widens_to(&DataType::new(to));
                let lost = lost(&mut *session, from, to, &in_range(from, to));
                match (widens, lost) {
                    (true, lost) => {
                        assert_eq!(lost, 0, "{from} -> {to}");
                        kept += 1;
                    }
                    (false, 0) => assert!(is_passed_over(from, to), "{from} -> {to} loses nothing"),
                    (false, _) => refused += 1,
                }
            }
        }
    }
    assert!(kept > 80 && refused > 250, "{kept} kept, {refused} refused");
}

#[test]
fn what_becomes_text_comes_back_as_it_went() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    for (from, to) in [
        ("uuid", "varchar"),
        ("json", "varchar"),
        ("enum('a')", "varchar"),
        ("enum('a')", "enum('b', 'a')"),
        ("float", "double"),
    ] {
        assert!(DataType::new(from).widens_to(&DataType::new(to)), "{from} -> {to}");
        assert_eq!(lost(&mut *session, from, to, &extremes(from)), 0, "{from} -> {to}");
    }
    for (from, to) in [
        ("varchar", "uuid"),
        ("varchar", "json"),
        ("varchar", "enum('a')"),
        ("varchar", "boolean"),
        ("enum('b', 'a')", "enum('a')"),
        ("timestamp with time zone", "date"),
    ] {
        assert!(!DataType::new(from).widens_to(&DataType::new(to)), "{from} -> {to}");
        assert!(lost(&mut *session, from, to, &extremes(from)) > 0, "{from} -> {to}");
    }
}

#[test]
fn nested_values_keep_every_field() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    for (value, from, to, expected) in [
        ("{'a': 1}", "struct(a integer)", "struct(b varchar, a bigint)", "{'b': NULL, 'a': 1}"),
        (
            "[{'a': [1]}]",
            "struct(a integer[])[]",
            "struct(a bigint[], b date)[]",
            "[{'a': [1], 'b': NULL}]",
        ),
        ("[1, 2]", "integer[2]", "bigint[2]", "[1, 2]"),
    ] {
        assert!(DataType::new(from).widens_to(&DataType::new(to)), "{from} -> {to}");
        let sql = format!("select cast(cast(cast({value} as {from}) as {to}) as varchar)");
        assert_eq!(session.query(&sql, None).unwrap().rows[0][0], expected, "{from} -> {to}");
    }
}

#[test]
fn what_the_finer_type_cannot_hold_is_an_error_and_no_other_value() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    for (value, from, to) in [
        ("9999-12-31", "timestamp", "timestamp_ns"),
        ("5881580-07-10", "date", "timestamp"),
        ("9999-12-31", "date", "timestamp_ns"),
    ] {
        assert!(DataType::new(from).widens_to(&DataType::new(to)));
        let sql = format!("select cast(cast('{value}' as {from}) as {to})");
        assert!(session.query(&sql, None).is_err(), "{sql}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn decimals_widen_where_both_sides_of_the_point_have_room(
        (precision, scale) in (1_u32..=38).prop_flat_map(|p| (Just(p), 0..=p)),
        (wider, wider_scale) in (1_u32..=38).prop_flat_map(|p| (Just(p), 0..=p)),
    ) {
        let (from, to) = (format!("decimal({precision},{scale})"), format!("decimal({wider},{wider_scale})"));
        let engine = memory();
        let mut session = engine.session().unwrap();
        let widens = DataType::new(&from).widens_to(&DataType::new(&to));
        let lost = lost(&mut *session, &from, &to, &extremes(&from));
        prop_assert_eq!(widens, lost == 0, "{} -> {}", from, to);
    }
}
