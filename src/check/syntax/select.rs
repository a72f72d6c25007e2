//! One `select`: its list, its clauses, and what orders it.

use super::answer::{ProblemKind, Role, Why};
use super::expression::{Aliases, Context};
use super::resolve::Resolver;
use super::scope::{Columns, Frame, Rest, Visible, set};
use super::tree::Node;
use std::rc::Rc;

impl<'t> Resolver<'t, '_> {
    /// Resolves a `select` and answers with its columns.
    pub(super) fn select(&mut self, node: Node<'t>) -> Columns {
        self.frames.push(Frame::default());
        if let Some(from) = node.get("from_table") {
            self.from(from);
        }
        let groups =
            node.list("group_expressions").filter_map(|one| one.texts("column_names").pop());
        let groups = groups.map(str::to_owned).collect();
        if let Some(frame) = self.frames.last_mut() {
            frame.groups = groups;
        }
        let mut columns = Columns::default();
        for item in node.list("select_list") {
            self.item(item, &mut columns);
        }
        if columns.list.is_empty() && !columns.is_open() {
            let place = node.list("select_list").next().and_then(|star| self.star_place(star));
            self.problem(place, ProblemKind::Empty, "");
        }
        self.clauses(node, &columns);
        self.frames.pop();
        columns
    }

    /// Resolves what stands in the select list.
    fn item(&mut self, node: Node<'t>, columns: &mut Columns) {
        let alias = Some(node.text("alias")).filter(|alias| !alias.is_empty());
        if self.stars(node, alias, columns) {
            return;
        }
        let mut feeds = Vec::new();
        let context = Context::plain(Role::Value);
        let column = if node.text("class") == "COLUMN_REF" {
            self.column(node, context, &mut feeds)
        } else {
            self.expression(node, context, &mut feeds);
            None
        };
        let feeds = set(feeds);
        let copy_of = column.as_ref().and_then(|column| column.copy_of);
        let name = alias.map(str::to_owned).or_else(|| {
            let found =
                column.as_ref().and_then(|column| column.name.as_ref().map(ToString::to_string));
            found.or_else(|| text_of(node))
        });
        if node.text("function_name").eq_ignore_ascii_case("unnest") {
            // A struct becomes one column a field.
            columns.open(&Rest::computed(Rc::clone(&feeds)));
        }
        let column = Visible { copy_of, ..Visible::computed(name.as_deref(), feeds) };
        if let (Some(_), Some(frame)) = (alias, self.frames.last_mut()) {
            frame.aliases.push(column.clone());
        }
        columns.list.push(column);
    }

    fn clauses(&mut self, node: Node<'t>, columns: &Columns) {
        let clauses = [
            ("where_clause", Role::Filter, Aliases::Last),
            ("having", Role::Having, Aliases::BeforeUngrouped),
            ("qualify", Role::Qualify, Aliases::Last),
        ];
        for (key, role, aliases) in clauses {
            if let Some(clause) = node.get(key) {
                self.expression(clause, Context { role, aliases }, &mut Vec::new());
            }
        }
        let by_position = Context::plain(Role::Group);
        for group in node.list("group_expressions") {
            self.position_or_expression(group, by_position, columns);
        }
        for modifier in node.list("modifiers") {
            self.modifier(modifier, columns);
        }
    }

    fn modifier(&mut self, node: Node<'t>, columns: &Columns) {
        let first = |role| Context { role, aliases: Aliases::First };
        for order in node.list("orders").filter_map(|order| order.get("expression")) {
            if order.text("class") != "STAR" {
                self.position_or_expression(order, first(Role::Order), columns);
            }
        }
        for target in node.list("distinct_on_targets") {
            self.position_or_expression(target, first(Role::Distinct), columns);
        }
        for limit in ["limit", "offset"].into_iter().filter_map(|key| node.get(key)) {
            self.expression(limit, Context::plain(Role::Limit), &mut Vec::new());
        }
    }

    /// `order by 2` means the second column of the list.
    fn position_or_expression(&mut self, node: Node<'t>, context: Context, columns: &Columns) {
        let value = node.get("value").filter(|_| node.text("class") == "CONSTANT");
        let Some(position) = value.and_then(|value| value.get("value")?.as_number()) else {
            return self.expression(node, context, &mut Vec::new());
        };
        let place = node.location().map(|location| self.text.byte(location));
        let place = place.map(|at| at..at + position.to_string().len());
        let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        match index.and_then(|index| columns.list.get(index)) {
            Some(column) => {
                if columns.list.iter().any(|column| !column.is_sure) {
                    self.uncertain(place.clone(), Why::ChosenColumns, Vec::new());
                }
                self.used(place.as_ref(), &column.clone(), context.role);
            }
            None if columns.is_certain() => {
                self.problem(place, ProblemKind::Width, &position.to_string());
            }
            None => {}
        }
    }

    /// Resolves what orders and limits a set operation: names of columns of either side.
    pub(super) fn order_of_sides(&mut self, node: Node<'t>, both: &Columns, right: &Columns) {
        for modifier in node.list("modifiers") {
            for order in modifier.list("orders").filter_map(|order| order.get("expression")) {
                self.order_of_side(node, order, both, right);
            }
            for limit in ["limit", "offset"].into_iter().filter_map(|key| modifier.get(key)) {
                self.expression(limit, Context::plain(Role::Limit), &mut Vec::new());
            }
        }
    }

    fn order_of_side(&mut self, node: Node<'t>, order: Node<'t>, both: &Columns, right: &Columns) {
        let parts = order.texts("column_names");
        let Some(name) = parts.last().filter(|_| order.text("class") == "COLUMN_REF") else {
            if order.text("class") == "CONSTANT" {
                self.position_or_expression(order, Context::plain(Role::Order), both);
            }
            return;
        };
        let location = order.location();
        let place = location.and_then(|at| self.text.part(at, &parts, parts.len() - 1));
        let found = both.named(name).or_else(|| right.named(name));
        // The names of sides further in are not known here.
        let sides = ["left", "right"].into_iter().filter_map(|key| node.get(key));
        let is_flat = sides.into_iter().all(|side| side.text("type") == "SELECT_NODE");
        match found.map(|(_, column)| column.clone()) {
            Some(column) => self.used(place.as_ref(), &column, Role::Order),
            None if parts.len() == 1 && is_flat && both.is_certain() && right.is_certain() => {
                self.problem(place, ProblemKind::Unknown, name);
            }
            None => {}
        }
    }
}

/// The name that DuckDB makes of an expression, where that is simple.
fn text_of(node: Node<'_>) -> Option<String> {
    match (node.text("class"), node.text("type")) {
        ("COLUMN_REF", _) => node.texts("column_names").last().map(ToString::to_string),
        ("OPERATOR", "STRUCT_EXTRACT") => {
            let field = node.list("children").last()?.get("value")?.get("value")?;
            field.as_text().map(str::to_owned)
        }
        ("CONSTANT", _) => {
            let number = node.get("value")?.get("value")?.as_number()?;
            Some(number.to_string()).filter(|_| is_integer(node))
        }
        ("FUNCTION", _) if node.text("function_name") == "count_star" => {
            Some("count_star()".to_owned())
        }
        _ => None,
    }
}

/// Whether a constant prints as the number that it holds.
fn is_integer(node: Node<'_>) -> bool {
    let data_type = node.get("value").and_then(|value| value.get("type"));
    data_type.is_some_and(|data_type| {
        data_type.text("id").ends_with("INT") || data_type.text("id") == "INTEGER"
    })
}
