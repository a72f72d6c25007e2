//! Scripts: the statements that carry a node out, from the dialect's templates.

use super::incremental::{batch_script, first_interval};
use super::load::{LoadFacts, load_script};
use super::{Hooks, Query, Variant, carry};
use crate::dialect::{Condition, Dialect, Section, Stage};
use crate::graph::{Graph, Node, NodeIndex, NodeKind, TestNode};
use crate::mode::{Materialization, Mode, Reconciled};
use crate::relation::{Column, RelationName};
use minijinja::{Value, context};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

/// The statements of a node, in sections. What is written to target/run is what is executed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The sections in order.
    pub sections: Vec<Section<Statement>>,
    /// A remark about what is not known yet; empty where everything is.
    pub remark: String,
}

/// One statement, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The SQL without `;`.
    pub sql: String,
    /// The bytes that are the node's own query, and which of its queries.
    pub query: Option<(Range<usize>, Variant)>,
    /// `pre_hook` or `post_hook`, where it is one.
    pub hook: Option<&'static str>,
    /// How many rows it has to change, where that is known before it is executed.
    pub expected: Option<u64>,
}

impl Script {
    /// The script as it stands in a file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.remark.is_empty() {
            for line in self.remark.lines() {
                _ = writeln!(text, "-- {line}");
            }
            text.push('\n');
        }
        for (position, section) in self.sections.iter().enumerate() {
            if position > 0 {
                text.push('\n');
            }
            text.push_str("-- ");
            text.push_str(section.stage.as_str());
            if section.condition != Condition::Always {
                _ = write!(text, " when: {}", section.condition.as_str());
            }
            text.push('\n');
            for statement in &section.statements {
                text.push_str(&statement.sql);
                // A comment in the last line would swallow the semicolon.
                let last = statement.sql.rsplit('\n').next().unwrap_or("");
                text.push_str(if last.contains("--") { "\n;\n" } else { ";\n" });
            }
        }
        text
    }

    /// Notes how many rows the statements have to change that are published over rows that stay and
    /// begin with `verb` and `relation`, as `dialect` writes it: those of `counts`, in order.
    pub fn expect(
        &mut self,
        dialect: &dyn Dialect,
        verb: &str,
        relation: &RelationName,
        counts: &[u64],
    ) {
        let start = format!("{verb} {} ", dialect.render(relation));
        let sections = self.sections.iter_mut().filter(|section| {
            section.stage == Stage::Publish && section.condition == Condition::RowsStay
        });
        let statements = sections.flat_map(|section| &mut section.statements);
        let own = statements.filter(|statement| statement.sql.starts_with(&start));
        for (statement, count) in own.zip(counts) {
            statement.expected = Some(*count);
        }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The statements of `stage` whose condition `holds`.
    pub fn statements(&self, stage: Stage, holds: impl Fn(Condition) -> bool) -> Vec<&Statement> {
        self.sections
            .iter()
            .filter(|section| section.stage == stage && holds(section.condition))
            .flat_map(|section| &section.statements)
            .collect()
    }
}

pub(super) type Result<T> = std::result::Result<T, minijinja::Error>;

/// The script of `node` as far as it is known without a database.
pub(super) fn of(
    graph: &Graph,
    node: &Node,
    query: Option<&Query>,
    incremental: Option<&Query>,
    hooks: &Hooks,
) -> Result<Script> {
    match (&node.kind, query) {
        (NodeKind::Model(Materialization::Ephemeral) | NodeKind::Analysis, _)
        | (
            NodeKind::Model(_) | NodeKind::Test(_) | NodeKind::Snapshot(_) | NodeKind::Export(_),
            None,
        ) => Ok(Script::default()),
        (NodeKind::Model(_), Some(query)) => of_model(graph, node, query, incremental, None, hooks),
        (NodeKind::Test(test), Some(query)) => test_script(graph, node, test, query),
        (NodeKind::Snapshot(snapshot), Some(query)) => {
            super::snapshot::unbound(graph, node, snapshot, query, hooks)
        }
        (NodeKind::Export(export), Some(query)) => {
            super::export::foreseen(graph, node, export, query)
        }
        (NodeKind::Seed(seed), _) => {
            let mut script = of_seed(graph, node, &unread(graph, &seed.path), None, hooks)?;
            script.remark = unread_remark("the seed");
            Ok(script)
        }
        (NodeKind::Source(_), _) => match node.load() {
            Some(load) => {
                let later = || "…".to_owned();
                let facts = LoadFacts {
                    query: unread(graph, &load.object.to_string()),
                    run_id: later(),
                    loaded_at: later(),
                    ..LoadFacts::default()
                };
                let mut script = load_script(graph, node, load, &facts)?;
                script.remark = unread_remark("the source");
                Ok(script)
            }
            None => Ok(Script::default()),
        },
    }
}

/// The script of a model with its hooks.
pub(super) fn of_model(
    graph: &Graph,
    node: &Node,
    query: &Query,
    incremental: Option<&Query>,
    reconciled: Option<&Reconciled>,
    hooks: &Hooks,
) -> Result<Script> {
    let mut script = model_script(graph, node, query, incremental, reconciled)?;
    add_hooks(&mut script, hooks);
    Ok(script)
}

/// The script of a seed with its hooks.
pub(super) fn of_seed(
    graph: &Graph,
    node: &Node,
    query: &str,
    columns: Option<&[Column]>,
    hooks: &Hooks,
) -> Result<Script> {
    let mut script = seed_script(graph, node, query, columns)?;
    add_hooks(&mut script, hooks);
    Ok(script)
}

fn unread_remark(what: &str) -> String {
    format!(
        "The columns and types of {what} are known when its files are read: the query below then \
         names them,\nand this file is written again before it is executed."
    )
}

/// What stands for the query that reads a file, until it is known.
pub fn unread(graph: &Graph, path: &str) -> String {
    let dialect = graph.target.dialect;
    let context = context! { path => path };
    let script = render(dialect, "unread", &context, &[]);
    script
        .ok()
        .and_then(|script| Some(script.sections.first()?.statements.first()?.sql.clone()))
        .unwrap_or_default()
}

/// The script of a model. `reconciled` says what is written over rows that stay; `None` while the
/// columns of batch and table are not known.
fn model_script(
    graph: &Graph,
    node: &Node,
    query: &Query,
    incremental: Option<&Query>,
    reconciled: Option<&Reconciled>,
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let NodeKind::Model(materialization) = &node.kind else { return Ok(Script::default()) };
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let name = dialect.render(relation);
    let simple = context! {
        relation => name,
        query => query.statement(),
        ..place_context(graph, node, relation)
    };
    match materialization {
        Materialization::Ephemeral => Ok(Script::default()),
        Materialization::View => render(dialect, "view", &simple, &[query]),
        Materialization::MaterializedView => {
            render(dialect, "materialized_view", &simple, &[query])
        }
        Materialization::Table => anew(graph, node, relation, "table", query.statement(), &[query]),
        Materialization::Incremental(incremental_of) => {
            let mut script = match &incremental_of.mode {
                Mode::Microbatch(of) => first_interval(graph, node, relation, of, query)?,
                _ => anew(graph, node, relation, "anew", query.statement(), &[query])?,
            };
            let batch_query = incremental.unwrap_or(query);
            let stays = Query { variant: Variant::RowsStay, ..batch_query.clone() };
            let views = views_above(graph, node);
            let batch =
                batch_script(dialect, relation, incremental_of, &stays, reconciled, &views)?;
            script.sections.extend(batch.sections);
            if reconciled.is_none() {
                "The columns that batch and table both have are known when the batch is bound: they \
                 then stand in\nplace of `by name` and `*`, and this file is written again before it \
                 is executed."
                    .clone_into(&mut script.remark);
            }
            Ok(script)
        }
    }
}

/// Makes `relation` from `query`; where a check may refuse its rows, they are staged first.
fn anew(
    graph: &Graph,
    node: &Node,
    relation: &RelationName,
    template: &str,
    query: &str,
    queries: &[&Query],
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let context = context! {
        relation => dialect.render(relation),
        query => query,
        ..place_context(graph, node, relation)
    };
    let checked = node.config.checks.may_refuse();
    render(dialect, if checked { "anew_checked" } else { template }, &context, queries)
}

/// Where a relation is made, and what a server has to know to put it in its place: the options of
/// the node, and the views of the project that read it.
pub(super) fn place_context(graph: &Graph, node: &Node, relation: &RelationName) -> Value {
    let dialect = graph.target.dialect;
    let place = context! {
        stage => dialect.render(&stage_relation(graph, relation)),
        identifier => dialect.quote(&relation.identifier),
    };
    if dialect.is_embedded() {
        return place;
    }
    let table = &node.config.table;
    let indexes: Vec<Value> = table
        .indexes
        .iter()
        .map(|index| {
            context! {
                columns => &index.columns,
                unique => index.unique,
                method => &index.method,
            }
        })
        .collect();
    let options = context! {
        unlogged => table.unlogged,
        fillfactor => table.fillfactor,
        indexes => indexes,
    };
    context! { options => options, views => views_above(graph, node), ..place }
}

/// Schema and name of each view of the project that reads `node`, or reads another that does.
fn views_above(graph: &Graph, node: &Node) -> Vec<[String; 2]> {
    let mut found = BTreeSet::new();
    let mut edge: Vec<NodeIndex> = graph.find(&node.id).into_iter().collect();
    while let Some(index) = edge.pop() {
        for child in &graph.children[index.get()] {
            let child_node = graph.node(*child);
            let is_view = matches!(
                child_node.kind,
                NodeKind::Model(Materialization::View | Materialization::MaterializedView)
            );
            let name = child_node.relation.as_ref().filter(|_| is_view);
            let is_new = name.is_some_and(|name| {
                found.insert([name.schema().to_owned(), name.identifier.clone()])
            });
            if is_new || child_node.is_ephemeral() {
                edge.push(*child);
            }
        }
    }
    found.into_iter().collect()
}

/// The script of a seed whose rows `query` reads; `columns` are theirs, where they are known.
fn seed_script(
    graph: &Graph,
    node: &Node,
    query: &str,
    columns: Option<&[Column]>,
) -> Result<Script> {
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let dialect = graph.target.dialect;
    let context = context! {
        relation => dialect.render(relation),
        query => query,
        columns => staged_columns(columns.unwrap_or_default()),
        ..place_context(graph, node, relation)
    };
    let checked = dialect.is_embedded() && node.config.checks.may_refuse();
    render(dialect, if checked { "anew_checked" } else { "seed" }, &context, &[])
}

/// The columns of a stage that rows are copied into; before they are known, `…` stands for them.
pub(super) fn staged_columns(columns: &[Column]) -> Vec<Value> {
    let item = |name: &str, data_type: &str| context! { name => name, type => data_type };
    if columns.is_empty() {
        return vec![item("…", "…")];
    }
    let columns = columns.iter();
    columns.map(|c| item(&c.name, carry::carried(&c.data_type).as_str())).collect()
}

/// The table that rows are put into before they are published. On a server, where several runs may
/// be on, it is of this run alone: what another left behind is in nobody's way.
pub fn stage_relation(graph: &Graph, relation: &RelationName) -> RelationName {
    if graph.target.dialect.is_embedded() {
        return relation.sibling(internal_name("stage", &relation.identifier));
    }
    let run = blake3::hash(graph.shared.facts().invocation_id.as_bytes()).to_hex();
    relation.sibling(format!("{}__{}", stage_stem(&relation.identifier), &run[..OF_RUN]))
}

/// Digits that tell the stages of runs apart.
const OF_RUN: usize = 8;

fn stage_stem(identifier: &str) -> String {
    name_within(LONGEST - OF_RUN - 2, "stage", identifier)
}

/// Whether `name` is a stage of `relation`, whichever run's.
pub fn is_stage_of(graph: &Graph, name: &RelationName, relation: &RelationName) -> bool {
    let dialect = graph.target.dialect;
    if dialect.is_embedded() {
        let stage = stage_relation(graph, relation);
        return dialect.fold(&dialect.render(&stage)) == dialect.fold(&dialect.render(name));
    }
    let of_run = |digits: &str| {
        digits.len() == OF_RUN && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    name.schema() == relation.schema()
        && name
            .identifier
            .rsplit_once("__")
            .is_some_and(|(stem, run)| of_run(run) && stem == stage_stem(&relation.identifier))
}

/// Bytes of a name that every database keeps.
const LONGEST: usize = 63;

/// What we call our own `what` of the relation `identifier`: a name that every database keeps whole.
pub(super) fn internal_name(what: &str, identifier: &str) -> String {
    name_within(LONGEST, what, identifier)
}

fn name_within(longest: usize, what: &str, identifier: &str) -> String {
    let name = format!("__sqlflow_{what}__{identifier}");
    if name.len() <= longest {
        return name;
    }
    format!("__sqlflow_{what}__{}", &blake3::hash(identifier.as_bytes()).to_hex()[..32])
}

/// Makes the schema of `relation`.
pub fn schema_script(dialect: &dyn Dialect, relation: &RelationName) -> Result<Script> {
    let schema = RelationName {
        identifier: relation.schema().to_owned(),
        schema: None,
        database: relation.database.clone(),
    };
    let name = schema.identifier.as_str();
    render(dialect, "schema", &context! { schema => dialect.render(&schema), name => name }, &[])
}

/// The script of a test whose failing rows `query` gives.
fn test_script(graph: &Graph, node: &Node, test: &TestNode, query: &Query) -> Result<Script> {
    let dialect = graph.target.dialect;
    let judgement = &test.judgement;
    let limit = judgement.limit.map_or_else(String::new, |limit| format!("limit {limit}"));
    let context = context! {
        query => query.statement(),
        stored => query.statement(),
        relation => dialect.render(&audit_relation(graph, node)),
        fail_calc => judgement.fail_calc.as_str(),
        warn_if => judgement.warn_if.as_str(),
        error_if => judgement.error_if.as_str(),
        limit => limit,
    };
    let template = if judgement.store_failures { "test_stored" } else { "test" };
    render(dialect, template, &context, &[query])
}

/// The table that keeps a test's failing rows: dbt's schema for it.
pub fn audit_relation(graph: &Graph, node: &Node) -> RelationName {
    let suffix = node.config.schema.as_deref().unwrap_or("dbt_test__audit");
    let schema = format!("{}_{suffix}", graph.target.schema);
    let generic = node.test().and_then(|test| test.generic.as_ref());
    let own = generic.map_or(&node.name, |generic| &generic.file_name);
    let name = node.config.alias.clone().unwrap_or_else(|| own.clone());
    RelationName::new(graph.target.database.clone(), schema, name)
}

/// The one statement of a template that names nothing but `relation`; empty where the dialect has
/// no such template.
pub fn statement(graph: &Graph, template: &str, relation: &RelationName) -> String {
    let dialect = graph.target.dialect;
    let context = context! { relation => dialect.render(relation) };
    first_statement(render(dialect, template, &context, &[]))
}

pub(super) fn first_statement(script: Result<Script>) -> String {
    let sections = script.unwrap_or_default().sections;
    let statements = sections.into_iter().flat_map(|section| section.statements);
    statements.map(|statement| statement.sql).next().unwrap_or_default()
}

pub(super) fn render(
    dialect: &dyn Dialect,
    template: &str,
    context: &Value,
    queries: &[&Query],
) -> Result<Script> {
    let sections = dialect.templates().render(template, context)?;
    let sections = sections
        .into_iter()
        .map(|section| Section {
            stage: section.stage,
            condition: section.condition,
            statements: section
                .statements
                .into_iter()
                .map(|sql| with_origin(sql, queries))
                .collect(),
        })
        .collect();
    Ok(Script { sections, remark: String::new() })
}

/// Where `query` stands in `sql`. Nearly always it is the end, which is cheaper to see than to find.
fn find_tail(sql: &str, query: &str) -> Option<usize> {
    if sql.ends_with(query) { Some(sql.len() - query.len()) } else { sql.find(query) }
}

fn with_origin(sql: String, queries: &[&Query]) -> Statement {
    let query = queries.iter().find_map(|query| {
        let text = query.statement();
        let start = find_tail(&sql, text)?;
        Some((start..start + text.len(), query.variant))
    });
    Statement { sql, query, hook: None, expected: None }
}

pub(super) fn add_hooks(script: &mut Script, hooks: &Hooks) {
    let section = |stage, hook, hooks: &[String]| Section {
        stage,
        condition: Condition::Always,
        statements: hooks
            .iter()
            .map(|sql| Statement {
                sql: sql.clone(),
                query: None,
                hook: Some(hook),
                expected: None,
            })
            .collect(),
    };
    if !hooks.before.is_empty() {
        script.sections.insert(0, section(Stage::Stage, "pre_hook", &hooks.before));
    }
    if !hooks.after.is_empty() {
        script.sections.push(section(Stage::Publish, "post_hook", &hooks.after));
    }
    if !hooks.late.is_empty() {
        script.sections.push(section(Stage::Clear, "post_hook", &hooks.late));
    }
}
