//! How an export is carried out: its rows are written by the module of that name, and what went
//! wrong is brought back to the query.

use super::problem;
use super::worker::{Done, Result, Worker};
use crate::compile::Compiled;
use crate::engine::Session;
use crate::export::{ExportRequest, write_export};
use crate::graph::{ExportNode, ExportTarget, Node};

impl Worker<'_> {
    pub(super) fn export(
        &mut self,
        node: &Node,
        export: &ExportNode,
        compiled: &mut Compiled,
    ) -> Result<Done> {
        self.compile_late(compiled, false)?;
        let execution = self.execution;
        let known = compiled.clone();
        let Some(query) = &known.query else { return Ok(Done::default()) };
        let scratch = execution.target.scratch();
        let request = ExportRequest {
            graph: execution.graph,
            node,
            export,
            query,
            run_id: execution.run_id(),
            now: (execution.request.clock)(),
            scratch: &scratch,
            describe: &|statement, error| {
                let told = problem::describe(execution.graph, node, &known, Some(statement), error);
                Box::new(told.with_note(execution.where_written(node, None)))
            },
        };
        if matches!(export.target, ExportTarget::Files(_)) {
            self.open_files()?;
        }
        let files = self.files.as_mut().map(|files| &mut **files as &mut dyn Session);
        let written = write_export(&request, &mut *self.session, files, &mut |script| {
            compiled.script = script.clone();
            execution.target.write_node(execution.graph, compiled)
        })?;
        let mut counts = vec![("rows_written", written.rows)];
        if let Some((files, bytes)) = written.files {
            counts.extend([("files_written", files), ("bytes_written", bytes)]);
        }
        if written.retries > 0 {
            counts.push(("retries", written.retries));
        }
        Ok(Done { rows: Some(written.rows), counts, problems: written.notes, ..Done::default() })
    }
}
