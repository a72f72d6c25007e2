//! What a dotted name means at its place.

use super::answer::{Column, ProblemKind, Role, Why};
use super::expression::{Aliases, Context};
use super::resolve::Resolver;
use super::scope::{Frame, Meaning, Rest, Visible, set};
use super::tree::Node;
use std::ops::Range;
use std::rc::Rc;

/// Words that mean a function where no column has the name, as DuckDB lists them.
const FUNCTIONS: [&str; 11] = [
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

/// What a name was found to be.
enum Found {
    /// A column; the part at the index is its name.
    Column(Visible, usize),
    /// An alias of the select list.
    Alias(Visible, usize),
    /// No column of a relation, but valid; made of these.
    Other(Rc<[Column]>),
    /// Several columns.
    Several,
}

impl<'t> Resolver<'t, '_> {
    /// Resolves a column reference, adds what it is computed from to `feeds`, and answers with the
    /// column where it is one.
    pub(super) fn column(
        &mut self,
        node: Node<'t>,
        context: Context,
        feeds: &mut Vec<Column>,
    ) -> Option<Visible> {
        let parts = node.texts("column_names");
        self.named(&parts, node.location(), context, feeds)
    }

    /// Resolves the dotted name `parts` at `location`.
    pub(super) fn named(
        &mut self,
        parts: &[&'t str],
        location: Option<usize>,
        context: Context,
        feeds: &mut Vec<Column>,
    ) -> Option<Visible> {
        let first = parts.first()?;
        if self.parameters.iter().any(|parameter| parameter.eq_ignore_ascii_case(first)) {
            return None;
        }
        let mut open = Vec::new();
        let found = self.find(parts, context, &mut open);
        let place = |own: &Self, part| own.text.part(location?, parts, part);
        match found {
            Some(Found::Column(column, part) | Found::Alias(column, part)) => {
                let place = place(self, part);
                if part == 0 && !open.is_empty() {
                    self.perhaps(place.clone(), &open);
                }
                if !column.is_sure {
                    let relations = column.feeds.iter().map(|one| one.relation).collect();
                    self.uncertain(place.clone(), Why::ChosenColumns, relations);
                }
                self.used(place.as_ref(), &column, context.role);
                feeds.extend(column.feeds.iter());
                let is_field = part + 1 < parts.len();
                Some(if is_field { field(&column, parts) } else { column })
            }
            Some(Found::Other(columns)) => {
                feeds.extend(columns.iter());
                if context.role.decides_rows() {
                    self.decide(&columns);
                }
                None
            }
            Some(Found::Several) => {
                let place = place(self, parts.len() - 1);
                self.problem(place, ProblemKind::Ambiguous, parts.last()?);
                None
            }
            None => self.not_found(parts, location, context, &open, feeds),
        }
    }

    /// Whether `parts` mean a column here.
    pub(super) fn is_column(&self, parts: &[&str]) -> bool {
        let found = self.find(parts, Context::plain(Role::Value), &mut Vec::new());
        matches!(found, Some(Found::Column(..) | Found::Alias(..)))
    }

    /// The column that `name` means here.
    pub(super) fn visible(&self, name: &str) -> Option<Visible> {
        match self.find(&[name], Context::plain(Role::Value), &mut Vec::new()) {
            Some(Found::Column(column, _) | Found::Alias(column, _)) => Some(column),
            Some(Found::Other(_) | Found::Several) | None => None,
        }
    }

    /// Looks from the innermost select outward. `open` are the relations passed on the way of which
    /// it could be an unknown column.
    fn find(&self, parts: &[&str], context: Context, open: &mut Vec<Rest>) -> Option<Found> {
        for (outward, frame) in self.frames.iter().rev().enumerate() {
            let aliased = match parts {
                [name] => frame.alias(name).map(|alias| Found::Alias(alias.clone(), 0)),
                [word, name] if word.eq_ignore_ascii_case("alias") => {
                    frame.alias(name).map(|alias| Found::Alias(alias.clone(), 1))
                }
                _ => None,
            };
            let alias_first = outward == 0 && prefers_alias(frame, parts, context.aliases);
            if alias_first && aliased.is_some() {
                return aliased;
            }
            match frame.meaning(parts) {
                Some(Meaning::Column(column, part)) => return Some(Found::Column(column, part)),
                Some(Meaning::Several) => return Some(Found::Several),
                Some(Meaning::Row(columns)) => return Some(Found::Other(columns)),
                Some(Meaning::Hidden) => return Some(Found::Other(Rc::new([]))),
                None => {}
            }
            let is_function =
                |name: &&str| FUNCTIONS.iter().any(|one| one.eq_ignore_ascii_case(name));
            if outward == 0 && parts.len() == 1 && parts.iter().all(|name| is_function(&name)) {
                return Some(Found::Other(Rc::new([])));
            }
            let rests = frame.bindings.iter().filter_map(|one| one.columns.rest.as_ref());
            open.extend(rests.filter(|rest| rest.may_have(parts.first().unwrap_or(&""))).cloned());
            if aliased.is_some() {
                return aliased;
            }
        }
        None
    }

    /// A name that no known column has: of a relation whose columns are not known, or a mistake.
    fn not_found(
        &mut self,
        parts: &[&'t str],
        location: Option<usize>,
        context: Context,
        open: &[Rest],
        feeds: &mut Vec<Column>,
    ) -> Option<Visible> {
        let (rest, part) = match self.qualified(parts) {
            Some((rest, part)) => (vec![rest], part),
            None => (open.to_vec(), 0),
        };
        let place = location.and_then(|location| self.text.part(location, parts, part));
        let name = parts.get(part)?;
        if let [only] = rest.as_slice()
            && let Some(relation) = only.only_relation()
        {
            let column = self.assumed(relation, name)?;
            self.used(place.as_ref(), &column, context.role);
            feeds.extend(column.feeds.iter());
            let is_field = part + 1 < parts.len();
            return Some(if is_field { field(&column, parts) } else { column });
        }
        if rest.is_empty() {
            let last = parts.len() - 1;
            let place = location.and_then(|location| self.text.part(location, parts, last));
            self.problem(place, ProblemKind::Unknown, parts.last()?);
            return None;
        }
        self.perhaps(place, &rest);
        let columns = set(rest.iter().flat_map(|rest| rest.feeds.iter()).copied().collect());
        feeds.extend(columns.iter());
        if context.role.decides_rows() {
            self.decide(&columns);
        }
        None
    }

    /// The relation with unknown columns that the qualifiers of `parts` mean, and the column's part.
    fn qualified(&self, parts: &[&str]) -> Option<(Rest, usize)> {
        for frame in self.frames.iter().rev() {
            for length in (1..parts.len().min(4)).rev() {
                let (qualifiers, _) = parts.split_at(length);
                let mut meant = frame.bindings.iter().filter(|binding| binding.is(qualifiers));
                let rest = meant.find_map(|binding| binding.columns.rest.clone());
                if let Some(rest) =
                    rest.filter(|rest| rest.may_have(parts.get(length).unwrap_or(&"")))
                {
                    return Some((rest, length));
                }
            }
        }
        None
    }

    /// Notes that a name may be of any of the relations.
    fn perhaps(&mut self, place: Option<Range<usize>>, open: &[Rest]) {
        let relations: Vec<u32> = open.iter().flat_map(|rest| rest.relations.clone()).collect();
        let is_text = open.iter().all(|rest| rest.is_texts);
        let why = if is_text { Why::ShapeOfResult } else { Why::Unqualified };
        self.uncertain(place, why, relations);
    }
}

/// Whether an alias of the select list comes before a column of the same name.
fn prefers_alias(frame: &Frame, parts: &[&str], aliases: Aliases) -> bool {
    let [name] = parts else { return false };
    match aliases {
        Aliases::Last => false,
        Aliases::First => true,
        Aliases::BeforeUngrouped => {
            !frame.groups.iter().any(|group| group.eq_ignore_ascii_case(name))
        }
    }
}

/// A field of `column`, called as the last of `parts`.
fn field(column: &Visible, parts: &[&str]) -> Visible {
    Visible::computed(parts.last().copied(), Rc::clone(&column.feeds))
}
