//! Where the queries of nodes name the columns that a relation loses.

use super::bind::Check;
use super::syntax::{self, Parsed, Syntax};
use super::verdict::Checked;
use crate::compile::{Query, locate};
use crate::diagnostic::Place;
use crate::engine::EngineError;
use crate::engine::duckdb::Binder;
use crate::graph::{Graph, NodeIndex};
use crate::relation::RelationName;
use std::collections::HashMap;

/// The relations of a graph with the names of their columns, for the resolver of syntax trees.
pub(super) struct Uses {
    /// By database, schema and identifier in lower case.
    relations: HashMap<[String; 3], (NodeIndex, Vec<String>)>,
    /// The database and the schema of names that say none.
    home: [String; 2],
}

impl Uses {
    /// The relations of the nodes that hold.
    pub(super) fn new(graph: &Graph, checked: &Checked) -> Self {
        let home = [graph.target.database.to_lowercase(), "main".to_owned()];
        let mut uses = Self { relations: HashMap::new(), home };
        for (index, node) in (0..).map(NodeIndex).zip(graph.nodes.iter()) {
            if let (Some(relation), Some(columns)) = (&node.relation, checked.columns(index)) {
                let names = columns.iter().map(|column| column.name.clone()).collect();
                uses.relations.insert(uses.key(relation), (index, names));
            }
        }
        uses
    }

    fn key(&self, relation: &RelationName) -> [String; 3] {
        let [database, schema] = &self.home;
        let or = |part: &Option<String>, home: &String| {
            part.as_ref().map_or_else(|| home.clone(), |part| part.to_lowercase())
        };
        [
            or(&relation.database, database),
            or(&relation.schema, schema),
            relation.identifier.to_lowercase(),
        ]
    }

    fn columns(&self, relation: &RelationName) -> Option<Vec<String>> {
        self.relations.get(&self.key(relation)).map(|(_, columns)| columns.clone())
    }

    fn is(&self, relation: &RelationName, node: NodeIndex) -> bool {
        self.relations.get(&self.key(relation)).is_some_and(|(index, _)| *index == node)
    }

    /// The node whose relation is meant.
    pub(super) fn owner(&self, relation: &RelationName) -> Option<NodeIndex> {
        self.relations.get(&self.key(relation)).map(|(index, _)| *index)
    }

    /// What the names of a statement mean.
    pub(super) fn resolve(&self, tree: &Parsed) -> Syntax {
        tree.resolve(&|relation| self.columns(relation))
    }

    /// The syntax tree of `query`.
    fn tree(binder: &mut Binder, query: &Query) -> Result<Option<Parsed>, EngineError> {
        Ok(syntax::syntax(binder.session(), &[query.statement()])?.pop())
    }

    /// The places of the user's text that name one of the columns `gone`, each of the relation of a
    /// node, in the query of `index`; in the order of the query, each once.
    pub(super) fn places(
        &self,
        check: &mut Check<'_>,
        index: NodeIndex,
        gone: &[(NodeIndex, Vec<String>)],
    ) -> Result<Places, EngineError> {
        let mut places = Places::default();
        let Some(query) = check.query_over_rows(index).filter(|_| !gone.is_empty()) else {
            return Ok(places);
        };
        let Some(tree) = Self::tree(check.binder, query)? else { return Ok(places) };
        let columns = |relation: &RelationName| self.columns(relation);
        let before = tree.resolve(&columns);
        let (mut broken, mut rebound): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (owner, names) in gone {
            let is_owner = |relation: &RelationName| self.is(relation, *owner);
            for name in names {
                let removal = tree.without(&before, &columns, &is_owner, name);
                let starts = removal.breaks.into_iter().filter_map(|broken| broken.place);
                broken.extend(starts.map(|place| place.start));
                let starts = removal.rebinds.into_iter().filter_map(|used| used.place);
                rebound.extend(starts.map(|place| place.start));
            }
        }
        places.broken = located(check, index, query, broken);
        places.rebound = located(check, index, query, rebound);
        Ok(places)
    }

    /// The columns that `index` gives which are made of one of the columns `of`, each of the relation of
    /// a node.
    pub(super) fn fed(
        &self,
        check: &mut Check<'_>,
        index: NodeIndex,
        of: &[(NodeIndex, Vec<String>)],
    ) -> Result<Vec<String>, EngineError> {
        let Some(query) = check.query_over_rows(index) else { return Ok(Vec::new()) };
        let Some(tree) = Self::tree(check.binder, query)? else { return Ok(Vec::new()) };
        let resolved = self.resolve(&tree);
        let mut columns = Vec::new();
        for (owner, names) in of {
            let is_owner = |relation: &RelationName| self.is(relation, *owner);
            for name in names {
                columns.extend(resolved.columns(&is_owner, name));
            }
        }
        let fed = resolved
            .outputs
            .iter()
            .filter(|output| output.feeds.iter().any(|column| columns.contains(column)));
        Ok(fed.filter_map(|output| output.name.clone()).collect())
    }

    /// The names and places of the columns `of`, each of the relation of a node, that the query of
    /// `index` computes with, and does not only pass on.
    pub(super) fn computed(
        &self,
        check: &mut Check<'_>,
        index: NodeIndex,
        of: &[(NodeIndex, Vec<String>)],
    ) -> Result<(Vec<String>, Vec<Place>), EngineError> {
        let Some(query) = check.query_over_rows(index).filter(|_| !of.is_empty()) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let Some(tree) = Self::tree(check.binder, query)? else {
            return Ok((Vec::new(), Vec::new()));
        };
        let resolved = self.resolve(&tree);
        let (mut names, mut starts) = (Vec::new(), Vec::new());
        for (owner, columns) in of {
            let is_owner = |relation: &RelationName| self.is(relation, *owner);
            for name in columns {
                for column in resolved.columns(&is_owner, name) {
                    let used = resolved.uses.iter().filter(|used| used.column == column);
                    let copies =
                        resolved.outputs.iter().filter(|output| output.copy_of == Some(column));
                    let fed = resolved.outputs.iter().any(|output| {
                        output.feeds.contains(&column) && output.copy_of != Some(column)
                    });
                    if fed || used.clone().count() > copies.count() {
                        names.push(name.clone());
                        starts.extend(used.filter_map(|used| Some(used.place.as_ref()?.start)));
                    }
                }
            }
        }
        names.dedup();
        Ok((names, located(check, index, query, starts)))
    }
}

/// Where a query names columns that are gone.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where it then fails.
    pub(super) broken: Vec<Place>,
    /// Where the name then means another column.
    pub(super) rebound: Vec<Place>,
}

impl Places {
    /// Both, in the order of the text.
    pub(super) fn all(self) -> Vec<Place> {
        let mut all = self.broken;
        all.extend(self.rebound);
        all.sort_by_key(|place| place.range().start);
        all.dedup();
        all
    }
}

/// The places of the user's text that wrote the bytes `starts` of `query`, in order, each once.
fn located(
    check: &Check<'_>,
    index: NodeIndex,
    query: &Query,
    mut starts: Vec<usize>,
) -> Vec<Place> {
    starts.sort_unstable();
    starts.dedup();
    let node = check.graph.node(index);
    let mut places: Vec<Place> = Vec::new();
    for start in starts {
        let place = locate(check.graph, node, query, start).place;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}
