//! Whether what the project declares of columns is what its queries give.

use super::verdict::Checked;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::{Graph, Node, NodeIndex, TestNode};
use crate::relation::{Column, DataType};

/// Where a declared column and the query's differ: an error where the model's contract is enforced, a
/// warning otherwise. `known` says what a declared type is to the database; `None` for one that it
/// does not know.
pub(super) fn columns(
    node: &Node,
    columns: &[Column],
    known: &mut dyn FnMut(&str) -> Option<DataType>,
) -> Vec<Diagnostic> {
    let contract = node.config.all.get("contract").and_then(|contract| contract.get("enforced"));
    let told = |message: String| match contract {
        Some(serde_json::Value::Bool(true)) => Diagnostic::error(Code::NOT_AS_DECLARED, message),
        _ => Diagnostic::warning(Code::NOT_AS_DECLARED, message),
    };
    let mut problems = Vec::new();
    for declared in &node.columns {
        let name = &declared.name;
        let Some(column) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
        else {
            let message =
                format!("{} `{}` has no column `{name}`", node.resource_type(), node.label());
            let names = columns.iter().map(|column| column.name.as_str());
            let problem = told(message).at(declared.place.clone());
            problems.push(problem.with_help_maybe(did_you_mean(name, names)));
            continue;
        };
        let (Some(text), Some(place)) = (&declared.data_type, &declared.type_place) else {
            continue;
        };
        let found = &column.data_type;
        match known(text) {
            None => {
                let message = format!("column `{name}`: `{text}` is no type of this database");
                problems.push(told(message).at(place.clone()));
            }
            Some(expected) if expected.canonical() != found.canonical() => {
                let message = format!("column `{name}` is of type {found}, declared as {text}");
                let help = format!("declare `data_type: {found}`, or cast the column in the query");
                problems.push(told(message).at(place.clone()).with_help(help));
            }
            Some(_) => {}
        }
    }
    problems
}

/// A `relationships` test that compares text with something else: the database casts each text, and
/// fails on the first that is no such value.
pub(super) fn comparison(
    graph: &Graph,
    node: &Node,
    test: &TestNode,
    checked: &Checked,
) -> Option<Diagnostic> {
    let generic = test.generic.as_ref().filter(|generic| generic.test == "relationships")?;
    let field = generic.arguments.iter().find(|(name, _)| name == "field")?.1.as_str()?;
    let column = generic.column.as_deref()?;
    let subject = graph.find(&generic.subject)?;
    let other = node.parents.iter().copied().find(|parent| *parent != subject).unwrap_or(subject);
    let (from, to) = (column_of(checked, subject, column)?, column_of(checked, other, field)?);
    if from.data_type.is_text() == to.data_type.is_text() {
        return None;
    }
    let message = format!(
        "`{}.{}` of type {} is compared with `{}.{}` of type {}",
        graph.node(subject).label(),
        from.name,
        from.data_type,
        graph.node(other).label(),
        to.name,
        to.data_type,
    );
    Some(
        Diagnostic::warning(Code::TEXT_COMPARED, message)
            .at(node.place.clone())
            .with_note("each text is cast, and the first that cannot be fails the test")
            .with_help("cast one of them in its model"),
    )
}

fn column_of<'c>(checked: &'c Checked, node: NodeIndex, name: &str) -> Option<&'c Column> {
    // Jinja and quotes are no part of a name.
    let name = name.trim_matches('"');
    checked.columns(node)?.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}
