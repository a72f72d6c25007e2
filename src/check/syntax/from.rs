//! The `from` of a `select`: relations, subqueries, joins.

use super::answer::{ProblemKind, Role, Why};
use super::expression::Context;
use super::resolve::Resolver;
use super::scope::{Binding, Columns, Rest, Shared, Visible, set};
use super::tree::{Node, deeper};
use crate::relation::RelationName;
use std::ops::Range;
use std::rc::Rc;

impl<'t> Resolver<'t, '_> {
    /// Adds what stands in a `from` to the innermost frame.
    pub(super) fn from(&mut self, node: Node<'t>) {
        deeper(|| match node.text("type") {
            "EMPTY" => {}
            "BASE_TABLE" => self.base_table(node),
            "SUBQUERY" => self.from_subquery(node),
            "JOIN" => self.join(node),
            "TABLE_FUNCTION" => self.table_function(node),
            "EXPRESSION_LIST" => self.values(node),
            "PIVOT" => self.pivot(node),
            "SHOW_REF" => self.show(node),
            _ => {
                let mut feeds = Vec::new();
                self.parts(node, Context::plain(Role::Argument), &mut feeds);
                self.uncertain(None, Why::Construct, Vec::new());
                self.bind_open(node, "", Rest::computed(set(feeds)));
            }
        });
    }

    /// Adds a relation, with its alias and the aliases of its columns.
    pub(super) fn bind(&mut self, node: Node<'t>, name: &str, columns: Columns) {
        let alias = node.text("alias");
        let alias = if alias.is_empty() { name } else { alias };
        self.add(node, Binding::new(alias, columns.as_relation()));
    }

    /// Adds a relation whose columns are not known.
    fn bind_open(&mut self, node: Node<'t>, name: &str, rest: Rest) {
        self.bind(node, name, Columns { list: Vec::new(), rest: Some(rest) });
    }

    fn add(&mut self, node: Node<'t>, mut binding: Binding) {
        if !binding.columns.rename(&node.texts("column_name_alias")) {
            let place = node.location().map(|location| self.text.byte(location));
            self.problem(place.map(|at| at..at), ProblemKind::Width, "");
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.bindings.push(binding);
        }
    }

    fn base_table(&mut self, node: Node<'t>) {
        let (database, schema) = (node.text("catalog_name"), node.text("schema_name"));
        let table = node.text("table_name");
        if database.is_empty()
            && schema.is_empty()
            && let Some(columns) = self.cte(table)
        {
            return self.bind(node, table, columns);
        }
        let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let (database, schema) = (part(database), part(schema));
        let name = RelationName {
            database: database.clone(),
            schema: schema.clone(),
            identifier: table.to_owned(),
        };
        let relation = self.relation(name);
        let place = self.name_place(node);
        self.read(relation, place);
        let alias = node.text("alias");
        let columns = self.stored_columns(relation);
        let binding = match alias {
            "" => Binding { schema, database, ..Binding::new(table, columns) },
            _ => Binding::new(alias, columns),
        };
        self.add(node, Binding { is_stored: true, ..binding });
    }

    /// The bytes of a relation's name, qualifiers included.
    fn name_place(&self, node: Node<'t>) -> Option<Range<usize>> {
        let parts = [node.text("catalog_name"), node.text("schema_name"), node.text("table_name")];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let location = node.location()?;
        if let Some(last) = self.text.part(location, &parts, parts.len() - 1) {
            return Some(self.text.byte(location)..last.end);
        }
        // The name of a file is written as a string.
        self.text.string(location, node.text("table_name"))
    }

    fn from_subquery(&mut self, node: Node<'t>) {
        let query = node.get("subquery").and_then(|query| query.get("node"));
        let columns = query.map(|query| self.query(query)).unwrap_or_default();
        self.bind(node, "unnamed_subquery", columns);
    }

    /// `values (…), (…)`.
    fn values(&mut self, node: Node<'t>) {
        let mut columns: Vec<Vec<_>> = Vec::new();
        for row in node.list("values") {
            for (at, value) in row.children().enumerate() {
                let mut feeds = Vec::new();
                self.expression(value, Context::plain(Role::Value), &mut feeds);
                match columns.get_mut(at) {
                    Some(column) => column.extend(feeds),
                    None => columns.push(feeds),
                }
            }
        }
        let names = node.texts("expected_names");
        let list = columns.into_iter().enumerate().map(|(at, feeds)| {
            let name = names.get(at).map_or_else(|| format!("col{at}"), ToString::to_string);
            Visible::computed(Some(&name), set(feeds))
        });
        let columns = Columns { list: list.collect(), rest: None };
        self.bind(node, "valueslist", columns);
    }

    fn table_function(&mut self, node: Node<'t>) {
        let Some(function) = node.get("function") else { return };
        let mut feeds = Vec::new();
        for argument in function.list("children") {
            self.argument(argument, &mut feeds);
        }
        let feeds = set(feeds);
        let name = function.text("function_name");
        let mut columns = Columns::default();
        if ["range", "generate_series", "unnest"].iter().any(|one| one.eq_ignore_ascii_case(name)) {
            columns.list.push(Visible::computed(Some(name), feeds));
        } else {
            columns.rest = Some(Rest::computed(feeds));
        }
        if node.text("with_ordinality") == "WITH_ORDINALITY" {
            columns.list.push(Visible::computed(Some("ordinality"), Rc::new([])));
        }
        self.bind(node, name, columns);
    }

    /// `name = value` and `name := value` are options, and their names no columns.
    fn argument(&mut self, node: Node<'t>, feeds: &mut Vec<super::Column>) {
        let context = Context::plain(Role::Argument);
        let is_option = node.text("type") == "COMPARE_EQUAL";
        let is_option = is_option && node.get("left").is_some_and(is_word);
        match node.get("right").filter(|_| is_option) {
            Some(value) => self.expression(value, context, feeds),
            // A word that is no column is taken for a text.
            None if is_word(node) && !self.is_column(&node.texts("column_names")) => {}
            None if node.text("class") == "SUBQUERY" => {
                // The function reads all rows and columns of it.
                let query = node.get("subquery").and_then(|query| query.get("node"));
                let columns = query.map(|query| self.query(query)).unwrap_or_default();
                feeds.extend(columns.feeds().iter());
            }
            None => self.expression(node, context, feeds),
        }
    }

    /// `describe` and `summarize` of a query.
    fn show(&mut self, node: Node<'t>) {
        let columns = node.get("query").map(|query| self.query(query)).unwrap_or_default();
        let feeds = columns.feeds();
        self.uncertain(None, Why::ShapeOfResult, feeds.iter().map(|one| one.relation).collect());
        self.bind_open(node, "", Rest::computed(feeds));
    }

    fn join(&mut self, node: Node<'t>) {
        let start = self.bindings();
        if let Some(left) = node.get("left") {
            self.from(left);
        }
        let middle = self.bindings();
        let kind = node.text("join_type");
        if let Some(right) = node.get("right") {
            self.right_side(right, start, matches!(kind, "INNER" | "LEFT"));
        }
        if let Some(condition) = node.get("condition") {
            self.expression(condition, Context::plain(Role::Join), &mut Vec::new());
        }
        let sides = Sides { start, middle };
        let mut shared = Vec::new();
        for name in node.texts("using_columns") {
            let place = node.location().and_then(|location| self.text.using(location, name));
            shared.extend(self.share(&sides, name, place, Role::Join, kind));
        }
        if node.text("ref_type") == "NATURAL" {
            self.natural(node, &sides, &mut shared);
        }
        let Some(frame) = self.frames.last_mut() else { return };
        if matches!(kind, "SEMI" | "ANTI") {
            frame.bindings.truncate(middle);
        } else {
            for one in shared {
                frame.shared.retain(|old| {
                    let is_left = old.members.iter().all(|member| one.members.contains(member));
                    !(is_left && old.name.eq_ignore_ascii_case(&one.name))
                });
                frame.shared.push(one);
            }
        }
    }

    /// Adds the right side of a join, which sees the left one where DuckDB lets it be lateral.
    fn right_side(&mut self, node: Node<'t>, start: usize, sees_left: bool) {
        let hidden = self.frames.last_mut().filter(|_| !sees_left).map(|frame| frame.hide(start));
        self.from(node);
        if let (Some(hidden), Some(frame)) = (hidden, self.frames.last_mut()) {
            frame.show(start, hidden);
        }
    }

    fn bindings(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.bindings.len())
    }

    /// Joins by the columns that both sides have.
    fn natural(&mut self, node: Node<'t>, sides: &Sides, shared: &mut Vec<Shared>) {
        let Some(frame) = self.frames.last() else { return };
        let (left, right) = frame.bindings.split_at(sides.middle);
        let left = left.get(sides.start..).unwrap_or_default();
        let names = |side: &[Binding]| -> Vec<Rc<str>> {
            let columns = side.iter().flat_map(|binding| &binding.columns.list);
            columns.filter_map(|column| column.name.clone()).collect()
        };
        let is_open = left.iter().chain(right).any(|binding| binding.columns.is_open());
        let (left, right) = (names(left), names(right));
        let mut common: Vec<Rc<str>> = Vec::new();
        for name in left {
            let is_common = right.iter().any(|other| other.eq_ignore_ascii_case(&name));
            if is_common && !common.iter().any(|one| one.eq_ignore_ascii_case(&name)) {
                common.push(name);
            }
        }
        if is_open {
            let relations = self.relations_in_scope();
            self.uncertain(None, Why::Unqualified, relations);
        } else if common.is_empty() {
            let place = node.location().map(|location| self.text.byte(location));
            self.problem(place.map(|at| at..at), ProblemKind::Empty, "");
        }
        for name in common {
            let kind = node.text("join_type");
            shared.extend(self.share(sides, &name, None, Role::NaturalJoin, kind));
        }
    }

    /// Makes one of the columns called `name` of both sides of a join.
    fn share(
        &mut self,
        sides: &Sides,
        name: &str,
        place: Option<Range<usize>>,
        role: Role,
        kind: &str,
    ) -> Option<Shared> {
        let end = self.bindings();
        let left = self.side_of_join(sides.start..sides.middle, name, place.as_ref(), role);
        let right = self.side_of_join(sides.middle..end, name, place.as_ref(), role);
        let (left, right) = (left?, right?);
        let primary = match kind {
            "RIGHT" => right.primary.clone(),
            "FULL" | "OUTER" => [left.primary.clone(), right.primary.clone()].concat(),
            _ => left.primary.clone(),
        };
        let members = [left.members, right.members].concat();
        Some(Shared { name: name.to_owned(), members, primary })
    }

    /// The column called `name` of the bindings in `range`.
    fn side_of_join(
        &mut self,
        range: Range<usize>,
        name: &str,
        place: Option<&Range<usize>>,
        role: Role,
    ) -> Option<Shared> {
        let frame = self.frames.last()?;
        let is_inside = |one: &&Shared| one.members.iter().all(|member| range.contains(member));
        let mut old = frame.shared.iter().filter(is_inside);
        if let Some(shared) = old.find(|one| one.name.eq_ignore_ascii_case(name)) {
            let (column, shared) = (frame.merged(shared), shared.clone());
            self.used(place, &column, role);
            return Some(shared);
        }
        let having: Vec<usize> = range
            .clone()
            .filter(|at| {
                frame.bindings.get(*at).is_some_and(|one| one.columns.named(name).is_some())
            })
            .collect();
        let shared = Shared { name: name.to_owned(), members: having.clone(), primary: having };
        match shared.members.as_slice() {
            [_] => {
                let column = frame.merged(&shared);
                self.used(place, &column, role);
                Some(shared)
            }
            [] => self.unknown_side(range, name, place, role),
            _ => {
                self.problem(place.cloned(), ProblemKind::Ambiguous, name);
                None
            }
        }
    }

    /// A column by which a join joins, of a side that is not known to have it.
    fn unknown_side(
        &mut self,
        range: Range<usize>,
        name: &str,
        place: Option<&Range<usize>>,
        role: Role,
    ) -> Option<Shared> {
        let frame = self.frames.last()?;
        let rests = range.filter_map(|at| {
            let rest = frame.bindings.get(at)?.columns.rest.clone()?;
            rest.may_have(name).then_some((at, rest))
        });
        let rests: Vec<(usize, Rest)> = rests.collect();
        match rests.as_slice() {
            [] => {
                self.problem(place.cloned(), ProblemKind::Unknown, name);
                None
            }
            [(at, rest)] => {
                let column = match rest.only_relation() {
                    Some(relation) => self.assumed(relation, name)?,
                    None => Visible::computed(Some(name), Rc::clone(&rest.feeds)),
                };
                self.used(place, &column, role);
                self.frames.last_mut()?.bindings.get_mut(*at)?.columns.list.push(column);
                Some(Shared { name: name.to_owned(), members: vec![*at], primary: vec![*at] })
            }
            _ => {
                let relations = rests.iter().flat_map(|(_, rest)| rest.relations.clone()).collect();
                self.uncertain(place.cloned(), Why::Unqualified, relations);
                None
            }
        }
    }
}

/// Where the bindings of a join's two sides start.
struct Sides {
    start: usize,
    middle: usize,
}

/// Whether it is one unquoted or quoted word.
fn is_word(node: Node<'_>) -> bool {
    node.text("class") == "COLUMN_REF" && node.list("column_names").count() == 1
}
