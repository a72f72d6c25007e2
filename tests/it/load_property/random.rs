//! Random loads and batches. Choices are made with bytes that proptest draws: smaller ones are simpler
//! choices, so that a failing case shrinks to a plain one.

use super::setting::{
    Batch, Cell, Cursor, Deletes, Empty, NullCursor, NullKey, Row, Setting, Type,
};
use proptest::collection::vec;
use proptest::prelude::*;
use sqlflow::mode::load::LoadMode;

/// A load and what comes to it, step by step.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) setting: Setting,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) batch: Batch,
    pub(super) full_refresh: bool,
    /// Whether the same input comes once more.
    pub(super) again: bool,
    /// Hours since the step before.
    pub(super) wait: i64,
}

struct Dice(Vec<u8>, usize);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        let byte = self.0[self.1 % self.0.len()];
        self.1 += 1;
        usize::from(byte) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One time in `sides`.
    fn rarely(&mut self, sides: usize) -> bool {
        self.below(sides) == sides - 1
    }

    /// Some of `of`, in order.
    fn some(&mut self, of: &[usize]) -> Vec<usize> {
        of.iter().copied().filter(|_| self.below(2) == 1).collect()
    }
}

const VALUES: [&str; 4] = ["select", "Größe \"x\"", "n o", "V1"];

fn plain(mode: LoadMode) -> Setting {
    Setting {
        mode,
        columns: Vec::new(),
        key: Vec::new(),
        cursor: None,
        dedup_by: Vec::new(),
        on_null_key: NullKey::Error,
        on_empty: Empty::Error,
        deletes: Deletes::None,
        flag: None,
        complete: false,
        max_delete_percent: None,
        update: Vec::new(),
        exclude: Vec::new(),
        condition: None,
        track: Vec::new(),
        max_rejects: 0,
        files: false,
        late: false,
    }
}

/// Options of a load of `mode`.
fn setting(mode: LoadMode, mut dice: Dice) -> Setting {
    let dice = &mut dice;
    let mut setting = plain(mode);
    setting.max_rejects = dice.one(&[0, 0, 2]);
    match mode {
        LoadMode::Replace => setting.on_empty = on_empty(dice),
        LoadMode::Append => {
            setting.files = dice.rarely(4);
            if !setting.files && dice.below(2) == 1 {
                add_key(&mut setting, dice);
            }
            if !setting.files {
                let lagging = !setting.key.is_empty();
                add_cursor(&mut setting, dice, lagging);
            }
        }
        LoadMode::Merge => {
            add_key(&mut setting, dice);
            setting.on_null_key = dice.one(&[NullKey::Reject, NullKey::Match, NullKey::Error]);
            add_deletes(&mut setting, dice);
            if !setting.complete && dice.below(2) == 1 {
                add_cursor(&mut setting, dice, true);
            }
        }
        LoadMode::Scd2 => {
            add_key(&mut setting, dice);
            setting.on_null_key = dice.one(&[NullKey::Reject, NullKey::Error]);
            setting.complete = dice.below(3) == 1;
            if setting.complete {
                limits(&mut setting, dice);
            } else if dice.below(3) > 0 {
                add_cursor(&mut setting, dice, true);
            }
        }
    }
    add_values(&mut setting, dice);
    choose_columns(&mut setting, dice);
    setting
}

fn add(setting: &mut Setting, name: &'static str, data_type: Type) -> usize {
    setting.columns.push((name, data_type));
    setting.columns.len() - 1
}

fn on_empty(dice: &mut Dice) -> Empty {
    dice.one(&[Empty::Error, Empty::Replace, Empty::Keep])
}

fn add_key(setting: &mut Setting, dice: &mut Dice) {
    use Type::{Bigint, Boolean, Date, Decimal, Timestamp, Varchar};
    for name in ["id", "Region"].iter().take(1 + dice.below(2)) {
        let data_type = dice.one(&[Bigint, Varchar, Decimal, Date, Timestamp, Boolean]);
        let column = add(setting, name, data_type);
        setting.key.push(column);
    }
}

fn add_cursor(setting: &mut Setting, dice: &mut Dice, lagging: bool) {
    use NullCursor::{Error, Include, Skip};
    let data_type = dice.one(&[Type::Bigint, Type::Timestamp, Type::Date, Type::Decimal]);
    let column = add(setting, "at", data_type);
    let lag = if lagging { dice.one(&[None, Some(1), Some(3)]) } else { None };
    setting.cursor = Some(Cursor { column, lag, on_null: dice.one(&[Error, Include, Skip]) });
}

fn add_deletes(setting: &mut Setting, dice: &mut Dice) {
    setting.deletes = dice.one(&[Deletes::None, Deletes::Hard, Deletes::Soft]);
    if setting.deletes == Deletes::None {
        return;
    }
    let how = dice.below(3);
    if how != 1 {
        setting.flag = Some(add(setting, "gone", Type::Boolean));
    }
    setting.complete = how > 0;
    limits(setting, dice);
}

fn limits(setting: &mut Setting, dice: &mut Dice) {
    setting.max_delete_percent = dice.one(&[Some(100), Some(100), Some(50), Some(0), None]);
    if setting.complete {
        setting.on_empty = on_empty(dice);
    }
}

fn add_values(setting: &mut Setting, dice: &mut Dice) {
    let least = if setting.columns.is_empty() { 2 } else { 1 };
    for name in VALUES.iter().take((least + dice.below(3)).min(6 - setting.columns.len())) {
        let data_type = dice.one(&Type::ALL);
        add(setting, name, data_type);
    }
    setting.late = !setting.files
        && setting.on_empty == Empty::Error
        && setting.columns.len() > 2
        && dice.rarely(4);
}

/// The options that name columns; the late column is none of them.
fn choose_columns(setting: &mut Setting, dice: &mut Dice) {
    let named = setting.columns.len() - usize::from(setting.late);
    let others: Vec<usize> = (0..named).filter(|at| !setting.key.contains(at)).collect();
    let keyed = matches!(setting.mode, LoadMode::Merge | LoadMode::Scd2);
    if keyed && dice.below(2) == 1 {
        let order = dice.some(&others);
        setting.dedup_by = order.into_iter().map(|at| (at, dice.below(2) == 0)).collect();
    }
    if setting.mode == LoadMode::Scd2 && dice.below(3) == 1 {
        setting.track = dice.some(&others);
    }
    if setting.mode != LoadMode::Merge {
        return;
    }
    match dice.below(5) {
        3 => setting.update = dice.some(&others),
        4 => setting.exclude = dice.some(&others),
        2 if setting.flag.is_none() => setting.condition = others.last().copied(),
        _ => {}
    }
}

/// A step before it is known what the load is.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
struct Draft {
    rows: Vec<Vec<u8>>,
    /// Which rows of the last batch stand in this one too.
    carried: u8,
    /// Which rows stand twice.
    doubled: u8,
    bad: u8,
    turn: u8,
    untidy: bool,
    /// Whether no row has a cursor, where that is no error.
    timeless: bool,
    full_refresh: bool,
    again: bool,
    wait: u8,
}

fn draft() -> impl Strategy<Value = Draft> {
    let rare = |share| prop::bool::weighted(share);
    let rows = prop_oneof![
        1 => Just(Vec::new()),
        12 => vec(vec(any::<u8>(), 6), 1..6),
    ];
    let bad = prop_oneof![8 => Just(0_u8), 2 => 1..3_u8, 1 => Just(3_u8)];
    let doubled = prop_oneof![1 => Just(0_u8), 1 => any::<u8>()];
    let rarely = (rare(0.15), rare(0.08), rare(0.06), rare(0.4));
    (rows, any::<u8>(), doubled, bad, any::<u8>(), rarely, 0..30_u8).prop_map(
        |(rows, carried, doubled, bad, turn, (untidy, timeless, full_refresh, again), wait)| {
            Draft { rows, carried, doubled, bad, turn, untidy, timeless, full_refresh, again, wait }
        },
    )
}

/// Random loads of `mode`, with what comes to them.
pub(super) fn case(mode: LoadMode) -> impl Strategy<Value = Case> {
    (vec(any::<u8>(), 48), vec(draft(), 3..9)).prop_map(move |(bytes, drafts)| {
        let setting = setting(mode, Dice(bytes, 0));
        let mut last = Vec::new();
        let mut steps = Vec::new();
        let late = if setting.late { drafts.len() / 2 } else { 0 };
        for (at, draft) in drafts.into_iter().enumerate() {
            let mut batch = batch(&setting, &draft, &last);
            last.clone_from(&batch.rows);
            if at < late {
                let cells = batch.rows.iter_mut().filter_map(|row| row.last_mut());
                for cell in cells {
                    *cell = None;
                }
            }
            let wait = i64::from(draft.wait);
            let Draft { full_refresh, again, .. } = draft;
            steps.push(Step { batch, full_refresh, again, wait });
        }
        Case { setting, steps }
    })
}

fn batch(setting: &Setting, draft: &Draft, last: &[Row]) -> Batch {
    let chosen = |bits: u8, at: usize| bits & (1 << (at % 8)) != 0;
    let mut rows: Vec<Row> = draft.rows.iter().map(|bytes| row(setting, bytes)).collect();
    if !rows.is_empty() {
        let carried = last.iter().enumerate().filter(|(at, _)| chosen(draft.carried, *at));
        rows.extend(carried.map(|(_, row)| row.clone()).take(10));
    }
    if let Some(cursor) = setting.cursor
        && cursor.on_null != NullCursor::Error
        && draft.timeless
    {
        for row in &mut rows {
            row[cursor.column] = None;
        }
    }
    if !draft.untidy {
        tidy(setting, &mut rows);
    }
    let doubled = rows.iter().enumerate().filter(|(at, _)| chosen(draft.doubled, *at));
    let doubled: Vec<Row> = doubled.map(|(_, row)| row.clone()).collect();
    rows.extend(doubled);
    let bad = if setting.max_rejects == 0 && !draft.untidy { 0 } else { draft.bad };
    Batch { rows, bad, turn: usize::from(draft.turn) }
}

fn row(setting: &Setting, bytes: &[u8]) -> Row {
    let cell = |(at, (_, data_type)): (usize, &(&str, Type))| -> Cell {
        let byte = bytes[at];
        let key = setting.key.contains(&at);
        if byte >= if key { 248 } else { 216 } {
            return None;
        }
        if setting.flag == Some(at) {
            return Some(u8::from(byte % 4 == 3));
        }
        let values = match setting.cursor {
            Some(cursor) if cursor.column == at => data_type.len(),
            _ if key => data_type.len().min(3),
            _ => data_type.len().min(4),
        };
        Some(byte % values)
    };
    setting.columns.iter().enumerate().map(cell).collect()
}

/// Takes out what the load would only refuse.
fn tidy(setting: &Setting, rows: &mut Vec<Row>) {
    let keyed = matches!(setting.mode, LoadMode::Merge | LoadMode::Scd2);
    let key = |row: &Row| setting.key.iter().map(|&at| row[at]).collect::<Vec<_>>();
    if keyed && setting.on_null_key == NullKey::Error {
        rows.retain(|row| !key(row).contains(&None));
    }
    if let Some(cursor) = setting.cursor
        && cursor.on_null == NullCursor::Error
    {
        rows.retain(|row| row[cursor.column].is_some());
    }
    if keyed && setting.cursor.is_none() && setting.dedup_by.is_empty() {
        let mut known = Vec::new();
        rows.retain(|row| {
            let new = !known.contains(&key(row));
            known.push(key(row));
            new
        });
    }
}
