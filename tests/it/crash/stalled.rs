//! A run that stops at each point of what it sends to the database; see `src/bin/sqlflow/stall.rs`.

use crate::project::{Project, Ran};
use fancy_regex::Regex;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A run, standing at a point or on its way to one. Dropping it kills it.
pub(crate) struct Stalled {
    child: Child,
    marker: PathBuf,
    /// The points that it came to, the last one being where it stands.
    pub(crate) passed: Vec<String>,
}

impl Stalled {
    pub(crate) fn start(project: &Project, verb: &str) -> Self {
        let marker = project.home().join("stalled");
        _ = fs::remove_file(&marker);
        let mut command: Command = project.command([verb]);
        command.env("SQLFLOW_STALL", &marker).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().unwrap(), marker, passed: Vec::new() }
    }

    /// Lets it go on.
    pub(crate) fn release(&self) {
        fs::remove_file(&self.marker).unwrap();
    }

    /// Whether it has come to a point, where it stands.
    pub(crate) fn stands(&self) -> bool {
        self.point().is_some()
    }

    fn point(&self) -> Option<String> {
        let point = fs::read_to_string(&self.marker).ok()?;
        // Stages of each run have a name of their own on a server.
        let run = Regex::new("(__sqlflow_stage__[^\"]*)__[0-9a-f]{8}\"").unwrap();
        Some(run.replace_all(point.strip_suffix('\n')?, "$1\"").into_owned())
    }

    /// Lets it go on to the next point; `None` where it ended.
    pub(crate) fn step(&mut self) -> Option<&str> {
        if !self.passed.is_empty() {
            self.release();
        }
        loop {
            // In this order: it may end right after a point.
            let ended = self.child.try_wait().unwrap().is_some();
            if let Some(point) = self.point() {
                self.passed.push(point);
                return self.passed.last().map(String::as_str);
            }
            if ended {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on to the first point that is `wanted`.
    pub(crate) fn until(&mut self, wanted: impl Fn(&str) -> bool) {
        while !wanted(self.step().expect("there is no such point")) {}
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it go on to its end, and answers what it said.
    pub(crate) fn finish(mut self, project: &Project) -> (Ran, Vec<String>) {
        while self.step().is_some() {}
        let mut output = self.child.wait().map(|status| std::process::Output {
            status,
            stdout: Vec::new(),
            stderr: Vec::new(),
        });
        let output = output.as_mut().unwrap();
        std::io::Read::read_to_end(self.child.stdout.as_mut().unwrap(), &mut output.stdout)
            .unwrap();
        std::io::Read::read_to_end(self.child.stderr.as_mut().unwrap(), &mut output.stderr)
            .unwrap();
        (Ran::new(output, project.root()), std::mem::take(&mut self.passed))
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Whether the statement at this point fills a stage, or the table itself where there is none.
pub(crate) fn fills(point: &str) -> bool {
    point.starts_with("statement: create or replace ") && point.ends_with(" as")
        || point.contains("__sqlflow_stage__") && point.ends_with(" (")
}
