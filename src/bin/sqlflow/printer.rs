//! The two channels: what was asked for goes to stdout, everything else to stderr.

use crate::explain;
use sqlflow::diagnostic::{Diagnostic, Secrets};
use std::io::{self, IsTerminal, Write};

/// Writes for people. A pipe that the reader closed is no error.
#[derive(Debug)]
pub(crate) struct Printer {
    colour: Colour,
    progress: bool,
    quiet: bool,
    width: usize,
    secrets: Secrets,
}

/// The channels on which styles may be used.
#[derive(Debug, Clone, Copy)]
struct Colour {
    told: bool,
    data: bool,
}

/// Where a terminal does not say how wide it is.
const WIDTH: usize = 100;

impl Printer {
    pub(crate) fn new(no_color: bool, no_progress: bool, quiet: bool) -> Self {
        let dumb = crate::environment::is_dumb();
        let terminal = io::stderr().is_terminal() && !dumb;
        Self {
            colour: Colour {
                told: terminal && !no_color,
                data: io::stdout().is_terminal() && !dumb && !no_color,
            },
            progress: terminal && !no_progress && !quiet,
            quiet,
            width: WIDTH,
            secrets: Secrets::default(),
        }
    }

    /// The secrets that this printer never shows; whoever meets one adds it.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Whether live lines may be drawn.
    pub(crate) fn progress(&self) -> bool {
        self.progress
    }

    /// Whether styles may be used.
    pub(crate) fn colour(&self) -> bool {
        self.colour.told
    }

    /// Whether styles may be used in what was asked for.
    pub(crate) fn data_colour(&self) -> bool {
        self.colour.data
    }

    /// What was asked for: rows of data stay as they are.
    pub(crate) fn data(&self, text: &str) {
        let mut out = io::stdout().lock();
        // Nobody reads any more: there is nothing left to say, and nobody to say it to.
        let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A line about what is being done; nothing with `--quiet`.
    pub(crate) fn tell(&self, line: &str) {
        if !self.quiet {
            self.insist(line);
        }
    }

    /// A line that is told even with `--quiet`.
    pub(crate) fn insist(&self, line: &str) {
        let mut out = io::stderr().lock();
        let masked = self.secrets.mask(line);
        let _closed = writeln!(out, "{}", masked.as_deref().unwrap_or(line));
    }

    /// Draws problems: errors last, where the eye ends up.
    pub(crate) fn problems(&self, problems: &[Diagnostic]) {
        let mut sorted: Vec<&Diagnostic> = problems.iter().collect();
        sorted.sort_by_key(|problem| problem.severity);
        for problem in sorted {
            if problem.is_error() || !self.quiet {
                let problem = problem.clone().masked(&self.secrets);
                self.insist(&(explain::draw(&problem, self.colour(), self.width) + "\n"));
            }
        }
    }

    /// A plural that reads well: `1 model`, `2 models`.
    pub(crate) fn count(number: usize, word: &str) -> String {
        let plural = match word.strip_suffix('y') {
            _ if number == 1 => word.to_owned(),
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ if word.ends_with("is") => format!("{}es", &word[..word.len() - 2]),
            _ => format!("{word}s"),
        };
        format!("{number} {plural}")
    }
}
