//! The relation that `ref`, `source` and `this` give: it prints as SQL and can be taken apart.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::signature::{Arguments, bind};
use super::value::Dict;
use crate::relation::RelationName;

/// What a relation is in its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// Rows are stored.
    Table,
    /// A stored query.
    View,
    /// A stored query with its rows.
    MaterializedView,
    /// Rows are stored elsewhere.
    External,
    /// The name of a common table expression, which prints without quotes.
    Cte,
}

impl RelationKind {
    /// The word that dbt has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RelationKind::Table => "table",
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized_view",
            RelationKind::External => "external",
            RelationKind::Cte => "cte",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        use RelationKind::{Cte, External, MaterializedView, Table, View};
        [Table, View, MaterializedView, External, Cte]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A relation as templates see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    name: RelationName,
    kind: Option<RelationKind>,
    quoted: [Option<String>; 3],
    included: [bool; 3],
    in_quotes: [bool; 3],
    /// What stands before and after it in SQL, where only an interval of time is read.
    around: Option<[Arc<str>; 2]>,
}

impl Relation {
    /// A relation whose parts print as `quote` writes them.
    #[must_use]
    pub fn new(
        name: RelationName,
        kind: Option<RelationKind>,
        quote: impl Fn(&str) -> String,
    ) -> Self {
        let quoted = [
            name.database.as_deref().map(&quote),
            name.schema.as_deref().map(&quote),
            Some(quote(&name.identifier)),
        ];
        Relation { name, kind, quoted, included: [true; 3], in_quotes: [true; 3], around: None }
    }

    /// The name of a common table expression: what an ephemeral model is to those who refer to it.
    #[must_use]
    pub fn cte(identifier: &str) -> Self {
        let name =
            RelationName { database: None, schema: None, identifier: identifier.to_string() };
        let mut relation = Relation::new(name, Some(RelationKind::Cte), str::to_string);
        relation.in_quotes = [false; 3];
        relation
    }

    /// The relation as part of a query: `before` and `after` stand around it, but for `render()`.
    #[must_use]
    pub fn between(mut self, before: &str, after: &str) -> Self {
        self.around = Some([before.into(), after.into()]);
        self
    }

    /// The name as SQL, whatever stands around it.
    fn plain(&self) -> String {
        Relation { around: None, ..self.clone() }.to_string()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &RelationName {
        &self.name
    }

    /// What it is, if that is known.
    #[must_use]
    pub fn kind(&self) -> Option<RelationKind> {
        self.kind
    }

    fn part(&self, index: usize) -> Option<&str> {
        match index {
            0 => self.name.database.as_deref(),
            1 => self.name.schema.as_deref(),
            _ => Some(self.name.identifier.as_str()).filter(|identifier| !identifier.is_empty()),
        }
    }

    fn is(&self, kind: RelationKind) -> Value {
        Value::from(self.kind == Some(kind))
    }

    /// `include(database=false)` or `quote(schema=false)`: changes the flags that are named.
    fn with_flags(
        &self,
        method: &str,
        args: &[Value],
        flags: impl Fn(&mut Relation) -> &mut [bool; 3],
    ) -> Result<Value, Error> {
        let parts = bind(method, ["database", "schema", "identifier"], args)?.0;
        let mut relation = self.clone();
        for (index, part) in parts.iter().enumerate() {
            if let Some(part) = part {
                flags(&mut relation)[index] = part.is_true();
            }
        }
        Ok(Value::from_object(relation))
    }

    /// `incorporate(path={'identifier': 'x'}, type='view')`.
    fn incorporate(&self, state: &mut State, args: &[Value]) -> Result<Value, Error> {
        let host = super::scope::host(state)?;
        let mut name = self.name.clone();
        let mut kind = self.kind;
        for (key, value) in Arguments::new(args)?.named {
            if key == "type" {
                kind = value.as_str().and_then(RelationKind::parse);
            } else if key == "path" {
                // a part that is none is left out, one that is not there stays as it is
                let part = |key: &str, before: Option<String>| match value.get_attr(key) {
                    Ok(part) if part.is_none() => None,
                    Ok(part) if !part.is_undefined() => Some(part.to_string()),
                    _ => before,
                };
                name.database = part("database", name.database);
                name.schema = part("schema", name.schema);
                name.identifier = part("identifier", Some(name.identifier)).unwrap_or_default();
            }
        }
        let mut relation = Relation::new(name, kind, |part| host.quote(part));
        relation.included = self.included;
        relation.in_quotes = self.in_quotes;
        relation.around.clone_from(&self.around);
        Ok(Value::from_object(relation))
    }
}

/// `api.Relation.create(database=..., schema=..., identifier=..., type=...)`.
pub(crate) fn create(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let host = super::scope::host(state)?;
    let [database, schema, identifier, kind, ..] = bind(
        "create",
        ["database", "schema", "identifier", "type", "quote_policy", "include_policy"],
        args,
    )?
    .0;
    let text =
        |part: Option<Value>| part.filter(|part| part.is_true()).map(|part| part.to_string());
    let name = RelationName {
        database: text(database),
        schema: text(schema),
        identifier: text(identifier).unwrap_or_default(),
    };
    let kind = kind.as_ref().and_then(Value::as_str).and_then(RelationKind::parse);
    Ok(Value::from_object(Relation::new(name, kind, |part| host.quote(part))))
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = self.around.as_ref().map_or(["", ""], |[a, b]| [a, b]);
        f.write_str(before)?;
        let mut dot = "";
        for index in 0..3 {
            let Some(part) = self.part(index).filter(|_| self.included[index]) else { continue };
            let quoted = self.quoted[index].as_deref().filter(|_| self.in_quotes[index]);
            write!(f, "{dot}{}", quoted.unwrap_or(part))?;
            dot = ".";
        }
        f.write_str(after)
    }
}

impl Object for Relation {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let text = |index| self.part(index).map_or(Value::from(()), Value::from);
        match key.as_str()? {
            "database" => Some(text(0)),
            "schema" => Some(text(1)),
            "identifier" | "name" | "table" => Some(text(2)),
            "type" => Some(self.kind.map_or(Value::from(()), |kind| Value::from(kind.as_str()))),
            "is_table" => Some(self.is(RelationKind::Table)),
            "is_view" => Some(self.is(RelationKind::View)),
            "is_cte" => Some(self.is(RelationKind::Cte)),
            "is_materialized_view" => Some(self.is(RelationKind::MaterializedView)),
            "metadata" => {
                Some(Dict::value(vec![(Value::from("type"), Value::from("SqlRelation"))]))
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "include" => self.with_flags(method, args, |relation| &mut relation.included),
            "quote" => self.with_flags(method, args, |relation| &mut relation.in_quotes),
            "without_identifier" => {
                let mut relation = Relation::clone(self);
                relation.included[2] = false;
                Ok(Value::from_object(relation))
            }
            "render" => Ok(Value::from(self.plain())),
            "incorporate" | "replace_path" => self.incorporate(state, args),
            "information_schema" | "information_schema_only" => {
                let mut relation = Relation::clone(self);
                relation.name.schema = Some("information_schema".to_string());
                relation.in_quotes[1] = false;
                relation.included[2] = false;
                Ok(Value::from_object(relation))
            }
            "create" => create(state, args),
            "get" => {
                let [key, default] = bind(method, ["key", "default"], args)?.0;
                let found = self.get_value(&key.unwrap_or_default());
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Relation>()?;
        Some(self.to_string().cmp(&other.to_string()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
