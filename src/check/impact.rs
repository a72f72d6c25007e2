//! What a change of a source breaks, node by node, before a row is loaded.
//!
//! | consequence | the node | found by |
//! | --- | --- | --- |
//! | breaks | is refused by the database, or by the rules of its table | binding it against the new columns |
//! | breaks through another | is not built, because that one breaks | its parents |
//! | may break | casts a value that may not survive it, and did not before | the bound plan, before and after |
//! | changes | holds, and gives other columns | its columns, before and after |
//!
//! Of a column that goes every use is named, from the syntax tree. Tables whose rows stay are taken as
//! standing: the rules of `on_schema_change` and of snapshots decide about them.

use super::bind::Check;
use super::casts::{Cast, casts};
use super::known::Known;
use super::uses::Uses;
use super::verdict::{Checked, Unchecked, Verdict};
use crate::compile::{Compilation, locate};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::engine::EngineError;
use crate::engine::duckdb::Binder;
use crate::graph::{Graph, Node, NodeIndex, NodeKind};
use crate::mode::{Materialization, Retyped};
use crate::relation::Column;
use crate::schema::{Difference, compare};
use std::collections::{BTreeMap, BTreeSet};

/// What a change of one source table does to the nodes below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// The nodes that it does something to, parents first.
    pub affected: Vec<Affected>,
    /// Nodes below it of which nothing could be said, parents first.
    pub unknown: Vec<NodeIndex>,
}

/// A node that a change does something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The node.
    pub node: NodeIndex,
    /// What becomes of it.
    pub consequence: Consequence,
    /// Every place of the user's text that is concerned, in order: uses of columns that go, casts.
    pub places: Vec<Place>,
    /// How the columns that it gives change; empty where they do not, or where it breaks.
    pub columns: Difference,
}

/// What becomes of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// It cannot be built: the first reason.
    Breaks(Box<Diagnostic>),
    /// It is not built, because this node breaks.
    BreaksThrough(NodeIndex),
    /// It fails on values that do not survive a cast: what is cast to what.
    MayBreak(Vec<String>),
    /// It is built, and gives other columns.
    Changes,
}

impl Impact {
    /// Says that `node` may break, where nothing graver is said of it.
    fn may_break(&mut self, node: NodeIndex, why: String) {
        let consequence = Consequence::MayBreak(vec![why]);
        match self.affected.iter_mut().find(|affected| affected.node == node) {
            Some(known) if known.consequence == Consequence::Changes => {
                known.consequence = consequence;
            }
            Some(_) => {}
            None => {
                let (places, columns) = (Vec::new(), Difference::default());
                self.affected.push(Affected { node, consequence, places, columns });
            }
        }
    }

    /// The nodes that break by themselves or through others.
    pub fn broken(&self) -> impl Iterator<Item = &Affected> {
        self.affected.iter().filter(|affected| affected.breaks())
    }

    /// The nodes that may break.
    pub fn perhaps_broken(&self) -> impl Iterator<Item = &Affected> {
        let may = |affected: &&Affected| matches!(affected.consequence, Consequence::MayBreak(_));
        self.affected.iter().filter(may)
    }
}

impl Affected {
    /// The word for what becomes of it: `breaks`, `breaks through another`, `may break`, `changes`.
    pub fn word(&self) -> &'static str {
        match self.consequence {
            Consequence::Breaks(_) => "breaks",
            Consequence::BreaksThrough(_) => "breaks through another",
            Consequence::MayBreak(_) => "may break",
            Consequence::Changes => "changes",
        }
    }

    /// What becomes of it, on one line: the node, the places, the reason.
    pub fn told(&self, graph: &Graph) -> String {
        let node = graph.node(self.node);
        let name = format!("{} `{}` {}", node.resource_type(), node.label(), self.word());
        let places = if self.places.is_empty() {
            String::new()
        } else {
            format!(" at {}", shown(&self.places))
        };
        match &self.consequence {
            Consequence::Breaks(problem) => format!("{name}{places}: {}", problem.message),
            Consequence::BreaksThrough(other) => {
                let other = graph.node(*other);
                format!(
                    "{} `{}` breaks, since {} `{}` does",
                    node.resource_type(),
                    node.label(),
                    other.resource_type(),
                    other.label()
                )
            }
            Consequence::MayBreak(casts) => format!("{name}{places}: {}", casts.join(", ")),
            Consequence::Changes => {
                let changes: Vec<String> =
                    self.columns.changes().map(|change| change.to_string()).collect();
                format!("{name}: {}", changes.join("; "))
            }
        }
    }

    /// Whether it is not built.
    pub fn breaks(&self) -> bool {
        matches!(self.consequence, Consequence::Breaks(_) | Consequence::BreaksThrough(_))
    }
}

/// The columns that must hold a value in each row that a node writes.
fn needed(node: &Node) -> Vec<String> {
    match &node.kind {
        NodeKind::Snapshot(snapshot) => {
            let date = snapshot.scd2.dated_by().map(str::to_owned);
            snapshot.scd2.key.columns().iter().cloned().chain(date).collect()
        }
        NodeKind::Model(Materialization::Incremental(incremental)) => {
            incremental.mode.key().map(|key| key.columns().to_vec()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Places in order: file, line and column, each file once.
fn shown(places: &[Place]) -> String {
    let mut text = String::new();
    let mut last = "";
    for place in places {
        let at = place.line_column();
        let file = &*place.file.path;
        if !text.is_empty() {
            text.push_str(", ");
        }
        if file != last {
            text.push_str(file);
        }
        last = file;
        text.push_str(&format!(":{}:{}", at.line, at.column));
    }
    text
}

/// A graph that was bound once, and can be asked what a change of a source would do.
pub struct Bindings<'c> {
    check: Check<'c>,
    uses: Uses,
    children: BTreeMap<NodeIndex, Vec<NodeIndex>>,
}

/// What a node was before a change.
struct Before {
    verdict: Verdict,
    casts: BTreeSet<Cast>,
}

impl<'c> Bindings<'c> {
    /// Binds `compilation`, as [`super::check`] does.
    pub fn new(
        graph: &'c Graph,
        compilation: &'c Compilation,
        known: &'c Known,
        binder: &'c mut Binder,
    ) -> Self {
        let mut check = Check::new(graph, compilation, known, binder);
        check.run();
        let mut children: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
        for (index, node) in (0..).map(NodeIndex).zip(graph.nodes.iter()) {
            for parent in &node.parents {
                children.entry(*parent).or_default().push(index);
            }
        }
        let uses = Uses::new(graph, &check.checked);
        Self { check, uses, children }
    }

    /// What is known as things are.
    pub fn checked(&self) -> &Checked {
        &self.check.checked
    }

    /// What becomes of the nodes below `source` when its table has `columns`, or, with what is wrong,
    /// when it is not loaded at all. `emptied` are columns that its table keeps, and new rows have NULL
    /// in.
    ///
    /// # Errors
    /// The database in memory fails.
    pub fn impact(
        &mut self,
        source: NodeIndex,
        columns: Result<&[Column], &Diagnostic>,
        emptied: Vec<String>,
    ) -> Result<Impact, EngineError> {
        let below = self.below(source);
        let before = self.before(source, &below)?;
        let remarks = self.check.checked.remarks.len();
        self.check.standing = self.standing(&below);
        let changed = match columns {
            Ok(columns) => self.check.bind_table(source, columns.to_vec()),
            Err(problem) => Verdict::Fails(vec![problem.clone()]),
        };
        self.check.checked.verdicts.insert(source, changed);
        let impact = self.rebind(source, columns.err(), &below, &before);
        let impact = impact.and_then(|impact| self.with_emptied(impact, source, emptied, &below));
        self.check.standing.clear();
        self.check.checked.remarks.truncate(remarks);
        for (index, before) in before {
            if let Verdict::Holds(columns) = &before.verdict {
                self.check.bind_table(index, columns.clone());
            }
            self.check.checked.verdicts.insert(index, before.verdict);
        }
        impact
    }

    /// All nodes that are made from `source`, parents first.
    fn below(&self, source: NodeIndex) -> Vec<NodeIndex> {
        let mut found = BTreeSet::new();
        let mut edge = vec![source];
        while let Some(index) = edge.pop() {
            let children = self.children.get(&index).into_iter().flatten();
            edge.extend(children.filter(|child| found.insert(**child)));
        }
        self.check.graph.order.iter().copied().filter(|index| found.contains(index)).collect()
    }

    fn before(
        &mut self,
        source: NodeIndex,
        below: &[NodeIndex],
    ) -> Result<BTreeMap<NodeIndex, Before>, EngineError> {
        let mut before = BTreeMap::new();
        for index in below.iter().copied().chain([source]) {
            if let Some(verdict) = self.check.checked.verdicts.get(&index).cloned() {
                before.insert(index, Before { verdict, casts: self.casts(index)? });
            }
        }
        Ok(before)
    }

    /// The casts of a node's query, of the rendering that is executed where its table stands.
    fn casts(&mut self, index: NodeIndex) -> Result<BTreeSet<Cast>, EngineError> {
        match self.check.query_over_rows(index) {
            Some(query) => casts(self.check.binder, query.statement()),
            None => Ok(BTreeSet::new()),
        }
    }

    /// The tables below that keep their rows, as they are.
    fn standing(&self, below: &[NodeIndex]) -> BTreeMap<NodeIndex, Vec<Column>> {
        let stays = |index: &&NodeIndex| {
            let node = self.check.graph.node(**index);
            let kind = &node.kind;
            // `full_refresh: true` makes a model anew each time; snapshots never are.
            matches!(kind, NodeKind::Snapshot(_))
                || matches!(kind, NodeKind::Model(Materialization::Incremental(_)))
                    && node.config.full_refresh != Some(true)
        };
        let stays = below.iter().filter(stays);
        stays
            .filter_map(|index| Some((*index, self.check.checked.columns(*index)?.to_vec())))
            .collect()
    }

    fn rebind(
        &mut self,
        source: NodeIndex,
        failed: Option<&Diagnostic>,
        below: &[NodeIndex],
        before: &BTreeMap<NodeIndex, Before>,
    ) -> Result<Impact, EngineError> {
        let mut impact = Impact::default();
        if let Some(problem) = failed {
            impact.affected.push(Affected {
                node: source,
                consequence: Consequence::Breaks(Box::new(problem.clone())),
                places: problem.labels.iter().map(|label| label.place.clone()).take(1).collect(),
                columns: Difference::default(),
            });
        }
        for index in below {
            let Some(was) = before.get(index) else { continue };
            if !matches!(was.verdict, Verdict::Holds(_)) {
                if matches!(was.verdict, Verdict::Unchecked(_)) {
                    impact.unknown.push(*index);
                }
                continue;
            }
            let Some(verdict) = self.check.verdict(*index) else { continue };
            let lossy = std::mem::take(&mut self.check.lossy);
            let affected = self.affected(*index, was, &verdict, &lossy, before)?;
            self.check.checked.verdicts.insert(*index, verdict);
            impact.affected.extend(affected);
        }
        Ok(impact)
    }

    /// Adds the snapshots and incremental models whose key, or whose time of change, is NULL in new rows.
    fn with_emptied(
        &mut self,
        mut impact: Impact,
        source: NodeIndex,
        emptied: Vec<String>,
        below: &[NodeIndex],
    ) -> Result<Impact, EngineError> {
        if emptied.is_empty() {
            return Ok(impact);
        }
        let mut of = vec![(source, emptied)];
        for index in below {
            let fed = self.uses.fed(&mut self.check, *index, &of)?;
            let needed = needed(self.check.graph.node(*index));
            let is_fed = |name: &String| fed.iter().any(|fed| fed.eq_ignore_ascii_case(name));
            if let Some(name) = needed.into_iter().find(is_fed) {
                impact.may_break(*index, format!("`{name}` is NULL in new rows"));
            }
            if !fed.is_empty() {
                of.push((*index, fed));
            }
        }
        Ok(impact)
    }

    /// What became of a node that held before.
    fn affected(
        &mut self,
        index: NodeIndex,
        was: &Before,
        now: &Verdict,
        lossy: &[Retyped],
        before: &BTreeMap<NodeIndex, Before>,
    ) -> Result<Option<Affected>, EngineError> {
        let nothing = Difference::default();
        let affected = |consequence, places, columns| {
            Ok(Some(Affected { node: index, consequence, places, columns }))
        };
        let (Verdict::Holds(old), new) = (&was.verdict, now) else { return Ok(None) };
        match new {
            Verdict::Fails(problems) => {
                let problem = problems.first().cloned().unwrap_or_else(|| {
                    Diagnostic::error(Code::DOES_NOT_BIND, "it does not fit what it reads")
                });
                let gone = self.gone(index, before);
                let mut places = self.uses.places(&mut self.check, index, &gone)?.all();
                if places.is_empty() {
                    places.extend(problem.labels.first().map(|label| label.place.clone()));
                }
                affected(Consequence::Breaks(Box::new(problem)), places, nothing)
            }
            Verdict::Unchecked(Unchecked::Reads(parent)) => {
                let root = self.check.checked.root_of(*parent);
                affected(Consequence::BreaksThrough(root), Vec::new(), nothing)
            }
            Verdict::Unchecked(_) => Ok(None),
            Verdict::Holds(new) => {
                let columns = compare(old, new);
                let casts: Vec<Cast> = self.casts(index)?.difference(&was.casts).cloned().collect();
                if !casts.is_empty() || !lossy.is_empty() {
                    let words =
                        casts.iter().map(|cast| format!("{} is cast to {}", cast.from, cast.to));
                    let lost = lossy.iter().map(|column| {
                        format!(
                            "`{}` is cast from {} to {}",
                            column.name, column.after, column.before
                        )
                    });
                    let mut words: Vec<String> = words.chain(lost).collect();
                    words.dedup();
                    let places = self.cast_places(index, &casts);
                    return affected(Consequence::MayBreak(words), places, columns);
                }
                let gone = self.gone(index, before);
                let rebound = self.uses.places(&mut self.check, index, &gone)?.rebound;
                if !rebound.is_empty() {
                    let words = vec!["a name then means another column".to_owned()];
                    return affected(Consequence::MayBreak(words), rebound, columns);
                }
                let retyped = self.retyped(index, before);
                let (names, places) = self.uses.computed(&mut self.check, index, &retyped)?;
                if !names.is_empty() {
                    let words = names.into_iter().map(|name| format!("`{name}` has another type"));
                    return affected(Consequence::MayBreak(words.collect()), places, columns);
                }
                if columns.is_empty() {
                    return Ok(None);
                }
                affected(Consequence::Changes, Vec::new(), columns)
            }
        }
    }

    /// The columns that relations lost which a node reads, by the node that gave them.
    fn gone(
        &self,
        index: NodeIndex,
        before: &BTreeMap<NodeIndex, Before>,
    ) -> Vec<(NodeIndex, Vec<String>)> {
        self.changed(index, before, |difference| {
            difference.removed.into_iter().map(|column| column.name).collect()
        })
    }

    /// The columns that changed to a type on which an expression may fail that did not before: one that
    /// does not hold all values of the old one, or text in place of JSON.
    fn retyped(
        &self,
        index: NodeIndex,
        before: &BTreeMap<NodeIndex, Before>,
    ) -> Vec<(NodeIndex, Vec<String>)> {
        self.changed(index, before, |difference| {
            let narrows = |was: &Column, now: &Column| {
                !was.data_type.widens_to(&now.data_type) || was.data_type.as_str() == "json"
            };
            let retyped = difference.retyped.into_iter().filter(|(was, now)| narrows(was, now));
            retyped.map(|(was, _)| was.name).collect()
        })
    }

    /// The columns that `names` picks of how the relations changed that a node reads, also through
    /// ephemeral models.
    fn changed(
        &self,
        index: NodeIndex,
        before: &BTreeMap<NodeIndex, Before>,
        names: impl Fn(Difference) -> Vec<String>,
    ) -> Vec<(NodeIndex, Vec<String>)> {
        let mut changed = Vec::new();
        let mut edge = self.check.graph.node(index).parents.clone();
        let mut seen = BTreeSet::new();
        while let Some(parent) = edge.pop() {
            if !seen.insert(parent) {
                continue;
            }
            if self.check.graph.node(parent).is_ephemeral() {
                edge.extend(self.check.graph.node(parent).parents.iter().copied());
                continue;
            }
            let Some(Before { verdict: Verdict::Holds(old), .. }) = before.get(&parent) else {
                continue;
            };
            let new = self.check.checked.columns(parent).unwrap_or_default();
            let names = names(compare(old, new));
            if !names.is_empty() {
                changed.push((parent, names));
            }
        }
        changed
    }

    fn cast_places(&self, index: NodeIndex, casts: &[Cast]) -> Vec<Place> {
        let graph = self.check.graph;
        let Some(query) = self.check.query_over_rows(index) else { return Vec::new() };
        let node = graph.node(index);
        let mut places: Vec<Place> = casts
            .iter()
            .filter_map(|cast| Some(locate(graph, node, query, cast.position?).place))
            .collect();
        places.dedup();
        places
    }
}
