//! Everything that is written under `target/`: compiled SQL, manifest, run results. And, in
//! [`SchemaDirectory`], under `schemas/`: the accepted schemas of sources.
//!
//! | file | is |
//! | --- | --- |
//! | `compiled/<package>/<path>` | the query of a model, test, analysis |
//! | `compiled/<package>/<path>.incremental.sql` | its query over rows that stay, where that differs |
//! | `run/<package>/<path>` | the statements that carry it out |
//! | `compiled/…/<model>/<model>_<batch>.sql` | the query of one interval of a microbatch model; below `run/`, its statements |
//! | `manifest.json` | the project, in the shape of dbt's manifest v12 |
//! | `run_results.json` | what a run did, in the shape of dbt's run results v6 |
//!
//! Secrets that a template read are replaced by `*****` in every file.

mod exports;
mod left_over;
mod manifest;
mod run_results;
mod schemas;

pub use left_over::LeftOver;
pub use manifest::manifest;
pub use run_results::{BatchResults, NodeTiming, ResultRow, run_results};
pub use schemas::SchemaDirectory;

use crate::compile::{Compiled, Query};
use crate::diagnostic::{Code, Diagnostic, Secrets};
use crate::graph::{Graph, Node};
use crate::mode::Batch;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The project's `target/`.
#[derive(Debug, Clone)]
pub struct TargetDirectory {
    root: PathBuf,
    secrets: Secrets,
}

impl TargetDirectory {
    /// The directory of `graph`, or `path` in its place.
    pub fn of(graph: &Graph, path: Option<&Path>) -> Self {
        let root = path.map_or_else(|| graph.root.join(&graph.target_path), Path::to_path_buf);
        Self { root, secrets: graph.shared.secrets().clone() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where files may be written for as long as a node is worked on.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Where the query of `node` stands, below the directory.
    pub fn compiled_path(node: &Node) -> String {
        format!("compiled/{}/{}", node.package, node.target_path())
    }

    /// Where the statements of `node` stand, below the directory.
    pub fn run_path(node: &Node) -> String {
        format!("run/{}/{}", node.package, node.target_path())
    }

    /// Where the statements of one interval of `node` stand, below the directory.
    pub fn batch_run_path(node: &Node, batch: &Batch) -> String {
        format!("run/{}/{}", node.package, batch_path(node, batch))
    }

    /// Writes query and script of one interval of a microbatch model, each to a file of its own.
    ///
    /// # Errors
    /// The file that could not be written.
    pub fn write_batch(
        &self,
        graph: &Graph,
        compiled: &Compiled,
        batch: &Batch,
    ) -> Result<(), Box<Diagnostic>> {
        let node = graph.node(compiled.index);
        let query = compiled.query.as_ref().map_or("", |query| &query.text);
        let path = format!("compiled/{}/{}", node.package, batch_path(node, batch));
        let files = [(path, query), (Self::batch_run_path(node, batch), &compiled.script.text())];
        for (path, text) in files {
            let path = self.root.join(path);
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)
                    .map_err(|error| self.no_directory(directory, &error))?;
            }
            self.write(&path, text)?;
        }
        Ok(())
    }

    /// Writes queries and scripts of all `nodes`.
    ///
    /// # Errors
    /// The first file that could not be written; others may be.
    pub fn write_compiled(&self, graph: &Graph, nodes: &[Compiled]) -> Result<(), Box<Diagnostic>> {
        let directories: BTreeSet<PathBuf> = nodes
            .iter()
            .flat_map(|compiled| {
                let node = graph.node(compiled.index);
                [Self::compiled_path(node), Self::run_path(node)]
            })
            .filter_map(|path| Some(self.root.join(path).parent()?.to_path_buf()))
            .collect();
        for directory in directories {
            self.make_directory(&directory)
                .map_err(|error| self.no_directory(&directory, &error))?;
        }
        nodes.par_iter().try_for_each(|compiled| self.write_files(graph, compiled))
    }

    /// Makes `directory`, also where an earlier run wrote a file of its name or of a parent's: a file
    /// of one snapshot has become one of several.
    fn make_directory(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory).or_else(|error| {
            let below = directory.ancestors().take_while(|ancestor| **ancestor != self.root);
            let Some(file) = below.into_iter().find(|ancestor| ancestor.is_file()) else {
                return Err(error);
            };
            fs::remove_file(file)?;
            fs::create_dir_all(directory)
        })
    }

    /// Removes what earlier runs wrote for nodes that are no more, or that write less now: the same
    /// project leaves the same files, whatever was there before.
    ///
    /// # Errors
    /// The file that could not be removed.
    pub fn sweep(&self, graph: &Graph, nodes: &[Compiled]) -> Result<(), Box<Diagnostic>> {
        let mut kept = HashSet::new();
        for compiled in nodes {
            let node = graph.node(compiled.index);
            let path = self.root.join(Self::compiled_path(node));
            if compiled.query.is_some() || compiled.needs_connection {
                kept.insert(path.clone());
            }
            if second_query(compiled).is_some() || compiled.needs_connection {
                kept.insert(path.with_extension("incremental.sql"));
            }
            if !compiled.script.is_empty() || compiled.needs_connection {
                kept.insert(self.root.join(Self::run_path(node)));
            }
        }
        for folder in ["compiled", "run"] {
            for entry in WalkDir::new(self.root.join(folder)).into_iter().flatten() {
                let sql = entry.path().extension().is_some_and(|extension| extension == "sql");
                if entry.file_type().is_file() && sql && !kept.contains(entry.path()) {
                    fs::remove_file(entry.path())
                        .map_err(|error| unwritable(entry.path(), &error))?;
                }
            }
        }
        Ok(())
    }

    /// Writes query and script of one node.
    ///
    /// # Errors
    /// The file that could not be written.
    pub fn write_node(&self, graph: &Graph, compiled: &Compiled) -> Result<(), Box<Diagnostic>> {
        self.write_compiled(graph, std::slice::from_ref(compiled))
    }

    fn write_files(&self, graph: &Graph, compiled: &Compiled) -> Result<(), Box<Diagnostic>> {
        let node = graph.node(compiled.index);
        let path = self.root.join(Self::compiled_path(node));
        if let Some(query) = &compiled.query {
            make_room(&path)?;
            self.write(&path, &query.text)?;
        }
        if let Some(query) = second_query(compiled) {
            self.write(&path.with_extension("incremental.sql"), &query.text)?;
        }
        if !compiled.script.is_empty() {
            let path = self.root.join(Self::run_path(node));
            make_room(&path)?;
            self.write(&path, &compiled.script.text())?;
        }
        Ok(())
    }

    /// Writes `text` to the file `name` of the directory, by rename: readers see all of it or the
    /// file that was there.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write_whole(&self, name: &str, text: &str) -> Result<(), Box<Diagnostic>> {
        fs::create_dir_all(&self.root).map_err(|error| self.no_directory(&self.root, &error))?;
        let path = self.root.join(name);
        let partial = self.root.join(partial_name(name));
        self.write(&partial, text)?;
        fs::rename(&partial, &path).map_err(|error| unwritable(&path, &error))
    }

    fn no_directory(&self, directory: &Path, error: &io::Error) -> Box<Diagnostic> {
        if !self.root.is_file() {
            return unwritable(directory, error);
        }
        let message = format!("`{}` is a file, expected a directory", self.root.display());
        let help = "remove it, or name another directory with --target-path";
        Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message).with_help(help))
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), Box<Diagnostic>> {
        let masked = self.secrets.mask(text);
        let written = fs::write(path, masked.as_deref().unwrap_or(text));
        written.map_err(|error| unwritable(path, &error))
    }

    /// Removes what sqlflow writes there, and the directory where nothing else is in it: whatever
    /// somebody else put there stays. Answers whether there was anything to remove.
    ///
    /// # Errors
    /// Something in it could not be removed.
    pub fn remove(&self) -> Result<bool, Box<Diagnostic>> {
        let mut removed = false;
        for folder in ["compiled", "run", "scratch"] {
            let path = self.root.join(folder);
            removed |= gone(fs::remove_dir_all(&path), &path)?;
        }
        for file in ["manifest.json", "run_results.json"] {
            for name in [file.to_owned(), partial_name(file)] {
                let path = self.root.join(name);
                removed |= gone(fs::remove_file(&path), &path)?;
            }
        }
        // Where it is not empty, what is left is not ours.
        let _left = fs::remove_dir(&self.root);
        Ok(removed)
    }
}

/// Removes the directory that an earlier run made where a file shall be.
fn make_room(path: &Path) -> Result<(), Box<Diagnostic>> {
    if !path.is_dir() {
        return Ok(());
    }
    fs::remove_dir_all(path).map_err(|error| unwritable(path, &error))
}

/// Whether a removal found something; nothing there is no error.
fn gone(removal: io::Result<()>, path: &Path) -> Result<bool, Box<Diagnostic>> {
    match removal {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// Where one interval of a microbatch model lies, as dbt lays it out.
fn batch_path(node: &Node, batch: &Batch) -> String {
    let path = node.target_path();
    let stem = path.strip_suffix(".sql").unwrap_or(&path);
    let name = stem.rsplit('/').next().unwrap_or(stem);
    format!("{stem}/{name}_{}.sql", batch.name())
}

fn partial_name(name: &str) -> String {
    format!(".{name}.partial")
}

/// The query over rows that stay, where it is another one.
fn second_query(compiled: &Compiled) -> Option<&Query> {
    let first = compiled.query.as_ref().map(|query| &query.text);
    compiled.incremental.as_ref().filter(|query| Some(&query.text) != first)
}

fn unwritable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let message = format!("cannot write `{}`: {error}", path.display());
    Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message))
}
