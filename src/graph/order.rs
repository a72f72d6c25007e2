//! The order in which nodes can run, and the circles that have none.

use super::node::{Node, NodeIndex};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex as PetIndex};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The children of each node, sorted.
pub(super) fn children(nodes: &[Node]) -> Vec<Vec<NodeIndex>> {
    let mut children = vec![Vec::new(); nodes.len()];
    for (index, node) in (0..).zip(nodes) {
        for parent in &node.parents {
            children[parent.get()].push(NodeIndex(index));
        }
    }
    children
}

/// All nodes, parents before children; among those that are free, by id. Nodes on a circle and
/// what hangs on them are left out.
pub(super) fn topological(nodes: &[Node], children: &[Vec<NodeIndex>]) -> Vec<NodeIndex> {
    let mut waiting: Vec<usize> = nodes.iter().map(|node| node.parents.len()).collect();
    let mut free: BinaryHeap<Reverse<NodeIndex>> = (0..)
        .zip(&waiting)
        .filter(|(_, parents)| **parents == 0)
        .map(|(index, _)| Reverse(NodeIndex(index)))
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(index)) = free.pop() {
        order.push(index);
        for child in &children[index.get()] {
            waiting[child.get()] -= 1;
            if waiting[child.get()] == 0 {
                free.push(Reverse(*child));
            }
        }
    }
    order
}

/// One shortest circle through each group of nodes that depend on each other, each beginning with
/// its first node by id: `[a, b, c]` where a depends on b, b on c, and c on a.
pub(super) fn cycles(nodes: &[Node]) -> Vec<Vec<NodeIndex>> {
    let mut graph = DiGraph::<(), (), u32>::with_capacity(nodes.len(), nodes.len() * 2);
    for _ in nodes {
        graph.add_node(());
    }
    for (index, node) in (0..).zip(nodes) {
        for parent in &node.parents {
            graph.add_edge(PetIndex::new(index), PetIndex::new(parent.get()), ());
        }
    }
    let mut cycles: Vec<_> = tarjan_scc(&graph)
        .into_iter()
        .filter_map(|group| {
            let start = group.iter().min()?.index();
            let narrow = NodeIndex(u32::try_from(start).ok()?);
            let circular = group.len() > 1 || nodes[start].parents.contains(&narrow);
            circular.then(|| shortest_cycle(nodes, narrow))
        })
        .collect();
    cycles.sort();
    cycles
}

/// The shortest way from `start` along parents back to `start`.
fn shortest_cycle(nodes: &[Node], start: NodeIndex) -> Vec<NodeIndex> {
    let mut came_from: Vec<Option<NodeIndex>> = vec![None; nodes.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(index) = queue.pop_front() {
        for parent in &nodes[index.get()].parents {
            if *parent == start {
                let mut path = vec![index];
                while let Some(previous) = came_from[path[path.len() - 1].get()] {
                    path.push(previous);
                }
                path.reverse();
                return path;
            }
            if came_from[parent.get()].is_none() {
                came_from[parent.get()] = Some(index);
                queue.push_back(*parent);
            }
        }
    }
    vec![start]
}
