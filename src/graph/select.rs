//! Which nodes a `--select` means: dbt's grammar.
//!
//! | written | means |
//! | --- | --- |
//! | `a b` | union |
//! | `a,b` | intersection |
//! | `+a`, `2+a` | `a` and its ancestors, at most two steps away |
//! | `a+`, `a+3` | `a` and its descendants |
//! | `@a` | `a`, its descendants, and all ancestors of those |
//! | `name`, `folder`, `folder.*`, `pkg.folder.name` | by name or place in the project, `*?[]` as in a shell |
//! | `tag: path: file: fqn: source: package: resource_type: test_name: test_type: config.KEY:` | by that property |
//! | `group: access: connection: export:` | likewise |

use super::node::{Node, NodeIndex, NodeKind};
use super::resolve::Graph;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

/// The nodes that a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    chosen: Vec<bool>,
}

/// The methods that may stand before a colon.
const METHODS: [&str; 15] = [
    "tag",
    "path",
    "file",
    "fqn",
    "source",
    "package",
    "resource_type",
    "test_name",
    "test_type",
    "group",
    "access",
    "connection",
    "config",
    "exposure",
    "export",
];

impl Selection {
    /// Every node.
    pub fn all(graph: &Graph) -> Self {
        Self { chosen: vec![true; graph.nodes.len()] }
    }

    /// Exactly these nodes.
    pub fn of(graph: &Graph, nodes: impl IntoIterator<Item = NodeIndex>) -> Self {
        let mut chosen = vec![false; graph.nodes.len()];
        for node in nodes {
            chosen[node.get()] = true;
        }
        Self { chosen }
    }

    /// Whether `index` is selected.
    pub fn contains(&self, index: NodeIndex) -> bool {
        self.chosen[index.get()]
    }

    /// The selected nodes, by id.
    pub fn iter(&self) -> impl Iterator<Item = NodeIndex> {
        (0..).zip(&self.chosen).filter(|(_, chosen)| **chosen).map(|(index, _)| NodeIndex(index))
    }

    /// How many nodes are selected.
    pub fn len(&self) -> usize {
        self.chosen.iter().filter(|chosen| **chosen).count()
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        !self.chosen.contains(&true)
    }

    /// Only those nodes that `keep` says yes to.
    #[must_use]
    pub fn retain(mut self, graph: &Graph, keep: impl Fn(&Node) -> bool) -> Self {
        for (chosen, node) in self.chosen.iter_mut().zip(graph.nodes.iter()) {
            *chosen = *chosen && keep(node);
        }
        self
    }
}

/// The nodes that `include` means, all where it is empty, without those that `exclude` means.
///
/// Tests come with the nodes that they test. A criterion that matches nothing is a warning, one
/// that cannot be read an error.
pub fn select(
    graph: &Graph,
    include: &[String],
    exclude: &[String],
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    let mut selected =
        if include.is_empty() { Selection::all(graph) } else { union(graph, include, problems) };
    if !exclude.is_empty() {
        let excluded = union(graph, exclude, problems);
        for (chosen, out) in selected.chosen.iter_mut().zip(excluded.chosen) {
            *chosen &= !out;
        }
    }
    selected
}

fn union(graph: &Graph, criteria: &[String], problems: &mut Vec<Diagnostic>) -> Selection {
    let mut chosen = vec![false; graph.nodes.len()];
    for criterion in criteria.iter().flat_map(|text| text.split_whitespace()) {
        match intersection(graph, criterion) {
            Ok(matched) => {
                if !matched.contains(&true) {
                    problems.push(nothing(graph, criterion));
                }
                for (chosen, matched) in chosen.iter_mut().zip(matched) {
                    *chosen |= matched;
                }
            }
            Err(problem) => problems.push(*problem),
        }
    }
    Selection { chosen }
}

/// Tests of which any tested node is chosen: dbt's "eager".
fn with_tests(graph: &Graph, chosen: &mut [bool]) {
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.test().is_some() && node.parents.iter().any(|parent| chosen[parent.get()]) {
            chosen[index] = true;
        }
    }
}

fn nothing(graph: &Graph, criterion: &str) -> Diagnostic {
    let name = criterion.trim_matches(|c: char| c == '+' || c == '@' || c.is_ascii_digit());
    let name = name.rsplit([':', '.']).next().unwrap_or(name);
    let names = graph.nodes.iter().filter(|n| n.test().is_none()).map(|n| n.name.as_str());
    Diagnostic::warning(Code::EMPTY_SELECTION, format!("`{criterion}` selects nothing"))
        .with_help_maybe(did_you_mean(name, names))
}

fn intersection(graph: &Graph, criterion: &str) -> Result<Vec<bool>, Box<Diagnostic>> {
    let mut parts = criterion.split(',').filter(|part| !part.is_empty());
    let Some(first) = parts.next() else { return Err(refuse(criterion, "it is empty")) };
    // Each criterion brings its tests before they are intersected: `orders,test_type:generic`.
    let expand_with_tests = |part: &str| -> Result<Vec<bool>, Box<Diagnostic>> {
        let mut matched = expand(graph, &Atom::parse(part)?)?;
        with_tests(graph, &mut matched);
        Ok(matched)
    };
    let mut matched = expand_with_tests(first)?;
    for part in parts {
        let other = expand_with_tests(part)?;
        for (matched, other) in matched.iter_mut().zip(other) {
            *matched &= other;
        }
    }
    Ok(matched)
}

fn refuse(criterion: &str, why: &str) -> Box<Diagnostic> {
    let message = format!("cannot read the selection `{criterion}`: {why}");
    Box::new(Diagnostic::error(Code::SELECTION_SYNTAX, message))
}

/// One criterion with its graph operators.
struct Atom<'a> {
    text: &'a str,
    method: &'a str,
    value: &'a str,
    /// Steps towards ancestors; `usize::MAX` means all.
    ancestors: usize,
    /// Steps towards descendants.
    descendants: usize,
    /// `@`: also all ancestors of descendants.
    closed: bool,
}

impl<'a> Atom<'a> {
    fn parse(text: &'a str) -> Result<Self, Box<Diagnostic>> {
        let (closed, rest) = match text.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (ancestors, rest) = match rest.find('+') {
            Some(at) if rest[..at].bytes().all(|byte| byte.is_ascii_digit()) => {
                (steps(text, &rest[..at])?, &rest[at + 1..])
            }
            _ => (0, rest),
        };
        let (descendants, rest) = match rest.rfind('+') {
            Some(at) if rest[at + 1..].bytes().all(|byte| byte.is_ascii_digit()) => {
                (steps(text, &rest[at + 1..])?, &rest[..at])
            }
            _ => (0, rest),
        };
        if closed && (ancestors > 0 || descendants > 0) {
            return Err(refuse(text, "`@` and `+` do not go together"));
        }
        if rest.is_empty() {
            return Err(refuse(text, "no name in it"));
        }
        let (method, value) = match rest.split_once(':') {
            Some((method, value)) => (method, value),
            None if rest.contains('/') => ("path", rest),
            None if [".sql", ".yml", ".yaml", ".csv"].iter().any(|end| rest.ends_with(end)) => {
                ("file", rest)
            }
            None => ("fqn", rest),
        };
        Ok(Self { text, method, value, ancestors, descendants, closed })
    }
}

fn steps(text: &str, digits: &str) -> Result<usize, Box<Diagnostic>> {
    if digits.is_empty() {
        return Ok(usize::MAX);
    }
    digits.parse().map_err(|_| refuse(text, &format!("`{digits}` is too large a number")))
}

fn expand<'g>(graph: &'g Graph, atom: &Atom<'_>) -> Result<Vec<bool>, Box<Diagnostic>> {
    let matcher = Matcher::new(atom)?;
    let seeds: Vec<bool> = graph.nodes.iter().map(|node| matcher.matches(node)).collect();
    let mut matched = seeds.clone();
    if atom.closed {
        walk(&mut matched, usize::MAX, |index| &graph.children[index.get()]);
        walk(&mut matched, usize::MAX, |index| &graph.nodes[index.get()].parents);
    }
    let mut reach = |limit, next: &dyn Fn(NodeIndex) -> &'g [NodeIndex]| {
        let mut reached = seeds.clone();
        walk(&mut reached, limit, next);
        for (matched, reached) in matched.iter_mut().zip(reached) {
            *matched |= reached;
        }
    };
    if atom.ancestors > 0 {
        reach(atom.ancestors, &|index| &graph.nodes[index.get()].parents);
    }
    if atom.descendants > 0 {
        reach(atom.descendants, &|index| &graph.children[index.get()]);
    }
    Ok(matched)
}

/// Adds to `reached` everything at most `limit` steps away.
fn walk<'g>(reached: &mut [bool], limit: usize, next: impl Fn(NodeIndex) -> &'g [NodeIndex]) {
    let mut edge: Vec<NodeIndex> =
        (0..).zip(&*reached).filter(|(_, is)| **is).map(|(index, _)| NodeIndex(index)).collect();
    let mut step = 0;
    while step < limit && !edge.is_empty() {
        let mut further = Vec::new();
        for index in edge {
            for neighbour in next(index) {
                if !reached[neighbour.get()] {
                    reached[neighbour.get()] = true;
                    further.push(*neighbour);
                }
            }
        }
        edge = further;
        step += 1;
    }
}

/// A criterion without its graph operators, ready to be held against nodes.
enum Matcher<'a> {
    Fqn(Vec<GlobMatcher>),
    Path(GlobMatcher, &'a str),
    File(GlobMatcher),
    Tag(GlobMatcher),
    Source(Vec<GlobMatcher>),
    Package(GlobMatcher),
    ResourceType(&'a str),
    TestName(GlobMatcher),
    TestType(&'a str),
    Config(Vec<&'a str>, GlobMatcher),
    Connection(GlobMatcher),
    Export(GlobMatcher),
    Nothing,
}

impl<'a> Matcher<'a> {
    fn new(atom: &Atom<'a>) -> Result<Self, Box<Diagnostic>> {
        let value = atom.value.trim_end_matches('/');
        let one = || glob(atom.text, value);
        Ok(match atom.method {
            "fqn" => Self::Fqn(globs(atom.text, value)?),
            "path" => Self::Path(one()?, value),
            "file" => Self::File(one()?),
            "tag" => Self::Tag(one()?),
            "source" => Self::Source(globs(atom.text, value)?),
            "package" => Self::Package(one()?),
            "resource_type" => Self::ResourceType(value),
            "test_name" => Self::TestName(one()?),
            "test_type" => Self::TestType(value),
            "connection" => Self::Connection(one()?),
            "export" => Self::Export(one()?),
            "group" | "access" => Self::Config(vec![atom.method], one()?),
            "exposure" => Self::Nothing,
            method => match method.strip_prefix("config.") {
                Some(keys) => Self::Config(keys.split('.').collect(), one()?),
                None => {
                    let help = did_you_mean(method, METHODS)
                        .unwrap_or_else(|| format!("known are {}", METHODS.join(", ")));
                    let problem = refuse(atom.text, &format!("unknown method `{method}`"));
                    return Err(Box::new(problem.with_help(help)));
                }
            },
        })
    }

    fn matches(&self, node: &Node) -> bool {
        match self {
            Self::Fqn(globs) => matches_fqn(globs, node),
            Self::Path(glob, path) => {
                glob.is_match(&*node.file.path)
                    || node.file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
            }
            Self::File(glob) => node.file.path.rsplit('/').next().is_some_and(|name| {
                glob.is_match(name) || name.split('.').next().is_some_and(|n| glob.is_match(n))
            }),
            Self::Tag(glob) => node.config.tags.iter().any(|tag| glob.is_match(tag)),
            Self::Source(globs) => matches_source(globs, node),
            Self::Package(glob) => glob.is_match(&node.package),
            Self::ResourceType(kind) => node.resource_type() == *kind,
            Self::TestName(glob) => node
                .test()
                .and_then(|test| test.generic.as_ref())
                .is_some_and(|generic| glob.is_match(&generic.test)),
            Self::TestType(kind) => node.test().is_some_and(|test| match *kind {
                "generic" => test.generic.is_some(),
                "singular" => test.generic.is_none(),
                "data" => true,
                _ => false,
            }),
            Self::Config(keys, glob) => matches_config(keys, glob, node),
            Self::Connection(glob) => node
                .load()
                .and_then(|load| load.connection.as_ref())
                .or_else(|| node.export().and_then(|export| export.connection.as_ref()))
                .is_some_and(|connection| glob.is_match(&connection.name)),
            Self::Export(glob) => node.export().is_some() && glob.is_match(&node.name),
            Self::Nothing => false,
        }
    }
}

fn glob(criterion: &str, text: &str) -> Result<GlobMatcher, Box<Diagnostic>> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| refuse(criterion, &error.kind().to_string()))
}

fn globs(criterion: &str, text: &str) -> Result<Vec<GlobMatcher>, Box<Diagnostic>> {
    text.split('.').map(|part| glob(criterion, part)).collect()
}

/// A name, or the beginning of the place in the project, with or without the package.
fn matches_fqn(globs: &[GlobMatcher], node: &Node) -> bool {
    if matches!(node.kind, NodeKind::Source(_)) {
        return false;
    }
    let fits = |fqn: &[String]| {
        globs.len() <= fqn.len() && globs.iter().zip(fqn).all(|(glob, part)| glob.is_match(part))
    };
    let by_name = globs.len() == 1 && globs[0].is_match(&node.name);
    by_name || fits(&node.fqn) || fits(&node.fqn[1..])
}

fn matches_source(globs: &[GlobMatcher], node: &Node) -> bool {
    let NodeKind::Source(source) = &node.kind else { return false };
    match globs {
        [name] => name.is_match(&source.source),
        [name, table] => name.is_match(&source.source) && table.is_match(&node.name),
        [package, name, table] => {
            package.is_match(&node.package)
                && name.is_match(&source.source)
                && table.is_match(&node.name)
        }
        _ => false,
    }
}

fn matches_config(keys: &[&str], glob: &GlobMatcher, node: &Node) -> bool {
    let Some((first, rest)) = keys.split_first() else { return false };
    let materialized = match &node.kind {
        NodeKind::Model(materialization) if *first == "materialized" => {
            Some(Value::from(materialization.name()))
        }
        _ => None,
    };
    let mut value = materialized.as_ref().or_else(|| node.config.all.get(*first));
    for key in rest {
        value = value.and_then(|value| value.get(*key));
    }
    let fits = |value: &Value| match value {
        Value::String(text) => glob.is_match(text),
        Value::Null | Value::Object(_) | Value::Array(_) => false,
        scalar => glob.is_match(scalar.to_string()),
    };
    match value {
        Some(Value::Array(items)) => items.iter().any(fits),
        Some(value) => fits(value),
        None => false,
    }
}
