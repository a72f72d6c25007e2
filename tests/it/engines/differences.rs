//! What the same SQL gives on the two engines where they differ: the table of docs/engines.md.

use super::both::Both;
use sqlflow::engine::Session;

/// What differs, an expression, what DuckDB makes of it, what PostgreSQL does, and what is alike.
const DIFFERENCES: [[&str; 5]; 20] = [
    ["division of integers", "7 / 2", "3.5", "3", "`7 / 2.0`, `div(7, 2)` or `cast`"],
    ["division by zero", "1 / 0", "inf", "an error", "`nullif` around what divides"],
    [
        "digits of a quotient of decimals",
        "cast(7 as decimal(4,1)) / 2",
        "3.5",
        "3.5000000000000000",
        "`cast` the result",
    ],
    ["rounding of doubles", "round(cast(2.5 as double precision))", "3.0", "2", "round a decimal"],
    [
        "digits of an average",
        "avg(x) from (values (1), (2)) as t(x)",
        "1.5",
        "1.5000000000000000",
        "`cast` the result",
    ],
    [
        "text of a whole double",
        "cast(2 as double precision)",
        "2.0",
        "2",
        "`cast` to a decimal first",
    ],
    [
        "order of NULL, ascending",
        "string_agg(coalesce(x, '-'), '' order by x) from (values ('b'), (null), ('B')) as t(x)",
        "Bb-",
        "Bb-",
        "the same: last",
    ],
    [
        "order of NULL, descending",
        "string_agg(coalesce(x, '-'), '' order by x desc) from (values ('b'), (null), ('B')) as t(x)",
        "bB-",
        "-bB",
        "`nulls first` or `nulls last`",
    ],
    [
        "NaN",
        "cast('nan' as double precision) = cast('nan' as double precision)",
        "true",
        "true",
        "the same: equal to itself, above all numbers",
    ],
    ["rounding of decimals", "round(2.5)", "3", "3", "the same: away from zero"],
    [
        "doubles to integers",
        "cast(cast(2.5 as double precision) as integer)",
        "2",
        "2",
        "the same: half to even",
    ],
    [
        "capitals in names",
        "\"A\" from (select 1 as a) as t",
        "1",
        "an error",
        "write quoted names as they are; others are small",
    ],
    ["capitals of ß", "upper('ß')", "ẞ", "ß", "–"],
    ["length of a `varchar(n)`", "cast('abc' as varchar(2))", "abc", "ab", "`left`"],
    [
        "month of a date",
        "date_trunc('month', date '2024-01-31')",
        "2024-01-01 00:00:00",
        "2024-01-01 00:00:00+00",
        "`cast` the result to `date`",
    ],
    [
        "seconds of a time",
        "extract(epoch from timestamp '2024-01-01')",
        "1704067200.0",
        "1704067200.000000",
        "`cast` the result",
    ],
    [
        "text of arrays",
        "array_agg(x order by x) from (values (2), (1)) as t(x)",
        "[1, 2]",
        "{1,2}",
        "`string_agg`",
    ],
    [
        "sum of big integers",
        "sum(x) from (values (9223372036854775807), (1)) as t(x)",
        "9223372036854775808",
        "9223372036854775808",
        "the same: wider than its rows",
    ],
    [
        "`qualify`",
        "x from (values (1), (2)) as t(x) qualify row_number() over (order by x) = 1",
        "1",
        "an error",
        "a query around it",
    ],
    [
        "dates as text",
        "strftime(date '2024-01-01', '%Y')",
        "2024",
        "an error",
        "`to_char` on PostgreSQL: a macro with `adapter.dispatch`",
    ],
];

/// The text that an engine makes of an expression.
fn answer(session: &mut dyn Session, expression: &str) -> String {
    let sql = match expression.split_once(" from (") {
        Some((value, from)) => format!("select cast(({value}) as varchar) from ({from}"),
        None => format!("select cast(({expression}) as varchar)"),
    };
    match session.query(&sql, None) {
        Ok(table) => table.rows[0][0].as_str().unwrap_or("NULL").to_owned(),
        Err(_) => "an error".to_owned(),
    }
}

#[test]
fn each_difference_is_as_the_page_says() {
    let both = Both::shop(|project| project.model("a", "select 1 as id"));
    for ran in both.run(&["run"]) {
        ran.succeeds();
    }
    let (mut duckdb, mut postgres) = (both.duckdb(), both.postgres());
    for [what, expression, on_duckdb, on_postgres, _] in DIFFERENCES {
        assert_eq!(answer(&mut *duckdb, expression), on_duckdb, "{what} on DuckDB");
        assert_eq!(answer(&mut *postgres, expression), on_postgres, "{what} on PostgreSQL");
    }
}

#[test]
fn the_page_of_the_engines_has_each_difference() {
    let mut table =
        "| what | SQL | DuckDB | PostgreSQL | alike on both |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for [what, expression, duckdb, postgres, alike] in DIFFERENCES {
        table.push_str(&format!("| {what} | `{expression}` | {duckdb} | {postgres} | {alike} |\n"));
    }
    super::abilities::stands_in_the_page("differences", &table);
}
