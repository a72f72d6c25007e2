//! Which way a load goes, by what stands in the target and what is recorded of it.
//!
//! | table | recorded | mode | way |
//! | --- | --- | --- | --- |
//! | none | nothing | any | made anew |
//! | none | yes | any | an error: the table is gone |
//! | view | – | any | an error |
//! | not ours | nothing | any | an error, unless `adopt` |
//! | ours or adopted | – | replace | made anew |
//! | ours or adopted | same definition, or of a replace without cursor | others | rows stay |
//! | ours | another definition | others | an error |
//!
//! `--full-refresh` makes anew whatever is recorded; scd2 ignores it while its table stands.

use super::{LoadMode, LoadRules};
use crate::relation::RelationKind;

/// What is done with the rows that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The batch becomes the table.
    Anew,
    /// The batch is applied to the rows that are there.
    RowsStay,
}

/// What is recorded of the last load into a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// [`LoadRules::definition`] of that load.
    pub definition: String,
    /// The greatest cursor value that was read, as text.
    pub cursor: Option<String>,
    /// What the source asked to be told next time.
    pub mark: Option<String>,
}

/// Why a load cannot go either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A view has the name.
    View,
    /// No run made the table.
    NotOurs,
    /// The state stands, but its table does not.
    TableGone,
    /// The load was another one when its state was recorded.
    Redefined {
        /// What it was.
        was: String,
    },
}

/// The way of a load with `rules` into what `existing` says stands there.
///
/// # Errors
/// What is in the way.
pub fn course(
    rules: &LoadRules,
    existing: Option<RelationKind>,
    recorded: Option<&Recorded>,
    full_refresh: bool,
) -> Result<Course, Obstacle> {
    match (existing, recorded) {
        (Some(RelationKind::View), _) => Err(Obstacle::View),
        (Some(RelationKind::Table), None) if !rules.adopt => Err(Obstacle::NotOurs),
        (None, Some(_)) if !full_refresh => Err(Obstacle::TableGone),
        (None, _) => Ok(Course::Anew),
        (Some(RelationKind::Table), recorded) => {
            if rules.mode == LoadMode::Replace || (full_refresh && rules.mode != LoadMode::Scd2) {
                return Ok(Course::Anew);
            }
            match recorded {
                Some(recorded) if !continues(rules, recorded) => {
                    Err(Obstacle::Redefined { was: recorded.definition.clone() })
                }
                _ => Ok(Course::RowsStay),
            }
        }
    }
}

/// A replace leaves rows that a merge can go on with: the keys are checked against them. An append
/// with a cursor cannot tell which of them it has, and scd2 lacks its columns.
fn continues(rules: &LoadRules, recorded: &Recorded) -> bool {
    // Names in YAML need not be spelt as the source spells them.
    recorded.definition.to_lowercase() == rules.definition().to_lowercase()
        || (recorded.definition == LoadMode::Replace.name()
            && (rules.mode == LoadMode::Merge || rules.reads_files_once()))
}

#[cfg(test)]
mod tests {
    use super::super::{Cursor, OnNullCursor};
    use super::*;
    use crate::mode::Key;
    use RelationKind::{Table, View};

    fn rules(mode: LoadMode, key: &str, cursor: &str) -> LoadRules {
        let column = cursor.to_owned();
        LoadRules {
            mode,
            key: (!key.is_empty()).then(|| Key::new(vec![key.to_owned()])).flatten(),
            cursor: (!cursor.is_empty()).then_some(Cursor {
                column,
                lag: None,
                on_null: OnNullCursor::Error,
            }),
            ..LoadRules::default()
        }
    }

    #[test]
    fn the_way_follows_from_what_stands() {
        use Course::{Anew, RowsStay};
        let recorded = |text: &str| {
            (!text.is_empty()).then(|| Recorded {
                definition: text.to_owned(),
                cursor: None,
                mark: None,
            })
        };
        let redefined = |was: &str| Err(Obstacle::Redefined { was: was.to_owned() });
        let merge = rules(LoadMode::Merge, "id", "");
        let append = rules(LoadMode::Append, "", "at");
        let files = rules(LoadMode::Append, "", "");
        let scd2 = rules(LoadMode::Scd2, "id", "");
        let replace = rules(LoadMode::Replace, "", "");
        let adopting = LoadRules { adopt: true, ..merge.clone() };
        for (rules, existing, known, full_refresh, expected) in [
            (&replace, None, "", false, Ok(Anew)),
            (&replace, Some(View), "", false, Err(Obstacle::View)),
            (&replace, Some(Table), "", false, Err(Obstacle::NotOurs)),
            (&replace, Some(Table), "merge on id", false, Ok(Anew)),
            (&replace, None, "replace", false, Err(Obstacle::TableGone)),
            (&replace, None, "replace", true, Ok(Anew)),
            (&merge, Some(Table), "", true, Err(Obstacle::NotOurs)),
            (&adopting, Some(Table), "", false, Ok(RowsStay)),
            (&merge, Some(Table), "merge on id", false, Ok(RowsStay)),
            (&merge, Some(Table), "merge on id", true, Ok(Anew)),
            (&merge, Some(Table), "merge on id2", false, redefined("merge on id2")),
            (&merge, Some(Table), "merge on id by at", false, redefined("merge on id by at")),
            (&merge, Some(Table), "replace", false, Ok(RowsStay)),
            (&files, Some(Table), "replace", false, Ok(RowsStay)),
            (&append, Some(Table), "replace", false, redefined("replace")),
            (&append, Some(Table), "append by at", false, Ok(RowsStay)),
            (&scd2, Some(Table), "replace", false, redefined("replace")),
            (&scd2, Some(Table), "scd2 on id", true, Ok(RowsStay)),
            (&scd2, None, "scd2 on id", true, Ok(Anew)),
        ] {
            let found = course(rules, existing, recorded(known).as_ref(), full_refresh);
            assert_eq!(found, expected, "{} {existing:?} {known} {full_refresh}", rules.mode);
        }
    }
}
