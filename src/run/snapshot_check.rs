//! Whether a snapshot may be brought up to date: it is the one that its table was written by, and its
//! query has not lost more rows than it may.

use super::batch_check::check_rows;
use super::worker::{Result, Worker, count_of};
use crate::check::place_of_setting;
use crate::compile::{self, Ends};
use crate::diagnostic::{Code, Diagnostic, grouped};
use crate::graph::{Node, SnapshotNode};
use crate::mode::scd2::{Defined, HardDeletes};
use crate::relation::{Column, RelationName};
use jiff::ToSpan;

/// The setting that names what stands in the end of current versions.
const OPEN_END: &str = "dbt_valid_to_current";

impl Worker<'_> {
    /// The versions that stand are those of this key, and their open ends those of this
    /// configuration. Tables of dbt's, and those of older versions, have no record: of them only
    /// what their ends say is known.
    pub(super) fn check_definition(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        relation: &RelationName,
        table: &[Column],
    ) -> Result<()> {
        let recorded = self.recorded(node, relation)?;
        if let Some(was) = &recorded
            && !was.has_key_of(&snapshot.scd2, &self.fold())
        {
            return Err(Box::new(another_key(node, snapshot, relation, was)));
        }
        self.check_ends(node, snapshot, relation, table, recorded.as_ref())
    }

    fn recorded(&mut self, node: &Node, relation: &RelationName) -> Result<Option<Defined>> {
        let sql = compile::load_query(self.execution.graph, "load_state", relation);
        let table = self.query(node, &sql, 1)?;
        let text = table.rows.first().and_then(|row| row.first()?.as_str());
        Ok(text.and_then(Defined::read))
    }

    fn check_ends(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        relation: &RelationName,
        table: &[Column],
        recorded: Option<&Defined>,
    ) -> Result<()> {
        let now = (self.execution.request.clock)();
        let was = recorded.map(|was| &was.open_end).filter(|was| **was != snapshot.scd2.open_end);
        // Clocks and time zones of other machines are not off by more.
        let limit = now.checked_add(48.hours()).unwrap_or(now);
        let ends = Ends { was: was.and_then(Option::as_deref), limit: compile::run_time(limit) };
        let dialect = self.execution.graph.target.dialect;
        let Some(sql) = compile::snapshot_ends(dialect, relation, &snapshot.scd2, table, &ends)
        else {
            return Ok(());
        };
        let found = self.query(node, &sql, 1)?;
        let row = found.rows.first().map(Vec::as_slice).unwrap_or_default();
        let (strays, open) = (count_of(row.first()), count_of(row.get(2)));
        let stands = if strays > 0 {
            let end = row.get(1).and_then(|end| end.as_str()).unwrap_or("another time");
            format!("{} at {end}", ending(strays))
        } else if open > 0 && was.is_some() && snapshot.scd2.open_end.is_some() {
            format!("{} in NULL", ending(open))
        } else {
            return Ok(());
        };
        Err(Box::new(other_ends(node, snapshot, relation, &stands)))
    }

    /// The query gives rows, and does not lack more keys than `max_delete_percent` says.
    #[allow(clippy::cast_precision_loss, reason = "a share of rows, compared with a percentage")]
    pub(super) fn check_absent(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        relation: &RelationName,
    ) -> Result<Option<Diagnostic>> {
        let Some(most) = snapshot.max_delete_percent else { return Ok(None) };
        if snapshot.scd2.deletes == HardDeletes::Ignore {
            return Ok(None);
        }
        let dialect = self.execution.graph.target.dialect;
        let sql = compile::snapshot_absent(dialect, relation, &snapshot.scd2);
        let found = self.query(node, &sql, 1)?;
        let row = found.rows.first().map(Vec::as_slice).unwrap_or_default();
        let (current, absent) = (count_of(row.first()), count_of(row.get(1)));
        let percent = absent as f64 * 100.0 / (current.max(1)) as f64;
        if percent <= most {
            return Ok(None);
        }
        let message = format!(
            "snapshot `{}` would end {} of {} current versions in `{relation}`, {percent:.0} percent",
            node.name,
            grouped(absent),
            grouped(current),
        );
        Ok(Some(
            Diagnostic::error(Code::TOO_MANY_DELETES, message)
                .at(place_of_setting(node, snapshot, "max_delete_percent"))
                .with_note(format!("`max_delete_percent` is {most}"))
                .with_note("the table stays as it is")
                .with_help("if that is right, raise `max_delete_percent`"),
        ))
    }

    /// A query without rows is told or refused, where `on_empty` asks for that.
    pub(super) fn check_empty(node: &Node, staged: Option<u64>) -> Result<Vec<Diagnostic>> {
        let mut problems = Vec::new();
        check_rows(node, staged, &mut problems)?;
        Ok(problems)
    }
}

fn ending(count: u64) -> String {
    match count {
        1 => "1 current version that ends".to_owned(),
        count => format!("{} current versions that end", grouped(count)),
    }
}

fn another_key(
    node: &Node,
    snapshot: &SnapshotNode,
    relation: &RelationName,
    was: &Defined,
) -> Diagnostic {
    let now = snapshot.scd2.key.columns().join(", ");
    let was = was.key.join(", ");
    let message = format!(
        "the key of snapshot `{}` is `{now}`, but was `{was}` when its versions were written",
        node.name
    );
    Diagnostic::error(Code::LOAD_REDEFINED, message)
        .at(place_of_setting(node, snapshot, "unique_key"))
        .with_note("the table stays as it is")
        .with_help(format!(
            "restore `unique_key`; to begin anew, drop `{relation}` or give the snapshot another \
             `alias`"
        ))
}

fn other_ends(
    node: &Node,
    snapshot: &SnapshotNode,
    relation: &RelationName,
    stands: &str,
) -> Diagnostic {
    let expected = match &snapshot.scd2.open_end {
        Some(end) => format!("`{OPEN_END}` is `{end}`"),
        None => format!("`{OPEN_END}` is not set: current versions end in NULL"),
    };
    let column = &snapshot.scd2.names.valid_to;
    Diagnostic::error(
        Code::LOAD_REDEFINED,
        format!("table `{relation}` has {stands}, but {expected}"),
    )
    .at(place_of_setting(node, snapshot, OPEN_END))
    .with_note("the table stays as it is")
    .with_help(format!(
        "restore `{OPEN_END}`, or write the new end into `{column}` of those versions, or drop \
         `{relation}` to begin anew"
    ))
}
