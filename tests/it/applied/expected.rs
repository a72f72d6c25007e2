//! What a batch does to a table, written down as plainly as can be.

/// A value as the database prints it; `None` is NULL.
pub(super) type Cell = Option<String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Smallint,
    Integer,
    Bigint,
    Varchar,
    Timestamp,
}

impl Type {
    const ALL: [Self; 5] =
        [Self::Smallint, Self::Integer, Self::Bigint, Self::Varchar, Self::Timestamp];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Smallint => "smallint",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Varchar => "varchar",
            Self::Timestamp => "timestamp",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.name() == name).unwrap()
    }

    /// Whether `other` holds every value of this type.
    fn fits(self, other: Self) -> bool {
        let rank =
            |of: Self| [Self::Smallint, Self::Integer, Self::Bigint].iter().position(|t| *t == of);
        match (rank(self), rank(other)) {
            (Some(own), Some(other)) => own <= other,
            _ => self == other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) data_type: Type,
}

/// Columns, and rows with a cell for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Ignore,
    Fail,
    Append,
    Sync,
}

impl Rule {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Fail => "fail",
            Self::Append => "append_new_columns",
            Self::Sync => "sync_all_columns",
        }
    }
}

/// `narrowed` leaves alone the rows of the table whose id is 3.
#[derive(Debug, Clone)]
pub(super) enum Applied {
    Append,
    DeleteInsert { key: Vec<String>, narrowed: bool },
    Merge { update: Vec<String>, exclude: Vec<String>, narrowed: bool, conditions: bool },
    InsertOverwrite { by: Vec<String> },
    Microbatch { first: u8, last: u8 },
}

impl Applied {
    pub(super) fn has_key(&self) -> bool {
        matches!(self, Self::DeleteInsert { .. } | Self::Merge { .. })
    }

    /// Which of two rows of one key a merge takes is the database's affair: no batch has such.
    pub(super) fn allowed(&self, mut batch: Table) -> Table {
        if let (Self::Merge { .. }, Some(id)) = (self, batch.find("id")) {
            let mut seen = Vec::new();
            batch.rows.retain(|row| {
                let new = row[id].is_none() || !seen.contains(&row[id]);
                seen.push(row[id].clone());
                new
            });
        }
        batch
    }

    fn named(&self) -> Vec<&str> {
        match self {
            Self::Append => Vec::new(),
            Self::DeleteInsert { key, .. } => key.iter().map(String::as_str).collect(),
            Self::Merge { update, exclude, .. } => {
                let lists = update.iter().chain(exclude).map(String::as_str);
                std::iter::once("id").chain(lists).collect()
            }
            Self::InsertOverwrite { by } => by.iter().map(String::as_str).collect(),
            Self::Microbatch { .. } => vec!["seen"],
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) batch: Table,
    pub(super) strategy: Applied,
    pub(super) rule: Rule,
    /// Duplicate and NULL keys are errors.
    pub(super) strict: bool,
    /// An empty batch is an error.
    pub(super) no_empty: bool,
    pub(super) full_refresh: bool,
}

impl Table {
    fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    fn sorted(mut self) -> Self {
        self.rows.sort();
        self
    }

    /// The rows of one day.
    fn of_day(&self, day: u8) -> Self {
        let seen = self.find("seen").unwrap();
        let rows = self.rows.iter().filter(|row| is_of_day(&row[seen], day));
        Self { columns: self.columns.clone(), rows: rows.cloned().collect() }
    }
}

fn is_of_day(cell: &Cell, day: u8) -> bool {
    cell.as_ref().is_some_and(|cell| cell.starts_with(&format!("2024-01-{day:02} ")))
}

/// The table after `step`; `None` where the step must be refused.
pub(super) fn apply(table: Option<&Table>, step: &Step) -> Option<Table> {
    let table = table.filter(|_| !step.full_refresh);
    if step.strategy.named().iter().any(|name| step.batch.find(name).is_none()) {
        return None;
    }
    let Applied::Microbatch { first, last } = step.strategy else {
        return apply_one(table, step, &step.batch, None).map(Table::sorted);
    };
    // What is refused is refused on the first day: the others have the same columns.
    let mut after = apply_one(table, step, &step.batch.of_day(first), Some(first))?;
    for day in first + 1..=last {
        after = apply_one(Some(&after), step, &step.batch.of_day(day), Some(day))?;
    }
    Some(after.sorted())
}

fn apply_one(table: Option<&Table>, step: &Step, batch: &Table, day: Option<u8>) -> Option<Table> {
    let refused = step.no_empty && batch.rows.is_empty() || step.strict && !keys_hold(step, batch);
    let Some(table) = table else { return (!refused).then(|| batch.clone()) };
    let (mut table, written) = reconciled(table, batch, step.rule)?;
    let writes = |name: &str| written.iter().any(|written| written.eq_ignore_ascii_case(name));
    if refused || !step.strategy.named().iter().all(|name| writes(name)) {
        return None;
    }
    match &step.strategy {
        Applied::Append => {}
        Applied::DeleteInsert { key, narrowed } => {
            let keys: Vec<_> = batch.rows.iter().map(|row| batch.cells(row, key)).collect();
            table.delete(|table, row| {
                let own = table.cells(row, key);
                let spared = *narrowed && is_three(table, row);
                !spared && !own.contains(&None) && keys.contains(&own)
            });
        }
        Applied::InsertOverwrite { by } => {
            let partitions: Vec<_> = batch.rows.iter().map(|row| batch.cells(row, by)).collect();
            table.delete(|table, row| partitions.contains(&table.cells(row, by)));
        }
        Applied::Merge { conditions: true, .. } if !writes("n") => return None,
        Applied::Merge { .. } => {
            merge(&mut table, batch, &written, &step.strategy);
            return Some(table);
        }
        Applied::Microbatch { .. } => table.delete(|table, row| {
            let seen = table.find("seen").unwrap();
            day.is_some_and(|day| is_of_day(&row[seen], day))
        }),
    }
    for row in &batch.rows {
        table.insert(batch, row, &written);
    }
    Some(table)
}

fn is_three(table: &Table, row: &[Cell]) -> bool {
    table.find("id").is_some_and(|id| row[id].as_deref() == Some("3"))
}

/// Whether each row has a key of its own.
fn keys_hold(step: &Step, batch: &Table) -> bool {
    let id = ["id".to_owned()];
    let key = match &step.strategy {
        Applied::DeleteInsert { key, .. } => &key[..],
        _ => &id,
    };
    let mut keys: Vec<_> = batch.rows.iter().map(|row| batch.cells(row, key)).collect();
    let whole = keys.iter().all(|key| !key.contains(&None));
    keys.sort();
    whole && keys.windows(2).all(|pair| pair[0] != pair[1])
}

/// The table with the columns that it needs, and which of them the batch writes.
fn reconciled(table: &Table, batch: &Table, rule: Rule) -> Option<(Table, Vec<String>)> {
    let mut table = table.clone();
    let added: Vec<_> =
        batch.columns.iter().filter(|column| table.find(&column.name).is_none()).cloned().collect();
    let of_batch = |name: &str| batch.find(name).map(|at| batch.columns[at].data_type);
    let removed = table.columns.iter().any(|column| of_batch(&column.name).is_none());
    let common = table.columns.iter().filter(|column| of_batch(&column.name).is_some());
    let mut written: Vec<String> = common.map(|column| column.name.clone()).collect();
    let mut types =
        table.columns.iter().filter_map(|column| Some((column.data_type, of_batch(&column.name)?)));
    match rule {
        Rule::Ignore => return (!removed).then_some((table, written)),
        Rule::Fail => {
            let same = added.is_empty() && !removed && types.all(|(own, new)| own == new);
            return same.then_some((table, written));
        }
        Rule::Append if !types.all(|(own, new)| new.fits(own)) => return None,
        Rule::Append | Rule::Sync => {}
    }
    for row in &mut table.rows {
        row.resize(table.columns.len() + added.len(), None);
    }
    written.extend(added.iter().map(|column| column.name.clone()));
    table.columns.extend(added);
    if rule == Rule::Sync {
        for at in (0..table.columns.len()).rev() {
            match of_batch(&table.columns[at].name) {
                Some(data_type) => table.columns[at].data_type = data_type,
                None => {
                    table.columns.remove(at);
                    for row in &mut table.rows {
                        row.remove(at);
                    }
                }
            }
        }
    }
    Some((table, written))
}

fn merge(table: &mut Table, batch: &Table, written: &[String], strategy: &Applied) {
    let Applied::Merge { update, exclude, narrowed, conditions } = strategy else { return };
    let among = |names: &[String], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let id = ["id".to_owned()];
    let n = ["n".to_owned()];
    let before = table.clone();
    let mut matched = vec![false; batch.rows.len()];
    for row in &mut table.rows {
        let own = before.cells(row, &id);
        if own.contains(&None) || *narrowed && is_three(&before, row) {
            continue;
        }
        let Some(at) = batch.rows.iter().position(|new| batch.cells(new, &id) == own) else {
            continue;
        };
        let new = &batch.rows[at];
        matched[at] = true;
        let (new_n, own_n) = if *conditions {
            (batch.cells(new, &n), before.cells(row, &n))
        } else {
            (vec![], vec![])
        };
        if *conditions && (own_n.contains(&None) || new_n <= own_n) {
            continue;
        }
        for name in written {
            let updated =
                if update.is_empty() { !among(exclude, name) } else { among(update, name) };
            if updated {
                row[before.find(name).unwrap()].clone_from(&new[batch.find(name).unwrap()]);
            }
        }
    }
    for (row, matched) in batch.rows.iter().zip(matched) {
        let id = &batch.cells(row, &id)[0];
        if !matched && (!conditions || id.as_deref() > Some("1")) {
            table.insert(batch, row, written);
        }
    }
}

impl Table {
    /// The cells of `row` in the columns named.
    fn cells(&self, row: &[Cell], names: &[String]) -> Vec<Cell> {
        names.iter().map(|name| row[self.find(name).unwrap()].clone()).collect()
    }

    fn delete(&mut self, mut goes: impl FnMut(&Self, &[Cell]) -> bool) {
        let before = self.clone();
        self.rows.retain(|row| !goes(&before, row));
    }

    fn insert(&mut self, batch: &Table, row: &[Cell], written: &[String]) {
        let mut new = vec![None; self.columns.len()];
        for name in written {
            new[self.find(name).unwrap()].clone_from(&row[batch.find(name).unwrap()]);
        }
        self.rows.push(new);
    }
}
