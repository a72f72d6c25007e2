//! Binds the nodes one after the other, parents first.

use super::declared;
use super::known::Known;
use super::named::named_columns;
use super::refusal::describe_query_error;
use super::schema_change::columns_refused;
use super::standing;
use super::verdict::{Checked, Unchecked, Verdict};
use super::versions::{misfit, snapshot_columns};
use crate::compile::{Compilation, Compiled, Query};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::duckdb::Binder;
use crate::engine::{EngineError, ErrorKind};
use crate::graph::{Graph, Node, NodeIndex, NodeKind, SnapshotNode};
use crate::mode::scd2::Misfit;
use crate::mode::{Incremental, Materialization, Retyped, SchemaChange};
use crate::relation::{Column, DataType};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Binds the nodes of `compilation` to what `known` says of the roots of `graph`, in `binder`, which
/// then holds an empty table for each node that gives one.
///
/// The query of an incremental model is bound twice where it differs over rows that stay. A node that
/// is not in `compilation` is one of which nothing is known.
pub fn check(
    graph: &Graph,
    compilation: &Compilation,
    known: &Known,
    binder: &mut Binder,
) -> Checked {
    let mut check = Check::new(graph, compilation, known, binder);
    check.run();
    check.checked
}

/// A check while it is carried out.
pub(super) struct Check<'c> {
    pub(super) graph: &'c Graph,
    compilation: &'c Compilation,
    compiled: HashMap<NodeIndex, &'c Compiled>,
    known: &'c Known,
    pub(super) binder: &'c mut Binder,
    pub(super) checked: Checked,
    /// What declared types are to the database; `None` where they are none.
    types: HashMap<String, Option<DataType>>,
    /// Tables whose rows stay, as they are before the nodes are built again. Of others it is taken
    /// that they are made anew.
    pub(super) standing: BTreeMap<NodeIndex, Vec<Column>>,
    /// Columns of the node bound last of which some value may not fit its standing table.
    pub(super) lossy: Vec<Retyped>,
}

type Bound = Result<Vec<Column>, Verdict>;

impl<'c> Check<'c> {
    pub(super) fn new(
        graph: &'c Graph,
        compilation: &'c Compilation,
        known: &'c Known,
        binder: &'c mut Binder,
    ) -> Self {
        Self {
            graph,
            compilation,
            compiled: compilation.nodes.iter().map(|node| (node.index, node)).collect(),
            known,
            binder,
            checked: Checked { unreadable: known.unreadable.clone(), ..Checked::default() },
            types: HashMap::new(),
            standing: BTreeMap::new(),
            lossy: Vec::new(),
        }
    }

    /// Binds every node.
    pub(super) fn run(&mut self) {
        for index in &self.graph.order {
            if let Some(verdict) = self.verdict(*index) {
                self.checked.verdicts.insert(*index, verdict);
            }
        }
    }

    /// The query of a node as it is executed where its table stands.
    pub(super) fn query_over_rows(&self, index: NodeIndex) -> Option<&'c Query> {
        let compiled = *self.compiled.get(&index)?;
        compiled.incremental.as_ref().or(compiled.query.as_ref())
    }

    /// Makes the table of `index` anew, without rows.
    pub(super) fn bind_table(&mut self, index: NodeIndex, columns: Vec<Column>) -> Verdict {
        let table = self.table(self.graph.node(index), columns);
        table.map_or_else(|verdict| verdict, Verdict::Holds)
    }

    /// What is to be said of a node; `None` where it is nobody's business.
    pub(super) fn verdict(&mut self, index: NodeIndex) -> Option<Verdict> {
        let node = self.graph.node(index);
        let verdict = match &node.kind {
            NodeKind::Source(_) | NodeKind::Seed(_) => match self.known.verdict(index)? {
                Verdict::Holds(columns) => self.table(node, columns),
                unknown => Err(unknown),
            },
            NodeKind::Analysis => return None,
            NodeKind::Model(_)
            | NodeKind::Test(_)
            | NodeKind::Snapshot(_)
            | NodeKind::Export(_) => {
                let Some(compiled) = self.compiled.get(&index).copied() else {
                    let problem = self.compilation.broken.get(&index)?;
                    return Some(Verdict::Fails(vec![problem.clone()]));
                };
                self.query_node(index, compiled)
            }
        };
        Some(verdict.map_or_else(|verdict| verdict, Verdict::Holds))
    }

    fn query_node(&mut self, index: NodeIndex, compiled: &Compiled) -> Bound {
        let graph = self.graph;
        let node = graph.node(index);
        if let Some(parent) = node.parents.iter().find(|parent| self.is_unknown(**parent)) {
            return Err(Verdict::Unchecked(Unchecked::Reads(*parent)));
        }
        let Some(query) = &compiled.query else {
            return Err(Verdict::Unchecked(Unchecked::AsksDatabase));
        };
        if let Some(table) = self.standing.get(&index).cloned() {
            return self.over_standing(node, compiled.incremental.as_ref().unwrap_or(query), table);
        }
        let columns = self.bind(node, query)?;
        match &node.kind {
            NodeKind::Model(Materialization::Ephemeral) => Ok(columns),
            NodeKind::Model(materialization) => {
                self.model(index, compiled, materialization, columns)
            }
            NodeKind::Snapshot(snapshot) => self.snapshot(node, snapshot, &columns),
            NodeKind::Test(test) => {
                let remark = declared::comparison(graph, node, test, &self.checked);
                self.checked.remarks.extend(remark.map(|remark| (index, remark)));
                Ok(columns)
            }
            _ => Ok(columns),
        }
    }

    /// What a node makes of its table, which keeps its rows.
    fn over_standing(&mut self, node: &Node, query: &Query, table: Vec<Column>) -> Bound {
        let dialect = self.graph.target.dialect;
        let table = self.table(node, table)?;
        let batch = stored(self.bind(node, query)?);
        let applied = match &node.kind {
            NodeKind::Model(Materialization::Incremental(incremental)) => {
                let lacks = "which the query does not give";
                named_columns(node, incremental, &batch, lacks, &|name| dialect.fold(name))
                    .map_err(|problem| Verdict::Fails(vec![*problem]))?;
                let rule = incremental.on_schema_change;
                let applied = standing::incremental(dialect, rule, &batch, &table);
                let applied = applied.map_err(|refused| {
                    let problem = node.relation.as_ref();
                    let problem = problem.map(|name| columns_refused(node, name, &refused));
                    Verdict::Fails(problem.into_iter().collect())
                })?;
                self.lossy = applied.lossy;
                applied.columns
            }
            NodeKind::Snapshot(snapshot) => {
                let misfits = |misfits: Vec<Misfit>| {
                    let told = misfits.iter().map(|found| misfit(node, snapshot, &batch, found));
                    Verdict::Fails(told.collect())
                };
                standing::versions(dialect, &snapshot.scd2, &batch, &table).map_err(misfits)?
            }
            _ => batch,
        };
        self.table(node, applied)
    }

    fn is_unknown(&self, parent: NodeIndex) -> bool {
        self.checked.columns(parent).is_none()
    }

    fn model(
        &mut self,
        index: NodeIndex,
        compiled: &Compiled,
        materialization: &Materialization,
        columns: Vec<Column>,
    ) -> Bound {
        let graph = self.graph;
        let node = graph.node(index);
        let mut problems = self.declared(index, &columns);
        let columns = match materialization {
            Materialization::Incremental(incremental) => {
                let dialect = self.graph.target.dialect;
                let lacks = "which the query does not give";
                let named =
                    named_columns(node, incremental, &columns, lacks, &|name| dialect.fold(name));
                problems.extend(named.err().map(|problem| *problem));
                let columns = self.table(node, stored(columns))?;
                if let Some(query) = &compiled.incremental {
                    let stays = self.over_rows_that_stay(node, query, incremental, &columns);
                    if stays.is_err() {
                        // The table that stands may have other columns than the query gives now.
                        self.checked.doubtful.insert(index);
                    }
                    stays?;
                }
                columns
            }
            Materialization::Table => self.table(node, stored(columns))?,
            _ => self.table(node, columns)?,
        };
        if problems.is_empty() { Ok(columns) } else { Err(Verdict::Fails(problems)) }
    }

    /// Where the columns are not as declared: errors are answered, warnings kept.
    fn declared(&mut self, index: NodeIndex, columns: &[Column]) -> Vec<Diagnostic> {
        let node = self.graph.node(index);
        let binder = &mut *self.binder;
        let types = &mut self.types;
        let told = declared::columns(node, columns, &mut |text| {
            types.entry(text.to_owned()).or_insert_with(|| binder.data_type(text)).clone()
        });
        let (errors, warnings): (Vec<_>, Vec<_>) = told.into_iter().partition(Diagnostic::is_error);
        self.checked.remarks.extend(warnings.into_iter().map(|warning| (index, warning)));
        errors
    }

    /// The second rendering of an incremental model, whose columns meet those of the first.
    fn over_rows_that_stay(
        &mut self,
        node: &Node,
        query: &Query,
        incremental: &Incremental,
        table: &[Column],
    ) -> Result<(), Verdict> {
        let batch = stored(self.bind(node, query)?);
        let dialect = self.graph.target.dialect;
        let change = SchemaChange::between(&batch, table, |name| dialect.fold(name));
        match (change.reconcile(incremental.on_schema_change), &node.relation) {
            (Err(refused), Some(relation)) => {
                Err(Verdict::Fails(vec![columns_refused(node, relation, &refused)]))
            }
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self, node: &Node, snapshot: &SnapshotNode, columns: &[Column]) -> Bound {
        let columns = stored(columns.to_vec());
        match snapshot_columns(self.graph.target.dialect, snapshot, &columns) {
            Ok(columns) => self.table(node, columns),
            Err(misfits) => Err(Verdict::Fails(
                misfits.iter().map(|found| misfit(node, snapshot, &columns, found)).collect(),
            )),
        }
    }

    /// Makes the node's table, without rows.
    fn table(&mut self, node: &Node, columns: Vec<Column>) -> Bound {
        let Some(relation) = &node.relation else { return Ok(columns) };
        match self.binder.create(relation, &columns) {
            Ok(()) => Ok(columns),
            Err(error) => {
                let reason = format!("its table cannot be made here: {}", error.message);
                Err(Verdict::Unchecked(Unchecked::Beyond(reason)))
            }
        }
    }

    fn bind(&mut self, node: &Node, query: &Query) -> Bound {
        match self.binder.bind(query.statement()) {
            Ok(Some(columns)) => Ok(distinct(columns)),
            Ok(None) => Err(Verdict::Unchecked(Unchecked::FromValues)),
            Err(error) => Err(match self.beyond(node, &error) {
                Some(reason) => Verdict::Unchecked(Unchecked::Beyond(reason)),
                None => {
                    if is_missing_object(&error) {
                        self.checked.doubtful.extend(self.graph.find(&node.id));
                    }
                    let told = describe_query_error(self.graph, node, query, &error);
                    Verdict::Fails(vec![Diagnostic { code: Code::DOES_NOT_BIND, ..told }])
                }
            }),
        }
    }

    /// Why an error says nothing about the query: what it needs is not of this project, or is not
    /// reached from here.
    fn beyond(&self, node: &Node, error: &EngineError) -> Option<String> {
        let message = error.message.lines().next().unwrap_or_default();
        let elsewhere = ELSEWHERE.iter().any(|words| error.message.contains(words))
            || matches!(error.kind, ErrorKind::Denied | ErrorKind::Forbidden | ErrorKind::File);
        if elsewhere {
            return Some(format!("it needs more than tables of the project: {message}"));
        }
        if self.hooks_matter(node) {
            return Some(format!("a hook may change what it reads, and as it is: {message}"));
        }
        let is_foreign = message.contains("because schema") || message.starts_with("Catalog \"");
        let missing = error.missing.as_deref().unwrap_or_default();
        is_foreign.then(|| format!("it reads `{missing}`, which the project does not declare"))
    }

    /// Whether SQL of the user's own runs before `node` that may make or change what it needs.
    fn hooks_matter(&self, node: &Node) -> bool {
        let graph = self.graph;
        if graph.on_run_start.iter().chain(&graph.on_run_end).any(|hook| changes(&hook.text)) {
            return true;
        }
        if node.config.pre_hooks.iter().any(|hook| changes(hook)) {
            return true;
        }
        let mut seen = BTreeSet::new();
        let mut edge = node.parents.clone();
        while let Some(parent) = edge.pop() {
            if !seen.insert(parent) {
                continue;
            }
            let parent = graph.node(parent);
            let mut hooks = parent.config.pre_hooks.iter().chain(&parent.config.post_hooks);
            if hooks.any(|hook| changes(hook)) {
                return true;
            }
            edge.extend(&parent.parents);
        }
        false
    }
}

/// What DuckDB says where something is not reached from here.
const ELSEWHERE: [&str; 3] =
    ["disabled by configuration", "but it exists in the", "automatically install"];

/// Words of a hook after which tables, types, functions or settings may be others.
const CHANGING: [&str; 9] =
    ["create", "alter", "drop", "set", "load", "install", "attach", "use", "pragma"];

/// Whether a hook may change what queries mean; of a macro that it calls nobody knows.
fn changes(hook: &str) -> bool {
    let mut words = hook.split(|c: char| !c.is_ascii_alphabetic());
    let says = words.any(|word| CHANGING.iter().any(|known| word.eq_ignore_ascii_case(known)));
    let calls = hook
        .split("{{")
        .skip(1)
        .any(|rest| rest.split("}}").next().is_some_and(|expression| expression.contains('(')));
    says || calls || hook.contains("{%")
}

/// Whether DuckDB misses a relation, function, type or sequence: it may stand in the target.
fn is_missing_object(error: &EngineError) -> bool {
    let first = error.message.lines().next().unwrap_or_default();
    first.contains(" with name ") && first.contains("does not exist")
}

/// The columns as a relation has them, and whoever reads a query: of names that are there more than
/// once, DuckDB gives all but the first a number.
fn distinct(mut columns: Vec<Column>) -> Vec<Column> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    for column in &mut columns {
        let name = column.name.clone();
        let folded = name.to_lowercase();
        while let Some(number) = taken.get(&column.name.to_lowercase()) {
            let number = taken.get(&folded).copied().unwrap_or(*number);
            column.name = format!("{name}_{number}");
            taken.insert(folded.clone(), number + 1);
        }
        taken.insert(column.name.to_lowercase(), 1);
    }
    columns
}

/// The columns as a table keeps them: DuckDB makes an integer of a bare NULL.
fn stored(columns: Vec<Column>) -> Vec<Column> {
    let stored = |column: Column| match column.data_type.as_str() {
        "\"null\"" => Column { data_type: DataType::new("integer"), ..column },
        _ => column,
    };
    columns.into_iter().map(stored).collect()
}
