//! How the columns of a batch meet those of the relation that it is added to or merged into.
//!
//! | the batch | the relation | then |
//! | --- | --- | --- |
//! | has the column | has it, of the same type | it is written |
//! | has the column | has it, of a type that holds every value | it is cast |
//! | has the column | has it, of another type | a problem |
//! | has the column | lacks it | a problem |
//! | lacks the column | has it, nullable or with a default | that is left to it |
//! | lacks the column | has it, NOT NULL without default | a problem |
//!
//! Columns meet by name, never by position: to the letter, else without case where that is unique on
//! both sides.

use crate::relation::{Column, DataType};

/// A column of the relation that a batch is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetColumn {
    /// Name, type, nullability.
    pub column: Column,
    /// Whether rows that do not name it get a value.
    pub has_default: bool,
}

/// A column that is in the batch and in the relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedColumn {
    /// As the batch has it.
    pub stage: Column,
    /// As the relation has it.
    pub target: Column,
    /// The type to cast to before it is written; `None` where it has that type.
    pub cast: Option<DataType>,
}

/// Which columns are written where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnPlan {
    /// Columns of both, in the order of the relation.
    pub shared: Vec<SharedColumn>,
    /// Columns of the batch alone, in its order.
    pub only_stage: Vec<Column>,
    /// Columns of the relation alone, in its order.
    pub only_target: Vec<TargetColumn>,
}

/// Why a batch does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnProblem {
    /// The relation has no such column.
    #[error("column `{}` of the batch is not in the target", column.name)]
    NotInTarget {
        /// The batch's column.
        column: Column,
    },
    /// It fits one of the relation only without case, and that is not unique.
    #[error("column `{}` of the batch is in the target only in other case, which is not unique: {}", column.name, listed(candidates))]
    Ambiguous {
        /// The batch's column.
        column: Column,
        /// The names in the relation that it might mean.
        candidates: Vec<String>,
    },
    /// The relation's column does not hold every value of the batch's.
    #[error("column `{}` is {}, which {} cannot hold without loss", target.name, stage.data_type, target.data_type)]
    DoesNotWiden {
        /// As the batch has it.
        stage: Column,
        /// As the relation has it.
        target: Column,
    },
    /// The relation's column needs a value and the batch has none.
    #[error("column `{}` of the target is not null without a default, and not in the batch", column.name)]
    NeedsValue {
        /// The relation's column.
        column: Column,
    },
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl ColumnPlan {
    /// Pairs the columns of `stage` with those of `target`. Every column is in exactly one list.
    pub fn new(stage: &[Column], target: &[TargetColumn]) -> Self {
        let meets = partners(stage, target);
        let shared = target.iter().zip(&meets).filter_map(|(target, stage_index)| {
            let (stage, target) = (stage[(*stage_index)?].clone(), target.column.clone());
            let cast = (stage.data_type.canonical() != target.data_type.canonical())
                .then(|| target.data_type.clone());
            Some(SharedColumn { stage, target, cast })
        });
        let alone = target.iter().zip(&meets).filter(|(_, stage_index)| stage_index.is_none());
        Self {
            shared: shared.collect(),
            only_stage: stage
                .iter()
                .enumerate()
                .filter(|(index, _)| !meets.contains(&Some(*index)))
                .map(|(_, column)| column.clone())
                .collect(),
            only_target: alone.map(|(target, _)| target.clone()).collect(),
        }
    }

    /// Why the batch cannot be written; empty where it can.
    pub fn problems(&self) -> Vec<ColumnProblem> {
        let only_stage = self.only_stage.iter().map(|column| self.misfit(column));
        let shared = self.shared.iter().filter(|shared| shared.loses());
        let shared = shared.map(|shared| ColumnProblem::DoesNotWiden {
            stage: shared.stage.clone(),
            target: shared.target.clone(),
        });
        let needy = self.only_target.iter().filter(|t| !t.column.nullable && !t.has_default);
        let needy = needy.map(|t| ColumnProblem::NeedsValue { column: t.column.clone() });
        only_stage.chain(shared).chain(needy).collect()
    }

    fn misfit(&self, column: &Column) -> ColumnProblem {
        let all = self.shared.iter().map(|shared| &shared.target);
        let all = all.chain(self.only_target.iter().map(|target| &target.column));
        let candidates: Vec<String> = all
            .filter(|target| same_but_for_case(&target.name, &column.name))
            .map(|target| target.name.clone())
            .collect();
        let column = column.clone();
        if candidates.is_empty() {
            ColumnProblem::NotInTarget { column }
        } else {
            ColumnProblem::Ambiguous { column, candidates }
        }
    }

    /// Columns that may hold NULL in the batch and may not in the relation: to be checked before
    /// they are written.
    pub fn must_hold_no_null(&self) -> impl Iterator<Item = &SharedColumn> {
        self.shared.iter().filter(|shared| shared.stage.nullable && !shared.target.nullable)
    }
}

impl SharedColumn {
    /// Whether the relation's type does not hold every value of the batch's.
    pub fn loses(&self) -> bool {
        !self.stage.data_type.widens_to(&self.target.data_type)
    }
}

/// Databases that fold names fold those of ASCII.
fn same_but_for_case(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// For each column of `target`, the one of `stage` that it meets.
fn partners(stage: &[Column], target: &[TargetColumn]) -> Vec<Option<usize>> {
    let exact = |target: &TargetColumn| stage.iter().position(|s| s.name == target.column.name);
    let mut meets: Vec<Option<usize>> = target.iter().map(exact).collect();
    let free_stage: Vec<usize> = (0..stage.len()).filter(|i| !meets.contains(&Some(*i))).collect();
    let free_target: Vec<usize> = (0..target.len()).filter(|i| meets[*i].is_none()).collect();
    for &index in &free_target {
        let name = &target[index].column.name;
        let rivals = free_target
            .iter()
            .filter(|rival| same_but_for_case(&target[**rival].column.name, name))
            .count();
        let mut fits = free_stage.iter().filter(|i| same_but_for_case(&stage[**i].name, name));
        if let (1, Some(&only), None) = (rivals, fits.next(), fits.next()) {
            meets[index] = Some(only);
        }
    }
    meets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a integer, b varchar!, c date!=`: `!` stands for NOT NULL, `=` for a default.
    fn target(text: &str) -> Vec<TargetColumn> {
        let parts = text.split(", ").filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let (name, rest) = part.split_once(' ').unwrap();
                let nullable = !rest.contains('!');
                let data_type = DataType::new(rest.trim_end_matches(['!', '=']));
                TargetColumn {
                    column: Column { name: name.into(), data_type, nullable },
                    has_default: rest.ends_with('='),
                }
            })
            .collect()
    }

    fn stage(text: &str) -> Vec<Column> {
        target(text).into_iter().map(|column| column.column).collect()
    }

    fn problems(plan: &ColumnPlan) -> String {
        plan.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn columns_meet_by_name() {
        for (batch, relation, pairs, expected) in [
            ("a date, b date", "b date, a date", "b=b a=a", ""),
            ("a integer", "a bigint", "a=a:bigint", ""),
            ("a struct(x date)", "a struct(\"x\" date)", "a=a", ""),
            ("A date", "a date", "A=a", ""),
            ("A date, a date", "a date, A date", "a=a A=A", ""),
            ("a date", "a date, b date, c date!=", "a=a", ""),
            (
                "a bigint",
                "a integer",
                "a=a:integer",
                "column `a` is bigint, which integer cannot hold without loss",
            ),
            ("a date, b date", "a date", "a=a", "column `b` of the batch is not in the target"),
            (
                "a date",
                "a date, b date!",
                "a=a",
                "column `b` of the target is not null without a default, and not in the batch",
            ),
            (
                "ID date",
                "Id date, id date",
                "",
                "column `ID` of the batch is in the target only in other case, which is not unique: `Id`, `id`",
            ),
            (
                "ID date, Id date",
                "id date",
                "",
                "column `ID` of the batch is in the target only in other case, which is not unique: `id`; \
                 column `Id` of the batch is in the target only in other case, which is not unique: `id`",
            ),
            (
                "id date, ID date",
                "id date",
                "id=id",
                "column `ID` of the batch is in the target only in other case, which is not unique: `id`",
            ),
            ("", "a date", "", ""),
        ] {
            let plan = ColumnPlan::new(&stage(batch), &target(relation));
            let found = plan.shared.iter().map(|shared| {
                let cast = shared.cast.as_ref().map_or_else(String::new, |cast| format!(":{cast}"));
                format!("{}={}{cast}", shared.stage.name, shared.target.name)
            });
            assert_eq!(found.collect::<Vec<_>>().join(" "), pairs, "{batch} / {relation}");
            assert_eq!(problems(&plan), expected, "{batch} / {relation}");
            let (batch, relation) = (stage(batch), target(relation));
            assert_eq!(plan.shared.len() + plan.only_stage.len(), batch.len());
            assert_eq!(plan.shared.len() + plan.only_target.len(), relation.len());
        }
    }

    #[test]
    fn columns_that_must_hold_no_null_are_known_before() {
        let plan =
            ColumnPlan::new(&stage("a date, b date!, c date"), &target("a date!, b date!, c date"));
        let names: Vec<_> = plan.must_hold_no_null().map(|shared| &shared.target.name).collect();
        assert_eq!(names, ["a"]);
        assert_eq!(problems(&plan), "");
    }
}
