//! What becomes of a table whose rows stay when its query gives other columns.

use crate::dialect::Dialect;
use crate::mode::scd2::{Misfit, Scd2};
use crate::mode::{Alteration, OnSchemaChange, Retyped, SchemaChange};
use crate::relation::Column;

/// A table after a batch was applied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Columns of which some value may not fit.
    pub(super) lossy: Vec<Retyped>,
}

/// The table `table` of an incremental model after a batch of the columns `batch`.
///
/// # Errors
/// The part of the change that the rule refuses.
pub(super) fn incremental(
    dialect: &dyn Dialect,
    rule: OnSchemaChange,
    batch: &[Column],
    table: &[Column],
) -> Result<Applied, SchemaChange> {
    let change = SchemaChange::between(batch, table, |name| dialect.fold(name));
    let reconciled = change.reconcile(rule)?;
    let mut columns = table.to_vec();
    for alteration in &reconciled.alterations {
        match alteration {
            Alteration::Add(column) => columns.push(column.clone()),
            Alteration::Drop(name) => columns.retain(|column| column.name != *name),
            Alteration::Retype(retyped) => {
                let column = columns.iter_mut().find(|column| column.name == retyped.name);
                if let Some(column) = column {
                    column.data_type = retyped.after.clone();
                }
            }
        }
    }
    // The batch is cast to the table, or the table's values to the batch's type.
    let fits = |column: &&Retyped| match rule {
        OnSchemaChange::SyncAllColumns => column.widens(),
        _ => column.fits(),
    };
    let lossy = change.retyped.iter().filter(|column| !fits(column)).cloned().collect();
    Ok(Applied { columns, lossy })
}

/// The table `table` of versions after a batch of the columns `batch`.
///
/// # Errors
/// Everything that keeps the batch from being applied.
pub(super) fn versions(
    dialect: &dyn Dialect,
    scd2: &Scd2,
    batch: &[Column],
    table: &[Column],
) -> Result<Vec<Column>, Vec<Misfit>> {
    let fit = scd2.fit(batch, Some(table), &|name| dialect.fold(name))?;
    let mut columns = table.to_vec();
    for wider in fit.widened {
        if let Some(column) = columns.iter_mut().find(|column| column.name == wider.name) {
            column.data_type = wider.data_type;
        }
    }
    columns.extend(fit.added);
    Ok(columns)
}
