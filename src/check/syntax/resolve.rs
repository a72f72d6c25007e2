//! The walk through a query: its CTEs, its set operations, and what is noted on the way.

use super::answer::{
    Column, Output, Problem, ProblemKind, Read, Relation, Role, Syntax, Uncertain, Use, Why,
};
use super::scope::{Columns, Frame, Rest, Visible, set, union};
use super::text::Text;
use super::tree::{Node, deeper};
use crate::relation::RelationName;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// Answers with the columns of a relation.
pub(super) type Lookup<'c> = dyn Fn(&RelationName) -> Option<Vec<String>> + 'c;

/// A query of a `with`, resolved when it is first read, as DuckDB binds it.
struct Cte<'t> {
    name: &'t str,
    query: Option<Node<'t>>,
    aliases: Vec<&'t str>,
    /// How many frames are around it.
    depth: usize,
    columns: Option<Columns>,
}

/// What is known while a statement is resolved.
pub(super) struct Resolver<'t, 'c> {
    pub(super) text: Text<'t>,
    lookup: &'c Lookup<'c>,
    indices: HashMap<(Option<String>, Option<String>, String), u32>,
    answer: Syntax,
    /// The selects around the place, outermost first.
    pub(super) frames: Vec<Frame>,
    ctes: Vec<Cte<'t>>,
    /// Parameters of the lambdas around the place.
    pub(super) parameters: Vec<&'t str>,
}

impl<'t, 'c> Resolver<'t, 'c> {
    /// One that knows nothing of the statement yet.
    pub(super) fn new(text: Text<'t>, lookup: &'c Lookup<'c>) -> Self {
        Self {
            text,
            lookup,
            indices: HashMap::new(),
            answer: Syntax::default(),
            frames: Vec::new(),
            ctes: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// Resolves the statement.
    pub(super) fn resolve(mut self, query: Node<'t>) -> Syntax {
        let columns = self.query(query);
        let mut answer = self.answer;
        answer.is_open = columns.is_open();
        answer.outputs = columns.list.into_iter().map(output).collect();
        answer.uses.sort_by_key(Use::order);
        answer.uses.dedup();
        answer.reads.sort_by_key(|read| read.place.as_ref().map(|place| place.start));
        answer.rows.sort_unstable();
        answer.rows.dedup();
        answer.problems.sort_by_key(Problem::order);
        answer.problems.dedup();
        answer
    }

    /// Resolves a query and answers with its columns.
    pub(super) fn query(&mut self, node: Node<'t>) -> Columns {
        deeper(|| {
            let outer = self.ctes.len();
            for entry in node.get("cte_map").into_iter().flat_map(|map| map.list("map")) {
                let value = entry.get("value");
                self.ctes.push(Cte {
                    name: entry.text("key"),
                    query: value.and_then(|value| value.get("query")?.get("node")),
                    aliases: value.map(|value| value.texts("aliases")).unwrap_or_default(),
                    depth: self.frames.len(),
                    columns: None,
                });
            }
            let columns = self.body(node);
            self.ctes.truncate(outer);
            columns
        })
    }

    fn body(&mut self, node: Node<'t>) -> Columns {
        match node.text("type") {
            "SELECT_NODE" => self.select(node),
            "SET_OPERATION_NODE" => self.set_operation(node),
            "RECURSIVE_CTE_NODE" => self.recursive(node),
            _ => self.unknown_query(node),
        }
    }

    fn unknown_query(&mut self, node: Node<'t>) -> Columns {
        self.uncertain(None, Why::Construct, Vec::new());
        let mut feeds = Vec::new();
        self.parts(node, super::expression::Context::plain(Role::Value), &mut feeds);
        Columns { list: Vec::new(), rest: Some(Rest::computed(set(feeds))) }
    }

    fn set_operation(&mut self, node: Node<'t>) -> Columns {
        let (left, right) = (self.side(node, "left"), self.side(node, "right"));
        let mut columns = if node.text("setop_type") == "UNION_BY_NAME" {
            by_name(&left, &right)
        } else {
            if left.is_certain() && !right.may_count(left.list.len()) {
                let place = self.first_star(node);
                self.problem(place, ProblemKind::Width, "");
            }
            by_place(&left, &right)
        };
        for rest in [&left.rest, &right.rest].into_iter().flatten() {
            columns.open(rest);
        }
        self.order_of_sides(node, &columns, &right);
        columns
    }

    fn side(&mut self, node: Node<'t>, key: &str) -> Columns {
        node.get(key).map(|side| self.query(side)).unwrap_or_default()
    }

    /// Where a set operation's first star is: it is what changes the number of columns.
    fn first_star(&self, node: Node<'t>) -> Option<Range<usize>> {
        let mut nodes = vec![node];
        while let Some(node) = nodes.pop() {
            let stars = node.list("select_list").filter(|item| item.text("class") == "STAR");
            if let Some(place) = stars.filter_map(|star| self.star_place(star)).next() {
                return Some(place);
            }
            nodes.extend([node.get("right"), node.get("left")].into_iter().flatten());
        }
        None
    }

    /// A recursive query: what its columns are made of grows until it stays.
    fn recursive(&mut self, node: Node<'t>) -> Columns {
        let mut columns = self.side(node, "left");
        columns.rename(&node.texts("aliases"));
        columns = columns.as_relation();
        for _ in 0..=columns.list.len() {
            let noted = self.noted();
            self.ctes.push(Cte {
                name: node.text("cte_name"),
                query: None,
                aliases: Vec::new(),
                depth: self.frames.len(),
                columns: Some(columns.clone()),
            });
            let right = self.side(node, "right");
            self.ctes.pop();
            let both = by_place(&columns, &right);
            let is_same = both.list.iter().zip(&columns.list).all(|(a, b)| a.feeds == b.feeds);
            columns.list = both.list;
            if is_same {
                if columns.is_certain() && !right.may_count(columns.list.len()) {
                    let place = self.first_star(node);
                    self.problem(place, ProblemKind::Width, "");
                }
                break;
            }
            self.forget(noted);
        }
        columns
    }

    /// The columns of the CTE that `name` means here.
    pub(super) fn cte(&mut self, name: &str) -> Option<Columns> {
        let at = self.ctes.iter().rposition(|cte| cte.name.eq_ignore_ascii_case(name))?;
        let cte = self.ctes.get(at)?;
        if let Some(columns) = &cte.columns {
            return Some(columns.clone());
        }
        let (query, aliases, depth) = (cte.query?, cte.aliases.clone(), cte.depth);
        // It knows what stands before it, and nothing of the place where it is read.
        let later = self.ctes.split_off(at);
        let inner = self.frames.split_off(depth.min(self.frames.len()));
        let parameters = std::mem::take(&mut self.parameters);
        let mut columns = self.query(query);
        self.parameters = parameters;
        self.frames.extend(inner);
        self.ctes.extend(later);
        columns.rename(&aliases);
        let columns = columns.as_relation();
        if let Some(cte) = self.ctes.get_mut(at) {
            cte.columns = Some(columns.clone());
        }
        Some(columns)
    }

    /// The index of the relation called `name`.
    pub(super) fn relation(&mut self, name: RelationName) -> u32 {
        let lower = |part: &Option<String>| part.as_ref().map(|part| part.to_ascii_lowercase());
        let key =
            (lower(&name.database), lower(&name.schema), name.identifier.to_ascii_lowercase());
        let next = u32::try_from(self.answer.relations.len()).unwrap_or(u32::MAX);
        let index = *self.indices.entry(key).or_insert(next);
        if index == next {
            let columns = (self.lookup)(&name);
            let is_known = columns.is_some();
            let columns = columns.unwrap_or_default();
            self.answer.relations.push(Relation { name, columns, is_known });
        }
        index
    }

    /// Notes that the relation is read at `place`.
    pub(super) fn read(&mut self, relation: u32, place: Option<Range<usize>>) {
        self.answer.reads.push(Read { relation, place });
    }

    /// The columns of a relation.
    pub(super) fn stored_columns(&self, relation: u32) -> Columns {
        let Some(known) = self.answer.relations.get(relation as usize) else {
            return Columns::default();
        };
        let columns = (0u32..).zip(&known.columns);
        let list =
            columns.map(|(column, name)| stored(Column { relation, column }, name)).collect();
        Columns { list, rest: (!known.is_known).then(|| Rest::of(relation)) }
    }

    /// A column of a relation whose columns are not known.
    pub(super) fn assumed(&mut self, relation: u32, name: &str) -> Option<Visible> {
        let known = self.answer.relations.get_mut(relation as usize)?;
        let at = known.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        let at = at.unwrap_or_else(|| {
            known.columns.push(name.to_owned());
            known.columns.len() - 1
        });
        Some(stored(Column { relation, column: u32::try_from(at).ok()? }, name))
    }

    /// Notes that `place` names `column`.
    pub(super) fn used(&mut self, place: Option<&Range<usize>>, column: &Visible, role: Role) {
        for column in column.rests_on.iter() {
            let place = place.cloned();
            self.answer.uses.push(Use { place, column: *column, role });
        }
        if role.decides_rows() {
            self.answer.rows.extend(column.feeds.iter());
        }
    }

    /// Notes columns that decide which rows there are.
    pub(super) fn decide(&mut self, columns: &[Column]) {
        self.answer.rows.extend(columns);
    }

    /// Notes what does not resolve.
    pub(super) fn problem(&mut self, place: Option<Range<usize>>, kind: ProblemKind, name: &str) {
        self.answer.problems.push(Problem { place, kind, name: name.to_owned() });
    }

    /// Notes what cannot be told.
    pub(super) fn uncertain(
        &mut self,
        place: Option<Range<usize>>,
        why: Why,
        mut relations: Vec<u32>,
    ) {
        relations.sort_unstable();
        relations.dedup();
        let uncertain = Uncertain { place, why, relations };
        if !self.answer.uncertain.contains(&uncertain) {
            self.answer.uncertain.push(uncertain);
        }
    }

    /// How much is noted.
    fn noted(&self) -> [usize; 5] {
        let Syntax { uses, reads, rows, problems, uncertain, .. } = &self.answer;
        [uses.len(), reads.len(), rows.len(), problems.len(), uncertain.len()]
    }

    /// Forgets what was noted since.
    fn forget(&mut self, noted: [usize; 5]) {
        let [uses, reads, rows, problems, uncertain] = noted;
        self.answer.uses.truncate(uses);
        self.answer.reads.truncate(reads);
        self.answer.rows.truncate(rows);
        self.answer.problems.truncate(problems);
        self.answer.uncertain.truncate(uncertain);
    }
}

fn stored(column: Column, name: &str) -> Visible {
    let itself: Rc<[Column]> = Rc::new([column]);
    Visible {
        name: Some(name.into()),
        feeds: Rc::clone(&itself),
        rests_on: itself,
        copy_of: Some(column),
        is_sure: true,
    }
}

fn output(column: Visible) -> Output {
    Output {
        name: column.name.map(|name| name.to_string()),
        feeds: column.feeds.to_vec(),
        copy_of: column.copy_of,
        rests_on: column.rests_on.to_vec(),
        is_sure: column.is_sure,
    }
}

/// The columns of both sides, place by place; called as on the left.
fn by_place(left: &Columns, right: &Columns) -> Columns {
    let list = left.list.iter().enumerate().map(|(at, column)| {
        let mut both = column.clone();
        match right.list.get(at) {
            Some(other) => {
                both.feeds = union(&column.feeds, &other.feeds);
                both.copy_of = None;
            }
            None => both.is_sure &= !right.is_open(),
        }
        both
    });
    Columns { list: list.collect(), rest: None }
}

/// The columns of both sides, name by name.
fn by_name(left: &Columns, right: &Columns) -> Columns {
    let mut list = left.list.clone();
    for other in &right.list {
        let same = |column: &&mut Visible| other.name.as_ref().is_some_and(|name| column.is(name));
        match list.iter_mut().find(same) {
            Some(column) => {
                column.feeds = union(&column.feeds, &other.feeds);
                column.copy_of = None;
                column.is_sure |= other.is_sure;
                // It is there as long as either side has it.
                let is_same = column.rests_on == other.rests_on;
                column.rests_on = if is_same { Rc::clone(&other.rests_on) } else { Rc::new([]) };
            }
            // Where both have texts of expressions for names, these may be the same.
            None => list
                .push(Visible { is_sure: other.name.is_some() && other.is_sure, ..other.clone() }),
        }
    }
    Columns { list, rest: None }
}
