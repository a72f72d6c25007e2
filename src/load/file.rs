//! The files of a source or a seed: which they are, how they are read, what is wrong with them.

use super::rows::not_there;
use crate::compile;
use crate::connector::file::{
    FileError, FileObject, FileOptions, FileStore, Format, LocalFiles, OPTIONS, OptionError, Scan,
    find, scan,
};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::engine::Session;
use crate::graph::{Graph, LoadNode, Node};
use crate::relation::DataType;

/// Characters of a bad line that are shown.
const LONGEST_LINE: usize = 200;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

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
            let problem = describe(error).at(load.place.clone());
            let problem = starting(problem, LocalFiles.start(&object));
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
            if let Some(problem) = declares_nothing(load) {
                return vec![problem];
            }
            if load.path().is_none() {
                return super::rows::check_options(load);
            }
            let mut problems = read_options(load).err().unwrap_or_default();
            problems.extend(other_formats_options(load));
            problems.extend(zone_of_files(load));
            problems
        })
        .collect()
}

/// Where the declared columns are the schema, there is one.
fn declares_nothing(load: &LoadNode) -> Option<Diagnostic> {
    if !load.rules.declare || !load.columns.is_empty() {
        return None;
    }
    let message = "`declare: true`, and no column is declared with a type";
    let problem = Diagnostic::error(Code::MISSING_KEY, message).at(load.place_of("declare"));
    Some(problem.with_help("declare them: `columns: [{name: …, data_type: …}]`"))
}

/// Files know nothing of transactions that began and did not end.
fn zone_of_files(load: &LoadNode) -> Option<Diagnostic> {
    load.rules.cursor.as_ref()?.time_zone.as_ref()?;
    let message = "option `cursor_time_zone` means nothing for files";
    let place = load.place_of("cursor_time_zone");
    Some(Diagnostic::error(Code::INVALID_VALUE, message).at(place))
}

/// Options that mean nothing for the format of the files.
fn other_formats_options(load: &LoadNode) -> Vec<Diagnostic> {
    let told = load.format.as_deref().and_then(Format::named);
    let guessed = || load.path().and_then(Format::of);
    let Some(format) = told.or_else(guessed) else { return Vec::new() };
    let foreign = load.options.iter().filter(|setting| {
        let spec = OPTIONS.iter().find(|option| option.name == setting.key);
        spec.is_some_and(|spec| !spec.formats.contains(&format))
    });
    let foreign = foreign.map(|setting| (setting.key.as_str(), setting.key_place.clone()));
    let rejects = (load.rules.max_rejects > 0 && format != Format::Csv)
        .then(|| ("max_rejects", load.place_of("max_rejects")));
    foreign
        .chain(rejects)
        .map(|(option, place)| {
            let message = format!("option `{option}` means nothing for {format} files");
            Diagnostic::error(Code::INVALID_VALUE, message).at(place)
        })
        .collect()
}

fn read_options(load: &LoadNode) -> std::result::Result<FileOptions, Vec<Diagnostic>> {
    let given = load.options.iter().map(|setting| (setting.key.as_str(), &setting.value));
    FileOptions::read(given).map_err(|errors| {
        let known: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        let describe = |error: OptionError| {
            let help = match &error {
                OptionError::Unknown { name } => {
                    let near = did_you_mean(name, known.iter().copied());
                    Some(near.unwrap_or_else(|| format!("known are {}", known.join(", "))))
                }
                OptionError::Format { help, .. } => help.map(str::to_owned),
                OptionError::Value { .. } | OptionError::Clash { .. } => None,
            };
            let setting = |name: &str| load.options.iter().find(|setting| setting.key == name);
            // A quote that nobody says may clash with what is said.
            let setting = match &error {
                OptionError::Clash { name, other } => setting(name).or_else(|| setting(other)),
                error => setting(error.name()),
            };
            Diagnostic::error(Code::INVALID_VALUE, error.to_string())
                .at_maybe(setting.map(|setting| match error {
                    OptionError::Unknown { .. } => setting.key_place.clone(),
                    _ => setting.place.clone(),
                }))
                .with_help_maybe(help)
        };
        errors.into_iter().map(describe).collect()
    })
}

pub(super) fn file_object(graph: &Graph, load: &LoadNode) -> Result<FileObject> {
    let options = read_options(load)
        .map_err(|problems| problems.into_iter().next().map(Box::new))
        .or_else(|problem| problem.map_or_else(|| Ok(FileOptions::default()), Err))?;
    let connection = load.connection.as_ref();
    let base = connection.map_or_else(|| graph.root.clone(), |found| found.directory.clone());
    Ok(FileObject {
        base,
        path: load.path().unwrap_or_default().to_owned(),
        format: load.format.as_deref().and_then(Format::named),
        options,
        columns: declared_columns(graph, load)?,
        wanted: load.rules.selection.clone(),
        ..FileObject::default()
    })
}

/// The columns with the types that files are read as.
fn declared_columns(graph: &Graph, load: &LoadNode) -> Result<Vec<(String, DataType)>> {
    let read = |(name, data_type): &(String, String)| {
        let found = compile::carry::declared(graph.target.dialect, data_type);
        found.map(|found| (name.clone(), found)).ok_or_else(|| {
            let message = format!(
                "column `{name}` is declared as `{data_type}`, expected a type that files are read as"
            );
            let help = "declare `numeric(p,s)` with its digits, or `varchar` and cast it in a model";
            Box::new(Diagnostic::error(Code::NOT_SUPPORTED, message).at(load.place.clone()).with_help(help))
        })
    };
    load.columns.iter().map(read).collect()
}

/// What is wrong with the files of `load`, whose relative paths start at `start`.
pub(super) fn failure(load: &LoadNode, error: FileError, start: Option<String>) -> Diagnostic {
    if let FileError::NoColumn { column, known } = &error {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return not_there(load, column, &known);
    }
    starting(describe(error).at(load.place.clone()), start)
}

/// A file's problem as a diagnostic without a place.
fn describe(error: FileError) -> Diagnostic {
    if let FileError::Remote(error) = &error {
        return super::connection::problem(error);
    }
    let code = match &error {
        FileError::Missing { .. } | FileError::NoMatch { .. } => Code::SOURCE_MISSING,
        FileError::Empty { .. } => Code::SOURCE_EMPTY,
        FileError::Drift(_) => Code::SCHEMA_DRIFT,
        FileError::Unreadable { .. } => Code::SOURCE_UNREADABLE,
        FileError::Engine(error) => match error.kind.code() {
            Code::SQL_FAILED | Code::DATA_FAILED => Code::SOURCE_MALFORMED,
            code => code,
        },
        _ => Code::SOURCE_MALFORMED,
    };
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
    if let FileError::Formats { .. } = &error {
        diagnostic = diagnostic.with_help("narrow the glob, or say `format` for all of them");
    }
    diagnostic
}

/// The same, with a note of where the path starts, where nothing is found at it.
fn starting(problem: Diagnostic, start: Option<String>) -> Diagnostic {
    match start {
        Some(start) if problem.code == Code::SOURCE_MISSING => {
            problem.with_note(format!("relative paths start at `{start}`"))
        }
        _ => problem,
    }
}
