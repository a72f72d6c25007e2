//! Scripts: the statements that carry a node out, from the dialect's templates.

use super::incremental::{batch_script, first_interval};
use super::load::{LoadFacts, load_script};
use super::{Hooks, Query, Variant};
use crate::dialect::{Condition, Dialect, Section, Stage};
use crate::graph::{Graph, Node, NodeKind, TestNode};
use crate::mode::{Materialization, Mode, Reconciled};
use crate::relation::RelationName;
use minijinja::{Value, context};
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
            let mut script = of_seed(graph, node, &unread(graph, &seed.path), hooks)?;
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
pub(super) fn of_seed(graph: &Graph, node: &Node, query: &str, hooks: &Hooks) -> Result<Script> {
    let mut script = seed_script(graph, node, query)?;
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
    let simple = context! { relation => name, query => query.statement() };
    match materialization {
        Materialization::Ephemeral => Ok(Script::default()),
        Materialization::View => render(dialect, "view", &simple, &[query]),
        Materialization::Table => {
            anew(dialect, node, relation, "table", query.statement(), &[query])
        }
        Materialization::Incremental(incremental_of) => {
            let mut script = match &incremental_of.mode {
                Mode::Microbatch(of) => first_interval(dialect, relation, of, query)?,
                _ => anew(dialect, node, relation, "anew", query.statement(), &[query])?,
            };
            let batch_query = incremental.unwrap_or(query);
            let stays = Query { variant: Variant::RowsStay, ..batch_query.clone() };
            let batch = batch_script(dialect, relation, incremental_of, &stays, reconciled)?;
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
    dialect: &dyn Dialect,
    node: &Node,
    relation: &RelationName,
    template: &str,
    query: &str,
    queries: &[&Query],
) -> Result<Script> {
    let context = context! {
        relation => dialect.render(relation),
        stage => dialect.render(&stage_relation(relation)),
        identifier => dialect.quote(&relation.identifier),
        query => query,
    };
    let checked = node.config.checks.may_refuse();
    render(dialect, if checked { "anew_checked" } else { template }, &context, queries)
}

/// The script of a seed whose rows `query` reads.
fn seed_script(graph: &Graph, node: &Node, query: &str) -> Result<Script> {
    let dialect = graph.target.dialect;
    match &node.relation {
        Some(relation) => anew(dialect, node, relation, "seed", query, &[]),
        None => Ok(Script::default()),
    }
}

/// The table that rows are put into before they are published.
pub fn stage_relation(relation: &RelationName) -> RelationName {
    relation.sibling(format!("__sqlflow_stage__{}", relation.identifier))
}

/// Makes the schema of `relation`.
pub fn schema_script(dialect: &dyn Dialect, relation: &RelationName) -> Result<Script> {
    let schema = RelationName {
        identifier: relation.schema().to_owned(),
        schema: None,
        database: relation.database.clone(),
    };
    render(dialect, "schema", &context! { schema => dialect.render(&schema) }, &[])
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
    Statement { sql, query, hook: None }
}

pub(super) fn add_hooks(script: &mut Script, hooks: &Hooks) {
    let section = |stage, hook, hooks: &[String]| Section {
        stage,
        condition: Condition::Always,
        statements: hooks
            .iter()
            .map(|sql| Statement { sql: sql.clone(), query: None, hook: Some(hook) })
            .collect(),
    };
    if !hooks.before.is_empty() {
        script.sections.insert(0, section(Stage::Stage, "pre_hook", &hooks.before));
    }
    if !hooks.after.is_empty() {
        script.sections.push(section(Stage::Publish, "post_hook", &hooks.after));
    }
}
