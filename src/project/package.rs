//! A project and the packages installed beside it: finds the files of each and reads them.

use super::files::{Found, SeedFile, SqlFile, find, read_all, read_text};
use super::project_file::{self, NAMES, ProjectFile};
use super::properties::{self, Properties};
use crate::diagnostic::{Code, Diagnostic, SourceFile};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A project with its packages, as written.
#[derive(Debug, Clone)]
pub struct Project {
    /// The directory of the project file.
    pub root: PathBuf,
    /// The project itself first, then its packages by name.
    pub packages: Vec<Package>,
}

/// One project file and everything below its directory.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its directory.
    pub root: PathBuf,
    /// Its project file.
    pub file: ProjectFile,
    /// Models.
    pub models: Vec<SqlFile>,
    /// Analyses.
    pub analyses: Vec<SqlFile>,
    /// Singular tests.
    pub tests: Vec<SqlFile>,
    /// Snapshots.
    pub snapshots: Vec<SqlFile>,
    /// Files that hold macros, and generic tests.
    pub macros: Vec<Arc<SourceFile>>,
    /// Files that hold docs blocks.
    pub docs: Vec<Arc<SourceFile>>,
    /// Seeds.
    pub seeds: Vec<SeedFile>,
    /// What the YAML files declare.
    pub properties: Vec<Properties>,
}

impl Project {
    /// The project itself, without its packages.
    pub fn main(&self) -> &Package {
        &self.packages[0]
    }
}

/// Reads the project in the directory `root`, and its installed packages.
///
/// `None` where there is no project file that can be read; everything else that is wrong is in
/// `problems`, and what could be read is in the result.
pub fn read(root: &Path, problems: &mut Vec<Diagnostic>) -> Option<Project> {
    let main = read_package(root, "", problems)?;
    let mut packages = vec![main];
    let installed = root.join(&packages[0].file.paths.packages);
    for directory in subdirectories(&installed) {
        let name = directory.file_name().map(|n| n.to_string_lossy().into_owned());
        let prefix = format!("{}/{}/", packages[0].file.paths.packages, name.unwrap_or_default());
        packages.extend(read_package(&directory, &prefix, problems));
    }
    warn_of_missing_packages(root, &packages, problems);
    packages[1..].sort_by(|a, b| a.name.cmp(&b.name));
    Some(Project { root: root.to_path_buf(), packages })
}

/// A project that asks for packages and has none: what it calls will not be found.
fn warn_of_missing_packages(root: &Path, packages: &[Package], problems: &mut Vec<Diagnostic>) {
    let asks = ["packages.yml", "dependencies.yml"].map(|name| (name, root.join(name)));
    let asks = asks
        .iter()
        .find(|(_, path)| fs::read_to_string(path).is_ok_and(|text| text.contains("packages:")));
    if let (Some((name, _)), [main]) = (asks, packages) {
        let directory = &main.file.paths.packages;
        problems.push(
            Diagnostic::warning(
                Code::MISSING_KEY,
                format!("{name} asks for packages, but none is installed in {directory}/"),
            )
            .with_help(
                "install them with `dbt deps`: this version reads packages, it does not fetch them",
            ),
        );
    }
}

/// Directories below `parent` that hold a project file, sorted; none where it does not exist.
fn subdirectories(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut directories: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| NAMES.iter().any(|name| path.join(name).is_file()))
        .collect();
    directories.sort();
    directories
}

fn read_package(root: &Path, prefix: &str, problems: &mut Vec<Diagnostic>) -> Option<Package> {
    let file = project_file::read(&find_project_file(root, prefix, problems)?, problems)?;
    let paths = &file.paths;
    // Trees may overlap (sources/ can be one of the model-paths): each file is read once.
    let property_paths: Vec<String> =
        [&paths.models, &paths.sources, &paths.seeds, &paths.macros, &paths.tests]
            .into_iter()
            .chain([&paths.snapshots, &paths.analyses, &paths.exports])
            .flatten()
            .fold(Vec::new(), |mut all, path| {
                if !all.contains(path) {
                    all.push(path.clone());
                }
                all
            });
    let find_in = |directories: &[String], problems: &mut Vec<Diagnostic>| {
        find(root, prefix, directories, problems)
    };
    let all = find_in(&property_paths, problems);
    let yaml = all.iter().filter(|f| has_extension(f, &["yml", "yaml"])).map(copy).collect();
    let docs = all.into_iter().chain(find_in(&paths.docs, problems));
    let docs = docs.filter(|f| has_extension(f, &["md"])).collect();
    let models = find_in(&paths.models, problems);
    refuse_python(&models, problems);
    let (generic, tests) = find_in(&paths.tests, problems)
        .into_iter()
        // Fixtures belong to dbt's unit tests.
        .filter(|found| !found.relative.starts_with("fixtures/"))
        .partition::<Vec<_>, _>(|found| found.relative.starts_with("generic/"));
    let mut macros = find_in(&paths.macros, problems);
    macros.extend(generic);
    let package = Package {
        name: file.name.text.clone(),
        root: root.to_path_buf(),
        models: sql_files(models, problems),
        analyses: sql_files(find_in(&paths.analyses, problems), problems),
        tests: sql_files(tests, problems),
        snapshots: sql_files(find_in(&paths.snapshots, problems), problems),
        macros: texts(
            macros.into_iter().filter(|f| has_extension(f, &["sql"])).collect(),
            problems,
        ),
        docs: texts(docs, problems),
        seeds: seeds(find_in(&paths.seeds, problems)),
        properties: read_properties(texts(yaml, problems), problems),
        file,
    };
    Some(package)
}

fn find_project_file(
    root: &Path,
    prefix: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arc<SourceFile>> {
    let present: Vec<_> = NAMES.into_iter().filter(|name| root.join(name).is_file()).collect();
    let Some(name) = present.first() else {
        if !root.is_dir() {
            let what = if root.exists() { "is not a directory" } else { "does not exist" };
            let message = format!("the project directory `{}` {what}", root.display());
            problems.push(Diagnostic::error(Code::NO_PROJECT, message));
            return None;
        }
        let message = format!("`{}` is not a sqlflow project", root.display());
        problems.push(
            Diagnostic::error(Code::NO_PROJECT, message)
                .with_note("neither sqlflow.yml nor dbt_project.yml is there")
                .with_help(
                    "make one with `sqlflow init`, or name its directory with --project-dir",
                ),
        );
        return None;
    };
    let file = read_text(&root.join(name), Path::new(&format!("{prefix}{name}")), problems)?;
    if present.len() > 1 {
        problems.push(
            Diagnostic::note(
                Code::TWO_PROJECT_FILES,
                "dbt_project.yml is not read: sqlflow.yml counts",
            )
            .at(crate::diagnostic::Place::start_of(file.clone())),
        );
    }
    Some(file)
}

fn has_extension(found: &Found, extensions: &[&str]) -> bool {
    let extension = found.absolute.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| extensions.contains(&extension.as_str()))
}

fn copy(found: &Found) -> Found {
    Found {
        absolute: found.absolute.clone(),
        shown: found.shown.clone(),
        relative: found.relative.clone(),
    }
}

fn refuse_python(models: &[Found], problems: &mut Vec<Diagnostic>) {
    for model in models.iter().filter(|found| has_extension(found, &["py"])) {
        let message = format!("`{}` is a Python model, which is not supported", model.shown);
        problems.push(
            Diagnostic::error(Code::NOT_SUPPORTED, message)
                .with_help("write it as SQL, or move it out of the model paths"),
        );
    }
}

fn sql_files(found: Vec<Found>, problems: &mut Vec<Diagnostic>) -> Vec<SqlFile> {
    let found = found.into_iter().filter(|found| has_extension(found, &["sql"])).collect();
    read_all(found, problems)
        .into_iter()
        .map(|(found, file)| SqlFile { file, name: found.stem(), relative: found.relative })
        .collect()
}

fn texts(found: Vec<Found>, problems: &mut Vec<Diagnostic>) -> Vec<Arc<SourceFile>> {
    read_all(found, problems).into_iter().map(|(_, file)| file).collect()
}

fn seeds(found: Vec<Found>) -> Vec<SeedFile> {
    let csv = found.into_iter().filter(|found| has_extension(found, &["csv"]));
    csv.map(|found| SeedFile {
        name: found.stem(),
        path: found.shown,
        relative: found.relative,
        absolute: found.absolute,
    })
    .collect()
}

fn read_properties(files: Vec<Arc<SourceFile>>, problems: &mut Vec<Diagnostic>) -> Vec<Properties> {
    let read: Vec<_> = files
        .par_iter()
        .map(|file| {
            let mut problems = Vec::new();
            let properties = properties::read(file, &mut problems);
            (properties, problems)
        })
        .collect();
    let mut all = Vec::with_capacity(read.len());
    for (properties, found) in read {
        all.extend(properties);
        problems.extend(found);
    }
    all
}
