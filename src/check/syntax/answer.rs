//! What is known of a statement once its names are resolved.

use crate::relation::RelationName;
use std::ops::Range;

/// A column of a relation that the statement reads: indices into [`Syntax::relations`] and there
/// into [`Relation::columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    /// Which relation.
    pub relation: u32,
    /// Which of its columns.
    pub column: u32,
}

/// A relation that the statement reads, once for all its readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its name, as it is first spelled.
    pub name: RelationName,
    /// Its columns in order; where they are not known, those that the statement names.
    pub columns: Vec<String>,
    /// Whether the caller knew its columns.
    pub is_known: bool,
}

/// One place where a relation is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Index into [`Syntax::relations`].
    pub relation: u32,
    /// The bytes of its name, qualifiers included.
    pub place: Option<Range<usize>>,
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An output, or what one is computed from.
    Value,
    /// `where`, or the `filter` of an aggregate.
    Filter,
    /// `on` or `using` of a join.
    Join,
    /// A name that both sides of a `natural join` have; it joins by the others where this one goes.
    NaturalJoin,
    /// `group by`.
    Group,
    /// `having`.
    Having,
    /// `partition by` and `order by` of a window.
    Window,
    /// `qualify`.
    Qualify,
    /// `order by` of the query.
    Order,
    /// `distinct on`.
    Distinct,
    /// `limit` and `offset`.
    Limit,
    /// A name in `exclude` or `replace`.
    Star,
    /// What is pivoted or unpivoted, and the groups of it.
    Pivot,
    /// An argument of a table function.
    Argument,
}

impl Role {
    /// Whether it decides which rows there are.
    pub fn decides_rows(self) -> bool {
        match self {
            Self::Filter
            | Self::Join
            | Self::NaturalJoin
            | Self::Group
            | Self::Having
            | Self::Qualify
            | Self::Distinct
            | Self::Limit
            | Self::Pivot
            | Self::Argument => true,
            Self::Value | Self::Window | Self::Order | Self::Star => false,
        }
    }
}

/// A place that names a column: the statement breaks there, or means something else, when it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The bytes of the column's own name, without qualifiers; `None` where the text has none.
    pub place: Option<Range<usize>>,
    /// The column of the relation, also where it is named through stars of subqueries.
    pub column: Column,
    /// What for.
    pub role: Role,
}

impl Use {
    /// What orders uses: the position, then the column and the role.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (bounds(self.place.as_ref()), self.column, self.role)
    }
}

/// The ends of a place, which ranges do not order by themselves.
fn bounds(place: Option<&Range<usize>>) -> Option<(usize, usize)> {
    place.map(|place| (place.start, place.end))
}

/// A column of the statement's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name; `None` where DuckDB makes one of an expression's text.
    pub name: Option<String>,
    /// The columns that its values are computed from, in order.
    pub feeds: Vec<Column>,
    /// The column that it is unchanged, where it is one.
    pub copy_of: Option<Column>,
    /// The columns without which it goes, because a star put it there; empty where it is written out.
    pub rests_on: Vec<Column>,
    /// Whether it is there for sure: the statement may choose its columns by a function.
    pub is_sure: bool,
}

/// A name or construct that does not resolve: DuckDB refuses the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Option<Range<usize>>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// The name, or empty.
    pub name: String,
}

impl Problem {
    /// What orders problems: the position, then the kind and the name.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (bounds(self.place.as_ref()), self.kind, self.name.clone())
    }
}

/// What is wrong with a name or construct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// No column in scope has the name.
    Unknown,
    /// Several have it.
    Ambiguous,
    /// Two sides, or a side and its names, have not the same number of columns.
    Width,
    /// A star or `columns(…)` stands for nothing, or a natural join has no column in common.
    Empty,
}

/// Something that the statement's text alone does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncertain {
    /// Where.
    pub place: Option<Range<usize>>,
    /// Why.
    pub why: Why,
    /// The relations of which any column is perhaps used: indices into [`Syntax::relations`].
    pub relations: Vec<u32>,
}

/// Why something cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A name may be of several relations whose columns are not known.
    Unqualified,
    /// Which columns a star stands for is computed.
    ChosenColumns,
    /// The names or the number of the columns depend on types or on data.
    ShapeOfResult,
    /// A construct that is not known here.
    Construct,
    /// DuckDB gives no tree for the statement: it is no query, several, or not SQL.
    NoTree,
}

/// What a statement reads, uses and gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Syntax {
    /// The columns of its result, in order.
    pub outputs: Vec<Output>,
    /// Whether there may be outputs that are not listed.
    pub is_open: bool,
    /// Every place that names a column, by position.
    pub uses: Vec<Use>,
    /// Every place that reads a relation, by position.
    pub reads: Vec<Read>,
    /// The relations that are read.
    pub relations: Vec<Relation>,
    /// The columns that decide which rows there are: filters, joins, groups.
    pub rows: Vec<Column>,
    /// What does not resolve.
    pub problems: Vec<Problem>,
    /// What cannot be told.
    pub uncertain: Vec<Uncertain>,
}

impl Syntax {
    /// The relation and the name of `column`.
    pub fn name(&self, column: Column) -> Option<(&RelationName, &str)> {
        let relation = self.relations.get(column.relation as usize)?;
        Some((&relation.name, relation.columns.get(column.column as usize)?))
    }

    /// The columns called `column` of the relations for which `is_relation` holds.
    pub fn columns<'s>(
        &'s self,
        is_relation: &'s dyn Fn(&RelationName) -> bool,
        column: &'s str,
    ) -> impl Iterator<Item = Column> + 's {
        let relations = (0u32..).zip(&self.relations).filter(|(_, one)| is_relation(&one.name));
        relations.flat_map(move |(relation, one)| {
            let columns = (0u32..).zip(&one.columns);
            let named = columns.filter(move |(_, name)| name.eq_ignore_ascii_case(column));
            named.map(move |(column, _)| Column { relation, column })
        })
    }

    /// Whether any column of `relation` is perhaps used, for what cannot be told.
    pub fn perhaps_uses(&self, relation: u32) -> bool {
        self.uncertain.iter().any(|one| one.relations.contains(&relation))
    }
}
