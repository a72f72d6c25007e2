//! From a stage that is filled to the commit.

use super::table::{Known, Loaded, Result, Work, Writer};
use super::verdict::{self, Found};
use crate::compile::{self, LoadFacts, Script};
use crate::connector::file::Scan;
use crate::diagnostic::{Code, Diagnostic, rows};
use crate::dialect::{Condition, Stage};
use crate::graph::LoadNode;
use crate::mode::load::{Counts, Course, DeleteKind, LoadMode, OnEmpty, OnNullCursor, OnNullKey};

impl Work<'_> {
    /// Everything after the stage is filled, up to the commit.
    pub(super) fn check_and_publish(
        &mut self,
        known: &Known,
        scanned: &Scan,
        facts: &mut LoadFacts,
        staged: u64,
        write: &mut Writer<'_>,
    ) -> Result<Loaded> {
        let load = self.request.load;
        self.all_rows_came(scanned, facts, staged)?;
        let rejected = scanned.rejects.len() as u64;
        let mut counts = Counts { read: staged + rejected, rejected, ..Counts::default() };
        if staged == 0 && !self.may_be_empty(known, rejected)? {
            self.drop_stage()?;
            let none = no_rows(load, rejected);
            let message = format!("{none}: table `{}` is kept as it was", self.relation);
            self.note(Code::EMPTY_OVER_ROWS, &message);
            let script = self.record_rejects(facts, write)?;
            return Ok(self.loaded(counts, script));
        }
        let script = self.script(facts)?;
        let found = self.check(&script, Condition::Always)?;
        let problems = verdict::of_stage(load, &facts.required, &found);
        if !problems.is_empty() {
            return Err(problems);
        }
        if found.is_true("cursor_went_back") {
            self.warn_of_cursor(facts);
        }
        facts.record.cursor_value = found.text("cursor_value");
        let remaining = self.clean(&script, known.course, &found, staged, &mut counts)?;
        facts.cleaned = remaining < staged || load.rules.deletes.flag.is_some();
        facts.record.null_keys_rejected =
            found.count("null_keys") > 0 && load.rules.on_null_key == OnNullKey::Reject;
        if remaining == 0 && staged > 0 && known.course == Course::Anew {
            self.something_is_left(known)?;
        }
        let holds = holds(known.course);
        match known.course {
            Course::Anew => counts.inserted = remaining,
            Course::RowsStay => self.compare(&script, remaining, &mut counts)?,
        }
        facts.record.row_count = match load.rules.mode {
            LoadMode::Scd2 => remaining,
            _ => counts.inserted + counts.updated,
        };
        let mut script = self.script(facts)?;
        self.expect(&mut script, &counts);
        write(&script).map_err(|problem| vec![*problem])?;
        let statements = script.statements(Stage::Publish, &holds);
        let texts: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let expected: Vec<Option<u64>> =
            statements.iter().map(|statement| statement.expected).collect();
        let later = load.rules.mode == LoadMode::Scd2 && known.course == Course::RowsStay;
        if !later && !counts.reconcile() {
            let message = format!("the rows do not add up: {:?}", counts.entries());
            return Err(self.request.defect(&message));
        }
        let applied = self.session.apply_expecting(&texts, &expected);
        applied.map_err(|(_, error)| self.refused(&error))?;
        if later {
            self.count_versions(&script, &mut counts)?;
        }
        for statement in script.statements(Stage::Clear, &holds) {
            let cleared = self.session.execute(&statement.sql);
            cleared.map_err(|error| self.request.engine(&error))?;
        }
        self.tell_of_refresh(known.course);
        Ok(self.loaded(counts, script))
    }

    /// Notes in `script` how many rows a server has to write for `counts` to be true.
    fn expect(&self, script: &mut Script, counts: &Counts) {
        let rules = &self.request.load.rules;
        let dialect = self.request.graph.target.dialect;
        let soft = matches!(rules.deletes.kind, DeleteKind::Soft(_));
        let absent = counts.deleted_by_absence;
        let (updates, deletes) = match (rules.mode, soft) {
            (LoadMode::Append, _) => ([0, 0], [0, 0]),
            (LoadMode::Merge, true) => ([counts.updated + counts.deleted, absent], [0, 0]),
            (LoadMode::Merge, false) => ([counts.updated, 0], [counts.deleted, absent]),
            (LoadMode::Replace | LoadMode::Scd2, _) => return,
        };
        script.expect(dialect, "insert into", self.relation, &[counts.inserted]);
        script.expect(dialect, "update", self.relation, &updates);
        script.expect(dialect, "delete from", self.relation, &deletes);
    }

    /// Records the rows that were put aside, of a load that leaves its table as it is.
    fn record_rejects(&mut self, facts: &LoadFacts, write: &mut Writer<'_>) -> Result<Script> {
        if facts.record.rejects.is_empty() {
            return Ok(Script::default());
        }
        let request = self.request;
        let script = compile::rejects_script(request.graph, request.node, request.load, facts)
            .map_err(|error| request.defect(&format!("a template is broken: {error:#}")))?;
        write(&script).map_err(|problem| vec![*problem])?;
        let statements = script.statements(Stage::Publish, holds(Course::RowsStay));
        let texts: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        self.session.apply(&texts).map_err(|(_, error)| request.engine(&error))?;
        Ok(script)
    }

    /// The stage has every row that the files hold.
    fn all_rows_came(&self, scanned: &Scan, facts: &LoadFacts, staged: u64) -> Result<()> {
        match scanned.row_count {
            Some(expected) if facts.recorded.is_none() && expected != staged => Err(self
                .request
                .defect(&format!("its files hold {}, but {staged} came", rows(expected)))),
            _ => Ok(()),
        }
    }

    fn warn_of_cursor(&mut self, facts: &LoadFacts) {
        let recorded = facts.recorded.clone().unwrap_or_default();
        let message = format!(
            "no row has a cursor of {recorded} or more, which an earlier load has read: the source \
             went back"
        );
        let place = self.request.load.place_of("cursor");
        self.notes.push(
            Diagnostic::warning(Code::CURSOR_WENT_BACK, message)
                .at(place)
                .with_help("if rows were taken back, load all of them with --full-refresh"),
        );
    }

    /// Takes out of the stage what is not applied; how many rows are left.
    fn clean(
        &mut self,
        script: &Script,
        course: Course,
        found: &Found,
        staged: u64,
        counts: &mut Counts,
    ) -> Result<u64> {
        let request = self.request;
        let rules = &request.load.rules;
        let skips = rules.cursor.as_ref().is_some_and(|c| c.on_null == OnNullCursor::Skip);
        let mut left = staged;
        if skips && found.count("null_cursors") > 0 {
            let gone = self.execute(script, Condition::CursorsNull)?;
            counts.skipped += gone;
            left -= gone;
        }
        if rules.on_null_key == OnNullKey::Reject && found.count("null_keys") > 0 {
            let gone = self.execute(script, Condition::KeysNull)?;
            counts.rejected += gone;
            left -= gone;
        }
        if found.count("repeated_keys") > 0 {
            self.execute(script, Condition::KeysRepeat)?;
            if rules.cursor.is_some() || !rules.dedup_by.is_empty() {
                self.execute(script, Condition::OneRowCounts)?;
            } else {
                let sql = compile::repeats_query(request.graph, self.relation, request.load);
                let repeats = self.query(&sql)?;
                if let Some(problem) = verdict::of_repeats(request.load, &repeats) {
                    return Err(vec![problem]);
                }
            }
            let kept = self.left()?;
            counts.deduplicated += left - kept;
            left = kept;
        }
        if course == Course::Anew && rules.deletes.flag.is_some() {
            let marked = self.execute(script, Condition::Anew)?;
            if rules.deletes.kind == DeleteKind::Hard {
                counts.skipped += marked;
                left -= marked;
            }
        }
        Ok(left)
    }

    /// How many rows the stage has.
    fn left(&mut self) -> Result<u64> {
        let stage = compile::stage_relation(self.request.graph, self.relation);
        let sql = compile::statement(self.request.graph, "load_left", &stage);
        let count = self.query(&sql)?.rows.first().and_then(|row| row.first()?.as_u64());
        count.ok_or_else(|| self.request.defect("the engine did not count the rows"))
    }

    /// What the batch does to the rows that stay.
    fn compare(&mut self, script: &Script, staged: u64, counts: &mut Counts) -> Result<()> {
        let request = self.request;
        match request.load.rules.mode {
            LoadMode::Append => {
                let overlaps =
                    script.statements(Stage::Stage, |condition| condition == Condition::RowsStay);
                counts.inserted = if overlaps.is_empty() {
                    staged
                } else {
                    self.execute(script, Condition::RowsStay)?
                };
                counts.deduplicated += staged - counts.inserted;
                Ok(())
            }
            LoadMode::Merge => {
                self.execute(script, Condition::RowsStay)?;
                let found = self.check(script, Condition::RowsStay)?;
                let verdict =
                    verdict::of_merge(request.load, self.relation, staged, &found, counts);
                verdict.map_or(Ok(()), |problem| Err(vec![problem]))
            }
            LoadMode::Scd2 => {
                let found = self.check(script, Condition::RowsStay)?;
                let verdict = verdict::of_versions(request.load, self.relation, &found);
                verdict.map_or(Ok(()), |problem| Err(vec![problem]))
            }
            LoadMode::Replace => Err(request.defect("its rows do not stay in this mode")),
        }
    }

    /// A table with rows is not made anew from a source none of whose rows count.
    fn something_is_left(&mut self, known: &Known) -> Result<()> {
        let (request, relation) = (self.request, self.relation);
        let may_be_empty = request.load.rules.on_empty == OnEmpty::Replace;
        if may_be_empty || self.may_be_empty(known, 0).is_ok_and(|may| may) {
            return Ok(());
        }
        let message =
            format!("no row of `{}` is kept, but table `{relation}` has rows", request.load.object);
        let problem = Diagnostic::error(Code::EMPTY_OVER_ROWS, message)
            .at(request.load.place.clone())
            .with_note("all of its rows are rejected, skipped or marked as deleted")
            .with_help("the table stays as it is");
        Err(vec![problem])
    }

    /// Whether a stage without rows may be published; `false` keeps the table.
    fn may_be_empty(&mut self, known: &Known, rejected: u64) -> Result<bool> {
        let (request, rules) = (self.request, &self.request.load.rules);
        let replaces = known.course == Course::Anew || rules.deletes.complete;
        if request.existing.is_none() || !replaces || rules.on_empty == OnEmpty::Replace {
            return Ok(true);
        }
        let sql = compile::statement(request.graph, "first_row", self.relation);
        if self.query(&sql)?.rows.is_empty() {
            return Ok(true);
        }
        if rules.on_empty == OnEmpty::Keep {
            return Ok(false);
        }
        let none = no_rows(request.load, rejected);
        let has = if rejected == 0 { "has" } else { "has rows" };
        let message = format!("{none}, but table `{}` {has}", self.relation);
        Err(vec![
            Diagnostic::error(Code::EMPTY_OVER_ROWS, message)
                .at(request.load.place.clone())
                .with_note("the table stays as it is")
                .with_help("if empty is right, write `load: {on_empty: replace}`"),
        ])
    }
}

/// Why there is nothing to load.
fn no_rows(load: &LoadNode, rejected: u64) -> String {
    match rejected {
        0 => format!("`{}` has no rows", load.object),
        1 => format!("the only row of `{}` was rejected", load.object),
        count => format!("all {count} rows of `{}` were rejected", load.object),
    }
}

fn holds(course: Course) -> impl Fn(Condition) -> bool {
    move |condition| match condition {
        Condition::Always => true,
        Condition::Anew => course == Course::Anew,
        Condition::RowsStay => course == Course::RowsStay,
        _ => false,
    }
}
