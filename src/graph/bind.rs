//! What each reference means: names to nodes.

use super::host::LateReference;
use super::node::{Node, NodeId, NodeIndex, Reference};
use crate::diagnostic::{Code, did_you_mean};
use crate::relation::RelationName;
use std::collections::HashMap;

/// Every name that a template can refer to.
#[derive(Debug, Default)]
pub struct Names {
    /// Models, seeds and snapshots by name; several where packages share one.
    nodes: HashMap<String, Vec<Bound>>,
    sources: HashMap<(String, String), Bound>,
    /// Nodes that are switched off, by name.
    disabled: HashMap<String, NodeId>,
    root: String,
}

/// A node that a name stands for.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// Its position.
    pub index: NodeIndex,
    /// Its unique name.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Its package.
    pub package: String,
    /// Its relation.
    pub relation: Option<RelationName>,
    /// Whether it is only text in the queries of others.
    pub ephemeral: bool,
    /// What stands in queries in place of its relation.
    pub external: Option<String>,
    /// Its column that says when a row happened: microbatches read an interval of it.
    pub event_time: Option<String>,
}

/// Why a reference means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unbound {
    /// Nothing of that name.
    Unknown {
        /// What was written.
        reference: Reference,
        /// The nearest names.
        help: Option<String>,
    },
    /// It is switched off.
    Disabled {
        /// What was written.
        reference: Reference,
        /// The node that is off.
        id: NodeId,
    },
    /// Several packages have one of that name.
    Ambiguous {
        /// What was written.
        reference: Reference,
        /// The nodes that it could mean.
        candidates: Vec<NodeId>,
    },
}

impl Names {
    /// The names of `nodes`, seen from the project called `root`; `disabled` are off.
    pub fn new(nodes: &[Node], disabled: &[(String, NodeId)], root: &str) -> Self {
        let mut names = Self {
            disabled: disabled.iter().cloned().collect(),
            root: root.to_owned(),
            ..Self::default()
        };
        for (index, node) in (0..).zip(nodes) {
            let bound = Bound {
                index: NodeIndex(index),
                id: node.id.clone(),
                name: node.name.clone(),
                package: node.package.clone(),
                relation: node.relation.clone(),
                ephemeral: node.is_ephemeral(),
                external: node.external().map(str::to_owned),
                event_time: node.config.text("event_time").map(str::to_owned),
            };
            match node.resource_type() {
                "model" | "seed" | "snapshot" => {
                    names.nodes.entry(node.name.clone()).or_default().push(bound);
                }
                "source" => {
                    if let super::node::NodeKind::Source(source) = &node.kind {
                        names.sources.insert((source.source.clone(), node.name.clone()), bound);
                    }
                }
                _ => {}
            }
        }
        names
    }

    /// What `reference` means in a template of `package`.
    ///
    /// Without a package in the reference, the template's own package is searched first, then the
    /// project itself, then everything: dbt's order.
    pub(super) fn resolve(&self, reference: &Reference, package: &str) -> Result<&Bound, Unbound> {
        match reference {
            Reference::Node { package: named, name } => {
                self.resolve_node(reference, named.as_deref(), name, package)
            }
            Reference::Source { source, table } => {
                let key = (source.clone(), table.clone());
                self.sources.get(&key).ok_or_else(|| self.unknown_source(reference, source, table))
            }
        }
    }

    fn resolve_node(
        &self,
        reference: &Reference,
        named: Option<&str>,
        name: &str,
        package: &str,
    ) -> Result<&Bound, Unbound> {
        let candidates = self.nodes.get(name).map_or(&[][..], Vec::as_slice);
        let of = |package: &str| candidates.iter().find(|bound| bound.package == package);
        let found = match named {
            Some(named) => of(named),
            None => of(package).or_else(|| of(&self.root)),
        };
        match (found, named, candidates) {
            (Some(bound), _, _) | (None, None, [bound]) => Ok(bound),
            (None, None, [_, _, ..]) => Err(Unbound::Ambiguous {
                reference: reference.clone(),
                candidates: candidates.iter().map(|bound| bound.id.clone()).collect(),
            }),
            (None, _, _) => Err(self.unknown_node(reference, name)),
        }
    }

    fn unknown_node(&self, reference: &Reference, name: &str) -> Unbound {
        let reference = reference.clone();
        if let Some(id) = self.disabled.get(name) {
            return Unbound::Disabled { reference, id: id.clone() };
        }
        let source = self.sources.keys().find(|(_, table)| table == name);
        let help = did_you_mean(name, self.nodes.keys().map(String::as_str)).or_else(|| {
            source.map(|(source, table)| {
                format!(
                    "`{table}` is a table of a source: `{{{{ source('{source}', '{table}') }}}}`"
                )
            })
        });
        Unbound::Unknown { reference, help }
    }

    fn unknown_source(&self, reference: &Reference, source: &str, table: &str) -> Unbound {
        let tables = self.sources.keys().filter(|(known, _)| known == source);
        let mut tables = tables.map(|(_, table)| table.as_str()).peekable();
        let help = if tables.peek().is_some() {
            did_you_mean(table, tables)
        } else {
            did_you_mean(source, self.sources.keys().map(|(source, _)| source.as_str()))
        };
        let disabled = self.disabled.get(&format!("{source}.{table}"));
        match disabled {
            Some(id) => Unbound::Disabled { reference: reference.clone(), id: id.clone() },
            None => Unbound::Unknown { reference: reference.clone(), help },
        }
    }
}

impl Unbound {
    /// What was written.
    pub(super) fn reference(&self) -> &Reference {
        match self {
            Self::Unknown { reference, .. }
            | Self::Disabled { reference, .. }
            | Self::Ambiguous { reference, .. } => reference,
        }
    }

    /// The error as a template raises it.
    pub(super) fn late(&self) -> LateReference {
        let (code, message, help) = match self {
            Self::Unknown { reference: reference @ Reference::Node { name, .. }, help } => (
                Code::UNKNOWN_REF,
                format!("{reference}: no model, seed or snapshot `{name}`"),
                help.clone(),
            ),
            Self::Unknown { reference: reference @ Reference::Source { source, table }, help } => {
                let message = format!("{reference}: no source table `{source}.{table}`");
                (Code::UNKNOWN_SOURCE, message, help.clone())
            }
            Self::Disabled { reference, id } => (
                Code::DISABLED_REF,
                format!("{reference}: `{id}` is disabled"),
                Some("enable it, or remove the reference".to_owned()),
            ),
            Self::Ambiguous { reference, candidates } => {
                let ids = candidates.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>();
                (
                    Code::AMBIGUOUS_REF,
                    format!("{reference} could be {}", ids.join(" or ")),
                    Some("name the package: `{{ ref('package', 'model') }}`".to_owned()),
                )
            }
        };
        LateReference { code, message, help }
    }
}
