//! Which columns the tables have that more is written to than a query's rows.

use super::standing;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dialect::Dialect;
use crate::graph::{LoadNode, Node, SnapshotNode};
use crate::mode::load::DeleteKind;
use crate::mode::scd2::{Asked, Marks, Misfit, Role, Scd2};
use crate::relation::{Column, DataType};

/// The columns of the table of a load whose source has `columns`, in order: those that are loaded,
/// then those that its mode adds.
pub fn landed_columns(dialect: &dyn Dialect, load: &LoadNode, columns: &[Column]) -> Vec<Column> {
    let rules = &load.rules;
    let mut landed = rules.selection.of(columns);
    if let DeleteKind::Soft(name) = &rules.deletes.kind {
        landed.push(added(name, "timestamp with time zone"));
    }
    match rules.scd2(&landed) {
        Some(scd2) => versioned(dialect, &scd2, &landed).unwrap_or(landed),
        None => landed,
    }
}

/// The columns of the table of a snapshot whose query gives `columns`.
///
/// # Errors
/// Why the query does not fit the snapshot's settings.
pub fn snapshot_columns(
    dialect: &dyn Dialect,
    snapshot: &SnapshotNode,
    columns: &[Column],
) -> Result<Vec<Column>, Vec<Misfit>> {
    versioned(dialect, &snapshot.scd2, columns)
}

fn versioned(
    dialect: &dyn Dialect,
    scd2: &Scd2,
    columns: &[Column],
) -> Result<Vec<Column>, Vec<Misfit>> {
    let fit = scd2.fit(columns, None, &|name| dialect.fold(name))?;
    let texts: Vec<&String> = match &scd2.names.marks {
        Marks::Load { .. } => Vec::new(),
        Marks::Snapshot { scd_id, is_deleted, .. } => vec![scd_id, is_deleted],
    };
    let data_type = |name: &str| match &scd2.names.marks {
        Marks::Load { is_current } if is_current == name => "boolean",
        _ if texts.iter().any(|text| *text == name) => "varchar",
        _ => fit.time.as_str(),
    };
    let new = scd2.added_columns().into_iter().map(|name| added(name, data_type(name)));
    Ok(columns.iter().cloned().chain(new).collect())
}

fn added(name: &str, data_type: &str) -> Column {
    Column { name: name.to_owned(), data_type: DataType::new(data_type), nullable: true }
}

/// Where the configuration names the column, else the snapshot itself.
pub fn place_of_role(node: &Node, snapshot: &SnapshotNode, role: Role) -> Place {
    place_of_setting(node, snapshot, setting(role))
}

/// Where `setting` is set, else the snapshot itself.
pub fn place_of_setting(node: &Node, snapshot: &SnapshotNode, setting: &str) -> Place {
    snapshot.places.get(setting).unwrap_or(&node.place).clone()
}

/// A misfit as the user sees it.
pub fn misfit(
    node: &Node,
    snapshot: &SnapshotNode,
    given: &[Column],
    found: &Misfit,
) -> Diagnostic {
    let table = node.relation.as_ref().map(ToString::to_string).unwrap_or_default();
    let asked = Asked {
        owner: &format!("snapshot `{}`", node.name),
        giver: &format!("the query of `{}`", node.name),
        table: &table,
        setting,
        rename: "rename it in the query, or rename dbt's with `snapshot_meta_column_names`",
        elsewhere: "give the snapshot another `alias`",
        given,
    };
    let code = match found {
        Misfit::NotVersioned(_) => Code::NOT_VERSIONED,
        _ => Code::VERSION_MISFIT,
    };
    let place = found.role().map_or(node.place.clone(), |role| place_of_role(node, snapshot, role));
    Diagnostic::error(code, found.message(&asked)).at(place).with_help(found.help(&asked))
}

/// The setting that names columns of a role.
fn setting(role: Role) -> &'static str {
    match role {
        Role::Key => "unique_key",
        Role::Tracked => "check_cols",
        Role::Date => "updated_at",
    }
}

/// The table `standing` of a load of versions, once rows of the columns `source` were loaded.
///
/// # Errors
/// A column whose type the table does not hold, and as the table has it.
pub fn versions_after(
    dialect: &dyn Dialect,
    load: &LoadNode,
    source: &[Column],
    standing: &[Column],
) -> Result<Vec<Column>, (Column, Column)> {
    let batch = load.rules.selection.of(source);
    let Some(scd2) = load.rules.scd2(&batch) else { return Ok(batch) };
    standing::versions(dialect, &scd2, &batch, standing).map_err(|misfits| {
        let named = misfits.iter().find_map(|misfit| match misfit {
            Misfit::Type { column, .. } => Some(column.as_str()),
            _ => None,
        });
        let find =
            |columns: &[Column]| columns.iter().find(|c| Some(c.name.as_str()) == named).cloned();
        let none = || added(scd2.names.valid_from.as_str(), "timestamp");
        (find(&batch).unwrap_or_else(none), find(standing).unwrap_or_else(none))
    })
}
