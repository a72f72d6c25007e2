//! Draws diagnostics: the line that the user wrote, with carets under the place.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use sqlflow::diagnostic::{Diagnostic, Label, Severity};
use std::sync::Arc;

/// `diagnostic` as it stands on a terminal.
pub(crate) fn draw(diagnostic: &Diagnostic, colour: bool, width: usize) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    for (position, labels) in by_file(&diagnostic.labels).into_iter().enumerate() {
        let file = &labels[0].place.file;
        group = if file.text.is_empty() {
            // Data files are not read as text: there is no line to show.
            group.element(Origin::path(&*file.path))
        } else {
            group.element(snippet(labels, position == 0))
        };
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width);
    renderer.render(&[group])
}

/// Labels of one file together, files in order of first mention.
fn by_file(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut files: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let same =
            files.iter_mut().find(|known| Arc::ptr_eq(&known[0].place.file, &label.place.file));
        match same {
            Some(known) => known.push(label),
            None => files.push(vec![label]),
        }
    }
    files
}

fn snippet(
    labels: Vec<&Label>,
    first_file: bool,
) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let file = &labels[0].place.file;
    let mut snippet = Snippet::source(&*file.text).path(&*file.path);
    for (position, label) in labels.iter().enumerate() {
        let kind = if first_file && position == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let mut annotation = kind.span(one_line(label));
        if !label.text.is_empty() {
            annotation = annotation.label(label.text.as_str());
        }
        snippet = snippet.annotation(annotation);
    }
    snippet
}

/// The part of the place in its first line: a macro call of ten lines needs no ten lines of carets.
fn one_line(label: &Label) -> std::ops::Range<usize> {
    let range = label.place.range();
    let text = &label.place.file.text;
    let line_end = text.get(range.clone()).and_then(|covered| covered.find('\n'));
    range.start..line_end.map_or(range.end, |end| range.start + end)
}
