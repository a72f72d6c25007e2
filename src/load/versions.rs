//! Loads that keep the versions of their rows.

use super::table::{Failure, Known, Result, Work};
use crate::compile::{self, CURRENT_TWICE, Scd2Counts, Script, Versions};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::{Condition, Stage};
use crate::engine::EngineError;
use crate::mode::load::{Counts, Course, LoadMode};
use crate::mode::scd2::{Asked, Misfit, Names, Role};
use crate::relation::Column;

impl Work<'_> {
    /// How the versions of the rows are kept, and how the batch fits their table.
    pub(super) fn versions(&mut self, known: &Known, columns: &[Column]) -> Result<Versions> {
        let (request, rules) = (self.request, &self.request.load.rules);
        let scd2 = rules.scd2(columns).ok_or_else(|| request.defect("it has no key"))?;
        let table = match known.course {
            Course::Anew => None,
            Course::RowsStay => {
                self.session.columns(self.relation).map_err(|error| request.engine(&error))?
            }
        };
        let dialect = request.graph.target.dialect;
        let fold = |name: &str| dialect.fold(name);
        let told = |misfits: Vec<Misfit>| {
            let asked = Asked {
                owner: &request.node.label(),
                giver: "the source",
                table: &self.relation.to_string(),
                setting: option_of,
                rename: "read the source's column under another name",
                elsewhere: "load into another table: `load: {into: schema.table}`",
                given: columns,
            };
            let problem = |misfit: &Misfit| {
                let option = misfit.role().map_or("mode", option_of);
                Diagnostic::error(Code::VERSION_MISFIT, misfit.message(&asked))
                    .at(request.load.place_of(option))
                    .with_help(misfit.help(&asked))
            };
            misfits.iter().map(problem).collect::<Failure>()
        };
        let fit = scd2.fit(columns, table.as_deref(), &fold).map_err(told)?;
        Ok(Versions { scd2, fit, table, now: compile::run_time(request.now) })
    }

    /// Why the database did not take the batch: in our words, where it is a check of ours.
    pub(super) fn refused(&self, error: &EngineError) -> Failure {
        if !error.message.contains(CURRENT_TWICE) {
            return self.request.engine(error);
        }
        let message =
            format!("`{}` already has more than one current version of a key", self.relation);
        let end = Names::of_load().valid_to;
        let problem = Diagnostic::error(Code::ROWS_NOT_APART, message)
            .at(self.request.load.place_of("key"))
            .with_help(format!(
                "somebody else wrote to it: close all but one of them by setting `{end}`"
            ));
        vec![problem]
    }

    /// Says that versions stay, where all shall be made anew.
    pub(super) fn tell_of_refresh(&mut self, course: Course) {
        let (request, relation) = (self.request, self.relation);
        let scd2 = request.load.rules.mode == LoadMode::Scd2;
        if !scd2 || !request.full_refresh || course == Course::Anew {
            return;
        }
        let message = format!("--full-refresh leaves the versions in `{relation}` as they are");
        let help = format!("they cannot be made again; to begin anew, drop `{relation}`");
        let place = request.load.place_of("mode");
        self.notes.push(Diagnostic::note(Code::REFRESH_IGNORED, message).at(place).with_help(help));
    }

    /// What became of the rows of a batch of versions.
    pub(super) fn count_versions(&mut self, script: &Script, counts: &mut Counts) -> Result<()> {
        let queries = script.statements(Stage::Query, |known| known == Condition::RowsStay);
        let Some(statement) = queries.first() else { return Ok(()) };
        let table = match self.session.query(&statement.sql, None) {
            // The session was lost after the commit, and with it what it counted.
            Err(error) if error.missing.is_some() => return Ok(()),
            table => table.map_err(|error| self.request.engine(&error))?,
        };
        let found = table.rows.first().and_then(|row| Scd2Counts::read(row)).unwrap_or_default();
        counts.inserted = found.inserted;
        counts.updated = found.changed;
        counts.unchanged = found.unchanged;
        counts.deleted_by_absence = found.absent;
        counts.closed = found.changed + found.absent;
        Ok(())
    }
}

/// The option that a column of the versions' rules comes from.
fn option_of(role: Role) -> &'static str {
    match role {
        Role::Key => "key",
        Role::Date => "cursor",
        Role::Tracked => "track",
    }
}
