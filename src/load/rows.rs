//! Rows of another system, on their way into the stage.

use super::connection::problem;
use super::drift::SourceColumns;
use super::table::{Failure, Known, Result, Work};
use crate::compile::{self, LoadFacts, RowColumn, Script};
use crate::connector::file::Scan;
use crate::connector::{
    Batches, Connector, ConnectorError, Filter, Incremental, Mark, Object, ReadRequest,
};
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean, rows};
use crate::dialect::{Condition, Stage};
use crate::engine::EngineError;
use crate::graph::{LoadNode, LoadObject};
use crate::mode::load::OnNullCursor;
use crate::relation::{Column, DataType};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a load reads that is not files.
pub(super) struct Rows<'s> {
    connector: &'s dyn Connector,
    object: Object,
    /// Whether a column is declared with another type than it has there.
    casts: bool,
    /// Whether its columns have to be named: those that are loaded are others, or in another order.
    names_columns: bool,
}

impl<'s> Rows<'s> {
    /// What `load` reads from `connector`; nothing is asked yet. Of files there are no rows.
    pub(super) fn new(load: &LoadNode, connector: &'s dyn Connector) -> Self {
        Self { connector, object: object(load), casts: false, names_columns: false }
    }

    /// The columns that it has, as the target will hold them, and the query that the stage is
    /// filled by.
    pub(super) fn scan(&mut self, work: &Work<'_>, known: &mut Known) -> Result<Scan> {
        let load = work.request.load;
        let found = found(load, self.connector, &self.object).map_err(|unseen| match unseen {
            Unseen::Source(error) => self.told(work, &error),
            Unseen::Load(problems) => problems,
        })?;
        Self::names(work, &found)?;
        let (columns, mut casts) = declared(load, &found)?;
        known.ruling = work.judge(known, SourceColumns::of_rows(load, columns))?;
        let columns = known.ruling.columns.clone();
        let place = |cast: &RowColumn| columns.iter().position(|column| column.name == cast.name);
        casts.retain(|cast| place(cast).is_some());
        casts.sort_by_key(|cast| place(cast));
        self.names_columns = !known.ruling.is_of(&found);
        self.casts = casts.iter().any(|cast| {
            let from = found.iter().find(|from| from.name == cast.name);
            from.is_some_and(|from| from.data_type != cast.data_type)
        });
        let sql = compile::rows_query(work.relation, &casts);
        Ok(Scan { sql, columns, ..Scan::default() })
    }

    /// Fills the stage; how many rows it has.
    pub(super) fn stage(
        &self,
        work: &mut Work<'_>,
        known: &Known,
        scanned: &Scan,
        facts: &mut LoadFacts,
        script: &Script,
    ) -> Result<u64> {
        let (load, place) = (work.request.load, work.request.load.place.clone());
        let selected = scanned.columns.iter().map(|column| column.name.clone()).collect();
        let request = ReadRequest {
            object: self.object.clone(),
            columns: (self.names_columns || load.rules.selection.option().is_some())
                .then_some(selected),
            filter: filter(load, facts),
            limit: None,
            partition_on: option(load, "partition_on"),
            batch_rows: self.connector.batch_rows(),
            connections: self.connector.max_connections(),
        };
        let (batches, mark) =
            self.read(load, known, &request).map_err(|error| self.told(work, &error))?;
        if let Some(warning) = &mark.warning {
            let place = load.place_of("cursor");
            work.notes.push(Diagnostic::warning(Code::LATE_ROWS, warning.clone()).at(place));
        }
        facts.record.ceiling.clone_from(&mark.ceiling);
        facts.record.mark = serde_json::to_string(&mark).ok().filter(|_| mark != Mark::default());
        let reader = Reader::new(batches);
        let (failed, delivered) = (reader.failed.clone(), reader.rows.clone());
        let view = compile::rows_view(work.relation);
        let staged = match &mut work.files {
            Some(files) if self.casts => {
                let kept = compile::cast_rows(work.relation, &facts.query);
                files.ingest(&kept, &view, Box::new(reader)).map(|_| None)
            }
            _ => work.ingest(script, &view, reader)?.map(Some),
        };
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(self.told(work, &error));
        }
        let staged = staged.map_err(|error| work_error(&place, &error))?;
        let staged = match staged {
            Some(staged) => {
                staged.ok_or_else(|| work.request.defect("the engine did not count the rows"))?
            }
            None => {
                let query = compile::cast_rows_query(work.relation, &facts.columns);
                let told = |error: EngineError| work_error(&place, &error);
                work.copy_into_stage(&query, &facts.columns, script, &told)?
            }
        };
        let delivered = delivered.load(Ordering::SeqCst);
        if staged == delivered {
            return Ok(staged);
        }
        let message = format!("{} came, but the stage has {staged}", rows(delivered));
        Err(work.request.defect(&message))
    }
}

impl Rows<'_> {
    /// No two columns may have one name in the target.
    fn names(work: &Work<'_>, found: &[Column]) -> Result<()> {
        let dialect = work.request.graph.target.dialect;
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for column in found {
            let Some(other) = seen.insert(dialect.fold(&column.name), &column.name) else {
                continue;
            };
            let message = format!(
                "columns `{other}` and `{}` of `{}` differ only in case, which are one in {}",
                column.name,
                work.request.load.object,
                dialect.name()
            );
            let problem = Diagnostic::error(Code::NOT_CARRIED, message)
                .at(work.request.load.place.clone())
                .with_help(
                    "leave one out with `exclude_columns`, or give it another name in a `query:`",
                );
            return Err(vec![problem]);
        }
        Ok(())
    }

    /// The rows, and what is to be recorded of an incremental read.
    fn read(
        &self,
        load: &LoadNode,
        known: &Known,
        request: &ReadRequest,
    ) -> std::result::Result<(Box<dyn Batches>, Mark), ConnectorError> {
        let Some(cursor) = &load.rules.cursor else {
            return Ok((self.connector.read(request)?, Mark::default()));
        };
        let recorded = known.recorded.as_ref().and_then(|recorded| recorded.mark.as_deref());
        let incremental = Incremental {
            cursor: cursor.column.clone(),
            recorded: recorded.and_then(|mark| serde_json::from_str(mark).ok()),
            time_zone: cursor.time_zone.clone(),
        };
        self.connector.read_with(request, &incremental)
    }

    /// An error of the source; one that heals is remembered, for another try.
    fn told(&self, work: &Work<'_>, error: &ConnectorError) -> Failure {
        work.broken.remember(error, self.connector);
        if error.heals() {
            // Another try checks the schema as it is then.
            self.connector.forget(&self.object);
        }
        vec![problem(error).at(work.request.load.place.clone())]
    }
}

fn work_error(place: &Place, error: &EngineError) -> Failure {
    vec![Diagnostic::error(error.kind.code(), error.message.clone()).at(place.clone())]
}

impl Work<'_> {
    /// Executes the statements that make the stage, the last with the rows of `reader`.
    fn ingest(
        &mut self,
        script: &Script,
        view: &str,
        reader: Reader,
    ) -> Result<std::result::Result<Option<u64>, EngineError>> {
        let statements = script.statements(Stage::Stage, |known| known == Condition::Always);
        let Some((last, before)) = statements.split_last() else {
            return Err(self.request.defect("there is no statement that fills the stage"));
        };
        for statement in before {
            let made = self.session.execute(&statement.sql);
            made.map_err(|error| self.request.engine(&error))?;
        }
        Ok(self.session.ingest(&last.sql, view, Box::new(reader)))
    }
}

/// Why the columns of a source are not known.
pub(super) enum Unseen {
    /// The source does not say.
    Source(ConnectorError),
    /// They are not those that the load names.
    Load(Failure),
}

/// The columns that are loaded, as the source has them.
pub(super) fn found(
    load: &LoadNode,
    connector: &dyn Connector,
    object: &Object,
) -> std::result::Result<Vec<Column>, Unseen> {
    let selection = &load.rules.selection;
    if selection.option().is_none() {
        return connector.schema(object).map_err(Unseen::Source);
    }
    let mut names = connector.column_names(object).map_err(Unseen::Source)?;
    let known = names.clone();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let unknown = selection.unknown(&known).into_iter();
    let problems: Failure = unknown.map(|name| not_there(load, name, &known)).collect();
    if !problems.is_empty() {
        return Err(Unseen::Load(problems));
    }
    names.retain(|name| selection.takes(name, &known));
    connector.schema_of(object, &names).map_err(Unseen::Source)
}

/// What a load reads that is not files.
pub(super) fn object(load: &LoadNode) -> Object {
    match &load.object {
        LoadObject::Files(path) => Object::Files(path.clone()),
        LoadObject::Table { schema, name } => {
            Object::Table { schema: schema.clone(), name: name.clone() }
        }
        LoadObject::Query(query) => Object::Query(query.clone()),
    }
}

/// A column that is to be loaded, or left out, and that the source lacks.
pub(super) fn not_there(load: &LoadNode, name: &str, known: &[&str]) -> Diagnostic {
    let option = load.rules.selection.option().unwrap_or("columns");
    let message = format!("`{option}` names column `{name}`, which the source lacks");
    let near = did_you_mean(name, known.iter().copied());
    let known = format!("its columns are {}", known.join(", "));
    let problem = Diagnostic::error(Code::OPTION_COLUMN, message).at(load.place_of(option));
    match near {
        Some(near) => problem.with_note(known).with_help(near),
        None => problem.with_help(known),
    }
}

/// The columns as the target will hold them, with those types that the YAML declares, and what is
/// cast to get them.
pub(super) fn declared(load: &LoadNode, found: &[Column]) -> Result<(Vec<Column>, Vec<RowColumn>)> {
    let mut problems = Failure::new();
    let mut columns = found.to_vec();
    let is_loaded = |name: &str| load.rules.selection.takes(name, &[name]);
    for (name, data_type) in load.columns.iter().filter(|(name, _)| is_loaded(name)) {
        let exact = columns.iter().position(|column| column.name == *name);
        let folded = || columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        match exact.or_else(folded) {
            Some(index) => columns[index].data_type = DataType::new(data_type),
            None => {
                let known: Vec<&str> = found.iter().map(|column| column.name.as_str()).collect();
                let message = format!("column `{name}` is declared, which the source lacks");
                problems.push(
                    Diagnostic::error(Code::OPTION_COLUMN, message)
                        .at(load.place.clone())
                        .with_help(format!("its columns are {}", known.join(", "))),
                );
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let casts = columns.iter().zip(found).map(|(column, found)| RowColumn {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        // A narrower type would round or cut: what comes back must be what came.
        checked: !found.data_type.widens_to(&column.data_type),
    });
    let casts = casts.collect();
    Ok((columns, casts))
}

/// The rows that a load reads again; `None` for all.
fn filter(load: &LoadNode, facts: &LoadFacts) -> Option<Filter> {
    let cursor = load.rules.cursor.as_ref()?;
    Some(Filter {
        column: cursor.column.clone(),
        since: facts.recorded.clone()?,
        lag: cursor.lag,
        skips_null: cursor.on_null == OnNullCursor::Skip,
    })
}

/// Options that mean nothing for rows of another system.
pub(super) fn check_options(load: &LoadNode) -> Vec<Diagnostic> {
    const KNOWN: [&str; 1] = ["partition_on"];
    let unknown = load.options.iter().filter(|setting| !KNOWN.contains(&setting.key.as_str()));
    let unknown = unknown.map(|setting| (setting.key.as_str(), setting.key_place.clone()));
    let rejects =
        (load.rules.max_rejects > 0).then(|| ("max_rejects", load.place_of("max_rejects")));
    let format = load.format.as_ref().map(|_| ("format", load.place.clone()));
    unknown
        .chain(rejects)
        .chain(format)
        .map(|(option, place)| {
            let message = format!("option `{option}` means nothing for tables and queries");
            let help = format!("there is {}", KNOWN.join(", "));
            Diagnostic::error(Code::INVALID_VALUE, message).at(place).with_help(help)
        })
        .collect()
}

fn option(load: &LoadNode, name: &str) -> Option<String> {
    let setting = load.options.iter().find(|setting| setting.key == name)?;
    setting.value.as_str().map(str::to_owned)
}

/// Batches as the engine reads them. An engine tells only that they failed; why stays here.
struct Reader {
    batches: Box<dyn Batches>,
    schema: SchemaRef,
    failed: Arc<Mutex<Option<ConnectorError>>>,
    rows: Arc<AtomicU64>,
}

impl Reader {
    fn new(batches: Box<dyn Batches>) -> Self {
        let schema = batches.schema();
        Self { batches, schema, failed: Arc::default(), rows: Arc::default() }
    }
}

impl Iterator for Reader {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        // Other threads of the engine may ask once more; the first error is the one that tells.
        if let Some(error) = &*failed {
            return Some(Err(ArrowError::ExternalError(Box::new(error.clone()))));
        }
        match self.batches.next() {
            Ok(batch) => {
                let batch = batch?;
                self.rows.fetch_add(batch.num_rows() as u64, Ordering::SeqCst);
                Some(Ok(batch))
            }
            Err(error) => {
                let told = ArrowError::ExternalError(Box::new(error.clone()));
                *failed = Some(error);
                Some(Err(told))
            }
        }
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
