//! What a database has: relations, columns and types, all that a run asks for in one read.

use super::Postgres;
use super::session::Session;
use super::sql::sql;
use super::types::{self, Kind as Read, Types};
use crate::connector::batches::Object;
use crate::connector::error::{ConnectorError, Kind};
use crate::diagnostic::did_you_mean;
use crate::relation::Column;
use minijinja::context;
use serde::Deserialize;

/// The answer of templates/postgres/catalog.sql.
#[derive(Debug, Deserialize)]
struct Document {
    relations: Vec<RelationRow>,
    columns: Vec<ColumnRow>,
    types: Vec<TypeRow>,
}

#[derive(Debug, Clone, Deserialize)]
struct RelationRow {
    place: usize,
    oid: u32,
    schema: String,
    name: String,
    kind: String,
    exact: bool,
    readable: bool,
    lockable: bool,
}

#[derive(Debug, Deserialize)]
struct ColumnRow {
    relation: u32,
    name: String,
    #[serde(rename = "type")]
    type_oid: u32,
    modifier: i32,
    not_null: bool,
}

/// A type as the catalogue has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TypeRow {
    oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) category: String,
    pub(super) element: u32,
    pub(super) base: u32,
    pub(super) modifier: i32,
    pub(super) fields: Option<Vec<FieldRow>>,
}

/// A field of a composite.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FieldRow {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) type_oid: u32,
    pub(super) modifier: i32,
}

/// A table, view or query, with the columns that it has.
#[derive(Debug, Clone)]
pub(super) struct Described {
    /// What it is.
    pub(super) form: Form,
    /// Its columns, in order.
    pub(super) columns: Vec<DescribedColumn>,
}

/// What kind of thing is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A relation of the catalogue.
    Relation {
        /// Its number.
        oid: u32,
        /// Its schema, as spelled there.
        schema: String,
        /// Its name, as spelled there.
        name: String,
        /// `r`, `p`, `v`, `m` or `f`.
        kind: String,
        /// Whether LOCK TABLE takes it, and this role may.
        lockable: bool,
    },
    /// A query.
    Query(String),
}

/// A column and how it is read; where its type cannot be carried, the type's name.
#[derive(Debug, Clone)]
pub(super) struct DescribedColumn {
    pub(super) name: String,
    pub(super) nullable: bool,
    /// Its type and modifier as the server tells them of a statement's columns: without domains.
    pub(super) base: (u32, i32),
    pub(super) read: Result<Read, types::Unknown>,
}

impl Described {
    /// The columns as other stages know them.
    pub(super) fn columns(&self) -> Result<Vec<Column>, ConnectorError> {
        self.columns
            .iter()
            .map(|column| {
                Ok(Column {
                    name: column.name.clone(),
                    data_type: self.read(column)?.data_type(),
                    nullable: column.nullable,
                })
            })
            .collect()
    }

    /// How `column` is read.
    pub(super) fn read<'a>(&self, column: &'a DescribedColumn) -> Result<&'a Read, ConnectorError> {
        column.read.as_ref().map_err(|unknown| {
            let message = format!(
                "column `{}` of {} has type `{}`, which cannot be carried",
                column.name,
                self.name(),
                unknown.name
            );
            ConnectorError::new(Kind::Data, message).with_help(
                "leave it out with `exclude_columns`, or declare a `query:` that casts it, to text \
                 for instance",
            )
        })
    }

    /// The column called `name`: exact, else without case where that is unique.
    pub(super) fn column(&self, name: &str) -> Result<&DescribedColumn, ConnectorError> {
        if let Some(exact) = self.columns.iter().find(|column| column.name == name) {
            return Ok(exact);
        }
        let folded = name.to_lowercase();
        let mut alike = self.columns.iter().filter(|column| column.name.to_lowercase() == folded);
        if let (Some(only), None) = (alike.next(), alike.next()) {
            return Ok(only);
        }
        let names = self.columns.iter().map(|column| column.name.as_str());
        let message = format!("{} has no column `{name}`", self.name());
        let help = did_you_mean(name, names.clone())
            .unwrap_or_else(|| format!("it has {}", first_of(names.collect())));
        Err(ConnectorError::new(Kind::NotFound, message).with_help(help))
    }

    /// Its number, where it is a relation.
    pub(super) fn oid(&self) -> Option<u32> {
        match &self.form {
            Form::Relation { oid, .. } => Some(*oid),
            Form::Query(_) => None,
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match &self.form {
            Form::Relation { schema, name, .. } => format!("`{schema}.{name}`"),
            Form::Query(_) => "the query".to_owned(),
        }
    }
}

/// The server answered, but not for what it was asked.
pub(super) fn no_answer() -> ConnectorError {
    ConnectorError::new(Kind::Data, "the catalogue answered nothing")
}

fn first_of(names: Vec<&str>) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// Describes `objects`, each by itself: one that is missing does not hide the others.
///
/// # Errors
/// The catalogue could not be read at all.
pub(super) fn describe(
    postgres: &Postgres,
    session: &mut Session,
    objects: &[Object],
) -> Result<Vec<Result<Described, ConnectorError>>, ConnectorError> {
    let mut queries = Vec::with_capacity(objects.len());
    for object in objects {
        queries.push(match object {
            Object::Query(query) => Some(Prepared::of(session, query)),
            Object::Table { .. } | Object::Files(_) => None,
        });
    }
    let document = document(postgres, session, objects, &queries)?;
    let types: Types = document.types.iter().map(|row| (row.oid, row.clone())).collect();
    let mut described = Vec::with_capacity(objects.len());
    for ((place, object), query) in objects.iter().enumerate().zip(queries) {
        described.push(match (object, query) {
            (_, Some(Err(error))) if error.heals() => return Err(error),
            (_, Some(Err(error))) => Err(error),
            (_, Some(Ok(query))) => Ok(query.described(&types)),
            (Object::Table { schema, name }, None) => {
                let schema = schema.as_deref().or(postgres.settings.schema.as_deref());
                match resolve(&document, place) {
                    Ok(row) => relation(postgres, &document, row, &types),
                    Err(Unresolved::Missing) => Err(missing(session, schema, name)?),
                    Err(Unresolved::Several(found)) => Err(several(name, &found)),
                }
            }
            (object, None) => Err(ConnectorError::new(
                Kind::Data,
                format!("{object:?} is nothing that PostgreSQL has"),
            )),
        });
    }
    Ok(described)
}

fn document(
    postgres: &Postgres,
    session: &mut Session,
    objects: &[Object],
    queries: &[Option<Result<Prepared, ConnectorError>>],
) -> Result<Document, ConnectorError> {
    let tables = objects.iter().enumerate().filter_map(|(place, object)| match object {
        Object::Table { schema, name } => {
            let schema = schema.as_deref().or(postgres.settings.schema.as_deref());
            Some(context! { place => place, schema => schema, name => name })
        }
        Object::Query(_) | Object::Files(_) => None,
    });
    let mut oids: Vec<u32> = queries
        .iter()
        .flatten()
        .flatten()
        .flat_map(|query| query.columns.iter().map(|(_, oid, _)| *oid))
        .collect();
    oids.sort_unstable();
    oids.dedup();
    let context = context! { tables => tables.collect::<Vec<_>>(), types => oids };
    let row = session.row(&sql("catalog", &context)?)?;
    serde_json::from_str(row.get(0).unwrap_or_default()).map_err(|error| {
        ConnectorError::new(Kind::Data, format!("the catalogue cannot be understood: {error}"))
    })
}

/// A query that the server parsed: name, type and modifier of each column.
struct Prepared {
    query: String,
    columns: Vec<(String, u32, i32)>,
}

impl Prepared {
    fn of(session: &mut Session, query: &str) -> Result<Self, ConnectorError> {
        let query = query.trim().trim_end_matches(';').to_owned();
        let statement = session.prepare(&sql("describe", &context! { query => &query })?)?;
        if !statement.params().is_empty() {
            let message = "the query has a parameter such as `$1`, and nothing gives it a value";
            return Err(ConnectorError::new(Kind::Data, message));
        }
        let columns: Vec<_> = statement
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), column.type_().oid(), column.type_modifier()))
            .collect();
        let mut names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find_map(same) {
            let message = format!("the query has two columns called `{twice}`");
            return Err(ConnectorError::new(Kind::Data, message)
                .with_help("give one of them another name with `as`"));
        }
        Ok(Self { query, columns })
    }

    fn described(self, types: &Types) -> Described {
        let columns = self.columns.into_iter().map(|(name, oid, modifier)| DescribedColumn {
            name,
            nullable: true,
            base: (oid, modifier),
            read: types::kind(oid, modifier, types),
        });
        Described { columns: columns.collect(), form: Form::Query(self.query) }
    }
}

/// The name that both of a pair have.
fn same<'a>(pair: &[&'a str]) -> Option<&'a str> {
    match pair {
        [one, other] if one == other => Some(one),
        _ => None,
    }
}

enum Unresolved {
    Missing,
    Several(Vec<String>),
}

fn resolve(document: &Document, place: usize) -> Result<&RelationRow, Unresolved> {
    let found: Vec<_> = document.relations.iter().filter(|row| row.place == place).collect();
    let exact: Vec<_> = found.iter().copied().filter(|row| row.exact).collect();
    match (exact.as_slice(), found.as_slice()) {
        ([only], _) | ([], [only]) => Ok(only),
        ([], []) => Err(Unresolved::Missing),
        (_, several) => Err(Unresolved::Several(
            several.iter().map(|row| format!("`{}.{}`", row.schema, row.name)).collect(),
        )),
    }
}

fn relation(
    postgres: &Postgres,
    document: &Document,
    row: &RelationRow,
    types: &Types,
) -> Result<Described, ConnectorError> {
    if !row.readable {
        let user = postgres.settings.role.as_ref().unwrap_or(&postgres.settings.user);
        let message = format!("`{user}` may not read `{}.{}`", row.schema, row.name);
        return Err(ConnectorError::new(Kind::Permission, message).with_help(format!(
            "have its owner say `GRANT USAGE ON SCHEMA \"{}\" TO \"{user}\"` and `GRANT SELECT ON \
             \"{}\".\"{}\" TO \"{user}\"`",
            row.schema, row.schema, row.name
        )));
    }
    // What a foreign server sends is not checked against what is declared here.
    let is_table = matches!(row.kind.as_str(), "r" | "p");
    let columns = document.columns.iter().filter(|column| column.relation == row.oid);
    let columns: Vec<_> = columns
        .map(|column| DescribedColumn {
            name: column.name.clone(),
            nullable: !(is_table && column.not_null),
            base: types::base_of(column.type_oid, column.modifier, types),
            read: types::kind(column.type_oid, column.modifier, types),
        })
        .collect();
    if columns.is_empty() {
        let message = format!("`{}.{}` has no columns", row.schema, row.name);
        return Err(ConnectorError::new(Kind::Data, message));
    }
    let form = Form::Relation {
        oid: row.oid,
        schema: row.schema.clone(),
        name: row.name.clone(),
        kind: row.kind.clone(),
        lockable: row.lockable,
    };
    Ok(Described { form, columns })
}

fn missing(
    session: &mut Session,
    schema: Option<&str>,
    name: &str,
) -> Result<ConnectorError, ConnectorError> {
    let rows = session.rows(&sql("near", &context! {})?)?;
    let known: Vec<(String, String)> = rows
        .iter()
        .map(|row| {
            let part = |at| row.get(at).unwrap_or_default().to_owned();
            (part(0), part(1))
        })
        .collect();
    let elsewhere = known.iter().find(|(_, table)| table == name);
    let here = known.iter().filter(|(found, _)| schema.is_none_or(|schema| schema == found));
    let help = match elsewhere {
        Some((found, _)) => format!("there is `{found}.{name}`"),
        None => did_you_mean(name, here.map(|(_, table)| table.as_str())).unwrap_or_else(|| {
            "check its name, its schema and the database; names are compared as they are written"
                .to_owned()
        }),
    };
    let full = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
    let message = format!("there is no table or view `{full}`");
    Ok(ConnectorError::new(Kind::NotFound, message).with_help(help))
}

fn several(name: &str, found: &[String]) -> ConnectorError {
    let message = format!("`{name}` may be {}", found.join(" or "));
    ConnectorError::new(Kind::NotFound, message).with_help("write schema and name exactly")
}
