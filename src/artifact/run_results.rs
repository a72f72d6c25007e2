//! What a run did, as `run_results.json` in the shape of dbt's run results v6.

use crate::compile::Compiled;
use crate::graph::{Graph, NodeIndex};
use crate::mode::Batch;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// dbt's name for the shape.
const SHAPE: &str = "https://schemas.getdbt.com/dbt/run-results/v6.json";

/// When a node was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeTiming {
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// When it ended.
    pub completed_at: jiff::Timestamp,
    /// How long it took.
    pub duration: Duration,
}

/// Which intervals of a microbatch model were built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchResults {
    /// Those that were, oldest first.
    pub successful: Vec<Batch>,
    /// Those that were not, oldest first.
    pub failed: Vec<Batch>,
}

/// One node's result.
#[derive(Debug, Clone)]
pub struct ResultRow<'r> {
    /// The node.
    pub node: NodeIndex,
    /// dbt's word: `success`, `error`, `skipped`, `pass`, `fail`, `warn`.
    pub status: &'static str,
    /// The thread that worked on it.
    pub thread: String,
    /// When; `None` for nodes that were skipped.
    pub timing: Option<NodeTiming>,
    /// A sentence about it.
    pub message: Option<String>,
    /// Failing rows of a test.
    pub failures: Option<u64>,
    /// Counts of rows and the like.
    pub adapter_response: Map<String, Value>,
    /// The intervals of a microbatch model.
    pub batches: Option<&'r BatchResults>,
    /// Its SQL.
    pub compiled: Option<&'r Compiled>,
}

/// The results of a run as text.
pub fn run_results(
    graph: &Graph,
    rows: &[ResultRow<'_>],
    elapsed: Duration,
    generated_at: jiff::Timestamp,
    arguments: &Value,
) -> serde_json::Result<String> {
    let facts = graph.shared.facts();
    let results: Vec<Value> = rows.iter().map(|row| result(graph, row)).collect();
    serde_json::to_string_pretty(&json!({
        "metadata": {
            "dbt_schema_version": SHAPE,
            "dbt_version": facts.dbt_version,
            "generated_at": generated_at.to_string(),
            "invocation_id": facts.invocation_id,
            "invocation_started_at": facts.run_started_at.to_string(),
            "env": {},
            "generator": concat!("sqlflow ", env!("CARGO_PKG_VERSION")),
        },
        "results": results,
        "elapsed_time": elapsed.as_secs_f64(),
        "args": arguments,
    }))
}

fn result(graph: &Graph, row: &ResultRow<'_>) -> Value {
    let node = graph.node(row.node);
    let timing = row.timing.map_or_else(Vec::new, |timing| {
        vec![json!({
            "name": "execute",
            "started_at": timing.started_at.to_string(),
            "completed_at": timing.completed_at.to_string(),
        })]
    });
    let query = row.compiled.and_then(|compiled| compiled.query.as_ref());
    json!({
        "status": row.status,
        "timing": timing,
        "thread_id": row.thread,
        "execution_time": row.timing.map_or(0.0, |timing| timing.duration.as_secs_f64()),
        "adapter_response": row.adapter_response,
        "message": row.message,
        "failures": row.failures,
        "unique_id": node.id.0,
        "compiled": query.is_some(),
        "compiled_code": query.map(|query| &*query.text),
        "relation_name": node.relation.as_ref().map(|name| graph.target.dialect.render(name)),
        "batch_results": row.batches.map(batch_results),
    })
}

fn batch_results(batches: &BatchResults) -> Value {
    let moment = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let pairs = |batches: &[Batch]| -> Vec<[String; 2]> {
        batches.iter().map(|batch| [moment(batch.start), moment(batch.end)]).collect()
    };
    json!({"successful": pairs(&batches.successful), "failed": pairs(&batches.failed)})
}
