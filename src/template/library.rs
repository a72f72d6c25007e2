//! Every macro of a project and its packages: found, named, and made ready to be called.
//!
//! | called as | searched in |
//! | --- | --- |
//! | `m()` | the package of the node that is rendered, the root project, `dbt`; at last the calling macro's own |
//! | `p.m()` | package `p` |
//! | `adapter.dispatch('m')()` | as `m()`, for `<adapter>__m`, ..., `default__m` |
//! | `adapter.dispatch('m', 'p')()` | the search order declared for `p`, else the root project and `p` |
//!
//! A library is built once and shared by all threads. Each macro is a template of its own that a renderer
//! compiles when the macro is first called.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::blocks::{Argument, Block, BlockKind, blocks, unclosed};
use super::builtin;
use super::error::{Frame, Kind, TemplateError};
use super::macro_template::macro_template;
use super::misfit::{Misfit, misfit};
use super::source_map::SourceMap;

/// The package of the macros that come with the language.
pub const BUILTIN_PACKAGE: &str = "dbt";

/// What is known about a macro without running it.
#[derive(Debug, Clone)]
pub struct MacroInfo {
    /// `macro.<package>.<name>`
    pub unique_id: Arc<str>,
    /// The package that declares it.
    pub package: Arc<str>,
    /// Its name as it is called: `test_x` for a test, `materialization_x_<adapter>` for a materialization.
    pub name: String,
    /// What kind of block declares it.
    pub kind: BlockKind,
    /// The file.
    pub path: Arc<str>,
    /// The line of its opening tag, from 1.
    pub line: usize,
    /// The bytes of the block in the file.
    pub span: Range<usize>,
    /// Its parameters.
    pub arguments: Vec<Argument>,
    pub(crate) file: Arc<str>,
    pub(crate) varargs: bool,
    pub(crate) kwargs: bool,
    pub(crate) caller: bool,
}

impl MacroInfo {
    /// The block as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.file[self.span.clone()]
    }

    /// `name(a, b=1)`
    #[must_use]
    pub fn signature(&self) -> String {
        let parameter = |argument: &Argument| match &argument.default {
            Some(default) => format!("{}={default}", argument.name),
            None => argument.name.clone(),
        };
        let parameters: Vec<_> = self.arguments.iter().map(parameter).collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}

/// A macro of one library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacroId(pub(crate) u32);

pub(crate) struct Entry {
    pub info: MacroInfo,
    pub template: String,
    pub map: SourceMap,
    pub package: usize,
}

type Names = HashMap<String, MacroId>;

/// All macros, immutable once built.
pub struct MacroLibrary {
    entries: Vec<Entry>,
    packages: Vec<(String, Names)>,
    /// For each package, every name its templates can call without a prefix.
    visible: Vec<Names>,
    root: usize,
    dispatch: BTreeMap<String, Vec<String>>,
}

impl MacroLibrary {
    /// A library to be filled, of a project with this name.
    #[must_use]
    pub fn builder(project: &str) -> MacroLibraryBuilder {
        let mut builder = MacroLibraryBuilder {
            library: MacroLibrary {
                entries: Vec::new(),
                packages: Vec::new(),
                visible: Vec::new(),
                root: 0,
                dispatch: BTreeMap::new(),
            },
            problems: Vec::new(),
        };
        builder.library.package_mut(project);
        for (path, text) in builtin::FILES {
            builder.file(BUILTIN_PACKAGE, path, text);
        }
        builder
    }

    /// All macros, in the order in which their files were added.
    pub fn macros(&self) -> impl Iterator<Item = (MacroId, &MacroInfo)> {
        let ids = (0..).map(MacroId);
        ids.zip(self.entries.iter().map(|entry| &entry.info))
    }

    /// What is known about a macro.
    #[must_use]
    pub fn info(&self, id: MacroId) -> Option<&MacroInfo> {
        self.entry(id).map(|entry| &entry.info)
    }

    /// The macro that `name`, which may be `package.name`, means in a template of `package`.
    #[must_use]
    pub fn find(&self, package: &str, name: &str) -> Option<MacroId> {
        match name.split_once('.') {
            Some((package, name)) => self.in_package(package, name),
            None => self.visible[self.scope_of(package)].get(name).copied(),
        }
    }

    /// The macro that `adapter.dispatch(name, namespace)` means in a template of `package`.
    #[must_use]
    pub fn dispatch(
        &self,
        package: &str,
        name: &str,
        namespace: Option<&str>,
        prefixes: &[String],
    ) -> Option<MacroId> {
        let names: Vec<String> = prefixes
            .iter()
            .map(String::as_str)
            .chain(["default"])
            .map(|prefix| format!("{prefix}__{name}"))
            .collect();
        let Some(namespace) = namespace else {
            return names.iter().find_map(|name| self.find(package, name));
        };
        let root = self.packages[self.root].0.clone();
        let standard = [root, namespace.to_string()];
        let order = self.dispatch.get(namespace).map_or(&standard[..], Vec::as_slice);
        order
            .iter()
            .find_map(|package| names.iter().find_map(|name| self.in_package(package, name)))
    }

    /// The packages that have macros.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn in_package(&self, package: &str, name: &str) -> Option<MacroId> {
        self.packages.iter().find(|(known, _)| known == package)?.1.get(name).copied()
    }

    pub(crate) fn names_in(&self, package: &str) -> impl Iterator<Item = &str> {
        let found = self.packages.iter().find(|(known, _)| known == package);
        found.into_iter().flat_map(|(_, names)| names.keys().map(String::as_str))
    }

    pub(crate) fn entry(&self, id: MacroId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    /// The index of the names that a template of `package` sees.
    pub(crate) fn scope_of(&self, package: &str) -> usize {
        self.packages.iter().position(|(known, _)| known == package).unwrap_or(self.root)
    }

    pub(crate) fn visible(&self, scope: usize) -> &Names {
        &self.visible[scope]
    }

    fn package_mut(&mut self, package: &str) -> (usize, &mut Names) {
        let known = self.packages.iter().position(|(known, _)| known == package);
        let index = known.unwrap_or_else(|| {
            self.packages.push((package.to_string(), Names::new()));
            self.packages.len() - 1
        });
        (index, &mut self.packages[index].1)
    }
}

impl std::fmt::Debug for MacroLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MacroLibrary").field("macros", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Collects the files of a [`MacroLibrary`].
pub struct MacroLibraryBuilder {
    library: MacroLibrary,
    problems: Vec<TemplateError>,
}

impl MacroLibraryBuilder {
    /// Adds the macros, tests and materializations of a file.
    pub fn file(&mut self, package: &str, path: &str, text: &str) -> &mut Self {
        let file: Arc<str> = Arc::from(text);
        let path: Arc<str> = Arc::from(path);
        if let Some((keyword, span)) = unclosed(text) {
            // what swallows the closing tag is to blame
            let (keyword, span) = match misfit(text, span.start..text.len(), true) {
                Some(Misfit::Unclosed(inner @ "raw", at)) => (inner.to_string(), at),
                _ => (keyword, span),
            };
            let message = format!("`{keyword}` is not closed, expected `{{% end{keyword} %}}`");
            self.problem(Kind::Syntax, message, &path, text, span, None);
        }
        for block in blocks(text) {
            match block.kind {
                BlockKind::Macro | BlockKind::Test | BlockKind::Materialization => {
                    self.add(package, &path, &file, block);
                }
                BlockKind::Snapshot | BlockKind::Docs => {}
            }
        }
        self
    }

    /// Declares where `adapter.dispatch(..., namespace)` looks, as `dispatch:` in the project file does.
    pub fn search_order(&mut self, namespace: &str, packages: Vec<String>) -> &mut Self {
        self.library.dispatch.insert(namespace.to_string(), packages);
        self
    }

    /// The library, and what is wrong with the files. A macro declared twice is kept as declared first.
    #[must_use]
    pub fn build(mut self) -> (MacroLibrary, Vec<TemplateError>) {
        let library = &mut self.library;
        let builtin = library.package_mut(BUILTIN_PACKAGE).0;
        for own in 0..library.packages.len() {
            let mut names = library.packages[builtin].1.clone();
            names.extend(library.packages[library.root].1.clone());
            names.extend(library.packages[own].1.clone());
            library.visible.push(names);
        }
        (self.library, self.problems)
    }

    fn add(&mut self, package: &str, path: &Arc<str>, file: &Arc<str>, block: Block) {
        let id = MacroId(u32::try_from(self.library.entries.len()).unwrap_or(u32::MAX));
        let (index, names) = self.library.package_mut(package);
        if let Some(first) = names.get(&block.name).copied() {
            let first = self.library.info(first).map(|info| format!("{}:{}", info.path, info.line));
            let message = format!("macro `{}` is declared twice in `{package}`", block.name);
            let help = first.map(|first| format!("it was first declared in {first}"));
            self.problem(Kind::Syntax, message, path, file, block.name_span, help);
            return;
        }
        names.insert(block.name.clone(), id);
        let (template, map) = macro_template(file, &block);
        let header = &block.header;
        self.library.entries.push(Entry {
            info: MacroInfo {
                unique_id: Arc::from(format!("macro.{package}.{}", block.name)),
                package: Arc::from(package),
                kind: block.kind,
                path: Arc::clone(path),
                line: file[..block.span.start].matches('\n').count() + 1,
                span: block.span,
                file: Arc::clone(file),
                varargs: header.varargs,
                kwargs: header.kwargs,
                caller: header.caller && !block.arguments.iter().any(|arg| arg.name == "caller"),
                arguments: block.arguments,
                name: block.name,
            },
            template,
            map,
            package: index,
        });
    }

    fn problem(
        &mut self,
        kind: Kind,
        message: String,
        path: &Arc<str>,
        text: &str,
        span: Range<usize>,
        help: Option<String>,
    ) {
        let before = &text[..span.start];
        let frame = Frame {
            path: Arc::clone(path),
            macro_name: None,
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|char| *char != '\n').count() + 1,
            span,
        };
        self.problems.push(TemplateError { message, kind, frames: vec![frame], help });
    }
}
