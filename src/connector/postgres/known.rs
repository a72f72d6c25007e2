//! What one read of the catalogue says of all tables that a run foresees, and whether it still holds
//! when a table is read.

use super::Postgres;
use super::catalog::{self, Described, DescribedColumn};
use crate::connector::batches::Object;
use crate::postgres::session::Session;
use crate::system::{ConnectorError, Kind};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::Statement;

/// What is known of a connection's tables.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Catalogue>);

#[derive(Debug, Default)]
struct Catalogue {
    /// What will be asked for; queries are not: the server parses each of them.
    foreseen: BTreeSet<Object>,
    described: HashMap<Object, Result<Described, ConnectorError>>,
}

impl Known {
    /// Tells what will be asked for.
    pub(super) fn foresee(&self, objects: &[Object]) {
        let tables = objects.iter().filter(|object| matches!(object, Object::Table { .. }));
        self.lock().foreseen.extend(tables.cloned());
    }

    /// The same with queries, which the server parses one after another in the session that reads the
    /// catalogue.
    pub(super) fn foresee_all(&self, objects: &[Object]) {
        self.lock().foreseen.extend(objects.iter().cloned());
    }

    /// What `object` is; where that was foreseen, one read answers for all that were. Others wait
    /// for it.
    ///
    /// # Errors
    /// The catalogue could not be read; the next who asks tries again.
    pub(super) fn describe(
        &self,
        postgres: &Postgres,
        object: &Object,
    ) -> Result<Described, ConnectorError> {
        let mut known = self.lock();
        if !known.foreseen.contains(object) {
            drop(known);
            return fresh(postgres, &mut Session::connect(&postgres.settings)?, object);
        }
        if !known.described.contains_key(object) {
            let asked: Vec<Object> = known.foreseen.iter().cloned().collect();
            let mut session = Session::connect(&postgres.settings)?;
            let answers = catalog::describe(postgres, &mut session, &asked)?;
            known.described.extend(asked.into_iter().zip(answers));
        }
        known.described.get(object).cloned().unwrap_or_else(|| Err(catalog::no_answer()))
    }

    /// `object` is asked for anew, each time.
    pub(super) fn forget(&self, object: &Object) {
        let mut known = self.lock();
        known.foreseen.remove(object);
        known.described.remove(object);
    }

    /// What is known of `object` already.
    pub(super) fn remembered(&self, object: &Object) -> Option<Described> {
        self.lock().described.get(object)?.as_ref().ok().cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Catalogue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the catalogue for one object.
pub(super) fn fresh(
    postgres: &Postgres,
    session: &mut Session,
    object: &Object,
) -> Result<Described, ConnectorError> {
    let answers = catalog::describe(postgres, session, std::slice::from_ref(object))?;
    answers.into_iter().next().unwrap_or_else(|| Err(catalog::no_answer()))
}

/// Whether a statement that gives all columns of what is read gives those of `planned` as they were.
/// Columns that came since do not matter.
pub(super) fn holds(planned: &Described, all: &Statement) -> bool {
    planned.columns.iter().all(|column| {
        all.columns().iter().any(|now| {
            now.name() == column.name
                && (now.type_().oid(), now.type_modifier()) == column.base
                && (planned.oid().is_none() || now.table_oid() == planned.oid())
        })
    })
}

/// What is there now, with the columns that were planned.
///
/// # Errors
/// One of those is gone, or is of another type.
pub(super) fn adopt(planned: &Described, now: &Described) -> Result<Described, ConnectorError> {
    let mut columns = Vec::with_capacity(planned.columns.len());
    for was in &planned.columns {
        let found = now.columns.iter().find(|column| column.name == was.name);
        let Some(found) = found.filter(|found| found.read == was.read) else {
            return Err(changed(now, was, found));
        };
        columns.push(DescribedColumn { nullable: was.nullable, ..found.clone() });
    }
    Ok(Described { form: now.form.clone(), columns })
}

fn changed(
    now: &Described,
    was: &DescribedColumn,
    found: Option<&DescribedColumn>,
) -> ConnectorError {
    let type_of = |column: &DescribedColumn| match &column.read {
        Ok(read) => read.data_type().to_string(),
        Err(unknown) => unknown.name.clone(),
    };
    let what = match found {
        None => "is gone".to_owned(),
        Some(found) => format!("was {} and is {}", type_of(was), type_of(found)),
    };
    let message = format!("{} changed during this run: column `{}` {what}", now.name(), was.name);
    ConnectorError::new(Kind::NotFound, message).with_help("run it again")
}
