//! Which option means something in which mode: the one table of it, printed into the reference and
//! checked against every `load:`.

use super::LoadMode;
use std::fmt::Write;

/// What an option is to a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// It may be given.
    Takes,
    /// It must be given.
    Needs,
    /// It may be given where the option named is given too.
    With(&'static str),
    /// It means nothing there, because of what stands here.
    Refused(&'static str),
}

/// An option of `load:`.
#[derive(Debug, Clone, Copy)]
pub struct LoadOption {
    /// Its name.
    pub name: &'static str,
    /// What it takes, for people.
    pub takes: &'static str,
    /// What it is to each mode, in the order of [`LoadMode::ALL`].
    pub cells: [Cell; 4],
}

impl LoadOption {
    /// What the option is to `mode`.
    pub fn cell(&self, mode: LoadMode) -> Cell {
        match mode {
            LoadMode::Replace => self.cells[0],
            LoadMode::Append => self.cells[1],
            LoadMode::Merge => self.cells[2],
            LoadMode::Scd2 => self.cells[3],
        }
    }
}

/// The option called `name`.
pub fn load_option(name: &str) -> Option<&'static LoadOption> {
    LOAD_OPTIONS.iter().find(|option| option.name == name)
}

const EVERYWHERE: [Cell; 4] = [Cell::Takes; 4];
const NO_KEYS: Cell = Cell::Refused("every row is replaced");
const NO_UPDATES: Cell = Cell::Refused("rows are only added");
const HISTORY: Cell = Cell::Refused("versions are closed, never changed or deleted");

/// Every option there is.
pub const LOAD_OPTIONS: &[LoadOption] = &[
    LoadOption { name: "mode", takes: "replace, append, merge or scd2", cells: EVERYWHERE },
    LoadOption { name: "into", takes: "`schema.table`", cells: EVERYWHERE },
    LoadOption { name: "adopt", takes: "true or false", cells: EVERYWHERE },
    LoadOption { name: "max_rejects", takes: "a number of rows", cells: EVERYWHERE },
    LoadOption { name: "on_drift", takes: "alert, permissive or ignore", cells: EVERYWHERE },
    LoadOption {
        name: "include_columns",
        takes: "a column or a list of columns",
        cells: EVERYWHERE,
    },
    LoadOption {
        name: "exclude_columns",
        takes: "a column or a list of columns",
        cells: EVERYWHERE,
    },
    LoadOption {
        name: "on_empty",
        takes: "error, replace or keep",
        cells: [
            Cell::Takes,
            Cell::Refused("an empty batch adds nothing"),
            Cell::With("complete"),
            Cell::With("complete"),
        ],
    },
    LoadOption {
        name: "key",
        takes: "a column or a list of columns",
        cells: [NO_KEYS, Cell::With("cursor"), Cell::Needs, Cell::Needs],
    },
    LoadOption {
        name: "cursor",
        takes: "a column",
        cells: [
            Cell::Refused("all rows are read each time"),
            Cell::Takes,
            Cell::Takes,
            Cell::Takes,
        ],
    },
    LoadOption {
        name: "lag",
        takes: "a duration such as `2 hours`, or a number",
        cells: [
            Cell::Refused("all rows are read each time"),
            Cell::With("key"),
            Cell::With("cursor"),
            Cell::With("cursor"),
        ],
    },
    LoadOption {
        name: "on_null_cursor",
        takes: "error, include or skip",
        cells: [
            Cell::Refused("all rows are read each time"),
            Cell::With("cursor"),
            Cell::With("cursor"),
            Cell::With("cursor"),
        ],
    },
    LoadOption {
        name: "cursor_time_zone",
        takes: "a time zone such as `Europe/Berlin`",
        cells: [
            Cell::Refused("all rows are read each time"),
            Cell::With("cursor"),
            Cell::With("cursor"),
            Cell::With("cursor"),
        ],
    },
    LoadOption {
        name: "on_duplicate",
        takes: "error",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, Cell::Takes],
    },
    LoadOption {
        name: "dedup_by",
        takes: "a list of `column`, `column desc`",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, Cell::Takes],
    },
    LoadOption {
        name: "on_null_key",
        takes: "error, reject or match",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, Cell::Takes],
    },
    LoadOption {
        name: "deletes",
        takes: "hard, or `{soft: column}`",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, HISTORY],
    },
    LoadOption {
        name: "delete_when",
        takes: "a condition on the columns of the source",
        cells: [NO_KEYS, NO_UPDATES, Cell::With("deletes"), HISTORY],
    },
    LoadOption {
        name: "complete",
        takes: "true or false",
        cells: [NO_KEYS, NO_UPDATES, Cell::With("deletes"), Cell::Takes],
    },
    LoadOption {
        name: "max_delete_percent",
        takes: "a number from 0 to 100",
        cells: [NO_KEYS, NO_UPDATES, Cell::With("deletes"), Cell::With("complete")],
    },
    LoadOption {
        name: "merge_update_columns",
        takes: "a list of columns",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, HISTORY],
    },
    LoadOption {
        name: "merge_exclude_columns",
        takes: "a list of columns",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, HISTORY],
    },
    LoadOption {
        name: "matched_condition",
        takes: "a condition on `DBT_INTERNAL_SOURCE` and `DBT_INTERNAL_DEST`",
        cells: [NO_KEYS, NO_UPDATES, Cell::Takes, HISTORY],
    },
    LoadOption {
        name: "track",
        takes: "a list of columns",
        cells: [
            NO_KEYS,
            NO_UPDATES,
            Cell::Refused("every column is compared; `merge_update_columns` narrows it"),
            Cell::Takes,
        ],
    },
];

/// The table as the reference shows it, in Markdown.
pub fn modes_table() -> String {
    let mut text = String::from("| option | takes |");
    for mode in LoadMode::ALL {
        _ = write!(text, " {mode} |");
    }
    text.push_str("\n| --- | --- |");
    text.push_str(&" --- |".repeat(LoadMode::ALL.len()));
    for option in LOAD_OPTIONS {
        _ = write!(text, "\n| `{}` | {} |", option.name, option.takes);
        for mode in LoadMode::ALL {
            match option.cell(mode) {
                Cell::Takes => text.push_str(" yes |"),
                Cell::Needs => text.push_str(" **needed** |"),
                Cell::With(other) => _ = write!(text, " with `{other}` |"),
                Cell::Refused(_) => text.push_str(" SF318 |"),
            }
        }
    }
    text.push('\n');
    text
}
