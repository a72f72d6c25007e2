//! `pivot` and `unpivot`: rows to columns and back.

use super::answer::{Column, ProblemKind, Role, Why};
use super::expression::Context;
use super::resolve::Resolver;
use super::scope::{Columns, Frame, Rest, Visible, set};
use super::tree::Node;
use std::rc::Rc;

impl<'t> Resolver<'t, '_> {
    /// Adds a pivoted or unpivoted relation to the innermost frame.
    pub(super) fn pivot(&mut self, node: Node<'t>) {
        self.frames.push(Frame::default());
        if let Some(source) = node.get("source") {
            self.from(source);
        }
        let is_unpivot = node.list("unpivot_names").next().is_some();
        let columns = if is_unpivot { self.unpivoted(node) } else { self.pivoted(node) };
        self.frames.pop();
        self.bind(node, "", columns);
    }

    /// The columns of the source.
    fn source(&self) -> Columns {
        let mut columns = Columns::default();
        for binding in self.frames.last().into_iter().flat_map(|frame| &frame.bindings) {
            columns.list.extend(binding.columns.list.iter().cloned());
            if let Some(rest) = &binding.columns.rest {
                columns.open(rest);
            }
        }
        columns
    }

    fn pivoted(&mut self, node: Node<'t>) -> Columns {
        let mut source = self.source();
        let mut used: Vec<Column> = Vec::new();
        let context = Context::plain(Role::Pivot);
        for aggregate in node.list("aggregates") {
            self.expression(aggregate, context, &mut used);
        }
        for pivot in node.list("pivots") {
            for expression in pivot.list("pivot_expressions") {
                self.expression(expression, context, &mut used);
            }
        }
        let mut named: Vec<&str> = Vec::new();
        for list in ["aggregates", "pivots"] {
            named.extend(node.get(list).into_iter().flat_map(names_in));
        }
        let used = set(used);
        let groups = node.texts("groups");
        let mut columns = Columns::default();
        if groups.is_empty() {
            source.list.retain(|column| !named.iter().any(|name| column.is(name)));
            columns.list = source.list;
        } else {
            for group in groups {
                columns.list.extend(self.pivot_column(node, group, &["group", "by"]));
            }
        }
        columns.rest = source.rest;
        match pivot_names(node) {
            Some(names) => {
                let column = |name: &String| Visible::computed(Some(name), Rc::clone(&used));
                columns.list.extend(names.iter().map(column));
            }
            None => columns.open(&Rest::computed(Rc::clone(&used))),
        }
        columns
    }

    /// Notes the use of a column that stands in a list of names, which the tree gives no places.
    fn pivot_column(&mut self, node: Node<'t>, name: &'t str, after: &[&str]) -> Option<Visible> {
        let location = node.location();
        let place = location.and_then(|location| self.text.after(location, after, name));
        let source = self.source();
        let own = source.named(name).map(|(_, column)| column.clone());
        let Some(column) = own.or_else(|| self.visible(name)) else {
            if !source.is_open() {
                self.problem(place, ProblemKind::Unknown, name);
            }
            return None;
        };
        self.used(place.as_ref(), &column, Role::Pivot);
        Some(column)
    }

    fn unpivoted(&mut self, node: Node<'t>) -> Columns {
        let mut source = self.source();
        let mut feeds: Vec<Column> = Vec::new();
        let mut gone: Vec<String> = Vec::new();
        for pivot in node.list("pivots") {
            for entry in pivot.list("entries") {
                self.unpivot_entry(node, entry, &mut feeds, &mut gone);
            }
        }
        source.list.retain(|column| !gone.iter().any(|name| column.is(name)));
        let feeds = set(feeds);
        for pivot in node.list("pivots") {
            let names = pivot.texts("unpivot_names");
            let column = |name: &&str| Visible::computed(Some(name), Rc::new([]));
            source.list.extend(names.iter().map(column));
        }
        let values = node.texts("unpivot_names");
        source
            .list
            .extend(values.iter().map(|name| Visible::computed(Some(name), Rc::clone(&feeds))));
        source
    }

    fn unpivot_entry(
        &mut self,
        node: Node<'t>,
        entry: Node<'t>,
        feeds: &mut Vec<Column>,
        gone: &mut Vec<String>,
    ) {
        for name in entry.list("values").filter_map(|value| value.get("value")?.as_text()) {
            if let Some(column) = self.pivot_column(node, name, &["on", "in"]) {
                feeds.extend(column.feeds.iter());
            }
            gone.push(name.to_owned());
        }
        let Some(star) = entry.get("star_expr") else { return };
        if star.text("class") == "STAR" {
            let columns = self.star_columns(star);
            feeds.extend(columns.feeds().iter());
            gone.extend(
                columns.list.iter().filter_map(|one| one.name.as_ref()).map(ToString::to_string),
            );
            if !columns.is_certain() {
                let relations = self.relations_in_scope();
                self.uncertain(None, Why::ChosenColumns, relations);
            }
        } else {
            self.expression(star, Context::plain(Role::Pivot), feeds);
            gone.extend(names_in(star).into_iter().map(str::to_owned));
        }
    }
}

/// The columns that are named anywhere below `node`.
fn names_in(node: Node<'_>) -> Vec<&str> {
    let mut names = Vec::new();
    let mut left = vec![node];
    while let Some(node) = left.pop() {
        if node.text("class") == "COLUMN_REF" {
            names.extend(node.texts("column_names").pop());
        }
        left.extend(node.children());
    }
    names
}

/// What the columns that a pivot makes are called: each value, with each aggregate's name.
fn pivot_names(node: Node<'_>) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    for pivot in node.list("pivots") {
        let entries: Vec<Node<'_>> = pivot.list("entries").collect();
        if entries.is_empty() {
            return None;
        }
        let mut next = Vec::new();
        for before in &names {
            for entry in &entries {
                let name = entry_name(*entry)?;
                next.push(if before.is_empty() { name } else { format!("{before}_{name}") });
            }
        }
        names = next;
    }
    let aggregates: Vec<Node<'_>> = node.list("aggregates").collect();
    if let [one] = aggregates.as_slice()
        && one.text("alias").is_empty()
    {
        return Some(names);
    }
    let all = names.iter().flat_map(|name| {
        aggregates.iter().map(move |aggregate| match aggregate.text("alias") {
            "" => None,
            alias => Some(format!("{name}_{alias}")),
        })
    });
    all.collect()
}

fn entry_name(entry: Node<'_>) -> Option<String> {
    let alias = entry.text("alias");
    if !alias.is_empty() {
        return Some(alias.to_owned());
    }
    let values: Vec<Node<'_>> = entry.list("values").collect();
    let [value] = values.as_slice() else { return None };
    let inner = value.get("value")?;
    let is_number = value.get("type")?.text("id").ends_with("INTEGER");
    let number = inner.as_number().filter(|_| is_number).map(|number| number.to_string());
    inner.as_text().map(str::to_owned).or(number)
}
