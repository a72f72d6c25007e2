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
        /// Whether versions of rows stand there or shall stand there, which no full refresh makes.
        versions: bool,
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
            let was = recorded.map(|recorded| recorded.definition.clone()).unwrap_or_default();
            let had_versions = mode_of(&was) == LoadMode::Scd2.name();
            let has_versions = rules.mode == LoadMode::Scd2;
            let asked = full_refresh && !has_versions && !had_versions;
            if !asked && recorded.is_some_and(|recorded| !continues(rules, recorded)) {
                return Err(Obstacle::Redefined { was, versions: had_versions || has_versions });
            }
            let anew = asked || rules.mode == LoadMode::Replace;
            Ok(if anew { Course::Anew } else { Course::RowsStay })
        }
    }
}

/// Whether the load is still the one that was recorded. A replace reads everything each time, so
/// that another query makes no difference to it.
fn continues(rules: &LoadRules, recorded: &Recorded) -> bool {
    let (was, is) = (&recorded.definition, rules.definition());
    // Names in YAML need not be spelt as the source spells them.
    was.to_lowercase() == is.to_lowercase()
        || (rules.mode == LoadMode::Replace && mode_of(was) == LoadMode::Replace.name())
}

/// The first word of a definition.
fn mode_of(definition: &str) -> &str {
    definition.split(' ').next().unwrap_or_default()
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
                time_zone: None,
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
        let redefined = |was: &str| {
            let versions = was.starts_with("scd2");
            Err(Obstacle::Redefined { was: was.to_owned(), versions })
        };
        let unversioned =
            |was: &str| Err(Obstacle::Redefined { was: was.to_owned(), versions: true });
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
            (&replace, Some(Table), "replace", false, Ok(Anew)),
            (&replace, Some(Table), "replace of query 1f", false, Ok(Anew)),
            (&replace, Some(Table), "merge on id", false, redefined("merge on id")),
            (&replace, Some(Table), "merge on id", true, Ok(Anew)),
            (&replace, Some(Table), "scd2 on id", true, redefined("scd2 on id")),
            (&replace, None, "replace", false, Err(Obstacle::TableGone)),
            (&replace, None, "replace", true, Ok(Anew)),
            (&merge, Some(Table), "", true, Err(Obstacle::NotOurs)),
            (&adopting, Some(Table), "", false, Ok(RowsStay)),
            (&merge, Some(Table), "merge on id", false, Ok(RowsStay)),
            (&merge, Some(Table), "merge on id", true, Ok(Anew)),
            (&merge, Some(Table), "merge on id2", false, redefined("merge on id2")),
            (&merge, Some(Table), "merge on id by at", false, redefined("merge on id by at")),
            (&merge, Some(Table), "replace", false, redefined("replace")),
            (&files, Some(Table), "replace", false, redefined("replace")),
            (&append, Some(Table), "replace", false, redefined("replace")),
            (&append, Some(Table), "append by at", false, Ok(RowsStay)),
            (&scd2, Some(Table), "replace", true, unversioned("replace")),
            (&scd2, Some(Table), "scd2 on other", true, redefined("scd2 on other")),
            (&scd2, Some(Table), "scd2 on id", true, Ok(RowsStay)),
            (&scd2, None, "scd2 on id", true, Ok(Anew)),
        ] {
            let found = course(rules, existing, recorded(known).as_ref(), full_refresh);
            assert_eq!(found, expected, "{} {existing:?} {known} {full_refresh}", rules.mode);
        }
    }
}
