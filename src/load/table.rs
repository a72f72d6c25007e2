//! The steps of a load, in order.

use super::accepted::Accepted;
use super::file::{describe, file_object};
use super::fit;
use super::verdict::{self, Found, rows};
use crate::artifact::SchemaDirectory;
use crate::compile::{
    self, FileRecord, LoadFacts, Pair, RejectRecord, Scd2Counts, Script, Versions, load_query,
    load_script, stage_relation,
};
use crate::connector::file::{FileEntry, FileError, FileObject, Scan, etag, explain, find, scan};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::{Condition, Stage};
use crate::engine::{EngineError, Session};
use crate::graph::{Graph, LoadNode, Node, NodeKind};
use crate::mode::TargetColumn;
use crate::mode::load::{
    Counts, Course, DeleteKind, LoadMode, Obstacle, OnEmpty, OnNullCursor, OnNullKey, Recorded,
    course,
};
use crate::mode::scd2::{Asked, Change, HardDeletes, Misfit, Names, Role, Scd2};
use crate::relation::{Column, DataType, RelationKind, RelationName};
use serde_json::Value;
use std::path::Path;

/// One load, with what is known about its target.
#[derive(Clone, Copy)]
pub struct LoadRequest<'r> {
    /// The project.
    pub graph: &'r Graph,
    /// The source's table.
    pub node: &'r Node,
    /// How it is loaded.
    pub load: &'r LoadNode,
    /// What stands in the target under its name.
    pub existing: Option<RelationKind>,
    /// Whether the state is ignored and the table made anew.
    pub full_refresh: bool,
    /// The run.
    pub run_id: &'r str,
    /// When.
    pub now: jiff::Timestamp,
    /// Where files may be written while the load runs.
    pub scratch: &'r Path,
}

/// What a load did.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What became of the rows.
    pub counts: Counts,
    /// What is worth knowing about it.
    pub notes: Vec<Diagnostic>,
    /// The statements that were executed.
    pub script: Script,
}

type Failure = Vec<Diagnostic>;
type Result<T> = std::result::Result<T, Failure>;

/// Takes the script as soon as it is known, and each time that it becomes more exact.
pub type Writer<'w> = dyn FnMut(&Script) -> std::result::Result<(), Box<Diagnostic>> + 'w;

/// Files that change while they are read are read again so often.
const ATTEMPTS: usize = 3;

/// Carries out a load. `write` is given the script before anything of it is executed.
///
/// # Errors
/// Everything that is wrong with the request or the batch. The table and what is recorded of it are
/// as they were before.
pub fn load_table(
    request: &LoadRequest<'_>,
    session: &mut dyn Session,
    write: &mut Writer<'_>,
) -> Result<Loaded> {
    let relation =
        request.node.relation.as_ref().ok_or_else(|| request.defect("it has no relation"))?;
    let mut work = Work { request, relation, session, notes: Vec::new() };
    for attempt in 1.. {
        match work.attempt(write)? {
            Some(loaded) => return Ok(loaded),
            None if attempt < ATTEMPTS => {}
            None => break,
        }
    }
    let message = format!("`{}` changes while it is read", request.load.path);
    Err(vec![Diagnostic::error(Code::SOURCE_UNREADABLE, message).at(request.load.place.clone())])
}

impl LoadRequest<'_> {
    fn source(&self) -> &str {
        match &self.node.kind {
            NodeKind::Source(source) => &source.source,
            _ => "",
        }
    }

    fn defect(&self, what: &str) -> Failure {
        let message = format!("`{}` cannot be loaded: {what}", self.node.label());
        vec![Diagnostic::error(Code::INTERNAL, message).at(self.node.place.clone())]
    }

    fn engine(&self, error: &EngineError) -> Failure {
        let code = error.kind.code();
        vec![Diagnostic::error(code, error.message.clone()).at(self.node.place.clone())]
    }

    fn file(&self, object: &FileObject, error: FileError) -> Failure {
        let drift = matches!(error, FileError::Drift(_));
        let problem = describe(object, error).at(self.load.place.clone());
        if !drift {
            return vec![problem];
        }
        let path = SchemaDirectory::of(self.graph).shown_path(self.source(), &self.node.name);
        let help =
            format!("if the new schema is right, delete {path} and load with --full-refresh");
        vec![problem.with_help(help)]
    }
}

/// A load while it is carried out.
struct Work<'r> {
    request: &'r LoadRequest<'r>,
    relation: &'r RelationName,
    session: &'r mut dyn Session,
    notes: Vec<Diagnostic>,
}

/// What is known before anything is read.
struct Known {
    course: Course,
    recorded: Option<Recorded>,
    accepted: Accepted,
}

impl Work<'_> {
    /// One try; `None` where a file changed while it was read.
    fn attempt(&mut self, write: &mut Writer<'_>) -> Result<Option<Loaded>> {
        let (request, load) = (self.request, self.request.load);
        let known = self.known()?;
        let mut object = file_object(request.graph, load).map_err(|problem| vec![*problem])?;
        object.frozen = known.accepted.frozen();
        object.max_rejects = load.rules.max_rejects;
        request.scratch.clone_into(&mut object.scratch);
        let files = find(&object).map_err(|error| request.file(&object, error))?;
        let (files, records) = self.unread_files(&object, &known, files)?;
        if files.is_empty() {
            let message = "every file was loaded before: nothing to do";
            self.note(Code::FILE_CHANGED, message);
            return Ok(Some(self.loaded(Counts::default(), Script::default())));
        }
        let scanned =
            scan(&object, &files, self.session).map_err(|error| request.file(&object, error))?;
        let spelt = fit::spelt_as(load, &scanned.columns);
        fit::options(&spelt, &scanned.columns)?;
        let request = LoadRequest { load: &spelt, ..*request };
        let notes = std::mem::take(&mut self.notes);
        let work =
            Work { request: &request, relation: self.relation, session: &mut *self.session, notes };
        work.transfer(&known, &object, &scanned, records, write)
    }

    /// From what was scanned to what is recorded; `None` where a file changed while it was read.
    fn transfer(
        mut self,
        known: &Known,
        object: &FileObject,
        scanned: &Scan,
        records: Vec<FileRecord>,
        write: &mut Writer<'_>,
    ) -> Result<Option<Loaded>> {
        let mut facts = self.facts(known, scanned, records)?;
        let script = self.script(&facts)?;
        write(&script).map_err(|problem| vec![*problem])?;
        let staged = self.stage(object, scanned, &script)?;
        if changed(&scanned.files) {
            self.drop_stage()?;
            return Ok(None);
        }
        match self.check_and_publish(known, scanned, &mut facts, staged, write) {
            Ok(loaded) => {
                self.accept(known, scanned)?;
                Ok(Some(loaded))
            }
            Err(problems) => {
                self.drop_stage()?;
                Err(problems)
            }
        }
    }

    fn known(&mut self) -> Result<Known> {
        let request = self.request;
        let row = self.query(&load_query(request.graph, "load_state", self.relation))?;
        let text = |row: &[Value], index: usize| row.get(index)?.as_str().map(str::to_owned);
        let recorded = row.rows.first().map(|row| Recorded {
            definition: text(row, 0).unwrap_or_default(),
            cursor: text(row, 1),
        });
        let schema = row.rows.first().and_then(|row| text(row, 2));
        let rules = &request.load.rules;
        let course = course(rules, request.existing, recorded.as_ref(), request.full_refresh)
            .map_err(|obstacle| vec![self.obstacle(&obstacle)])?;
        let schema = schema.filter(|_| !request.full_refresh);
        let directory = SchemaDirectory::of(request.graph);
        let name = &request.node.name;
        let accepted = Accepted::read(&directory, request.source(), name, schema.as_deref())?;
        let recorded = recorded.filter(|_| course == Course::RowsStay);
        Ok(Known { course, recorded, accepted })
    }

    fn obstacle(&self, obstacle: &Obstacle) -> Diagnostic {
        let (load, relation) = (self.request.load, self.relation);
        match obstacle {
            Obstacle::View => Diagnostic::error(
                Code::RELATION_IN_THE_WAY,
                format!("`{relation}` is a view, expected a table or nothing to load into"),
            )
            .at(self.request.node.place.clone())
            .with_help("drop the view, or load into another table: `load: {into: schema.table}`"),
            Obstacle::NotOurs => Diagnostic::error(
                Code::FOREIGN_TABLE,
                format!("table `{relation}` exists and was not made by sqlflow"),
            )
            .at(self.request.node.place.clone())
            .with_help(match load.rules.mode {
                LoadMode::Replace => "to let this load replace it, write `load: {adopt: true}`",
                _ => "to let this load write into it, write `load: {adopt: true}`",
            }),
            Obstacle::TableGone => Diagnostic::error(
                Code::STATE_WITHOUT_TABLE,
                format!("table `{relation}` is gone, but it is recorded as loaded"),
            )
            .at(self.request.node.place.clone())
            .with_help("to load it from nothing, run with --full-refresh"),
            Obstacle::Redefined { was } => Diagnostic::error(
                Code::LOAD_REDEFINED,
                format!(
                    "the load of `{relation}` is `{}`, but was `{was}` when its state was recorded",
                    load.rules.definition()
                ),
            )
            .at(load.place_of("mode"))
            .with_help("to load it from nothing, run with --full-refresh"),
        }
    }

    /// The files to read, and what is recorded of them: where each is read once, those not yet
    /// recorded.
    fn unread_files(
        &mut self,
        object: &FileObject,
        known: &Known,
        files: Vec<FileEntry>,
    ) -> Result<(Vec<FileEntry>, Vec<FileRecord>)> {
        let request = self.request;
        let record = |file: &FileEntry, etag: String| FileRecord {
            uri: file.name.clone(),
            etag,
            size: file.size,
        };
        if !request.load.rules.reads_files_once() {
            let records = files.iter().map(|file| record(file, String::new())).collect();
            return Ok((files, records));
        }
        let mut manifest = Vec::new();
        if known.course == Course::RowsStay {
            let rows = self.query(&load_query(request.graph, "load_manifest", self.relation))?.rows;
            manifest = rows;
        }
        let (mut unread, mut records) = (Vec::new(), Vec::new());
        for file in files {
            let now = etag(&file).map_err(|error| request.file(object, error))?;
            let before = manifest
                .iter()
                .find(|row| row.first().and_then(Value::as_str) == Some(file.name.as_str()));
            match before.and_then(|row| row.get(1)?.as_str()) {
                Some(before) if before == now || before.is_empty() => {}
                Some(_) => return Err(vec![self.changed_file(&file)]),
                None => {
                    records.push(record(&file, now));
                    unread.push(file);
                }
            }
        }
        Ok((unread, records))
    }

    fn changed_file(&self, file: &FileEntry) -> Diagnostic {
        let message = format!("`{}` was loaded before, and has other content now", file.name);
        Diagnostic::error(Code::FILE_CHANGED, message)
            .at(self.request.load.place.clone())
            .with_note("mode `append` reads each file once")
            .with_help(
                "write new rows to new files; or give a `cursor`; or load all anew with \
                 --full-refresh",
            )
    }

    fn facts(
        &mut self,
        known: &Known,
        scanned: &Scan,
        files: Vec<FileRecord>,
    ) -> Result<LoadFacts> {
        let request = self.request;
        let rejects = scanned.rejects.iter().map(|reject| RejectRecord {
            file: reject.path.clone(),
            line: reject.line,
            column: reject.column.clone(),
            reason: reject.reason.clone(),
            text: reject.text.clone(),
        });
        let mut facts = LoadFacts {
            query: scanned.sql.clone(),
            columns: scanned.columns.clone(),
            recorded: known.recorded.as_ref().and_then(|recorded| recorded.cursor.clone()),
            required: required(&scanned.columns),
            run_id: request.run_id.to_owned(),
            loaded_at: request.now.to_string(),
            ..LoadFacts::default()
        };
        facts.record.files = files;
        facts.record.rejects = rejects.collect();
        facts.record.schema = known.accepted.after(scanned, request.now).render();
        if request.load.rules.mode == LoadMode::Scd2 {
            facts.versions = Some(self.versions(known, &scanned.columns)?);
            return Ok(facts);
        }
        match known.course {
            Course::Anew if request.existing.is_some() => facts.kept = self.kept()?,
            Course::Anew => {}
            Course::RowsStay => facts.pairs = self.pairs(&mut facts.required, &scanned.columns)?,
        }
        Ok(facts)
    }

    /// How the versions of the rows are kept, and how the batch fits their table.
    fn versions(&mut self, known: &Known, columns: &[Column]) -> Result<Versions> {
        let (request, rules) = (self.request, &self.request.load.rules);
        let Some(key) = rules.key.clone() else { return Err(request.defect("it has no key")) };
        let is_time = |name: &String| {
            columns.iter().any(|column| column.name == *name && column.data_type.is_temporal())
        };
        let dated_by = rules.cursor.as_ref().map(|cursor| cursor.column.clone());
        let scd2 = Scd2 {
            key,
            change: Change::Columns {
                tracked: rules.track.clone(),
                dated_by: dated_by.filter(is_time),
            },
            names: Names::of_load(),
            deletes: if rules.deletes.complete {
                HardDeletes::Invalidate
            } else {
                HardDeletes::Ignore
            },
            open_end: None,
        };
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

    /// Statements that put back what stands on the table.
    fn kept(&mut self) -> Result<Vec<String>> {
        let graph = self.request.graph;
        let rows = self.query(&load_query(graph, "load_standing", self.relation))?.rows;
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let statement = |row: &Vec<Value>| {
            let [kind, name, sql] = [0, 1, 2].map(|index| text(row.get(index)));
            compile::keep_statement(graph, self.relation, &kind, &name, &sql)
        };
        Ok(rows.iter().map(statement).collect())
    }

    fn pairs(&mut self, required: &mut Vec<String>, columns: &[Column]) -> Result<Vec<Pair>> {
        let request = self.request;
        let defaults = self.query(&load_query(request.graph, "load_defaults", self.relation))?.rows;
        let has_default = |name: &str| {
            defaults.iter().any(|row| row.first().and_then(Value::as_str) == Some(name))
        };
        let standing =
            self.session.columns(self.relation).map_err(|error| request.engine(&error))?;
        let target: Vec<TargetColumn> = standing
            .unwrap_or_default()
            .into_iter()
            .map(|column| TargetColumn { has_default: has_default(&column.name), column })
            .collect();
        let mut stage = columns.to_vec();
        if let DeleteKind::Soft(name) = &request.load.rules.deletes.kind {
            let data_type = DataType::new("timestamp with time zone");
            stage.push(Column { name: name.clone(), data_type, nullable: true });
        }
        let pairs = fit::pairs(request.load, self.relation, &stage, &target)?;
        *required = target
            .iter()
            .filter(|target| !target.column.nullable)
            .filter_map(|target| {
                pairs.iter().find(|pair| pair.target == target.column.name)?.name.clone()
            })
            .collect();
        Ok(pairs)
    }

    fn script(&self, facts: &LoadFacts) -> Result<Script> {
        let request = self.request;
        load_script(request.graph, request.node, request.load, facts)
            .map_err(|error| request.defect(&format!("a template is broken: {error:#}")))
    }

    /// Fills the stage; how many rows it has.
    fn stage(&mut self, object: &FileObject, scanned: &Scan, script: &Script) -> Result<u64> {
        let request = self.request;
        let mut staged = None;
        for statement in script.statements(Stage::Stage, |condition| condition == Condition::Always)
        {
            staged = self
                .session
                .execute(&statement.sql)
                .map_err(|error| request.file(object, explain(error, &scanned.files)))?;
        }
        staged.ok_or_else(|| request.defect("the engine did not count the rows"))
    }

    /// Everything after the stage is filled, up to the commit.
    fn check_and_publish(
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
        if staged == 0 && !self.may_be_empty(known)? {
            self.drop_stage()?;
            let message =
                format!("`{}` has no rows: table `{}` is kept as it was", load.path, self.relation);
            self.note(Code::EMPTY_OVER_ROWS, &message);
            return Ok(self.loaded(counts, Script::default()));
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
        facts.record.null_keys_rejected =
            found.count("null_keys") > 0 && load.rules.on_null_key == OnNullKey::Reject;
        let holds = holds(known.course);
        match known.course {
            Course::Anew => counts.inserted = remaining,
            Course::RowsStay => self.compare(&script, remaining, &mut counts)?,
        }
        facts.record.row_count = match load.rules.mode {
            LoadMode::Scd2 => remaining,
            _ => counts.inserted + counts.updated,
        };
        let script = self.script(facts)?;
        write(&script).map_err(|problem| vec![*problem])?;
        let statements = script.statements(Stage::Publish, &holds);
        let texts: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let later = load.rules.mode == LoadMode::Scd2 && known.course == Course::RowsStay;
        if !later && !counts.reconcile() {
            let message = format!("the rows do not add up: {:?}", counts.entries());
            return Err(self.request.defect(&message));
        }
        self.session.apply(&texts).map_err(|(_, error)| self.request.engine(&error))?;
        if later {
            self.count_versions(&script, &mut counts)?;
        }
        for statement in script.statements(Stage::Clear, &holds) {
            let cleared = self.session.execute(&statement.sql);
            cleared.map_err(|error| self.request.engine(&error))?;
        }
        Ok(self.loaded(counts, script))
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
            let mut kept = self.execute(script, Condition::KeysRepeat)?;
            if rules.cursor.is_some() || !rules.dedup_by.is_empty() {
                kept = self.execute(script, Condition::OneRowCounts)?;
            } else {
                let sql = compile::repeats_query(request.graph, self.relation, request.load);
                let repeats = self.query(&sql)?;
                if let Some(problem) = verdict::of_repeats(request.load, &repeats) {
                    return Err(vec![problem]);
                }
            }
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

    /// What became of the rows of a batch of versions.
    fn count_versions(&mut self, script: &Script, counts: &mut Counts) -> Result<()> {
        let queries = script.statements(Stage::Query, |known| known == Condition::RowsStay);
        let Some(statement) = queries.first() else { return Ok(()) };
        let table = self.query(&statement.sql)?;
        let found = table.rows.first().and_then(|row| Scd2Counts::read(row)).unwrap_or_default();
        counts.inserted = found.inserted;
        counts.updated = found.changed;
        counts.unchanged = found.unchanged;
        counts.deleted_by_absence = found.absent;
        counts.closed = found.changed + found.absent;
        Ok(())
    }

    /// Whether a stage without rows may be published; `false` keeps the table.
    fn may_be_empty(&mut self, known: &Known) -> Result<bool> {
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
        let message =
            format!("`{}` has no rows, but table `{}` has", request.load.path, self.relation);
        Err(vec![
            Diagnostic::error(Code::EMPTY_OVER_ROWS, message)
                .at(request.load.place.clone())
                .with_note("the table stays as it is")
                .with_help("if empty is right, write `load: {on_empty: replace}`"),
        ])
    }

    /// Writes the snapshot of the schema, now that its rows are there.
    fn accept(&self, known: &Known, scanned: &Scan) -> Result<()> {
        let request = self.request;
        let empty = scanned.row_count == Some(0);
        if empty && known.accepted.snapshot.is_none() {
            // Types that no value tells would be frozen.
            return Ok(());
        }
        let snapshot = known.accepted.after(scanned, request.now);
        SchemaDirectory::of(request.graph)
            .write(request.source(), &request.node.name, &snapshot)
            .map(drop)
            .map_err(|problem| vec![*problem])
    }

    /// Executes the `stage` statements under `condition`; the rows that the last one changed.
    fn execute(&mut self, script: &Script, condition: Condition) -> Result<u64> {
        let mut changed = 0;
        for statement in script.statements(Stage::Stage, |known| known == condition) {
            let rows = self.session.execute(&statement.sql);
            changed = rows.map_err(|error| self.request.engine(&error))?.unwrap_or_default();
        }
        Ok(changed)
    }

    fn check(&mut self, script: &Script, condition: Condition) -> Result<Found> {
        match script.statements(Stage::Check, |known| known == condition).first() {
            Some(statement) => Ok(Found::new(self.query(&statement.sql)?)),
            None => Ok(Found::default()),
        }
    }

    fn query(&mut self, sql: &str) -> Result<crate::engine::Table> {
        self.session.query(sql, None).map_err(|error| self.request.engine(&error))
    }

    fn drop_stage(&mut self) -> Result<()> {
        let stage = stage_relation(self.relation);
        let sql = compile::statement(self.request.graph, "drop_table", &stage);
        let dropped = self.session.execute(&sql);
        dropped.map(drop).map_err(|error| self.request.engine(&error))
    }

    fn note(&mut self, code: Code, message: &str) {
        let place = self.request.load.place.clone();
        self.notes.push(Diagnostic::note(code, message).at(place));
    }

    fn loaded(&mut self, counts: Counts, script: Script) -> Loaded {
        Loaded { counts, notes: std::mem::take(&mut self.notes), script }
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

fn holds(course: Course) -> impl Fn(Condition) -> bool {
    move |condition| match condition {
        Condition::Always => true,
        Condition::Anew => course == Course::Anew,
        Condition::RowsStay => course == Course::RowsStay,
        _ => false,
    }
}

fn required(columns: &[Column]) -> Vec<String> {
    columns.iter().filter(|column| !column.nullable).map(|column| column.name.clone()).collect()
}

/// Whether a file is another one than when it was found.
fn changed(files: &[FileEntry]) -> bool {
    files.iter().any(|file| {
        let now = std::fs::metadata(&file.path);
        now.map_or(true, |now| now.len() != file.size || now.modified().ok() != file.modified)
    })
}
