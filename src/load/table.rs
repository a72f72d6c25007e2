//! The steps of a load, in order.

use super::accepted::Accepted;
use super::again::Broken;
use super::connections::Connections;
use super::drift::SourceColumns;
use super::file::{failure, file_object};
use super::fit;
use super::observe::vanished;
use super::rows::Rows;
use super::ruling::Ruling;
use super::verdict::Found;
use crate::artifact::SchemaDirectory;
use crate::compile::{
    self, FileRecord, LoadFacts, Script, load_query, load_script, stage_relation,
};
use crate::connector::System;
use crate::connector::file::{
    FileEntry, FileError, FileObject, FileStore, Frozen, LocalFiles, Scan, explain,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::{Condition, Stage};
use crate::engine::{EngineError, Pour, Session, Unpoured, pour};
use crate::graph::{Graph, LoadNode, Node};
use crate::mode::load::{Counts, Course, OnDrift, Recorded, course};
use crate::relation::{Column, RelationKind, RelationName};
use crate::schema::{AcceptedBy, Snapshot};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

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
    /// What a drift of the source does, where the command line says so.
    pub on_drift: Option<OnDrift>,
    /// Whether no file of `schemas/` is written, and each has to be there.
    pub locked: bool,
    /// Where files may be written while the load runs.
    pub scratch: &'r Path,
    /// The connections of the run.
    pub connections: &'r Connections,
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
    /// How often it started again, because its source broke.
    pub retries: u64,
}

pub(super) type Failure = Vec<Diagnostic>;
pub(super) type Result<T> = std::result::Result<T, Failure>;

/// Takes the script as soon as it is known, and each time that it becomes more exact.
pub type Writer<'w> = dyn FnMut(&Script) -> std::result::Result<(), Box<Diagnostic>> + 'w;

/// Files that change while they are read are read again so often.
const ATTEMPTS: usize = 3;

/// Carries out a load; `files` is a DuckDB of our own, where the engine reads no files. `write` is given the script before anything of it is executed.
///
/// # Errors
/// Everything that is wrong with the request or the batch. The table and what is recorded of it are
/// as they were before.
pub fn load_table(
    request: &LoadRequest<'_>,
    session: &mut dyn Session,
    files: Option<&mut dyn Session>,
    write: &mut Writer<'_>,
) -> Result<Loaded> {
    let relation =
        request.node.relation.as_ref().ok_or_else(|| request.defect("it has no relation"))?;
    let files = files.map(|files| files as &mut dyn Session);
    let broken = Broken::default();
    let mut work = Work { request, relation, session, files, notes: Vec::new(), broken: &broken };
    for attempt in 1.. {
        let attempted =
            work.attempt_again(write).map_err(|problems| request.named(problems, relation));
        match attempted? {
            Some(loaded) => return Ok(loaded),
            None if attempt < ATTEMPTS => {}
            None => break,
        }
    }
    let message = format!("`{}` changes while it is read", request.load.object);
    Err(vec![Diagnostic::error(Code::SOURCE_UNREADABLE, message).at(request.load.place.clone())])
}

impl LoadRequest<'_> {
    pub(super) fn source(&self) -> &str {
        self.node.source_name()
    }

    /// The problems, each with the mode and the table that it is about.
    fn named(&self, problems: Failure, relation: &RelationName) -> Failure {
        let note = format!("mode `{}`, into table `{relation}`", self.load.rules.mode);
        problems.into_iter().map(|problem| problem.with_note(note.clone())).collect()
    }

    /// What a drift of the source does.
    pub(super) fn policy(&self) -> OnDrift {
        self.on_drift.unwrap_or(self.load.rules.on_drift)
    }

    pub(super) fn defect(&self, what: &str) -> Failure {
        let message = format!("`{}` cannot be loaded: {what}", self.node.label());
        vec![Diagnostic::error(Code::INTERNAL, message).at(self.node.place.clone())]
    }

    pub(super) fn engine(&self, error: &EngineError) -> Failure {
        let code = error.kind.code();
        vec![Diagnostic::error(code, error.message.clone()).at(self.node.place.clone())]
    }

    pub(super) fn file(&self, object: &FileObject, error: FileError) -> Failure {
        vec![failure(self.load, error, self.start(object))]
    }

    /// Where the path of `object` starts, for people.
    fn start(&self, object: &FileObject) -> Option<String> {
        let Some(connection) = &self.load.connection else { return LocalFiles.start(object) };
        match &*self.connections.open(connection).ok()? {
            System::Files(store) => store.start(object),
            System::Tables(_) => None,
        }
    }
}

/// A load while it is carried out.
pub(super) struct Work<'r> {
    pub(super) request: &'r LoadRequest<'r>,
    pub(super) relation: &'r RelationName,
    pub(super) session: &'r mut dyn Session,
    /// What reads files, where the session does not.
    pub(super) files: Option<&'r mut dyn Session>,
    pub(super) notes: Vec<Diagnostic>,
    pub(super) broken: &'r Broken,
}

/// Where the rows come from.
enum Source<'s> {
    /// Files, which the engine reads.
    Files(&'s dyn FileStore, Box<FileObject>),
    /// Another system, which gives them.
    Rows(Rows<'s>),
}

/// What is known before anything is read.
pub(super) struct Known {
    pub(super) course: Course,
    pub(super) recorded: Option<Recorded>,
    pub(super) accepted: Accepted,
    /// What was accepted of the columns that are loaded; `None` on the first load.
    pub(super) frozen: Option<Frozen>,
    /// What becomes of its drift, once the source was looked into.
    pub(super) ruling: Ruling,
}

impl Work<'_> {
    /// One try; `None` where a file changed while it was read.
    pub(super) fn attempt(&mut self, write: &mut Writer<'_>) -> Result<Option<Loaded>> {
        let (request, load) = (self.request, self.request.load);
        let mut known = self.known()?;
        let system = match &load.connection {
            Some(connection) => request.connections.open(connection)?,
            None => Arc::new(System::Files(Box::new(LocalFiles))),
        };
        let store = match &*system {
            System::Files(store) => &**store,
            System::Tables(connector) => {
                let mut rows = Rows::new(load, &**connector);
                let scanned = rows.scan(self, &mut known);
                let snapshot = known.accepted.snapshot.as_ref();
                let scanned = scanned.map_err(|problems| vanished(problems, snapshot))?;
                return self.transfer(&known, &Source::Rows(rows), scanned, Vec::new(), write);
            }
        };
        let mut object = file_object(request.graph, load).map_err(|problem| vec![*problem])?;
        object.frozen.clone_from(&known.frozen);
        object.max_rejects = load.rules.max_rejects;
        request.scratch.clone_into(&mut object.scratch);
        let files = store.find(&object).map_err(|error| {
            vanished(request.file(&object, error), known.accepted.snapshot.as_ref())
        })?;
        let (files, records) = self.unread_files(&object, &known, files)?;
        if files.is_empty() {
            let message = "every file was loaded before: nothing to do";
            self.note(Code::NOTHING_NEW, message);
            return Ok(Some(self.loaded(Counts::default(), Script::default())));
        }
        let scanned = match self.scan(store, &mut object, &files, &mut known) {
            // What is wrong with a half-written file is not wrong with the whole one.
            Err(_) if store.changed(&files).is_ok_and(|changed| changed) => return Ok(None),
            scanned => scanned?,
        };
        let records = as_read(records, &scanned.files);
        self.transfer(&known, &Source::Files(store, Box::new(object)), scanned, records, write)
    }

    /// Looks into the files; once more, by other columns, where they have drifted and the policy lets
    /// that pass.
    fn scan(
        &mut self,
        store: &dyn FileStore,
        object: &mut FileObject,
        files: &[FileEntry],
        known: &mut Known,
    ) -> Result<Scan> {
        let request = self.request;
        let (seen, scan) = match store.scan(object, files, self.reader()) {
            Ok(scan) => {
                let is_frozen = object.frozen.is_some();
                (SourceColumns::of_scan(request.load, &scan, is_frozen), Some(scan))
            }
            Err(FileError::Drift(drift)) => (SourceColumns::of_drift(request.load, *drift), None),
            Err(error) => return Err(request.file(object, error)),
        };
        known.ruling = self.judge(known, seen)?;
        if let Some(scan) = scan.filter(|scan| known.ruling.is_of(&scan.columns)) {
            return Ok(scan);
        }
        object.wanted = known.ruling.selection(request.load);
        if let Some(frozen) = &mut object.frozen {
            frozen.columns.clone_from(&known.ruling.columns);
        }
        match store.scan(object, files, self.reader()) {
            // The files are not alike: what is wrong is told as on a first load.
            Err(FileError::Drift(drift)) => {
                object.frozen = None;
                let scanned = store.scan(object, files, self.reader());
                scanned.and(Err(FileError::Drift(drift)))
            }
            scanned => scanned,
        }
        .map_err(|error| request.file(object, error))
    }

    /// The same with the columns of the options spelt as the source spells them.
    fn transfer(
        &mut self,
        known: &Known,
        source: &Source<'_>,
        mut scanned: Scan,
        records: Vec<FileRecord>,
        write: &mut Writer<'_>,
    ) -> Result<Option<Loaded>> {
        let spelt = fit::spelt_as(self.request.load, &scanned.columns);
        // Types that no value tells say nothing about an option.
        let typed = scanned.row_count != Some(0) || known.accepted.snapshot.is_some();
        fit::options(&spelt, &scanned.columns, typed)?;
        let longest = self.request.graph.target.dialect.longest_name();
        fit::names(&spelt, self.relation, &scanned.columns, longest)?;
        fit::require(&spelt, &mut scanned.columns);
        let request = LoadRequest { load: &spelt, ..*self.request };
        let notes = std::mem::take(&mut self.notes);
        let (relation, broken) = (self.relation, self.broken);
        let session = &mut *self.session;
        let files = self.files.as_mut().map(|files| &mut **files as &mut dyn Session);
        let work = Work { request: &request, relation, session, files, notes, broken };
        work.transfer_spelt(known, source, &scanned, records, write)
    }

    /// From what was scanned to what is recorded; `None` where a file changed while it was read.
    fn transfer_spelt(
        mut self,
        known: &Known,
        source: &Source<'_>,
        scanned: &Scan,
        records: Vec<FileRecord>,
        write: &mut Writer<'_>,
    ) -> Result<Option<Loaded>> {
        let ruling = &known.ruling;
        let by = if ruling.has_accepted { AcceptedBy::Permissive } else { AcceptedBy::Accept };
        let snapshot = known.accepted.after(scanned, self.request.now, by);
        self.notes.extend(ruling.notes.iter().cloned());
        let mut facts = self.facts(known, scanned, records)?;
        if accepts(known, scanned) {
            facts.record.schema = snapshot.render();
        }
        let script = self.script(&facts)?;
        write(&script).map_err(|problem| vec![*problem])?;
        let staged = match source {
            Source::Files(store, object) => {
                let staged = self.stage(object, scanned, &facts, &script);
                let changed = store.changed(&scanned.files);
                if changed.map_err(|error| self.request.file(object, error))? {
                    self.drop_stage()?;
                    return Ok(None);
                }
                staged
            }
            Source::Rows(rows) => rows.stage(&mut self, known, scanned, &mut facts, &script),
        };
        let staged = staged?;
        match self.check_and_publish(known, scanned, &mut facts, staged, write) {
            Ok(mut loaded) => {
                self.accept(known, scanned, &snapshot)?;
                loaded.notes.append(&mut self.notes);
                Ok(Some(loaded))
            }
            Err(problems) => {
                // Where this fails too, the first reason tells more, and the next run does it.
                _ = self.drop_stage();
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
            mark: text(row, 3),
        });
        let schema = row.rows.first().and_then(|row| text(row, 2));
        let rules = &request.load.rules;
        let course = course(rules, request.existing, recorded.as_ref(), request.full_refresh)
            .map_err(|obstacle| vec![self.obstacle(&obstacle)])?;
        let schema = schema.filter(|_| !request.full_refresh);
        let mut accepted = Accepted::read(request.graph, request.node, schema.as_deref())?;
        if request.locked && !accepted.has_file {
            return Err(vec![self.no_snapshot()]);
        }
        accepted.declare(request.load, request.now);
        let course = if accepted.snapshot.is_none() && recorded.is_some() {
            self.before_the_first_row(course)?
        } else {
            course
        };
        let recorded = recorded.filter(|_| course == Course::RowsStay);
        let frozen = accepted.frozen(request.load);
        Ok(Known { course, recorded, accepted, frozen, ruling: Ruling::default() })
    }

    /// A locked load has no file to go by.
    fn no_snapshot(&self) -> Diagnostic {
        let LoadRequest { graph, node, load, .. } = self.request;
        let path = SchemaDirectory::of(graph).shown_path(node.source_name(), &node.name);
        let message = format!("`{path}` does not exist, and --locked writes no file");
        let help = format!("`sqlflow schema accept {}`, then commit {path}", node.label());
        Diagnostic::error(Code::SNAPSHOT_MISSING, message).at(load.place.clone()).with_help(help)
    }

    /// The way of a load whose table was made while its source had no rows: the types of its columns
    /// were not known.
    fn before_the_first_row(&mut self, course: Course) -> Result<Course> {
        if course == Course::Anew {
            return Ok(course);
        }
        let sql = compile::statement(self.request.graph, "first_row", self.relation);
        let empty = self.query(&sql)?.rows.is_empty();
        Ok(if empty { Course::Anew } else { course })
    }

    pub(super) fn script(&self, facts: &LoadFacts) -> Result<Script> {
        let request = self.request;
        load_script(request.graph, request.node, request.load, facts)
            .map_err(|error| request.defect(&format!("a template is broken: {error:#}")))
    }

    /// What reads files.
    fn reader(&mut self) -> &mut dyn Session {
        match &mut self.files {
            Some(files) => &mut **files,
            None => self.session,
        }
    }

    /// Fills the stage; how many rows it has.
    fn stage(
        &mut self,
        object: &FileObject,
        scanned: &Scan,
        facts: &LoadFacts,
        script: &Script,
    ) -> Result<u64> {
        let request = self.request;
        if self.files.is_some() {
            let query = compile::files_query(request.load, facts);
            let told = |error| request.file(object, explain(error, &scanned.files));
            return self.copy_into_stage(&query, &facts.columns, script, &told);
        }
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

    /// Fills the stage with the rows that `query` gives in the DuckDB of our own; `told` says what is
    /// wrong with it.
    pub(super) fn copy_into_stage(
        &mut self,
        query: &str,
        columns: &[Column],
        script: &Script,
        told: &dyn Fn(EngineError) -> Failure,
    ) -> Result<u64> {
        let request = self.request;
        let statements = script.statements(Stage::Stage, |known| known == Condition::Always);
        let Some((last, before)) = statements.split_last() else {
            return Err(request.defect("there is no statement that fills the stage"));
        };
        for statement in before {
            let made = self.session.execute(&statement.sql);
            made.map_err(|error| request.engine(&error))?;
        }
        let Some(files) = &mut self.files else { return Err(request.defect("it has no reader")) };
        let what = Pour { query, statement: &last.sql, view: "", columns };
        let poured = pour(&what, &mut **files, self.session).map_err(|error| match error {
            Unpoured::Read(error) => told(error),
            Unpoured::Write(error) => request.engine(&error),
        })?;
        poured.ok_or_else(|| request.defect("the engine did not count the rows"))
    }

    /// Writes the snapshot of the schema, now that its rows are there.
    fn accept(&mut self, known: &Known, scanned: &Scan, snapshot: &Snapshot) -> Result<()> {
        let request = self.request;
        if !accepts(known, scanned) {
            return Ok(());
        }
        self.tell_of_file(known, snapshot);
        if request.locked {
            return Ok(());
        }
        SchemaDirectory::of(request.graph)
            .write(request.source(), &request.node.name, snapshot)
            .map(drop)
            .map_err(|problem| vec![*problem])
    }

    /// Executes the `stage` statements under `condition`; the rows that the last one changed.
    pub(super) fn execute(&mut self, script: &Script, condition: Condition) -> Result<u64> {
        let mut changed = 0;
        for statement in script.statements(Stage::Stage, |known| known == condition) {
            let rows = self.session.execute(&statement.sql);
            changed = rows.map_err(|error| self.request.engine(&error))?.unwrap_or_default();
        }
        Ok(changed)
    }

    pub(super) fn check(&mut self, script: &Script, condition: Condition) -> Result<Found> {
        match script.statements(Stage::Check, |known| known == condition).first() {
            Some(statement) => Ok(Found::new(self.query(&statement.sql)?)),
            None => Ok(Found::default()),
        }
    }

    pub(super) fn query(&mut self, sql: &str) -> Result<crate::engine::Table> {
        self.session.query(sql, None).map_err(|error| self.request.engine(&error))
    }

    pub(super) fn drop_stage(&mut self) -> Result<()> {
        let stage = stage_relation(self.request.graph, self.relation);
        let sql = compile::statement(self.request.graph, "drop_table", &stage);
        let dropped = self.session.execute(&sql);
        dropped.map(drop).map_err(|error| self.request.engine(&error))
    }

    pub(super) fn note(&mut self, code: Code, message: &str) {
        let place = self.request.load.place.clone();
        self.notes.push(Diagnostic::note(code, message).at(place));
    }

    pub(super) fn loaded(&mut self, counts: Counts, script: Script) -> Loaded {
        Loaded { counts, notes: std::mem::take(&mut self.notes), script, retries: 0 }
    }
}

/// Whether the schema of what was read is accepted: types that no value tells would be frozen.
fn accepts(known: &Known, scanned: &Scan) -> bool {
    scanned.row_count != Some(0) || known.accepted.snapshot.is_some()
}

/// What is recorded of files, as they were read: an object of a store that changed after it was found
/// was read anew.
fn as_read(mut records: Vec<FileRecord>, files: &[FileEntry]) -> Vec<FileRecord> {
    for record in records.iter_mut().filter(|record| !record.etag.is_empty()) {
        let read = files.iter().find(|file| file.name == record.uri);
        if let Some((file, etag)) = read.and_then(|file| Some((file, file.etag.as_ref()?))) {
            record.etag.clone_from(etag);
            record.size = file.size;
        }
    }
    records
}
