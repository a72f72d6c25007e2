//! What names can mean at a place of a query: the relations in its `from`, and its aliases.

use super::answer::Column;
use std::rc::Rc;

/// Columns of relations, sorted.
pub(super) type Set = Rc<[Column]>;

/// The set of what `columns` has, perhaps twice.
pub(super) fn set(mut columns: Vec<Column>) -> Set {
    columns.sort_unstable();
    columns.dedup();
    columns.into()
}

/// What either of two sets has.
pub(super) fn union(left: &Set, right: &Set) -> Set {
    if Rc::ptr_eq(left, right) || right.is_empty() {
        return Rc::clone(left);
    }
    if left.is_empty() {
        return Rc::clone(right);
    }
    set(left.iter().chain(right.iter()).copied().collect())
}

/// A column that a name can mean.
#[derive(Debug, Clone)]
pub(super) struct Visible {
    /// Its name; `None` where DuckDB makes one of an expression's text.
    pub(super) name: Option<Rc<str>>,
    /// What its values are computed from.
    pub(super) feeds: Set,
    /// Without which it would not be there.
    pub(super) rests_on: Set,
    /// The column that it is unchanged.
    pub(super) copy_of: Option<Column>,
    /// Whether it is there for sure.
    pub(super) is_sure: bool,
}

impl Visible {
    /// A computed column.
    pub(super) fn computed(name: Option<&str>, feeds: Set) -> Self {
        let name = name.map(Rc::from);
        Self { name, feeds, rests_on: Rc::new([]), copy_of: None, is_sure: true }
    }

    /// Whether it is called `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The columns of a relation or of a query's result.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Those that are known, in order.
    pub(super) list: Vec<Visible>,
    /// What further columns there may be.
    pub(super) rest: Option<Rest>,
}

/// Columns whose names are not known.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// What their values may be computed from.
    pub(super) feeds: Set,
    /// The relations whose columns they may be.
    pub(super) relations: Vec<u32>,
    /// Whether they are known but for their names, which are texts of expressions and no words.
    pub(super) is_texts: bool,
}

impl Rest {
    /// Columns computed from `feeds`.
    pub(super) fn computed(feeds: Set) -> Self {
        Self { feeds, relations: Vec::new(), is_texts: false }
    }

    /// Columns that are listed without their names.
    fn texts(feeds: Set) -> Self {
        Self { is_texts: true, ..Self::computed(feeds) }
    }

    /// All columns of a relation.
    pub(super) fn of(relation: u32) -> Self {
        Self { feeds: Rc::new([]), relations: vec![relation], is_texts: false }
    }

    /// The relation of which a column that is in here has to be.
    pub(super) fn only_relation(&self) -> Option<u32> {
        match (&*self.feeds, self.relations.as_slice()) {
            ([], [relation]) => Some(*relation),
            _ => None,
        }
    }

    /// Whether a column called `name` may be in here.
    pub(super) fn may_have(&self, name: &str) -> bool {
        !self.is_texts || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ' ')
    }

    /// What either may be.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.is_texts &= other.is_texts;
        self.feeds = union(&self.feeds, &other.feeds);
        self.relations.extend(&other.relations);
        self.relations.sort_unstable();
        self.relations.dedup();
        self
    }
}

impl Columns {
    /// The first column called `name`, with its index.
    pub(super) fn named(&self, name: &str) -> Option<(usize, &Visible)> {
        self.list.iter().enumerate().find(|(_, column)| column.is(name))
    }

    /// Everything that its values may be computed from.
    pub(super) fn feeds(&self) -> Set {
        let rest = self.rest.iter().flat_map(|rest| rest.feeds.iter());
        set(self.list.iter().flat_map(|column| column.feeds.iter()).chain(rest).copied().collect())
    }

    /// Whether it has `count` columns, as far as is known.
    pub(super) fn may_count(&self, count: usize) -> bool {
        !self.is_certain() || self.list.len() == count
    }

    /// Whether all columns are known.
    pub(super) fn is_certain(&self) -> bool {
        !self.is_open() && self.list.iter().all(|column| column.is_sure)
    }

    /// Whether there may be columns that are not listed.
    pub(super) fn is_open(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.is_texts)
    }

    /// Notes further columns.
    pub(super) fn open(&mut self, rest: &Rest) {
        self.rest = Some(match self.rest.take() {
            Some(own) => own.and(rest),
            None => rest.clone(),
        });
    }

    /// As a relation of a `from`: no two columns have one name, and what has no name that is known
    /// is one of the rest.
    pub(super) fn as_relation(mut self) -> Self {
        let mut taken = std::collections::HashSet::new();
        for at in 0..self.list.len() {
            let Some(name) = self.list[at].name.clone() else {
                let rest = Rest::texts(Rc::clone(&self.list[at].feeds));
                self.open(&rest);
                continue;
            };
            if taken.insert(name.to_ascii_lowercase()) {
                continue;
            }
            let mut number = 1;
            while !taken.insert(format!("{name}_{number}").to_ascii_lowercase()) {
                number += 1;
            }
            self.list[at].name = Some(format!("{name}_{number}").into());
        }
        self
    }

    /// Gives the first columns the names `aliases`; `false` where there are more of these.
    pub(super) fn rename(&mut self, aliases: &[&str]) -> bool {
        for (at, alias) in aliases.iter().enumerate() {
            match self.list.get_mut(at) {
                Some(column) => column.name = Some((*alias).into()),
                None => match &self.rest {
                    Some(rest) => {
                        let feeds = Rc::clone(&rest.feeds);
                        let column = Visible::computed(Some(alias), feeds);
                        self.list.push(column);
                    }
                    None => return false,
                },
            }
        }
        true
    }
}

/// A relation in a `from`.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// What it is called there.
    pub(super) alias: String,
    /// Its schema and database, where it has no alias and is written with them.
    pub(super) schema: Option<String>,
    /// See `schema`.
    pub(super) database: Option<String>,
    /// Its columns.
    pub(super) columns: Columns,
    /// Whether it is stored, and so has a `rowid`.
    pub(super) is_stored: bool,
}

impl Binding {
    /// One with an alias.
    pub(super) fn new(alias: &str, columns: Columns) -> Self {
        let alias = alias.to_owned();
        Self { alias, schema: None, database: None, columns, is_stored: false }
    }

    /// Whether `qualifiers` (`t`, `schema.t`, `database.schema.t`) mean it.
    pub(super) fn is(&self, qualifiers: &[&str]) -> bool {
        let Some((table, before)) = qualifiers.split_last() else { return false };
        let is = |own: &Option<String>, name: &str| {
            own.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(name))
        };
        self.alias.eq_ignore_ascii_case(table)
            && match before {
                [] => true,
                _ if !self.is_stored => false,
                [one] => is(&self.schema, one) || is(&self.database, one),
                [database, schema] => is(&self.schema, schema) && is(&self.database, database),
                _ => false,
            }
    }
}

/// Columns that a join has made one: `using` or `natural`.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    /// Its name.
    pub(super) name: String,
    /// The bindings that have it.
    pub(super) members: Vec<usize>,
    /// The bindings whose column the name means: one, or all of a full join.
    pub(super) primary: Vec<usize>,
}

/// One `select` while it is resolved.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The relations of its `from` so far.
    pub(super) bindings: Vec<Binding>,
    /// Columns that joins have made one.
    pub(super) shared: Vec<Shared>,
    /// Its select list's aliases so far.
    pub(super) aliases: Vec<Visible>,
    /// Names by which it groups.
    pub(super) groups: Vec<String>,
}

/// What a name means in one frame.
#[derive(Debug)]
pub(super) enum Meaning {
    /// This column; the name's part at the index is the column's own.
    Column(Visible, usize),
    /// Several columns.
    Several,
    /// All columns of a relation, as a row.
    Row(Set),
    /// A column that is no user's: `rowid`.
    Hidden,
}

impl Frame {
    /// What the dotted name `parts` means, as DuckDB looks for it: longest qualifier first.
    pub(super) fn meaning(&self, parts: &[&str]) -> Option<Meaning> {
        for length in (1..parts.len().min(4)).rev() {
            let (qualifiers, rest) = parts.split_at(length);
            let Some(name) = rest.first() else { continue };
            for binding in self.bindings.iter().filter(|binding| binding.is(qualifiers)) {
                if let Some((_, column)) = binding.columns.named(name) {
                    return Some(Meaning::Column(column.clone(), length));
                }
                if binding.is_stored && name.eq_ignore_ascii_case("rowid") {
                    return Some(Meaning::Hidden);
                }
            }
        }
        self.unqualified(parts)
    }

    fn unqualified(&self, parts: &[&str]) -> Option<Meaning> {
        let name = parts.first()?;
        if let Some(shared) = self.shared.iter().find(|one| one.name.eq_ignore_ascii_case(name)) {
            let mut column = self.merged(shared);
            if shared.primary.len() > 1 {
                // DuckDB calls it as it is written at the place.
                column.name = None;
            }
            return Some(Meaning::Column(column, 0));
        }
        let found = self.bindings.iter().filter_map(|one| one.columns.named(name));
        let found: Vec<&Visible> = found.map(|(_, column)| column).collect();
        let sure = || found.iter().filter(|column| column.is_sure);
        if sure().count() > 1 {
            return Some(Meaning::Several);
        }
        if let Some(column) = sure().chain(&found).next() {
            // That of the others which are not there for sure none is there, only DuckDB knows.
            let is_sure = column.is_sure && found.len() == 1;
            return Some(Meaning::Column(Visible { is_sure, ..(*column).clone() }, 0));
        }
        let is_stored = self.bindings.iter().any(|binding| binding.is_stored);
        if is_stored && parts.len() == 1 && name.eq_ignore_ascii_case("rowid") {
            return Some(Meaning::Hidden);
        }
        let mut rows = self.bindings.iter().filter(|binding| binding.is(parts));
        rows.next().map(|binding| Meaning::Row(binding.columns.feeds()))
    }

    /// The one column that a join made.
    pub(super) fn merged(&self, shared: &Shared) -> Visible {
        let bindings = shared.primary.iter().filter_map(|at| self.bindings.get(*at));
        let mut columns = bindings.filter_map(|one| Some(one.columns.named(&shared.name)?.1));
        let Some(first) = columns.next() else {
            return Visible::computed(Some(&shared.name), Rc::new([]));
        };
        let mut merged = first.clone();
        for column in columns {
            merged.feeds = union(&merged.feeds, &column.feeds);
            merged.rests_on = union(&merged.rests_on, &column.rests_on);
            merged.copy_of = None;
        }
        merged
    }

    /// Takes the bindings from `start` on out of sight, with what joins have made of them.
    pub(super) fn hide(&mut self, start: usize) -> (Vec<Binding>, Vec<Shared>) {
        let bindings = self.bindings.split_off(start);
        let (stay, go): (Vec<_>, Vec<_>) =
            self.shared.drain(..).partition(|one| one.members.iter().all(|at| *at < start));
        self.shared = stay;
        (bindings, go)
    }

    /// Puts back, at `start`, what was hidden, before what has come since.
    pub(super) fn show(&mut self, start: usize, (bindings, shared): (Vec<Binding>, Vec<Shared>)) {
        let moved = bindings.len();
        let is_new = |at: &&mut usize| **at >= start;
        for one in &mut self.shared {
            one.members.iter_mut().filter(is_new).for_each(|at| *at += moved);
            one.primary.iter_mut().filter(is_new).for_each(|at| *at += moved);
        }
        self.shared.extend(shared);
        self.bindings.splice(start..start, bindings);
    }

    /// The select list's alias called `name`.
    pub(super) fn alias(&self, name: &str) -> Option<&Visible> {
        self.aliases.iter().find(|alias| alias.is(name))
    }
}
