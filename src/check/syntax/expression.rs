//! Expressions: which names stand in them, and in which role.

use super::answer::{Column, ProblemKind, Role, Why};
use super::resolve::Resolver;
use super::tree::{Node, deeper};

/// When an unqualified name may mean an alias of the select list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aliases {
    /// Where no column has the name.
    Last,
    /// Before columns: what `order by` names by itself.
    First,
    /// Before columns that are no group: `having`.
    BeforeUngrouped,
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) role: Role,
    pub(super) aliases: Aliases,
}

impl Context {
    /// An expression in which columns come before aliases.
    pub(super) fn plain(role: Role) -> Self {
        Self { role, aliases: Aliases::Last }
    }

    /// Below an operator of `order by`, columns come first again.
    fn below(self) -> Self {
        match self.aliases {
            Aliases::First => Self::plain(self.role),
            Aliases::Last | Aliases::BeforeUngrouped => self,
        }
    }

    /// What decides about rows does so in all of its parts.
    fn within(self, role: Role) -> Self {
        if self.role.decides_rows() { Self::plain(self.role) } else { Self::plain(role) }
    }
}

/// Functions whose arguments may be lambdas.
const TAKE_LAMBDAS: [&str; 11] = [
    "apply",
    "array_apply",
    "array_filter",
    "array_reduce",
    "array_transform",
    "filter",
    "list_apply",
    "list_filter",
    "list_reduce",
    "list_transform",
    "reduce",
];

impl<'t> Resolver<'t, '_> {
    /// Resolves an expression and adds what it is computed from to `feeds`.
    pub(super) fn expression(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        deeper(|| match node.text("class") {
            "COLUMN_REF" => drop(self.column(node, context, feeds)),
            "CONSTANT" | "PARAMETER" | "DEFAULT" => {}
            "STAR" => self.star_within(node, feeds),
            "FUNCTION" => self.function(node, context, feeds),
            "WINDOW" => self.window(node, context, feeds),
            "SUBQUERY" => self.subquery(node, context, feeds),
            "LAMBDA" => self.arrow(node, context, feeds),
            "POSITIONAL_REFERENCE" => self.positional(node, context, feeds),
            "BETWEEN" | "CASE" | "CAST" | "COLLATE" | "COMPARISON" | "CONJUNCTION" | "OPERATOR" => {
                self.parts(node, context.below(), feeds);
            }
            _ => {
                let relations = self.relations_in_scope();
                self.uncertain(None, Why::Construct, relations);
                self.parts(node, context.below(), feeds);
            }
        });
    }

    /// Resolves all expressions that `node` consists of.
    pub(super) fn parts(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let mut left: Vec<Node<'t>> = node.children().collect();
        left.reverse();
        while let Some(part) = left.pop() {
            if part.get("class").is_some() {
                self.expression(part, context, feeds);
            } else {
                let at = left.len();
                left.extend(part.children());
                left[at..].reverse();
            }
        }
    }

    fn function(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        self.method(node, context, feeds);
        let name = node.text("function_name");
        let takes_lambdas = TAKE_LAMBDAS.iter().any(|one| one.eq_ignore_ascii_case(name));
        // The aggregates that `having` compares are of columns.
        let inner =
            if node.flag("is_operator") { context.below() } else { Context::plain(context.role) };
        for child in node.list("children") {
            if child.text("class") == "LAMBDA" && (takes_lambdas || self.is_lambda(child)) {
                self.lambda(child, inner, feeds);
            } else {
                self.expression(child, inner, feeds);
            }
        }
        if let Some(filter) = node.get("filter") {
            self.expression(filter, context.within(Role::Filter), feeds);
        }
        if let Some(orders) = node.get("order_bys") {
            self.parts(orders, inner, feeds);
        }
    }

    /// `column.function(…)`: where the schema of the function is a column.
    fn method(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let parts = [node.text("catalog"), node.text("schema")];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let is_schema = matches!(parts.as_slice(), [] | ["main" | "pg_catalog"] | ["system", _]);
        if !is_schema && self.is_column(&parts) {
            self.named(&parts, node.location(), context, feeds);
        }
    }

    fn window(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let inner = Context::plain(context.role);
        let window = context.within(Role::Window);
        for child in node.list("children") {
            self.expression(child, inner, feeds);
        }
        for key in ["partitions", "orders", "arg_orders"] {
            if let Some(list) = node.get(key) {
                self.parts(list, window, feeds);
            }
        }
        for key in ["start_expr", "end_expr", "offset_expr", "default_expr"] {
            if let Some(part) = node.get(key) {
                self.expression(part, window, feeds);
            }
        }
        if let Some(filter) = node.get("filter_expr") {
            self.expression(filter, context.within(Role::Filter), feeds);
        }
    }

    fn subquery(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let child = node.get("child");
        if let Some(child) = child {
            self.expression(child, context.below(), feeds);
        }
        let Some(query) = node.get("subquery").and_then(|query| query.get("node")) else { return };
        let columns = self.query(query);
        let width = match node.text("subquery_type") {
            "EXISTS" | "NOT_EXISTS" => None,
            _ => Some(child.map_or(1, row_width)),
        };
        if width.is_some_and(|width| !columns.may_count(width)) {
            let place = node.location().map(|location| self.text.byte(location));
            self.problem(place.map(|at| at..at), ProblemKind::Width, "");
        }
        let inner = columns.feeds();
        if context.role.decides_rows() {
            self.decide(&inner);
        }
        feeds.extend(inner.iter());
    }

    /// Whether `x -> …` cannot be the reading of JSON from a column: `x` is none.
    fn is_lambda(&self, node: Node<'t>) -> bool {
        let Some(left) = node.get("lhs") else { return false };
        parameters(left).is_some_and(|names| !names.iter().any(|name| self.is_column(&[name])))
    }

    fn lambda(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let outer = self.parameters.len();
        self.parameters.extend(node.get("lhs").and_then(parameters).unwrap_or_default());
        if let Some(body) = node.get("expr") {
            self.expression(body, context, feeds);
        }
        self.parameters.truncate(outer);
    }

    /// `json -> path`.
    fn arrow(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        for side in ["lhs", "expr"].into_iter().filter_map(|key| node.get(key)) {
            self.expression(side, context.below(), feeds);
        }
    }

    /// `#2`: the second column of the `from`.
    fn positional(&mut self, node: Node<'t>, context: Context, feeds: &mut Vec<Column>) {
        let index =
            node.get("index").and_then(Node::as_number).and_then(|n| usize::try_from(n).ok());
        let columns = self.frames.last().into_iter().flat_map(|frame| &frame.bindings);
        let mut columns = columns.flat_map(|binding| &binding.columns.list);
        let column = index.and_then(|index| columns.nth(index.checked_sub(1)?).cloned());
        if let Some(column) = column {
            self.used(None, &column, context.role);
            feeds.extend(column.feeds.iter());
        }
    }

    /// The relations whose columns can be named here.
    pub(super) fn relations_in_scope(&self) -> Vec<u32> {
        let bindings = self.frames.iter().flat_map(|frame| &frame.bindings);
        let columns = bindings.flat_map(|binding| {
            let rest = binding.columns.rest.iter().flat_map(|rest| rest.relations.clone());
            let feeds = binding.columns.feeds();
            feeds.iter().map(|column| column.relation).chain(rest).collect::<Vec<_>>()
        });
        columns.collect()
    }
}

/// The parameters that stand before an arrow: `x`, or `(x, y)`.
fn parameters(left: Node<'_>) -> Option<Vec<&str>> {
    match left.text("class") {
        "COLUMN_REF" => Some(left.texts("column_names")).filter(|names| names.len() == 1),
        "FUNCTION" if left.text("function_name") == "row" => {
            let names = left.list("children").map(|child| parameters(child)?.first().copied());
            names.collect()
        }
        _ => None,
    }
}

/// How many columns stand before `in (select …)`.
fn row_width(child: Node<'_>) -> usize {
    match child.text("function_name") {
        "row" => child.list("children").count(),
        _ => 1,
    }
}
