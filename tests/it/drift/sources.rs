//! One table in every kind of source, as it was and as it has become.

use super::parquet::{self, Kind};
use crate::project::{PROFILES, Project};
use serde_json::{Map, Value};
use std::fmt::Write;

/// A table of a source.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Option<&'static str>>>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) data_type: &'static str,
    pub(super) required: bool,
}

/// Where tables are read from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Source {
    Csv,
    Json,
    Parquet,
    #[cfg(feature = "s3")]
    S3Csv,
    #[cfg(feature = "s3")]
    S3Parquet,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Source {
    /// Whether the source itself says types, and which columns may hold NULL.
    pub(super) fn says_types(self) -> bool {
        match self {
            Self::Csv | Self::Json => false,
            Self::Parquet => true,
            #[cfg(feature = "s3")]
            Self::S3Csv => false,
            #[cfg(feature = "s3")]
            Self::S3Parquet => true,
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
        }
    }

    /// What follows the name of a table in the name of its file.
    fn ending(self) -> &'static str {
        match self {
            Self::Json => ".json",
            #[cfg(feature = "postgres")]
            Self::Postgres => "",
            source if source.says_types() => ".parquet",
            _ => ".csv",
        }
    }

    /// What the project calls it.
    pub(super) fn named(self, table: &str) -> String {
        match self.ending() {
            "" => format!("public.{table}"),
            ending => format!("data/{table}{ending}"),
        }
    }

    /// What messages call the table, or its one file.
    pub(super) fn shown(self, table: &str) -> String {
        match self {
            Self::Csv | Self::Json | Self::Parquet => format!("data/{table}{}", self.ending()),
            #[cfg(feature = "s3")]
            Self::S3Csv | Self::S3Parquet => format!("s3://shop/data/{table}{}", self.ending()),
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("public.{table}"),
        }
    }
}

/// A project with a source `raw`, and what it is read from.
pub(super) struct Shop {
    pub(super) project: Project,
    source: Source,
    #[cfg(feature = "s3")]
    store: Option<crate::s3::server::Server>,
    #[cfg(feature = "postgres")]
    server: Option<crate::postgres::server::Server>,
}

impl Shop {
    /// `tables` are names with what stands in `load:`.
    pub(super) fn new(source: Source, tables: &[(String, String)]) -> Self {
        let project = Project::new();
        let mut shop = Self {
            project,
            source,
            #[cfg(feature = "s3")]
            store: None,
            #[cfg(feature = "postgres")]
            server: None,
        };
        let mut yaml = "sources:\n  - name: raw\n".to_owned();
        if let Some(connection) = shop.connection() {
            let profiles = shop.project.elsewhere.as_ref().map(|database| database.profiles());
            let profiles = profiles.as_deref().unwrap_or(PROFILES);
            shop.project.write(
                "profiles.yml",
                &format!("{profiles}  connections:\n    lake: {connection}\n"),
            );
            yaml.push_str("    connection: lake\n");
        }
        yaml.push_str(if source.ending().is_empty() { "    schema: public\n" } else { "" });
        yaml.push_str("    tables:\n");
        for (name, load) in tables {
            let path = match source.ending() {
                "" => String::new(),
                ending => format!("path: data/{name}{ending}, "),
            };
            _ = writeln!(yaml, "      - {{name: {name}, {path}load: {{{load}}}}}");
        }
        shop.project.write("sources/raw.yml", &yaml);
        shop
    }

    /// The connection of the source, whose system is started.
    fn connection(&mut self) -> Option<String> {
        match self.source {
            Source::Csv | Source::Json | Source::Parquet => None,
            #[cfg(feature = "s3")]
            Source::S3Csv | Source::S3Parquet => {
                use crate::s3::server::{KEY, SECRET, Server};
                let server = self.store.insert(Server::start());
                Some(format!(
                    "{{type: s3, region: us-east-1, endpoint: '{}', bucket: shop, access_key_id: {KEY}, \
                     secret_access_key: {SECRET}}}",
                    server.endpoint()
                ))
            }
            #[cfg(feature = "postgres")]
            Source::Postgres => {
                let server = self.server.insert(crate::postgres::server::Server::start());
                Some(format!(
                    "{{type: postgres, host: 127.0.0.1, port: {}, user: postgres, dbname: postgres, \
                     sslmode: disable}}",
                    server.port
                ))
            }
        }
    }

    /// The tables become these.
    pub(super) fn write<'t>(&self, tables: impl IntoIterator<Item = (&'t String, Table)>) {
        #[cfg(feature = "postgres")]
        let mut statements = String::new();
        for (name, table) in tables {
            let path = format!("data/{name}{}", self.source.ending());
            match self.source {
                Source::Csv => self.project.write(&path, &csv(&table)),
                Source::Json => self.project.write(&path, &json(&table)),
                Source::Parquet => self.project.write_bytes(&path, &parquet(&table)),
                #[cfg(feature = "s3")]
                Source::S3Csv => _ = self.store.as_ref().unwrap().object(&path, csv(&table)),
                #[cfg(feature = "s3")]
                Source::S3Parquet => {
                    _ = self.store.as_ref().unwrap().object(&path, parquet(&table))
                }
                #[cfg(feature = "postgres")]
                Source::Postgres => statements.push_str(&sql(name, &table)),
            }
        }
        #[cfg(feature = "postgres")]
        if let Some(server) = &self.server {
            server.run(&statements);
        }
    }
}

fn csv(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let line = |row: &Vec<Option<&str>>| {
        row.iter().map(|cell| cell.unwrap_or_default()).collect::<Vec<_>>().join(",") + "\n"
    };
    names.join(",") + "\n" + &table.rows.iter().map(line).collect::<String>()
}

fn json(table: &Table) -> String {
    let line = |row: &Vec<Option<&'static str>>| {
        let cells = table.columns.iter().zip(row).map(|(column, cell)| {
            let value = match cell {
                None => Value::Null,
                Some(text) => text.parse::<i64>().map_or_else(|_| Value::from(*text), Value::from),
            };
            (column.name.to_owned(), value)
        });
        Value::Object(cells.collect::<Map<_, _>>()).to_string() + "\n"
    };
    table.rows.iter().map(line).collect()
}

fn parquet(table: &Table) -> Vec<u8> {
    let column = |(index, column): (usize, &Column)| {
        let kind = match column.data_type {
            "integer" => Kind::Integer,
            "bigint" => Kind::Bigint,
            "date" => Kind::Date,
            _ => Kind::Text,
        };
        let stored = |cell: Option<&str>| match kind {
            // Days of January 2024, in days since 1970.
            Kind::Date => cell.map(|day| (19722 + day[8..].parse::<i32>().unwrap()).to_string()),
            _ => cell.map(str::to_owned),
        };
        let values = table.rows.iter().map(|row| stored(row[index])).collect();
        parquet::Column { name: column.name, kind, required: column.required, values }
    };
    parquet::file(&table.columns.iter().enumerate().map(column).collect::<Vec<_>>())
}

#[cfg(feature = "postgres")]
fn sql(name: &str, table: &Table) -> String {
    let column = |column: &Column| {
        let required = if column.required { " not null" } else { "" };
        format!("{} {}{required}", column.name, column.data_type)
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let cell = |cell: &Option<&str>| cell.map_or("null".to_owned(), |text| format!("'{text}'"));
    let row = |row: &Vec<Option<&str>>| {
        format!("({})", row.iter().map(cell).collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<String> = table.rows.iter().map(row).collect();
    format!(
        "drop table if exists {name}; create table {name} ({}); insert into {name} values {};",
        columns.join(", "),
        rows.join(", ")
    )
}
