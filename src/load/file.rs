//! Loads from files: a source's table, and the rows of a seed.

use crate::compile::{LoadFacts, Script, load_script, stage_relation};
use crate::connector::file::{
    FileEntry, FileError, FileObject, FileOptions, Format, OPTIONS, OptionError, Scan, explain,
    find, scan,
};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::dialect::{Condition, Stage};
use crate::engine::{EngineError, Session};
use crate::graph::{Graph, LoadNode, Node, OnEmpty};
use crate::relation::{DataType, RelationKind, RelationName};
use std::path::PathBuf;

/// One load, with what is known about its target.
pub struct FileLoad<'r> {
    /// The project.
    pub graph: &'r Graph,
    /// The source's table.
    pub node: &'r Node,
    /// How it is loaded.
    pub load: &'r LoadNode,
    /// What stands in the target under its name.
    pub existing: Option<RelationKind>,
    /// Whether a run of sqlflow made what stands there.
    pub ours: bool,
    /// The run.
    pub run_id: &'r str,
    /// When.
    pub now: jiff::Timestamp,
}

/// What a load did.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Rows now in the table; `None` where the table was kept as it was.
    pub rows: Option<u64>,
    /// Files that were read.
    pub files: usize,
    /// The statements that were executed.
    pub script: Script,
}

/// Characters of a bad line that are shown.
const LONGEST_LINE: usize = 200;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Carries out a load. `write` is given the script as soon as it is known and each time that it
/// becomes more exact, before anything of it is executed.
pub fn load_files(
    work: &FileLoad<'_>,
    session: &mut dyn Session,
    write: &mut dyn FnMut(&Script) -> Result<()>,
) -> Result<Loaded> {
    let relation = work.node.relation.as_ref().ok_or_else(|| work.defect("it has no relation"))?;
    work.check_target(relation)?;
    let (object, scanned) = scan_files(work.graph, work.node, work.load, session)?;
    let mut facts = LoadFacts {
        query: scanned.sql.clone(),
        run_id: work.run_id.to_owned(),
        loaded_at: work.now.to_string(),
        row_count: "0".to_owned(),
        files: files_json(&scanned.files),
    };
    let staged = work.script(&facts)?;
    write(&staged)?;
    let mut rows = None;
    for statement in staged.statements(Stage::Stage, |condition| condition == Condition::Always) {
        rows = session
            .execute(&statement.sql)
            .map_err(|error| work.file_error(&object, &scanned.files, error))?;
    }
    let rows = rows.ok_or_else(|| work.defect("the engine did not count the rows"))?;
    if rows == 0 && !work.may_be_empty(relation, session)? {
        let stage = stage_relation(relation);
        session
            .execute(&drop_table(work.graph, &stage))
            .map_err(|error| work.engine_error(&error))?;
        return Ok(Loaded { rows: None, files: scanned.files.len(), script: staged });
    }
    facts.row_count = rows.to_string();
    let script = work.script(&facts)?;
    write(&script)?;
    let publish = script.statements(Stage::Publish, |condition| condition == Condition::Always);
    let texts: Vec<&str> = publish.iter().map(|statement| statement.sql.as_str()).collect();
    session.apply(&texts).map_err(|(_, error)| work.engine_error(&error))?;
    Ok(Loaded { rows: Some(rows), files: scanned.files.len(), script })
}

impl FileLoad<'_> {
    /// Everything about the target that can stop the load, before anything is read.
    fn check_target(&self, relation: &RelationName) -> Result<()> {
        let problem = match self.existing {
            Some(RelationKind::View) => Diagnostic::error(
                Code::RELATION_IN_THE_WAY,
                format!("`{relation}` is a view, expected a table or nothing to load into"),
            )
            .with_help("drop the view, or load into another table: `load: {into: schema.table}`"),
            Some(RelationKind::Table) if !self.ours && !self.load.adopt => Diagnostic::error(
                Code::FOREIGN_TABLE,
                format!("table `{relation}` exists and was not made by sqlflow"),
            )
            .with_help("to let this load replace it, write `load: {adopt: true}`"),
            _ => return Ok(()),
        };
        Err(Box::new(problem.at(self.node.place.clone())))
    }

    fn script(&self, facts: &LoadFacts) -> Result<Script> {
        load_script(self.graph, self.node, facts).map_err(|error| self.defect(&error.to_string()))
    }

    /// Whether a stage without rows may be published; `false` keeps the table.
    fn may_be_empty(&self, relation: &RelationName, session: &mut dyn Session) -> Result<bool> {
        if self.existing.is_none() || self.load.on_empty == OnEmpty::Replace {
            return Ok(true);
        }
        let has_rows = session
            .query(&first_row(self.graph, relation), Some(1))
            .map_err(|error| self.engine_error(&error))?;
        if has_rows.rows.is_empty() {
            return Ok(true);
        }
        if self.load.on_empty == OnEmpty::Keep {
            return Ok(false);
        }
        let stage = drop_table(self.graph, &stage_relation(relation));
        session.execute(&stage).map_err(|error| self.engine_error(&error))?;
        Err(Box::new(
            Diagnostic::error(
                Code::EMPTY_OVER_ROWS,
                format!("`{}` has no rows, but table `{relation}` has", self.load.path),
            )
            .at(self.load.place.clone())
            .with_note("the table stays as it is")
            .with_help("if empty is right, write `load: {on_empty: replace}`"),
        ))
    }

    fn engine_error(&self, error: &EngineError) -> Box<Diagnostic> {
        let code = error.kind.code();
        Box::new(Diagnostic::error(code, error.message.clone()).at(self.node.place.clone()))
    }

    fn file_error(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        error: EngineError,
    ) -> Box<Diagnostic> {
        Box::new(describe(object, explain(error, files)).at(self.load.place.clone()))
    }

    fn defect(&self, what: &str) -> Box<Diagnostic> {
        let message = format!("`{}` cannot be loaded: {what}", self.node.label());
        Box::new(Diagnostic::error(Code::INTERNAL, message).at(self.node.place.clone()))
    }
}

/// Looks into the files of a load and says how they are read.
///
/// # Errors
/// Whatever would make a row of the table wrong or missing, pointing at the `path:` in YAML.
pub fn scan_files(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    session: &mut dyn Session,
) -> Result<(FileObject, Scan)> {
    let object = file_object(graph, load)?;
    let scanned = find(&object).and_then(|files| scan(&object, &files, session));
    match scanned {
        Ok(scanned) => Ok((object, scanned)),
        Err(error) => {
            let problem = describe(&object, error).at(load.place.clone());
            Err(Box::new(match node.resource_type() {
                "seed" => Diagnostic { code: Code::SEED_MALFORMED, ..problem },
                _ => problem,
            }))
        }
    }
}

/// What is wrong with how the loads of `graph` say that files are read; nothing is opened.
pub fn check_options(graph: &Graph) -> Vec<Diagnostic> {
    let loads = graph.nodes.iter().filter_map(Node::load);
    loads
        .flat_map(|load| {
            let mut problems = read_options(load).err().unwrap_or_default();
            problems.extend(other_formats_options(load));
            problems
        })
        .collect()
}

/// Options that mean nothing for the format of the files.
fn other_formats_options(load: &LoadNode) -> Vec<Diagnostic> {
    let told = load.format.as_deref().and_then(Format::named);
    let Some(format) = told.or_else(|| Format::of(&load.path)) else { return Vec::new() };
    let foreign = load.options.iter().filter(|setting| {
        let spec = OPTIONS.iter().find(|option| option.name == setting.key);
        spec.is_some_and(|spec| !spec.formats.contains(&format))
    });
    foreign
        .map(|setting| {
            let message = format!("option `{}` means nothing for {format} files", setting.key);
            Diagnostic::error(Code::INVALID_VALUE, message).at(setting.key_place.clone())
        })
        .collect()
}

fn read_options(load: &LoadNode) -> std::result::Result<FileOptions, Vec<Diagnostic>> {
    let given = load.options.iter().map(|setting| (setting.key.as_str(), &setting.value));
    FileOptions::read(given).map_err(|errors| {
        let known: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        let describe = |error: OptionError| {
            let (name, help) = match &error {
                OptionError::Unknown { name } => {
                    let near = did_you_mean(name, known.iter().copied());
                    let all = || format!("known are {}", known.join(", "));
                    (name.as_str(), Some(near.unwrap_or_else(all)))
                }
                OptionError::Value { name, .. } => (*name, None),
            };
            let setting = load.options.iter().find(|setting| setting.key == name);
            Diagnostic::error(Code::INVALID_VALUE, error.to_string())
                .at_maybe(setting.map(|setting| match error {
                    OptionError::Unknown { .. } => setting.key_place.clone(),
                    OptionError::Value { .. } => setting.place.clone(),
                }))
                .with_help_maybe(help)
        };
        errors.into_iter().map(describe).collect()
    })
}

fn file_object(graph: &Graph, load: &LoadNode) -> Result<FileObject> {
    let options = read_options(load)
        .map_err(|problems| problems.into_iter().next().map(Box::new))
        .or_else(|problem| problem.map_or_else(|| Ok(FileOptions::default()), Err))?;
    let base =
        if load.directory.is_empty() { graph.root.clone() } else { PathBuf::from(&load.directory) };
    Ok(FileObject {
        base,
        path: load.path.clone(),
        format: load.format.as_deref().and_then(Format::named),
        options,
        columns: load
            .columns
            .iter()
            .map(|(name, data_type)| (name.clone(), DataType::new(data_type)))
            .collect(),
        ..FileObject::default()
    })
}

/// A file's problem as a diagnostic without a place.
fn describe(object: &FileObject, error: FileError) -> Diagnostic {
    let code = match &error {
        FileError::Missing { .. } | FileError::NoMatch { .. } => Code::SOURCE_MISSING,
        FileError::Empty { .. } => Code::SOURCE_EMPTY,
        FileError::Unreadable { .. } => Code::SOURCE_UNREADABLE,
        FileError::Engine(error) => match error.kind.code() {
            Code::SQL_FAILED | Code::DATA_FAILED => Code::SOURCE_MALFORMED,
            code => code,
        },
        _ => Code::SOURCE_MALFORMED,
    };
    let relative = !object.path.starts_with('/');
    let missing = matches!(code, Code::SOURCE_MISSING) && relative;
    let text = error.to_string();
    let mut lines = text.lines();
    let mut diagnostic = Diagnostic::error(code, lines.next().unwrap_or_default());
    for line in lines.filter(|line| !line.trim().is_empty()) {
        diagnostic = diagnostic.with_note(line.trim_end());
    }
    if let FileError::Malformed { text, .. } = &error
        && !text.is_empty()
    {
        let shown: String = text.chars().take(LONGEST_LINE).collect();
        let cut = if shown.len() < text.len() { " …" } else { "" };
        diagnostic = diagnostic.with_note(format!("the line is: {shown}{cut}"));
    }
    if missing {
        diagnostic =
            diagnostic.with_note(format!("relative paths start at `{}`", object.base.display()));
    }
    diagnostic
}

fn files_json(files: &[FileEntry]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|file| serde_json::json!({"path": file.name, "size": file.size}))
        .collect();
    serde_json::Value::Array(files).to_string()
}

fn drop_table(graph: &Graph, relation: &RelationName) -> String {
    crate::compile::statement(graph, "drop_table", relation)
}

fn first_row(graph: &Graph, relation: &RelationName) -> String {
    crate::compile::statement(graph, "first_row", relation)
}
