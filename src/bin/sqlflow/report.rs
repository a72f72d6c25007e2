//! A run as it is told: one line a node, live lines on a terminal.

use crate::printer::Printer;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sqlflow::diagnostic::grouped;
use sqlflow::graph::{Graph, Node, NodeIndex, NodeKind};
use sqlflow::run::{Event, Listener, NodeResult, Outcome, Plan, Status};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tells a run.
pub(crate) struct Report<'r> {
    graph: &'r Graph,
    plan: &'r Plan,
    printer: &'r Printer,
    width: usize,
    live: Option<MultiProgress>,
    running: BTreeMap<NodeIndex, ProgressBar>,
}

/// Longer names push the columns behind them to the right.
const WIDEST_NAME: usize = 44;

impl<'r> Report<'r> {
    pub(crate) fn new(graph: &'r Graph, plan: &'r Plan, printer: &'r Printer) -> Self {
        let names = plan.steps.iter().map(|step| name(graph.node(step.node)).chars().count());
        Self {
            graph,
            plan,
            printer,
            width: names.max().unwrap_or(0).min(WIDEST_NAME),
            live: printer.progress().then(MultiProgress::new),
            running: BTreeMap::new(),
        }
    }

    /// What is about to be done.
    pub(crate) fn header(&self) {
        let target = &self.graph.target;
        self.printer.tell(&format!(
            "sqlflow {} · {} · target {} ({})",
            env!("CARGO_PKG_VERSION"),
            self.graph.name,
            target.name,
            target.dialect.name(),
        ));
        let kinds = ["source", "seed", "model", "snapshot", "test", "export"];
        let mut counts = kinds.map(|kind| (kind, 0));
        for step in &self.plan.steps {
            let kind = self.graph.node(step.node).resource_type();
            for (known, count) in &mut counts {
                *count += usize::from(*known == kind);
            }
        }
        let counted = counts.iter().filter(|(_, count)| *count > 0);
        let counted: Vec<String> = counted.map(|(kind, n)| Printer::count(*n, kind)).collect();
        if !counted.is_empty() {
            let threads = Printer::count(target.threads, "thread");
            self.printer.tell(&format!("{} · {threads}", counted.join(", ")));
        }
    }

    /// Takes down what is live.
    pub(crate) fn finish(&mut self, outcome: &Outcome) {
        self.running.clear();
        if let Some(live) = self.live.take() {
            // The terminal may have gone away; the lines are told all the same.
            let _gone = live.clear();
        }
        if !outcome.results.is_empty() {
            self.printer.tell("");
        }
    }

    /// The last line keeps dbt's words, for the scripts that look for them.
    pub(crate) fn last_line(&self, outcome: &Outcome) {
        let tally = outcome.tally();
        self.printer.tell(&format!(
            "Done in {}. PASS={} WARN={} ERROR={} SKIP={} TOTAL={}",
            duration(outcome.elapsed),
            tally.pass,
            tally.warn,
            tally.error,
            tally.skip,
            tally.total(),
        ));
    }

    fn line(&self, result: &NodeResult) -> String {
        let node = self.graph.node(result.node);
        let (mark, colour) = match result.status {
            Status::Succeeded => ("✓", "32"),
            Status::Warned => ("!", "33"),
            Status::TestFailed | Status::Failed | Status::PartlyFailed => ("✗", "31"),
            Status::Skipped { .. } => ("-", "90"),
        };
        let mark = if self.printer.colour() {
            format!("\u{1b}[{colour}m{mark}\u{1b}[0m")
        } else {
            mark.to_owned()
        };
        let name = name(node);
        let rest = self.rest(node, result);
        // A name that is too long takes the room of the empty columns behind it.
        let over = name.chars().count().saturating_sub(self.width);
        let blank = rest.len() - rest.trim_start().len();
        let rest = &rest[over.min(blank)..];
        let line = format!("  {mark} {:<6} {name:<width$}  {rest}", word(node), width = self.width);
        line.trim_end().to_owned()
    }

    fn rest(&self, node: &Node, result: &NodeResult) -> String {
        let took = result.timing.map(|timing| timing.duration);
        let time = took.map(duration).unwrap_or_default();
        match result.status {
            Status::Skipped { because: Some(because) } => {
                format!("skipped: {}", self.reason(because))
            }
            Status::Skipped { because: None } => "skipped".to_owned(),
            Status::TestFailed | Status::Warned => {
                let failures = result.failures.unwrap_or_default();
                let noun = if failures == 1 { "failure " } else { "failures" };
                let place = node.place.line_column();
                let at = format!("{}:{}", node.file.path, place.line);
                format!("{:>7} {noun}  {time}   {at}", grouped(failures))
            }
            Status::Failed => format!("failed  {time}"),
            Status::PartlyFailed => {
                let batches = result.batches.as_ref();
                let [built, failed] = batches
                    .map_or([0, 0], |batches| [batches.successful.len(), batches.failed.len()]);
                format!("{built} of {} batches built  {time}", built + failed)
            }
            Status::Succeeded => match (result.rows, took) {
                (Some(rows), Some(took)) => {
                    let noun = if rows == 1 { "row" } else { "rows" };
                    let more = match &node.kind {
                        NodeKind::Source(_) => account(result, took),
                        NodeKind::Export(_) => files(result),
                        _ => String::new(),
                    };
                    format!("{:>11} {noun:<4}  {time}{more}", grouped(rows))
                }
                _ => format!("{:>16}  {time}", ""),
            },
        }
    }

    fn reason(&self, because: NodeIndex) -> String {
        let node = self.graph.node(because);
        let tested = node.test().and_then(|_| node.parents.first());
        match tested {
            Some(parent) => format!("a test of {} failed", self.graph.node(*parent).label()),
            None => format!("{} {} failed", node.resource_type(), node.label()),
        }
    }

    fn tell(&self, line: &str) {
        match &self.live {
            // `println` of indicatif goes above the live lines.
            Some(live) if live.println(line).is_ok() => {}
            _ => self.printer.tell(line),
        }
    }
}

impl Listener for Report<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::NodeStarted { node } => {
                if let Some(live) = &self.live {
                    let bar = live.add(ProgressBar::new_spinner());
                    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed}") {
                        bar.set_style(style);
                    }
                    let node_of = self.graph.node(node);
                    bar.set_message(format!("{:<6} {}", word(node_of), name(node_of)));
                    bar.enable_steady_tick(Duration::from_millis(100));
                    self.running.insert(node, bar);
                }
            }
            Event::NodeFinished { result } => {
                if let Some(bar) = self.running.remove(&result.node) {
                    bar.finish_and_clear();
                }
                let line = self.line(result);
                self.tell(&line);
            }
        }
    }
}

/// What is made, in a word of at most six letters or so.
fn word(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Model(sqlflow::mode::Materialization::Incremental(_)) => "incr",
        NodeKind::Model(materialization) => materialization.name(),
        NodeKind::Source(_) => "load",
        NodeKind::Snapshot(_) => "snap",
        _ => node.resource_type(),
    }
}

fn name(node: &Node) -> String {
    match &node.relation {
        Some(relation) => relation.to_string(),
        None => node.name.clone(),
    }
}

/// `0.01s`, `1.9s`, `75s`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{s:.2}s"),
        s if s < 100.0 => format!("{s:.1}s"),
        s => format!("{s:.0}s"),
    }
}

/// What became of the rows that a load read, and how fast they were read; that all of them are new
/// goes without saying.
fn account(result: &NodeResult, took: Duration) -> String {
    let count = |name: &str| {
        let found = result.counts.iter().find(|(known, _)| *known == name);
        found.map(|(_, count)| *count).unwrap_or_default()
    };
    let (read, inserted) = (count("rows_read"), count("rows_inserted"));
    let mut text = rate(read, took);
    let others = result.counts.iter();
    let others = others.filter(|(name, _)| !["rows_read", "retries"].contains(name));
    let became: Vec<String> = others
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {}", grouped(*count), plain(name)))
        .collect();
    if read != inserted || became.len() > 1 {
        text = format!("{text}   {} read", grouped(read));
        if !became.is_empty() {
            text = format!("{text}: {}", became.join(", "));
        }
    }
    text
}

/// The files that an export wrote, where there are several.
fn files(result: &NodeResult) -> String {
    let written = result.counts.iter().find(|(name, _)| *name == "files_written");
    match written {
        Some((_, count)) if *count > 1 => format!("   {} files", grouped(*count)),
        _ => String::new(),
    }
}

/// `rows_deleted_by_absence` as `deleted by absence`.
fn plain(name: &str) -> String {
    name.trim_start_matches("rows_").replace('_', " ")
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people, of two or three digits")]
fn rate(rows: u64, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 0.05 {
        return String::new();
    }
    let rate = rows as f64 / seconds;
    let text = match rate {
        r if r >= 1e6 => format!("{:.1}M", r / 1e6),
        r if r >= 1e3 => format!("{:.0}k", r / 1e3),
        r => format!("{r:.0}"),
    };
    format!("   {text} rows/s")
}
