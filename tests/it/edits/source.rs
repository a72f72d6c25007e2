//! A source made at random, as a file and as YAML.

use super::random::Random;
use crate::drift::parquet;
use crate::project::Project;
use sqlflow::engine::Session;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Small,
    Int,
    Huge,
    Double,
    Decimal,
    Text,
    /// Text of which each value is a number.
    Digits,
    Date,
    Timestamp,
    Bool,
}

/// What kind of expression a column can stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Number,
    Text,
    Date,
    Timestamp,
    Bool,
}

impl Type {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Small => "integer",
            Self::Int => "bigint",
            Self::Huge => "hugeint",
            Self::Double => "double",
            Self::Decimal => "decimal(10,2)",
            Self::Text | Self::Digits => "varchar",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Bool => "boolean",
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Small | Self::Int | Self::Huge | Self::Double | Self::Decimal => Family::Number,
            Self::Text | Self::Digits => Family::Text,
            Self::Date => Family::Date,
            Self::Timestamp => Family::Timestamp,
            Self::Bool => Family::Bool,
        }
    }

    /// The value of row `row`.
    fn value(self, row: usize) -> String {
        match self {
            Self::Small | Self::Int | Self::Digits => (row * 3 + 2).to_string(),
            Self::Huge => format!("1000000000000000000{:02}", row + 10),
            Self::Double => format!("{row}.5"),
            Self::Decimal => format!("{row}.25"),
            Self::Text => format!("ab{row}"),
            Self::Date => format!("2024-01-{:02}", row + 1),
            Self::Timestamp => format!("2024-01-{:02} 10:30:00", row + 1),
            Self::Bool => (row.is_multiple_of(2)).to_string(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) data_type: Type,
    pub(super) required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Parquet,
    /// Parquet whose footer says which columns are required.
    Required,
}

#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) columns: Vec<Column>,
    mode: String,
}

impl Format {
    /// The types that it holds.
    pub(super) fn types(self) -> &'static [Type] {
        match self {
            Self::Csv => &[
                Type::Int,
                Type::Double,
                Type::Text,
                Type::Date,
                Type::Timestamp,
                Type::Bool,
                Type::Huge,
            ],
            Self::Parquet => &[
                Type::Int,
                Type::Double,
                Type::Text,
                Type::Date,
                Type::Timestamp,
                Type::Bool,
                Type::Small,
                Type::Decimal,
                Type::Huge,
                Type::Digits,
            ],
            Self::Required => &[Type::Small, Type::Int, Type::Text, Type::Date, Type::Digits],
        }
    }
}

impl Source {
    pub(super) fn new(random: &mut Random, number: usize) -> Self {
        let format = random.pick(&[
            Format::Csv,
            Format::Csv,
            Format::Parquet,
            Format::Parquet,
            Format::Required,
        ]);
        let key = Column { name: "k".to_owned(), data_type: Type::Int, required: false };
        let mut columns = vec![key];
        for name in &["a", "b", "c", "d", "e", "f"][..3 + random.below(4)] {
            let types = format.types();
            // What has a wider type is rarer: most edits lead there.
            let widest = usize::from(random.chance(80));
            let data_type = random.pick(&types[..types.len() - widest]);
            // Text becomes something else in the most ways.
            let data_type = if random.chance(20) { Type::Text } else { data_type };
            let name = (*name).to_owned();
            let required = format == Format::Required && random.chance(50);
            columns.push(Column { name, data_type, required });
        }
        let mode = random.pick(&[
            "mode: replace",
            "mode: replace",
            "mode: replace",
            "mode: merge, key: [k]",
            "mode: append, cursor: k",
            "mode: scd2, key: [k]",
        ]);
        Self { name: format!("t{number}"), format, columns, mode: mode.to_owned() }
    }

    fn path(&self) -> String {
        let ending = if self.format == Format::Csv { "csv" } else { "parquet" };
        format!("data/{}.{ending}", self.name)
    }

    pub(super) fn yaml(&self) -> String {
        format!("      - {{name: {}, path: {}, load: {{{}}}}}\n", self.name, self.path(), self.mode)
    }

    /// Writes `rows` rows.
    pub(super) fn write(&self, project: &Project, session: &mut dyn Session, rows: usize) {
        match self.format {
            Format::Csv => project.write(&self.path(), &self.csv(rows)),
            Format::Parquet => {
                project.write(&self.path(), "");
                let values = |row| {
                    let values = self.columns.iter().map(|column| {
                        let (value, name) = (column.data_type.value(row), &column.name);
                        format!("cast('{value}' as {}) as \"{name}\"", column.data_type.sql())
                    });
                    format!("select {}", values.collect::<Vec<_>>().join(", "))
                };
                let rows: Vec<String> = (0..rows).map(values).collect();
                let path = project.root().join(self.path());
                let sql = rows.join(" union all ");
                let sql = format!("copy ({sql}) to '{}' (format parquet)", path.display());
                session.execute(&sql).unwrap();
            }
            Format::Required => {
                let columns: Vec<_> = self.columns.iter().map(|one| footed(one, rows)).collect();
                project.write_bytes(&self.path(), &parquet::file(&columns));
            }
        }
    }

    fn csv(&self, rows: usize) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let mut text = names.join(",") + "\n";
        for row in 0..rows {
            let values = self.columns.iter().map(|column| column.data_type.value(row));
            text += &(values.collect::<Vec<_>>().join(",") + "\n");
        }
        text
    }
}

fn footed(column: &Column, rows: usize) -> parquet::Column {
    let days = |row: usize| (19_723 + row).to_string();
    let value = |row| match column.data_type {
        Type::Date => days(row),
        other => other.value(row),
    };
    parquet::Column {
        name: column.name.clone().leak(),
        kind: match column.data_type {
            Type::Small => parquet::Kind::Integer,
            Type::Int => parquet::Kind::Bigint,
            Type::Date => parquet::Kind::Date,
            _ => parquet::Kind::Text,
        },
        required: column.required,
        values: (0..rows).map(|row| Some(value(row))).collect(),
    }
}
