//! What breaks when a column goes: the statement resolved without it, beside the statement as it is.

use super::answer::{Problem, ProblemKind, Syntax, Use, Why};
use super::parse::Parsed;
use crate::relation::RelationName;
use std::ops::Range;

/// A place at which the statement fails.
pub type Break = Problem;

/// What becomes of a statement when a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The places at which DuckDB refuses it then: every use, in order.
    pub breaks: Vec<Break>,
    /// Uses that then mean another column: one of a query around, an alias, the next by position.
    pub rebinds: Vec<Use>,
    /// Whether more may break, or less: see [`Syntax::uncertain`].
    pub is_uncertain: bool,
    /// The statement without the column; its outputs and their lineage.
    pub after: Syntax,
}

impl Parsed {
    /// Tells what becomes of the statement when `column` of the relations for which `is_relation`
    /// holds goes. `before` is what it resolves to with the same `columns`.
    pub fn without(
        &self,
        before: &Syntax,
        columns: &dyn Fn(&RelationName) -> Option<Vec<String>>,
        is_relation: &dyn Fn(&RelationName) -> bool,
        column: &str,
    ) -> Removal {
        let after = self.resolve(&|name| {
            let mut columns = columns(name)?;
            if is_relation(name) {
                columns.retain(|known| !known.eq_ignore_ascii_case(column));
            }
            Some(columns)
        });
        let mut breaks = after.problems.clone();
        // What was wrong before is not this column's doing.
        breaks.retain(|problem| !before.problems.contains(problem));
        let mut rebinds = Vec::new();
        for one in before.columns(is_relation, column) {
            for used in before.uses.iter().filter(|used| used.column == one) {
                if breaks.iter().any(|problem| problem.place == used.place) {
                    continue;
                }
                if is_open(before, one.relation) {
                    let (kind, name) = (ProblemKind::Unknown, column.to_owned());
                    breaks.push(Problem { place: used.place.clone(), kind, name });
                } else {
                    rebinds.push(used.clone());
                }
            }
        }
        breaks.sort_by_key(Problem::order);
        let mut relations = before.columns(is_relation, column).map(|one| one.relation);
        let is_uncertain = relations.any(|relation| before.perhaps_uses(relation))
            || after.uncertain.iter().any(|one| !before.uncertain.contains(one))
            || before.uncertain.iter().any(|one| one.why == Why::NoTree);
        Removal { breaks, rebinds, is_uncertain, after }
    }

    /// The text of the statement at `place`.
    pub fn text_at(&self, place: &Range<usize>) -> Option<&str> {
        self.sql().get(place.clone())
    }
}

/// Whether the columns of a relation were assumed from the statement itself.
fn is_open(syntax: &Syntax, relation: u32) -> bool {
    syntax.relations.get(relation as usize).is_some_and(|relation| !relation.is_known)
}
