//! Which nodes run, and what each waits for. Pure.
//!
//! A node waits for its nearest selected ancestors: what lies between and is not selected, and
//! ephemeral models, which do nothing by themselves, are looked through. Tests of a node run before
//! its children, so that nothing is built on rows that failed.

use crate::compile::audit_relation;
use crate::graph::{Graph, Node, NodeIndex, NodeKind, Selection};
use crate::mode::Materialization;
use crate::relation::RelationName;
use std::collections::BTreeSet;

/// A node of a plan, by its position in [`Plan::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIndex(pub usize);

/// Nodes to run, in an order that respects what each waits for.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One node to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The node.
    pub node: NodeIndex,
    /// The steps that must have succeeded before it, sorted.
    pub waits_for: Vec<StepIndex>,
}

/// Kinds of nodes that a verb runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(&'static [Work]);

/// What can be done with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Load,
    Seed,
    Model,
    Snapshot,
    Test,
    Export,
}

impl Kinds {
    /// All that `build` runs.
    pub const ALL: Self =
        Self(&[Work::Load, Work::Seed, Work::Model, Work::Snapshot, Work::Test, Work::Export]);
    /// Loads of sources.
    pub const LOADS: Self = Self(&[Work::Load]);
    /// Seeds.
    pub const SEEDS: Self = Self(&[Work::Seed]);
    /// Models.
    pub const MODELS: Self = Self(&[Work::Model]);
    /// Snapshots.
    pub const SNAPSHOTS: Self = Self(&[Work::Snapshot]);
    /// Exports.
    pub const EXPORTS: Self = Self(&[Work::Export]);
    /// Tests.
    pub const TESTS: Self = Self(&[Work::Test]);

    /// Whether `kind` runs; ephemeral models, analyses and sources that others load never do.
    pub fn include(self, kind: &NodeKind) -> bool {
        let work = match kind {
            NodeKind::Model(Materialization::Ephemeral) | NodeKind::Analysis => return false,
            NodeKind::Source(source) if source.load.is_none() => return false,
            NodeKind::Model(_) => Work::Model,
            NodeKind::Seed(_) => Work::Seed,
            NodeKind::Source(_) => Work::Load,
            NodeKind::Snapshot(_) => Work::Snapshot,
            NodeKind::Test(_) => Work::Test,
            NodeKind::Export(_) => Work::Export,
        };
        self.0.contains(&work)
    }
}

/// The relation that carrying out `node` writes in the target, if any.
pub(super) fn written_by(graph: &Graph, node: &Node) -> Option<RelationName> {
    match node.test() {
        Some(test) if test.judgement.store_failures => Some(audit_relation(graph, node)),
        Some(_) => None,
        None => node.relation.clone(),
    }
}

impl Plan {
    /// The plan for the nodes of `selection` that are of `kinds`.
    pub fn new(graph: &Graph, selection: &Selection, kinds: Kinds) -> Self {
        let runs: Vec<bool> = (0..)
            .zip(graph.nodes.iter())
            .map(|(index, node)| selection.contains(NodeIndex(index)) && kinds.include(&node.kind))
            .collect();
        let mut nearest = nearest_ancestors(graph, &runs);
        let guards = guards(graph, &runs, &nearest);
        for (child, tests) in guards {
            nearest[child.get()].extend(tests);
        }
        let order = order(graph, &runs, &nearest);
        let mut position = vec![StepIndex(usize::MAX); graph.nodes.len()];
        for (at, index) in order.iter().enumerate() {
            position[index.get()] = StepIndex(at);
        }
        let steps = order.into_iter().map(|node| {
            let mut waits_for: Vec<_> =
                nearest[node.get()].iter().map(|parent| position[parent.get()]).collect();
            waits_for.sort_unstable();
            Step { node, waits_for }
        });
        Self { steps: steps.collect() }
    }

    /// The relations that the steps write to.
    pub fn written(&self, graph: &Graph) -> Vec<RelationName> {
        self.steps.iter().filter_map(|step| written_by(graph, graph.node(step.node))).collect()
    }

    /// Steps in waves: each wave needs only those before it.
    pub fn waves(&self) -> Vec<Vec<StepIndex>> {
        let mut wave_of = vec![0; self.steps.len()];
        let mut waves: Vec<Vec<StepIndex>> = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let wave = step.waits_for.iter().map(|parent| wave_of[parent.0] + 1).max().unwrap_or(0);
            wave_of[at] = wave;
            if waves.len() == wave {
                waves.push(Vec::new());
            }
            waves[wave].push(StepIndex(at));
        }
        waves
    }
}

/// For each node, the running nodes that it reaches through nodes that do not run.
fn nearest_ancestors(graph: &Graph, runs: &[bool]) -> Vec<BTreeSet<NodeIndex>> {
    let mut nearest: Vec<BTreeSet<NodeIndex>> = vec![BTreeSet::new(); graph.nodes.len()];
    for index in &graph.order {
        let mut found = BTreeSet::new();
        for parent in &graph.node(*index).parents {
            if runs[parent.get()] {
                found.insert(*parent);
            } else {
                found.extend(nearest[parent.get()].iter().copied());
            }
        }
        nearest[index.get()] = found;
    }
    nearest
}

/// The tests that each node waits for: those of which everything tested lies before the node.
fn guards(
    graph: &Graph,
    runs: &[bool],
    nearest: &[BTreeSet<NodeIndex>],
) -> Vec<(NodeIndex, Vec<NodeIndex>)> {
    let is_test = |index: NodeIndex| graph.node(index).test().is_some();
    let mut children: Vec<Vec<NodeIndex>> = vec![Vec::new(); graph.nodes.len()];
    let mut tests: Vec<Vec<NodeIndex>> = vec![Vec::new(); graph.nodes.len()];
    for index in graph.order.iter().copied().filter(|index| runs[index.get()]) {
        for parent in &nearest[index.get()] {
            let list = if is_test(index) { &mut tests } else { &mut children };
            list[parent.get()].push(index);
        }
    }
    let mut guards = Vec::new();
    for child in graph.order.iter().copied() {
        if !runs[child.get()] || is_test(child) {
            continue;
        }
        let mut waits = BTreeSet::new();
        let mut ancestors = None;
        for parent in &nearest[child.get()] {
            for test in &tests[parent.get()] {
                let tested = &nearest[test.get()];
                let covered = tested.len() == 1 || {
                    let known = ancestors.get_or_insert_with(|| ancestors_of(nearest, child));
                    tested.iter().all(|tested| known.contains(tested))
                };
                if covered {
                    waits.insert(*test);
                }
            }
        }
        if !waits.is_empty() {
            guards.push((child, waits.into_iter().collect()));
        }
    }
    guards
}

fn ancestors_of(nearest: &[BTreeSet<NodeIndex>], index: NodeIndex) -> BTreeSet<NodeIndex> {
    let mut found = BTreeSet::new();
    let mut edge: Vec<NodeIndex> = nearest[index.get()].iter().copied().collect();
    while let Some(next) = edge.pop() {
        if found.insert(next) {
            edge.extend(nearest[next.get()].iter().copied());
        }
    }
    found
}

/// The running nodes, what each waits for before it; among those that are free, by id.
fn order(graph: &Graph, runs: &[bool], waits_for: &[BTreeSet<NodeIndex>]) -> Vec<NodeIndex> {
    let mut waiting = vec![0_usize; graph.nodes.len()];
    let mut followers: Vec<Vec<NodeIndex>> = vec![Vec::new(); graph.nodes.len()];
    let running: Vec<NodeIndex> =
        graph.order.iter().copied().filter(|index| runs[index.get()]).collect();
    for index in &running {
        waiting[index.get()] = waits_for[index.get()].len();
        for parent in &waits_for[index.get()] {
            followers[parent.get()].push(*index);
        }
    }
    let mut free: BTreeSet<NodeIndex> =
        running.iter().copied().filter(|index| waiting[index.get()] == 0).collect();
    let mut order = Vec::with_capacity(running.len());
    while let Some(index) = free.pop_first() {
        order.push(index);
        for follower in &followers[index.get()] {
            waiting[follower.get()] -= 1;
            if waiting[follower.get()] == 0 {
                free.insert(*follower);
            }
        }
    }
    order
}
