//! Whether a batch fits the table that it is applied to: columns, types, and the columns that the
//! options name.

use crate::compile::Pair;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::LoadNode;
use crate::mode::load::{DeleteKind, Lag, Update};
use crate::mode::{ColumnPlan, Key, TargetColumn};
use crate::relation::{Column, RelationName};

/// The load with the columns of its options spelt as the source spells them: a name matches to the
/// letter, else without case. No source has two columns that differ in case alone.
pub(super) fn spelt_as(load: &LoadNode, columns: &[Column]) -> LoadNode {
    let spell = |name: &mut String| {
        if find(columns, name).is_none()
            && let Some(column) =
                columns.iter().find(|column| column.name.to_lowercase() == name.to_lowercase())
        {
            name.clone_from(&column.name);
        }
    };
    let mut load = load.clone();
    let rules = &mut load.rules;
    if let Some(key) = rules.key.take() {
        let mut names = key.columns().to_vec();
        names.iter_mut().for_each(spell);
        rules.key = Key::new(names);
    }
    if let Some(cursor) = &mut rules.cursor {
        spell(&mut cursor.column);
    }
    rules.dedup_by.iter_mut().for_each(|order| spell(&mut order.column));
    rules.track.iter_mut().for_each(spell);
    load.required.iter_mut().for_each(|(name, _)| spell(name));
    match &mut rules.update {
        Update::All => {}
        Update::Only(names) | Update::Except(names) => names.iter_mut().for_each(spell),
    }
    load
}

/// The columns of the options are those of the source, and their types are of use where `typed`
/// says that these are known.
///
/// # Errors
/// Everything that is wrong, each at its option.
pub(super) fn options(
    load: &LoadNode,
    columns: &[Column],
    typed: bool,
) -> Result<(), Vec<Diagnostic>> {
    let rules = &load.rules;
    let mut problems = Vec::new();
    let key = rules.key.as_ref().map(|key| key.columns().to_vec()).unwrap_or_default();
    let update = match &rules.update {
        Update::All => ("merge_update_columns", Vec::new()),
        Update::Only(names) => ("merge_update_columns", names.clone()),
        Update::Except(names) => ("merge_exclude_columns", names.clone()),
    };
    let order = rules.dedup_by.iter().map(|order| order.column.clone()).collect();
    let cursor = rules.cursor.iter().map(|cursor| cursor.column.clone()).collect();
    for (option, names) in [
        ("key", key.clone()),
        ("cursor", cursor),
        ("dedup_by", order),
        ("track", rules.track.clone()),
        update,
    ] {
        for name in names.iter().filter(|name| find(columns, name).is_none()) {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("`{option}` names column `{name}`, which the source lacks");
            problems.push(
                Diagnostic::error(Code::OPTION_COLUMN, message)
                    .at(load.place_of(option))
                    .with_help(format!("its columns are {}", known.join(", "))),
            );
        }
    }
    for column in columns.iter().filter(|column| is_ours(&column.name)) {
        let message = format!(
            "the source has a column `{}`: names that begin with `__sqlflow` are kept for sqlflow",
            column.name
        );
        problems.push(
            Diagnostic::error(Code::SOURCE_MALFORMED, message)
                .at(load.place.clone())
                .with_help("give it another name where it comes from"),
        );
    }
    for (name, place) in load.required.iter().filter(|(name, _)| find(columns, name).is_none()) {
        let message =
            format!("constraint `not_null` is of column `{name}`, which the source lacks");
        problems.push(Diagnostic::error(Code::OPTION_COLUMN, message).at(place.clone()));
    }
    for column in key.iter().filter(|_| typed).filter_map(|name| find(columns, name)) {
        if column.data_type.is_floating() || column.data_type.is_nested() {
            let message = format!(
                "key column `{}` is {}, expected a type whose values compare exactly",
                column.name, column.data_type
            );
            problems.push(
                Diagnostic::error(Code::OPTION_COLUMN, message)
                    .at(load.place_of("key"))
                    .with_help("declare another type: `columns: [{name: …, data_type: …}]`"),
            );
        }
    }
    problems.extend(typed.then(|| cursor_type(load, columns)).flatten());
    if let DeleteKind::Soft(name) = &rules.deletes.kind
        && find(columns, name).is_some()
    {
        let message = format!("`deletes: {{soft: {name}}}` names a column that the source has");
        problems.push(
            Diagnostic::error(Code::OPTION_COLUMN, message)
                .at(load.place_of("deletes"))
                .with_help("name a column of its own: the load writes it"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_ours(name: &str) -> bool {
    name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("__sqlflow"))
}

/// No name is longer than the database keeps, which cuts others without an error.
///
/// # Errors
/// Each that is.
pub(super) fn names(
    load: &LoadNode,
    relation: &RelationName,
    columns: &[Column],
    longest: Option<usize>,
) -> Result<(), Vec<Diagnostic>> {
    let Some(longest) = longest else { return Ok(()) };
    let is_long = |name: &str| name.len() > longest;
    let told = |what: &str, name: &str, help: &str| {
        let size = name.len();
        let message = format!("{what} `{name}` has {size} bytes, but the database keeps {longest}");
        Diagnostic::error(Code::SOURCE_MALFORMED, message).at(load.place.clone()).with_help(help)
    };
    let column_help =
        "give it another name where it comes from, or leave it out with `exclude_columns`";
    let table_help = "load into a table with a shorter name: `load: {into: schema.table}`";
    let columns = columns.iter().map(|column| ("column", column.name.as_str(), column_help));
    let table =
        [("schema", relation.schema(), table_help), ("table", &relation.identifier, table_help)];
    let all = table.into_iter().chain(columns).filter(|(_, name, _)| is_long(name));
    let problems: Vec<Diagnostic> = all.map(|(what, name, help)| told(what, name, help)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Makes the columns required that the YAML declares so.
pub(super) fn require(load: &LoadNode, columns: &mut [Column]) {
    for column in columns {
        column.nullable &= !load.required.iter().any(|(name, _)| *name == column.name);
    }
}

fn cursor_type(load: &LoadNode, columns: &[Column]) -> Option<Diagnostic> {
    let cursor = load.rules.cursor.as_ref()?;
    let column = find(columns, &cursor.column)?;
    if !column.data_type.is_ordered_cursor() {
        let message = format!(
            "cursor `{}` is {}, expected a date, a timestamp or a whole or decimal number",
            column.name, column.data_type
        );
        return Some(
            Diagnostic::error(Code::OPTION_COLUMN, message)
                .at(load.place_of("cursor"))
                .with_help("declare its type: `columns: [{name: …, data_type: timestamp}]`"),
        );
    }
    let expected = match (cursor.lag?, column.data_type.is_temporal()) {
        (Lag::Minutes(_), false) => "a number, as its cursor is",
        (Lag::Units(_), true) => "a duration such as `2 hours`, as its cursor is a time",
        _ => return None,
    };
    let message =
        format!("`lag` is of another unit than cursor `{}`: expected {expected}", column.name);
    Some(Diagnostic::error(Code::OPTION_COLUMN, message).at(load.place_of("lag")))
}

fn find<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    columns.iter().find(|column| column.name == name)
}

/// How the columns of the stage meet those of the table.
///
/// # Errors
/// Everything that does not fit.
pub(super) fn pairs(
    load: &LoadNode,
    relation: &RelationName,
    stage: &[Column],
    target: &[TargetColumn],
) -> Result<Vec<Pair>, Vec<Diagnostic>> {
    let plan = ColumnPlan::new(stage, target);
    let problems: Vec<Diagnostic> = plan
        .problems()
        .into_iter()
        .map(|problem| {
            let message = format!("the batch does not fit table `{relation}`: {problem}");
            Diagnostic::error(Code::BATCH_MISFIT, message)
                .at(load.place.clone())
                .with_help(
                    "declare another type, or change the table with `alter table`; --full-refresh makes \
                     it anew, from the rows that the source has now",
                )
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let pair = |column: &TargetColumn| {
        let name = &column.column.name;
        let shared = plan.shared.iter().find(|shared| shared.target.name == *name);
        Pair {
            name: shared.map(|shared| shared.stage.name.clone()),
            target: name.clone(),
            cast: shared.and_then(|shared| shared.cast.clone()),
        }
    };
    Ok(target.iter().map(pair).collect())
}
