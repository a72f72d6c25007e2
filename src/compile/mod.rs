//! Resolved nodes to scripts of SQL, each statement with its origin. Pure: it returns texts.
//!
//! | node | query | script |
//! | --- | --- | --- |
//! | view, table | the model's | `view`, `table` |
//! | incremental | the model's, twice where it asks `is_incremental()` | `anew`, and its mode's |
//! | ephemeral | the model's | – |
//! | test | rows that fail | `test`, `test_stored` |
//! | seed, loaded source | known when the file is read | `seed`, `load` |
//! | snapshot | its own | `snapshot`, `scd2` |
//! | export | its own | `export_csv`, `export_parquet`, `export_json`; `export_rows` for a table |
//! | analysis | its own | – |

mod batch;
pub mod carry;
mod export;
mod incremental;
mod load;
mod locate;
mod query;
mod scd2;
mod script;
mod snapshot;

pub use batch::{batches, compile_batch};
pub use export::{
    ExportColumn, Finite, INCOMING, Slice, copy_script, drop_export_stage, export_columns,
    export_rows, export_stage_script, incoming_rows, parts_query, slice_rows, standing_query,
};
pub use incremental::{
    batch_keys, batch_name, batch_relation, columns_of_query, keys_of_batch, microbatch_rows,
    retyped_values,
};
pub use load::{
    FileRecord, LoadFacts, Pair, Record, RejectRecord, RowColumn, StateTables, Versions, cast_rows,
    cast_rows_query, files_query, keep_statement, load_query, load_script, rejects_script,
    repeats_query, rows_query, rows_view, state_script, state_tables,
};
pub use locate::{Located, locate};
pub use query::{Part, Query, Variant};
pub use scd2::{
    CURRENT_TWICE, Scd2Counts, Scd2Facts, changes_name, run_time, scd2_keys, scd2_script,
};
pub use script::{
    Script, Statement, audit_relation, is_stage_of, schema_script, stage_relation, statement,
    unread,
};
pub use snapshot::{Ends, bind_snapshot, snapshot_absent, snapshot_ends};

use crate::diagnostic::{Code, Diagnostic, Place, SourceFile};
use crate::dialect::statements;
use crate::graph::{
    CompileHost, Files, Graph, Node, NodeId, NodeIndex, NodeKind, Selection, diagnose, tests,
};
use crate::mode::{Batch, Reconciled};
use crate::project::Text;
use crate::template::{
    Host, Introspection, Kind, Limits, Rendered, Renderer, TemplateError, TemplateSource,
};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A node whose SQL is written.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The node.
    pub index: NodeIndex,
    /// Its query; `None` for nodes that have none, and for those that need a connection first.
    pub query: Option<Query>,
    /// Its query over rows that stay, where that is another one.
    pub incremental: Option<Query>,
    /// The statements that carry it out; empty for nodes that do nothing by themselves.
    pub script: Script,
    /// Whether its template asks the database, so that it is compiled just before it runs.
    pub needs_connection: bool,
    /// The macros that its template called.
    pub macros: BTreeSet<String>,
    /// SQL around its own statements.
    pub hooks: Hooks,
    /// The interval of time that it was rendered for, where it is a microbatch.
    pub batch: Option<Batch>,
}

/// The nodes of a compilation, and the texts of ephemeral models that they share.
#[derive(Debug, Default)]
pub struct Compilation {
    /// The selected nodes, parents before children.
    pub nodes: Vec<Compiled>,
    /// Selected nodes that could not be compiled, and why.
    pub broken: BTreeMap<NodeIndex, Diagnostic>,
    /// Ephemeral models by id.
    ephemeral: BTreeMap<NodeId, Rendering>,
}

/// A template rendered, with the ephemeral models that it names.
#[derive(Debug, Clone)]
struct Rendering {
    index: NodeIndex,
    text: Arc<str>,
    ephemeral: Vec<NodeId>,
    macros: BTreeSet<String>,
}

/// Compiles `selection`. Opens nothing: with `introspection`, templates may ask the database.
pub fn compile(
    graph: &Graph,
    selection: &Selection,
    introspection: Option<&Arc<dyn Introspection>>,
) -> Compilation {
    let wanted = ephemeral_ancestors(graph, selection);
    let order: Vec<NodeIndex> = graph
        .order
        .iter()
        .copied()
        .filter(|index| selection.contains(*index) || wanted.contains(index))
        .collect();
    let rendered: Vec<_> = order
        .par_iter()
        .map_init(
            || Renderer::new(graph.library.clone(), Limits::default()),
            |renderer, index| {
                let asked = introspection.cloned();
                let workshop = Workshop { graph, introspection: asked, batch: None };
                (*index, workshop.render_both(renderer, *index))
            },
        )
        .collect();
    let mut compilation = Compilation::default();
    for (index, rendered) in &rendered {
        if let (true, Ok(rendered)) = (graph.node(*index).is_ephemeral(), rendered)
            && let Some(rendering) = &rendered.anew
        {
            compilation.ephemeral.insert(graph.node(*index).id.clone(), rendering.clone());
        }
    }
    let workshop = Workshop { graph, introspection: introspection.cloned(), batch: None };
    for (index, rendered) in rendered {
        let finished = rendered.and_then(|both| finish(&workshop, &compilation, index, both));
        match finished {
            Ok(compiled) if selection.contains(index) => compilation.nodes.push(compiled),
            Ok(_) => {}
            Err(problem) => {
                compilation.broken.insert(index, *problem);
            }
        }
    }
    compilation
}

/// Compiles a text that is no node: it may refer to every node of `graph`.
///
/// # Errors
/// The template fails, or an ephemeral model that it names does.
pub fn compile_inline(
    graph: &Graph,
    text: &str,
    introspection: Option<&Arc<dyn Introspection>>,
) -> Result<Query, Box<Diagnostic>> {
    let host = CompileHost::inline(graph.shared.clone(), graph.names.clone(), &graph.name);
    let host = Arc::new(host.asking(introspection.cloned()));
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let source = TemplateSource::new("--inline", text);
    let files = Files::new([SourceFile::new("--inline", text)]);
    let rendered = renderer
        .render(&source, host.clone())
        .map_err(|error| Box::new(diagnose(&error, &files)))?;
    let named: BTreeSet<NodeIndex> =
        host.ephemeral().iter().filter_map(|id| graph.find(id)).collect();
    let selection = Selection::of(graph, named);
    let mut compilation = compile(graph, &selection, introspection);
    if let Some((_, problem)) = compilation.broken.pop_first() {
        return Err(Box::new(problem));
    }
    let rendering = Rendering {
        index: NodeIndex(u32::MAX),
        text: rendered.text.into(),
        ephemeral: host.ephemeral(),
        macros: BTreeSet::new(),
    };
    Ok(query::assemble(&with_ephemeral(&compilation, &rendering), Variant::Anew))
}

/// Where the byte `offset` of `query`, made of the inline text `text`, comes from.
pub fn locate_inline(graph: &Graph, text: &str, query: &Query, offset: usize) -> Place {
    let host = CompileHost::inline(graph.shared.clone(), graph.names.clone(), &graph.name);
    let source = TemplateSource::new("--inline", text);
    let files = Files::new([SourceFile::new("--inline", text)]);
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let part = query.parts.iter().find(|part| part.range.contains(&offset));
    let mapped = renderer.render_mapped(&source, Arc::new(host)).ok();
    let place = part.zip(mapped).and_then(|(part, (_, map))| {
        locate::find(&files, &map, part.start + (offset - part.range.start))
    });
    place
        .map_or_else(|| Place::start_of(SourceFile::new("--inline", text)), |located| located.place)
}

/// For which run a template is rendered.
#[derive(Debug, Clone, Copy)]
struct Run {
    variant: Variant,
    /// The interval of time, for a microbatch.
    batch: Option<Batch>,
}

/// Compiles one node again, with a database to ask; `rows_stay` answers `is_incremental()`.
pub fn compile_node(
    graph: &Graph,
    compilation: &Compilation,
    index: NodeIndex,
    introspection: &Arc<dyn Introspection>,
    rows_stay: bool,
) -> Result<Compiled, Box<Diagnostic>> {
    let workshop = Workshop { graph, introspection: Some(introspection.clone()), batch: None };
    compile_for(&workshop, compilation, index, rows_stay)
}

fn compile_for(
    workshop: &Workshop<'_>,
    compilation: &Compilation,
    index: NodeIndex,
    rows_stay: bool,
) -> Result<Compiled, Box<Diagnostic>> {
    let graph = workshop.graph;
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let both = if rows_stay {
        // Only this run's rendering can be made; it stands for both.
        let stay = workshop.render(&mut renderer, index, Variant::RowsStay)?;
        let anew = match workshop.batch {
            Some(_) => None,
            None => workshop.render(&mut renderer, index, Variant::Anew).ok(),
        };
        Both {
            only_stay: true,
            anew: anew.or_else(|| Some(stay.clone())),
            stay: Some(stay),
            asks: false,
        }
    } else {
        let anew = workshop.render(&mut renderer, index, Variant::Anew)?;
        Both { only_stay: false, anew: Some(anew), stay: None, asks: false }
    };
    finish(workshop, compilation, index, both)
}

/// Ephemeral models that a selected node reaches through ephemeral ones alone.
fn ephemeral_ancestors(graph: &Graph, selection: &Selection) -> BTreeSet<NodeIndex> {
    let mut found = BTreeSet::new();
    let mut edge: Vec<NodeIndex> = selection.iter().collect();
    while let Some(index) = edge.pop() {
        for parent in &graph.node(index).parents {
            if graph.node(*parent).is_ephemeral() && found.insert(*parent) {
                edge.push(*parent);
            }
        }
    }
    found
}

impl Both {
    /// For which run hooks are rendered: those of a node compiled for rows that stay alone know it.
    fn variant(&self) -> Variant {
        if self.only_stay { Variant::RowsStay } else { Variant::Anew }
    }
}

/// A node's renderings.
struct Both {
    /// It was rendered for a run over rows that stay, and for no other.
    only_stay: bool,
    anew: Option<Rendering>,
    stay: Option<Rendering>,
    /// It asks the database and there is none.
    asks: bool,
}

/// Renders templates of one graph.
struct Workshop<'g> {
    graph: &'g Graph,
    introspection: Option<Arc<dyn Introspection>>,
    /// The interval of a microbatch; `None` means the current one.
    batch: Option<Batch>,
}

impl Workshop<'_> {
    fn render_both(
        &self,
        renderer: &mut Renderer,
        index: NodeIndex,
    ) -> Result<Both, Box<Diagnostic>> {
        let node = self.graph.node(index);
        if matches!(node.kind, NodeKind::Seed(_) | NodeKind::Source(_)) {
            return Ok(Both { only_stay: false, anew: None, stay: None, asks: false });
        }
        let anew = self.render(renderer, index, Variant::Anew);
        let asks = |problem: &Diagnostic| problem.code == Code::NEEDS_CONNECTION;
        let stay = match &anew {
            Ok(_) if node.traits.asks_incremental => {
                Some(self.render(renderer, index, Variant::RowsStay))
            }
            _ => None,
        };
        match (anew, stay.transpose()) {
            (Ok(anew), Ok(stay)) => {
                Ok(Both { only_stay: false, anew: Some(anew), stay, asks: false })
            }
            (Err(problem), _) | (_, Err(problem)) if asks(&problem) => {
                Ok(Both { only_stay: false, anew: None, stay: None, asks: true })
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        }
    }

    fn render(
        &self,
        renderer: &mut Renderer,
        index: NodeIndex,
        variant: Variant,
    ) -> Result<Rendering, Box<Diagnostic>> {
        let node = self.graph.node(index);
        let run = Run { variant, batch: self.batch.or_else(|| batch::current(self.graph, node)) };
        let host = Arc::new(host(self.graph, node, run).asking(self.introspection.clone()));
        let rendered = render_template(self.graph, renderer, node, host.clone());
        let rendered = rendered.map_err(|error| Box::new(problem(self.graph, node, &error)))?;
        Ok(Rendering {
            index,
            ephemeral: host.ephemeral(),
            macros: rendered.macros_called.iter().map(ToString::to_string).collect(),
            text: rendered.text.into(),
        })
    }
}

/// The host that `node` is rendered with.
fn host(graph: &Graph, node: &Node, run: Run) -> CompileHost {
    let (shared, names) = (graph.shared.clone(), graph.names.clone());
    let host = match graph.find(&node.id) {
        Some(index) => CompileHost::new(shared, names, &graph.nodes, index),
        None => CompileHost::inline(shared, names, &node.package),
    };
    host.incremental(run.variant == Variant::RowsStay).batch(run.batch)
}

/// Renders a node's template: its file's, or its generic test's.
fn render_template(
    graph: &Graph,
    renderer: &mut Renderer,
    node: &Node,
    host: Arc<dyn Host>,
) -> Result<Rendered, TemplateError> {
    if let Some((generic, test)) = node.test().and_then(|t| Some((t.generic.as_ref()?, t))) {
        let id = tests::find_macro(
            &graph.library,
            &node.package,
            generic.namespace.as_deref(),
            &generic.test,
        );
        let about = graph.find(&generic.subject).map(|index| graph.node(index));
        if let (Some(id), Some(about)) = (id, about) {
            return tests::render(renderer, id, generic, about, &test.judgement, host);
        }
    }
    renderer.render(&template(node), host)
}

fn template(node: &Node) -> TemplateSource {
    node.template()
}

/// The template's error; for a generic test also the entry that asks for the test.
fn problem(graph: &Graph, node: &Node, error: &TemplateError) -> Diagnostic {
    let diagnostic = match error.kind {
        Kind::NeedsConnection => Diagnostic::error(Code::NEEDS_CONNECTION, error.message.clone()),
        _ => diagnose(error, &graph.files),
    };
    if let Some(place) = node.query_in_yaml() {
        return diagnostic.at(place.clone());
    }
    let generic = node.test().is_some_and(|test| test.generic.is_some());
    if generic { diagnostic.label(node.place.clone(), "for this test") } else { diagnostic }
}

/// Puts the common table expressions in place and writes the script.
fn finish(
    workshop: &Workshop<'_>,
    compilation: &Compilation,
    index: NodeIndex,
    both: Both,
) -> Result<Compiled, Box<Diagnostic>> {
    let graph = workshop.graph;
    let node = graph.node(index);
    let batch = workshop.batch.or_else(|| batch::current(graph, node));
    if let Some(refusal) = node.refusals.first() {
        return Err(Box::new(refusal.clone()));
    }
    let assemble = |rendering: &Rendering, variant| {
        let parts = with_ephemeral(compilation, rendering);
        Query { batch, ..query::assemble(&parts, variant) }
    };
    let mut macros = BTreeSet::new();
    for rendering in [&both.anew, &both.stay].into_iter().flatten() {
        macros.extend(rendering.macros.iter().cloned());
    }
    let query = both.anew.as_ref().map(|rendering| assemble(rendering, Variant::Anew));
    let incremental = both.stay.as_ref().map(|rendering| assemble(rendering, Variant::RowsStay));
    for query in [&query, &incremental].into_iter().flatten() {
        one_statement(graph, node, query)?;
    }
    let (hooks, asks) = match hooks(
        graph,
        node,
        Run { variant: both.variant(), batch },
        workshop.introspection.as_ref(),
    ) {
        Ok(hooks) => (hooks, both.asks),
        Err(problem) if problem.code == Code::NEEDS_CONNECTION => (Hooks::default(), true),
        Err(problem) => return Err(problem),
    };
    let script = script::of(graph, node, query.as_ref(), incremental.as_ref(), &hooks)
        .map_err(|error| Box::new(defect(node, &error)))?;
    Ok(Compiled { index, query, incremental, script, needs_connection: asks, macros, hooks, batch })
}

/// Renders the hooks of `compiled` for a run over rows that stay.
///
/// # Errors
/// A hook's template fails.
pub fn hooks_over_rows_that_stay(
    graph: &Graph,
    compiled: &Compiled,
    introspection: Option<&Arc<dyn Introspection>>,
) -> Result<Hooks, Box<Diagnostic>> {
    let node = graph.node(compiled.index);
    let run = Run { variant: Variant::RowsStay, batch: compiled.batch };
    hooks(graph, node, run, introspection)
}

/// The script of a model with the hooks that `compiled` has; `reconciled` says what is written
/// over rows that stay, once it is known.
///
/// # Errors
/// A template of ours is broken.
pub fn bind_model(
    graph: &Graph,
    compiled: &Compiled,
    reconciled: Option<&Reconciled>,
) -> Result<Script, Box<Diagnostic>> {
    let node = graph.node(compiled.index);
    let Some(query) = &compiled.query else { return Ok(Script::default()) };
    script::of_model(graph, node, query, compiled.incremental.as_ref(), reconciled, &compiled.hooks)
        .map_err(|error| Box::new(defect(node, &error)))
}

/// The script of a seed whose rows `query` reads, hooks included.
///
/// # Errors
/// A template of ours is broken.
pub fn bind_seed(
    graph: &Graph,
    compiled: &Compiled,
    query: &str,
    columns: &[crate::relation::Column],
) -> Result<Script, Box<Diagnostic>> {
    let node = graph.node(compiled.index);
    script::of_seed(graph, node, query, Some(columns), &compiled.hooks)
        .map_err(|error| Box::new(defect(node, &error)))
}

fn defect(node: &Node, error: &minijinja::Error) -> Diagnostic {
    let message = format!("the SQL template for `{}` cannot be filled in: {error}", node.id);
    Diagnostic::error(Code::INTERNAL, message)
}

/// The ephemeral models behind `rendering`, dependencies first, then `rendering` itself.
fn with_ephemeral<'c>(
    compilation: &'c Compilation,
    rendering: &'c Rendering,
) -> Vec<(NodeIndex, Option<&'c NodeId>, &'c Arc<str>)> {
    fn visit<'c>(
        compilation: &'c Compilation,
        ids: &'c [NodeId],
        found: &mut Vec<(NodeIndex, Option<&'c NodeId>, &'c Arc<str>)>,
    ) {
        for id in ids {
            if found.iter().any(|(_, known, _)| *known == Some(id)) {
                continue;
            }
            if let Some(rendering) = compilation.ephemeral.get(id) {
                visit(compilation, &rendering.ephemeral, found);
                found.push((rendering.index, Some(id), &rendering.text));
            }
        }
    }
    let mut found = Vec::new();
    visit(compilation, &rendering.ephemeral, &mut found);
    found.push((rendering.index, None, &rendering.text));
    found
}

/// A node's file holds one query, no more and no less.
fn one_statement(graph: &Graph, node: &Node, query: &Query) -> Result<(), Box<Diagnostic>> {
    if matches!(node.kind, NodeKind::Analysis) {
        return Ok(());
    }
    let kind = node.resource_type();
    let found = &query.statements;
    let problem = match found.as_slice() {
        [only] => match command(&query.text[only.clone()]) {
            None => return Ok(()),
            Some(word) => {
                let message = format!(
                    "{kind} `{}` is a `{}` statement, expected a query",
                    node.label(),
                    word.to_lowercase()
                );
                Diagnostic::error(Code::NOT_ONE_QUERY, message)
                    .at(locate(graph, node, query, only.start).place)
                    .with_help("write a `select`: sqlflow makes the table or view from it")
            }
        },
        [] => {
            let message = format!("{kind} `{}` holds no query", node.label());
            Diagnostic::error(Code::NOT_ONE_QUERY, message)
                .at(node.place.clone())
                .with_help(format!("write one `select` into {}", node.file.path))
        }
        [_, second, ..] => {
            let message =
                format!("{kind} `{}` holds {} statements, expected one", node.label(), found.len());
            let place = locate(graph, node, query, second.start).place;
            Diagnostic::error(Code::NOT_ONE_QUERY, message)
                .label(place, "the second begins here")
                .with_help("move it to a model of its own, or to a hook")
        }
    };
    Err(Box::new(problem))
}

/// The first word of a statement that changes something, which no query begins with.
fn command(statement: &str) -> Option<&str> {
    const COMMANDS: [&str; 9] =
        ["create", "insert", "update", "delete", "drop", "alter", "merge", "truncate", "copy"];
    let end = statement.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(statement.len());
    let word = &statement[..end];
    COMMANDS.iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(word)
}

/// Hooks before and after a node's own statements, rendered.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Statements before it, in order.
    pub before: Vec<String>,
    /// Statements after it, in the transaction that publishes it.
    pub after: Vec<String>,
    /// Statements after that transaction, each by itself.
    pub late: Vec<String>,
}

fn hooks(
    graph: &Graph,
    node: &Node,
    run: Run,
    introspection: Option<&Arc<dyn Introspection>>,
) -> Result<Hooks, Box<Diagnostic>> {
    let config = &node.config;
    let all = [&config.pre_hooks, &config.post_hooks, &config.late_hooks];
    if all.iter().all(|hooks| hooks.is_empty()) {
        return Ok(Hooks::default());
    }
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let mut render_all = |texts: &[String]| -> Result<Vec<String>, Box<Diagnostic>> {
        let mut rendered = Vec::new();
        for text in texts {
            let host = Arc::new(host(graph, node, run).asking(introspection.cloned()));
            let source = TemplateSource::new(&format!("a hook of {}", node.name), text);
            let sql = renderer
                .render(&source, host)
                .map_err(|error| Box::new(diagnose(&error, &graph.files).at(node.place.clone())))?;
            let found = statements(&sql.text);
            rendered.extend(found.into_iter().map(|range| sql.text[range].to_owned()));
        }
        Ok(rendered)
    };
    let before = render_all(&config.pre_hooks)?;
    let after = render_all(&config.post_hooks)?;
    let late = render_all(&config.late_hooks)?;
    Ok(Hooks { before, after, late })
}

/// The statements of the project's `on-run-start` or `on-run-end`, rendered.
///
/// # Errors
/// A template fails.
pub fn run_hooks(
    graph: &Graph,
    hooks: &[Text],
    introspection: &Arc<dyn Introspection>,
) -> Result<Vec<(String, Place)>, Box<Diagnostic>> {
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let mut rendered = Vec::new();
    for hook in hooks {
        let host = CompileHost::inline(graph.shared.clone(), graph.names.clone(), &graph.name);
        let host = Arc::new(host.asking(Some(introspection.clone())));
        let source = TemplateSource::new("on-run", &hook.text);
        let sql = renderer
            .render(&source, host)
            .map_err(|error| Box::new(diagnose(&error, &graph.files).at(hook.place.clone())))?;
        let found = statements(&sql.text);
        rendered.extend(
            found.into_iter().map(|range| (sql.text[range].to_owned(), hook.place.clone())),
        );
    }
    Ok(rendered)
}
