//! `*`, `t.*` and `columns(…)`: which columns they stand for.

use super::answer::{Column, ProblemKind, Role, Why};
use super::expression::Context;
use super::resolve::Resolver;
use super::scope::{Columns, Frame, Rest, Visible, set, union};
use super::tree::Node;
use fancy_regex::Regex;
use std::ops::Range;
use std::rc::Rc;

/// A column that a star stands for.
struct Entry {
    /// What its relation is called.
    alias: String,
    /// Whether a join made it of several.
    is_shared: bool,
    column: Visible,
}

/// What a star stands for.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    rest: Option<Rest>,
}

impl Entries {
    /// Whether it stands for nothing else.
    fn is_closed(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.is_texts)
    }
}

impl<'t> Resolver<'t, '_> {
    /// Adds to `columns` what an item of the select list stands for, where stars are in it.
    pub(super) fn stars(
        &mut self,
        node: Node<'t>,
        alias: Option<&str>,
        columns: &mut Columns,
    ) -> bool {
        let Some(star) = star_in(node) else { return false };
        let is_filter = !star.flag("columns") && node.text("class") == "FUNCTION";
        let mut entries = self.entries(star);
        if is_filter {
            self.keep_liked(node, star, &mut entries);
        }
        let mut common = Vec::new();
        if node.text("class") != "STAR" && !is_filter {
            self.inside_of_stars(node, &mut common);
        }
        let is_itself = node.text("class") == "STAR" || is_filter;
        let common = set(common);
        for entry in entries.list {
            let mut column = entry.column;
            if !is_itself {
                column.feeds = union(&column.feeds, &common);
                column.copy_of = None;
            }
            if let Some(alias) = alias {
                // `\1` stands for a group of the pattern.
                column.name = (!alias.contains('\\')).then(|| Rc::from(alias));
            }
            columns.list.push(column);
        }
        if let Some(rest) = entries.rest {
            columns.open(&rest);
        }
        true
    }

    /// Resolves what stands around the stars of an expression.
    fn inside_of_stars(&mut self, node: Node<'t>, feeds: &mut Vec<Column>) {
        // The stars add all that they stand for, which is no more than what may be.
        let mut all = Vec::new();
        self.parts(node, Context::plain(Role::Value), &mut all);
        let stars = star_in(node).map(|star| self.entries(star)).unwrap_or_default();
        let of_stars: Vec<Column> =
            stars.list.iter().flat_map(|entry| entry.column.feeds.to_vec()).collect();
        feeds.extend(all.into_iter().filter(|column| !of_stars.contains(column)));
    }

    /// Adds what a star inside of an expression stands for: all of it becomes one value.
    pub(super) fn star_within(&mut self, node: Node<'t>, feeds: &mut Vec<Column>) {
        let entries = self.entries(node);
        feeds.extend(entries.list.iter().flat_map(|entry| entry.column.feeds.to_vec()));
        feeds.extend(entries.rest.iter().flat_map(|rest| rest.feeds.to_vec()));
    }

    /// The columns called in a star of `unpivot`.
    pub(super) fn star_columns(&mut self, node: Node<'t>) -> Columns {
        let entries = self.entries(node);
        let list = entries.list.into_iter().map(|entry| entry.column).collect();
        Columns { list, rest: entries.rest }
    }

    /// The bytes of a star that is written as one.
    pub(super) fn star_place(&self, node: Node<'t>) -> Option<Range<usize>> {
        let location = node.location()?;
        let (_, place) = self.text.tokens(location).next()?;
        (node.text("class") == "STAR").then_some(place)
    }

    fn entries(&mut self, node: Node<'t>) -> Entries {
        let relation = node.text("relation_name");
        let mut entries = Entries::default();
        if let Some(frame) = self.frames.last() {
            expand(frame, relation, &mut entries);
        }
        if !relation.is_empty() && entries.list.is_empty() && entries.is_closed() {
            self.fields(node, relation, &mut entries);
        }
        self.exclude(node, &mut entries);
        self.replace(node, &mut entries);
        self.rename(node, &mut entries);
        if let Some(choice) = node.get("expr") {
            self.choose(node, choice, &mut entries);
        }
        entries
    }

    /// `s.*` of a struct: its fields, which only its type tells.
    fn fields(&mut self, node: Node<'t>, relation: &'t str, entries: &mut Entries) {
        let mut feeds = Vec::new();
        let context = Context::plain(Role::Value);
        self.named(&[relation], node.location(), context, &mut feeds);
        entries.rest = Some(Rest::computed(set(feeds)));
    }

    fn exclude(&mut self, node: Node<'t>, entries: &mut Entries) {
        let plain = node.list("exclude_list").filter_map(Node::as_text).map(|name| ("", name));
        let qualified = node.list("qualified_exclude_list");
        let qualified = qualified.map(|one| (one.text("table"), one.text("column")));
        for (table, name) in plain.chain(qualified).collect::<Vec<_>>() {
            let is_meant = |entry: &Entry| {
                entry.column.is(name)
                    && (table.is_empty() || entry.alias.eq_ignore_ascii_case(table))
            };
            self.name_of_star(node, name, &["exclude"], entries, &is_meant);
            // Of what a join made one, the other relation's column stays.
            entries.list.retain(|entry| !is_meant(entry) || (entry.is_shared && !table.is_empty()));
        }
    }

    /// Notes the use of a column that a star's `exclude` or `replace` names.
    fn name_of_star(
        &mut self,
        node: Node<'t>,
        name: &str,
        after: &[&str],
        entries: &Entries,
        is_meant: &dyn Fn(&Entry) -> bool,
    ) {
        let place = node.location().and_then(|location| match after {
            ["replace"] => self.text.replaced(location, name),
            _ => self.text.after(location, after, name),
        });
        let mut meant = entries.list.iter().filter(|entry| is_meant(entry));
        match (meant.next(), meant.next()) {
            (None, _) if entries.is_closed() => {
                self.problem(place, ProblemKind::Unknown, name);
            }
            (Some(only), None) => self.used(place.as_ref(), &only.column, Role::Star),
            // It is enough that one of them is there.
            _ => {}
        }
    }

    fn replace(&mut self, node: Node<'t>, entries: &mut Entries) {
        for one in node.list("replace_list") {
            let (name, value) = (one.text("key"), one.get("value"));
            let is_meant = |entry: &Entry| entry.column.is(name);
            self.name_of_star(node, name, &["replace"], entries, &is_meant);
            let mut feeds = Vec::new();
            if let Some(value) = value {
                self.expression(value, Context::plain(Role::Value), &mut feeds);
            }
            let feeds = set(feeds);
            // Further columns of that name go.
            let mut is_first = true;
            entries.list.retain(|entry| !is_meant(entry) || std::mem::take(&mut is_first));
            for entry in entries.list.iter_mut().filter(|entry| is_meant(entry)) {
                entry.column.name = Some(name.into());
                entry.column.feeds = Rc::clone(&feeds);
                entry.column.copy_of = None;
            }
        }
    }

    fn rename(&mut self, node: Node<'t>, entries: &mut Entries) {
        let mut renamed = Vec::new();
        for one in node.list("rename_list") {
            let Some(key) = one.get("key") else { continue };
            let (table, name) = (key.text("table"), key.text("column"));
            for (at, entry) in entries.list.iter().enumerate() {
                let is_table = table.is_empty() || entry.alias.eq_ignore_ascii_case(table);
                if is_table && entry.column.is(name) {
                    renamed.push((at, one.text("value")));
                }
            }
        }
        for (at, name) in renamed {
            let Some(entry) = entries.list.get_mut(at) else { continue };
            entry.column.name = Some(name.into());
            if let Some(frame) = self.frames.last_mut() {
                frame.aliases.push(entry.column.clone());
            }
        }
    }

    /// Keeps the columns that the argument of `columns(…)` chooses.
    fn choose(&mut self, node: Node<'t>, choice: Node<'t>, entries: &mut Entries) {
        if let Some(pattern) = constant(choice) {
            let Ok(pattern) = Regex::new(pattern) else { return self.unsure(node, entries) };
            let is_match = |name: &str| pattern.is_match(name).unwrap_or(true);
            self.keep(node, entries, is_match);
            if entries.list.is_empty() && entries.is_closed() {
                let place = self.star_place(node);
                self.problem(place, ProblemKind::Empty, "");
            }
        } else if choice.text("function_name") == "list_value"
            && choice.list("children").all(|name| constant(name).is_some())
        {
            self.listed(choice, entries);
        } else {
            self.unsure(node, entries);
        }
    }

    /// `columns(['a', 'b'])`.
    fn listed(&mut self, choice: Node<'t>, entries: &mut Entries) {
        let mut kept = Vec::new();
        for child in choice.list("children") {
            let name = constant(child).unwrap_or_default();
            let location = child.location();
            let place = location.and_then(|location| self.text.string(location, name));
            let found: Vec<&Entry> =
                entries.list.iter().filter(|one| one.column.is(name)).collect();
            if found.is_empty() && entries.is_closed() {
                self.problem(place.clone(), ProblemKind::Unknown, name);
            }
            for entry in found {
                self.used(place.as_ref(), &entry.column, Role::Value);
                kept.push(name);
            }
        }
        entries.list.retain(|one| kept.iter().any(|name| one.column.is(name)));
    }

    /// Keeps the columns whose names are so; of those without one, this cannot be told.
    fn keep(&mut self, node: Node<'t>, entries: &mut Entries, is_wanted: impl Fn(&str) -> bool) {
        entries.list.retain(|one| one.column.name.as_deref().is_none_or(&is_wanted));
        if entries.list.iter().any(|one| one.column.name.is_none()) {
            self.unsure(node, entries);
        }
    }

    /// Any of the columns may be chosen.
    fn unsure(&mut self, node: Node<'t>, entries: &mut Entries) {
        for entry in &mut entries.list {
            entry.column.is_sure = false;
        }
        let columns = entries.list.iter().flat_map(|one| one.column.rests_on.to_vec());
        let mut relations: Vec<u32> = columns.map(|column| column.relation).collect();
        relations.extend(entries.rest.iter().flat_map(|rest| rest.relations.clone()));
        let place = self.star_place(node);
        self.uncertain(place, Why::ChosenColumns, relations);
    }

    /// `* like 'a%'`: keeps the columns whose names are so.
    fn keep_liked(&mut self, node: Node<'t>, star: Node<'t>, entries: &mut Entries) {
        let pattern = node.list("children").nth(1).and_then(constant);
        let pattern = pattern.and_then(|pattern| like(node.text("function_name"), pattern));
        match pattern {
            Some((pattern, wanted)) => {
                let is_wanted = |name: &str| pattern.is_match(name).is_ok_and(|one| one == wanted);
                self.keep(star, entries, is_wanted);
            }
            None => self.unsure(star, entries),
        }
        if entries.list.is_empty() && entries.is_closed() {
            let place = self.star_place(star);
            self.problem(place, ProblemKind::Empty, "");
        }
    }
}

/// The pattern that an operator on names matches, and whether a name has to.
fn like(operator: &str, pattern: &str) -> Option<(Regex, bool)> {
    let text: String = pattern
        .chars()
        .map(|c| match c {
            '%' => ".*".to_owned(),
            '_' => ".".to_owned(),
            _ => fancy_regex::escape(&c.to_string()).into_owned(),
        })
        .collect();
    let (text, wanted) = match operator {
        "~~" => (format!("(?s)^{text}$"), true),
        "!~~" => (format!("(?s)^{text}$"), false),
        "~~*" => (format!("(?is)^{text}$"), true),
        "!~~*" => (format!("(?is)^{text}$"), false),
        "regexp_full_match" => (format!("(?s)^(?:{pattern})$"), true),
        _ => return None,
    };
    Some((Regex::new(&text).ok()?, wanted))
}

/// The text that a constant is.
fn constant(node: Node<'_>) -> Option<&str> {
    let value = node.get("value").filter(|_| node.text("class") == "CONSTANT");
    value?.get("value")?.as_text()
}

/// The first star of an item of the select list that makes several columns of it.
fn star_in(node: Node<'_>) -> Option<Node<'_>> {
    if node.text("class") == "STAR" {
        return Some(node);
    }
    let like = node.text("class") == "FUNCTION"
        && node
            .list("children")
            .next()
            .is_some_and(|first| first.text("class") == "STAR" && !first.flag("columns"));
    if like {
        return node.list("children").next();
    }
    let mut left = vec![node];
    while let Some(node) = left.pop() {
        match node.text("class") {
            "STAR" if node.flag("columns") => return Some(node),
            "SUBQUERY" => continue,
            // `*columns(…)` is a list of arguments.
            "OPERATOR" if node.text("type") == "OPERATOR_UNPACK" => continue,
            _ => {}
        }
        left.extend(node.children());
    }
    None
}

/// What a star means in a frame: all columns, or those of one relation.
fn expand(frame: &Frame, relation: &str, entries: &mut Entries) {
    let mut told: Vec<&str> = Vec::new();
    for (at, binding) in frame.bindings.iter().enumerate() {
        if !relation.is_empty() && !binding.alias.eq_ignore_ascii_case(relation) {
            continue;
        }
        let alias = binding.alias.clone();
        for column in &binding.columns.list {
            let shared = frame.shared.iter().filter(|_| relation.is_empty());
            let shared =
                shared.into_iter().find(|one| one.members.contains(&at) && column.is(&one.name));
            match shared {
                Some(one) if told.contains(&one.name.as_str()) => {}
                Some(one) => {
                    told.push(&one.name);
                    let column = frame.merged(one);
                    entries.list.push(Entry { alias: alias.clone(), is_shared: true, column });
                }
                None => {
                    let column = column.clone();
                    entries.list.push(Entry { alias: alias.clone(), is_shared: false, column });
                }
            }
        }
        if let Some(rest) = &binding.columns.rest {
            entries.rest = Some(match entries.rest.take() {
                Some(own) => own.and(rest),
                None => rest.clone(),
            });
        }
    }
}
