//! What an export does, in order: bind its query, make the files, put them into their place.

use super::disk::Disk;
use super::objects::ObjectStore;
use super::staging::Staging;
use super::store::{Result, Store};
use crate::compile::{self, ExportColumn, Query, Script, Statement, carry};
use crate::connector::{self, System};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::dialect::Stage;
use crate::engine::{EngineError, Pour, Session, Unpoured, pour};
use crate::graph::{ExportNode, ExportTarget, FileTarget, Graph, Node};
use crate::load::open_connection;
use crate::relation::{Column, DataType};
use std::fs;
use std::path::Path;

/// One export, and what it is written with.
#[derive(Clone, Copy)]
pub struct ExportRequest<'r> {
    /// The project.
    pub graph: &'r Graph,
    /// The export.
    pub node: &'r Node,
    /// Where it goes.
    pub export: &'r ExportNode,
    /// The query of its rows.
    pub query: &'r Query,
    /// The run.
    pub run_id: &'r str,
    /// When.
    pub now: jiff::Timestamp,
    /// Where files may be made while it is written.
    pub scratch: &'r Path,
    /// Tells what the database answered to a statement.
    pub describe: &'r dyn Fn(&Statement, &EngineError) -> Box<Diagnostic>,
}

/// What an export wrote.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Files and their bytes, where files were written.
    pub files: Option<(u64, u64)>,
    /// What is worth knowing about it.
    pub notes: Vec<Diagnostic>,
    /// How often it started again, because the system that it writes to broke.
    pub retries: u64,
}

/// Takes the script as soon as it is known, and each time that it becomes more exact.
pub type Writer<'w> = dyn FnMut(&Script) -> Result<()> + 'w;

/// Writes the rows of an export. `files` makes the files, where `session` cannot. `write` is given the
/// script before each part of it is executed.
///
/// # Errors
/// What is wrong; what was there is still there, and nothing else.
pub fn write_export(
    request: &ExportRequest<'_>,
    session: &mut dyn Session,
    files: Option<&mut dyn Session>,
    write: &mut Writer<'_>,
) -> Result<Written> {
    let files = files.map(|files| files as &mut dyn Session);
    let mut work = Work::bound(*request, session, files, write)?;
    let unbounded = work.unbounded();
    let written = match &request.export.target {
        ExportTarget::Table { schema, name } => work.write_table(schema.as_deref(), name),
        ExportTarget::Files(file) => {
            let (folder, name) = match file.path.rfind('/') {
                _ if file.is_folder() => (file.path.as_str(), ""),
                Some(slash) => file.path.split_at(slash + 1),
                None => ("", file.path.as_str()),
            };
            let store = work.store(file, folder)?;
            work.write_files(&*store, file, name)
        }
    };
    written.map(|mut written| {
        written.notes.extend(unbounded);
        written
    })
}

/// Whether values are numbers of more digits than a decimal has.
fn has_no_bounds(data_type: &DataType) -> bool {
    let name = data_type.as_str().trim_end_matches("[]");
    let digits = name.strip_prefix("decimal(").and_then(|rest| rest.split([',', ')']).next());
    name == "numeric" || digits.and_then(|digits| digits.parse().ok()).is_some_and(|p: u32| p > 38)
}

/// An export while it is written.
pub(super) struct Work<'w> {
    pub(super) request: ExportRequest<'w>,
    pub(super) session: &'w mut dyn Session,
    /// A DuckDB that makes the files, where the engine cannot.
    pub(super) files: Option<&'w mut dyn Session>,
    pub(super) write: &'w mut Writer<'w>,
    /// The columns of the query.
    pub(super) columns: Vec<Column>,
}

impl<'w> Work<'w> {
    /// An export whose columns are known.
    pub(super) fn bound(
        request: ExportRequest<'w>,
        session: &'w mut dyn Session,
        files: Option<&'w mut dyn Session>,
        write: &'w mut Writer<'w>,
    ) -> Result<Self> {
        let mut work = Self { request, session, files, write, columns: Vec::new() };
        work.columns = work.bind()?;
        Ok(work)
    }

    /// Numbers without bounds leave as text, since no other type takes all of them: told for each.
    fn unbounded(&self) -> Vec<Diagnostic> {
        let columns = self.columns.iter().filter(|column| has_no_bounds(&column.data_type));
        let told = columns.map(|column| {
            let (name, data_type) = (&column.name, &column.data_type);
            let message = format!(
                "column `{name}` is `{data_type}`, whose values may have more than 38 digits: they are \
                 written as text"
            );
            Diagnostic::warning(Code::NOT_CARRIED, message)
                .at(self.request.export.place.clone())
                .with_help(format!("cast it in the query: `cast({name} as numeric(38, 9))`"))
        });
        told.collect()
    }

    /// Writes all rows into the folder that `store` is: into its file `name`, or into several.
    pub(super) fn write_files(
        &mut self,
        store: &dyn Store,
        file: &FileTarget,
        name: &str,
    ) -> Result<Written> {
        let columns = self.columns_for_files(file)?;
        if file.is_folder() {
            self.write_folder(store, file, &columns)
        } else {
            self.write_one_file(store, name, file, &columns)
        }
    }

    /// The columns of the query.
    fn bind(&mut self) -> Result<Vec<Column>> {
        let script = compile::export_columns(self.request.graph, self.request.query);
        let script = script.map_err(|error| self.broken(&error))?;
        let statement = self.only(&script, Stage::Query)?;
        let table = self.session.query(&statement.sql, Some(1));
        let table = table.map_err(|error| (self.request.describe)(&statement, &error))?;
        let column = |(name, data_type)| Column { name, data_type, nullable: true };
        Ok(table.columns.into_iter().map(column).collect())
    }

    /// The columns as they go into files, once those that options name are known to be there.
    fn columns_for_files(&mut self, file: &FileTarget) -> Result<Vec<ExportColumn>> {
        let partitions = &file.options.partition_by;
        let mut named = Vec::new();
        for name in partitions {
            named.push(self.column("partition_by", name)?);
        }
        let odd = named
            .iter()
            .find(|name| name.starts_with(['_', '.']) || name.contains(['/', '=', '%', '\\']));
        if let Some(name) = odd {
            let message = format!("column `{name}` cannot be the name of a folder");
            let problem = Diagnostic::error(Code::OPTION_COLUMN, message);
            let help = "name it otherwise in the query: letters, digits, `_` and `-`, no `_` first";
            return Err(Box::new(
                problem.at(self.request.export.place_of("partition_by")).with_help(help),
            ));
        }
        if !partitions.is_empty() && named.len() == self.columns.len() {
            let message = "`partition_by` names every column, and none is left for the files";
            let problem = Diagnostic::error(Code::OPTION_COLUMN, message);
            return Err(Box::new(problem.at(self.request.export.place_of("partition_by"))));
        }
        let columns = self.columns.iter();
        Ok(columns.map(|c| carry::into_file(file.format, &c.name, &c.data_type)).collect())
    }

    /// The column that `option` calls `name`: exactly, else without case where one alone is so.
    pub(super) fn column(&self, option: &str, name: &str) -> Result<String> {
        if self.columns.iter().any(|column| column.name == name) {
            return Ok(name.to_owned());
        }
        let mut folded = self.columns.iter().filter(|c| c.name.eq_ignore_ascii_case(name));
        if let (Some(only), None) = (folded.next(), folded.next()) {
            return Ok(only.name.clone());
        }
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!("`{option}` names column `{name}`, which the rows do not have");
        let help = did_you_mean(name, names.iter().copied())
            .unwrap_or_else(|| format!("they have {}", names.join(", ")));
        Err(Box::new(
            Diagnostic::error(Code::OPTION_COLUMN, message)
                .at(self.request.export.place_of(option))
                .with_help(help),
        ))
    }

    /// The columns as they leave, with the types that they have then.
    pub(super) fn carried(&self, columns: &[ExportColumn]) -> Vec<Column> {
        let carried = self.columns.iter().zip(columns).map(|(column, carried)| Column {
            data_type: match &carried.cast {
                Some(cast) => DataType::new(cast),
                None => column.data_type.clone(),
            },
            ..column.clone()
        });
        carried.collect()
    }

    /// The query of the rows under the types that they leave with.
    pub(super) fn rows(&self, columns: &[ExportColumn]) -> Result<(Script, Statement)> {
        let script = compile::export_rows(self.request.graph, self.request.query, columns);
        let script = script.map_err(|error| self.broken(&error))?;
        let statement = self.only(&script, Stage::Query)?;
        Ok((script, statement))
    }

    /// What makes files.
    pub(super) fn maker(&mut self) -> &mut dyn Session {
        match &mut self.files {
            Some(files) => &mut **files,
            None => self.session,
        }
    }

    /// Executes the one `stage` statement of `script`, which takes the rows that `rows` gives; answers
    /// how many.
    pub(super) fn take(&mut self, rows: &Statement, script: &Script) -> Result<u64> {
        if self.files.is_none() {
            return self.execute(script);
        }
        let statement = self.only(script, Stage::Stage)?;
        let Some(files) = &mut self.files else { return Err(self.defect("nothing makes files")) };
        let what = Pour {
            query: &rows.sql,
            statement: &statement.sql,
            view: compile::INCOMING,
            columns: &[],
        };
        let poured = pour(&what, self.session, &mut **files).map_err(|error| match error {
            Unpoured::Read(error) => (self.request.describe)(rows, &error),
            Unpoured::Write(error) => (self.request.describe)(&statement, &error),
        })?;
        poured.ok_or_else(|| self.defect("the engine did not count the rows"))
    }

    /// Executes the `stage` statements of `script`; answers the rows of the last.
    pub(super) fn execute(&mut self, script: &Script) -> Result<u64> {
        let mut rows = None;
        for statement in script.statements(Stage::Stage, |_| true) {
            let changed = self.maker().execute(&statement.sql);
            rows = changed.map_err(|error| (self.request.describe)(statement, &error))?;
        }
        rows.ok_or_else(|| self.defect("the engine did not count the rows"))
    }

    fn only(&self, script: &Script, stage: Stage) -> Result<Statement> {
        let found = script.statements(stage, |_| true).first().copied().cloned();
        found.ok_or_else(|| self.defect("a template has no statement"))
    }

    pub(super) fn broken(&self, error: &minijinja::Error) -> Box<Diagnostic> {
        self.defect(&format!("an SQL template is broken: {error}"))
    }

    pub(super) fn defect(&self, message: &str) -> Box<Diagnostic> {
        let message = format!("`{}`: {message}", self.request.node.id);
        Box::new(Diagnostic::error(Code::INTERNAL, message))
    }

    /// The folder `folder` of the destination: a path that ends with `/`, or nothing.
    pub(super) fn store(&self, file: &FileTarget, folder: &str) -> Result<Box<dyn Store>> {
        let ExportRequest { export, run_id, scratch, .. } = self.request;
        let slug = self.slug();
        let on_disk = |folder: &str| -> Result<Box<dyn Store>> {
            Ok(Box::new(Disk::open(
                file.base.join(folder.trim_end_matches('/')),
                &slug,
                run_id,
                &export.place,
            )?))
        };
        let Some(connection) = &export.connection else { return on_disk(folder) };
        if connector::spec(&connection.kind.text).is_some_and(connector::on_disk) {
            return on_disk(folder);
        }
        let opened = open_connection(connection).map_err(|problems| self.first(problems))?;
        let System::Files(opened) = opened else {
            return Err(self.defect("the connection has no files"));
        };
        let staging =
            fs::create_dir_all(scratch).and_then(|()| Staging::make(scratch, &slug, run_id));
        let staging = staging.map_err(|error| {
            let message = format!("cannot make files in `{}`: {error}", scratch.display());
            Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message))
        })?;
        let folder = format!("{}/", folder.trim_end_matches('/'));
        let folder = if folder == "/" { "" } else { folder.as_str() };
        Ok(Box::new(ObjectStore::open(opened, folder, staging, &export.place)))
    }

    pub(super) fn first(&self, problems: Vec<Diagnostic>) -> Box<Diagnostic> {
        let first = problems.into_iter().next();
        first.map_or_else(|| self.defect("the connection cannot be opened"), Box::new)
    }

    /// The export's name in names of files: letters, digits, `_` and `-`. Where that is not its
    /// name, or a package's, some digits tell it from others.
    pub(super) fn slug(&self) -> String {
        let node = self.request.node;
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let slug: String = node.name.chars().map(plain).take(80).collect();
        if slug == node.name && node.package == self.request.graph.name {
            return slug;
        }
        let hash = blake3::hash(node.id.0.as_bytes()).to_hex();
        format!("{slug}_{}", hash.chars().take(6).collect::<String>())
    }

    /// Rows would be replaced by none: told as an error.
    pub(super) fn empty_over(&self, what: &str) -> Box<Diagnostic> {
        let message = format!("export `{}` has no rows, but {what} has", self.request.node.name);
        Box::new(
            Diagnostic::error(Code::EMPTY_OVER_ROWS, message)
                .at(self.request.export.place.clone())
                .with_note("it stays as it is")
                .with_help("if empty is right, write `on_empty: replace`"),
        )
    }

    /// Rows would be replaced by none, and stay.
    pub(super) fn kept(&self, what: &str) -> Written {
        let message =
            format!("export `{}` has no rows: {what} stays as it is", self.request.node.name);
        let note =
            Diagnostic::note(Code::EMPTY_OVER_ROWS, message).at(self.request.export.place.clone());
        Written { notes: vec![note], ..Written::default() }
    }
}
