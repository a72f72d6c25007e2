//! The script of a load: stage, check, clean, publish, record, each from the dialect's templates.
//!
//! | way | template |
//! | --- | --- |
//! | all | `load_stage`, `load_check`, `load_clean`, then one of those below, then `load_record`, `load_rejects` |
//! | made anew | `load_anew` |
//! | append, rows stay | `load_append` |
//! | merge, rows stay | `load_merge` |
//! | scd2 | `load_versions`, and those of [`super::scd2`] |
//!
//! What is not known before the source is read stands as `…` until it is.

use super::carry;
use super::scd2::{Scd2Facts, scd2_script};
use super::script::{
    Result, Script, Statement, first_statement, internal_name, place_context, render,
    stage_relation, staged_columns,
};
use crate::dialect::{Dialect, DuckDb, Section, Stage};
use crate::graph::{Graph, LoadNode, Node};
use crate::mode::Migration;
use crate::mode::load::{DeleteKind, Lag, LoadMode, OnNullCursor, OnNullKey};
use crate::mode::scd2::{Fit, Scd2};
use crate::relation::{Column, DataType, RelationName};
use minijinja::{Value, context};

/// What the statements of a load name, besides what the project says.
#[derive(Debug, Clone, Default)]
pub struct LoadFacts {
    /// The query that reads the source.
    pub query: String,
    /// Whether the rows come from another system, which leaves out those that are not asked for.
    pub streamed: bool,
    /// The columns that it gives; empty while they are not known.
    pub columns: Vec<Column>,
    /// The cursor's value that the last load recorded, as text.
    pub recorded: Option<String>,
    /// Columns that must not hold NULL.
    pub required: Vec<String>,
    /// How stage and table fit together, where the rows stay.
    pub pairs: Vec<Pair>,
    /// What the table gets first, where the rows stay.
    pub migration: Migration,
    /// Statements that put back what stood on the table before, where it is made anew.
    pub kept: Vec<String>,
    /// How versions are kept, in scd2.
    pub versions: Option<Versions>,
    /// Whether rows of the stage were changed after it was filled.
    pub cleaned: bool,
    /// The run.
    pub run_id: String,
    /// When.
    pub loaded_at: String,
    /// What is recorded.
    pub record: Record,
}

/// How a load keeps the versions of rows.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The rules.
    pub scd2: Scd2,
    /// How the batch fits the table.
    pub fit: Fit,
    /// The table's columns; `None` where it is made anew.
    pub table: Option<Vec<Column>>,
    /// The time of the run, as [`super::run_time`] writes it.
    pub now: String,
}

/// A column of the table, and the one of the stage that it gets its values from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The stage's column; `None` where the source does not carry it.
    pub name: Option<String>,
    /// The table's column.
    pub target: String,
    /// The table's type, where the stage's is narrower.
    pub cast: Option<DataType>,
}

/// A column of rows that come from another system.
#[derive(Debug, Clone)]
pub struct RowColumn {
    /// Its name there and here.
    pub name: String,
    /// The type that the table has.
    pub data_type: DataType,
    /// Whether a value may be lost by the cast, so that what comes back is compared.
    pub checked: bool,
}

/// What is recorded of a load.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Rows that the table has got by this load.
    pub row_count: u64,
    /// The greatest value of the cursor that was ever read.
    pub cursor_value: Option<String>,
    /// What the source must be told next time beside the cursor.
    pub mark: Option<String>,
    /// What the recorded cursor must not be later than.
    pub ceiling: Option<String>,
    /// The files that were read.
    pub files: Vec<FileRecord>,
    /// The source's schema as text.
    pub schema: String,
    /// Rows that were put aside while reading.
    pub rejects: Vec<RejectRecord>,
    /// Whether rows were put aside because their key holds NULL.
    pub null_keys_rejected: bool,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Where it is.
    pub uri: String,
    /// What tells its content from another; empty where nothing was asked.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// A row that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRecord {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The column, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The row's text.
    pub text: String,
}

/// The tables that remember loads.
#[derive(Debug, Clone)]
pub struct StateTables {
    /// One row a relation.
    pub loads: RelationName,
    /// One row a file.
    pub files: RelationName,
    /// One row a rejected row.
    pub rejects: RelationName,
}

/// The tables that remember the loads of `graph`.
pub fn state_tables(graph: &Graph) -> StateTables {
    let table = |name: &str| {
        RelationName::new(graph.target.database.clone(), graph.target.state_schema.clone(), name)
    };
    StateTables { loads: table("loads"), files: table("files"), rejects: table("rejects") }
}

pub(super) fn state_context(graph: &Graph) -> Value {
    let (dialect, tables) = (graph.target.dialect, state_tables(graph));
    context! {
        loads => dialect.render(&tables.loads),
        files => dialect.render(&tables.files),
        rejects => dialect.render(&tables.rejects),
    }
}

/// Makes the tables of [`state_tables`].
///
/// # Errors
/// A template of ours is broken.
pub fn state_script(graph: &Graph) -> Result<Script> {
    let dialect = graph.target.dialect;
    let loads = state_tables(graph).loads;
    let schema =
        RelationName { identifier: loads.schema().to_owned(), schema: None, ..loads.clone() };
    let context = context! {
        state => state_context(graph),
        schema => dialect.render(&schema),
        schema_name => loads.schema(),
    };
    render(dialect, "state", &context, &[])
}

/// The script of a load, with every alternative.
///
/// # Errors
/// A template of ours is broken.
pub fn load_script(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    facts: &LoadFacts,
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let context = context(graph, node, load, relation, facts);
    let place = place_context(graph, node, relation);
    let mut script = Script::default();
    let mut add = |template: &str| -> Result<()> {
        let part = render(dialect, template, &context, &[])?;
        let sections = part.sections.into_iter();
        script.sections.extend(sections.filter(|section| !section.statements.is_empty()));
        Ok(())
    };
    for template in ["load_stage", "load_check", "load_clean"] {
        add(template)?;
    }
    let migration = migration_sections(dialect, relation, &place, &facts.migration)?;
    script.sections.extend(migration);
    let mut add = |template: &str| -> Result<()> {
        let part = render(dialect, template, &context, &[])?;
        let sections = part.sections.into_iter();
        script.sections.extend(sections.filter(|section| !section.statements.is_empty()));
        Ok(())
    };
    match load.rules.mode {
        LoadMode::Replace => add("load_anew")?,
        LoadMode::Append => {
            add("load_anew")?;
            add("load_append")?;
        }
        LoadMode::Merge => {
            add("load_anew")?;
            add("load_merge")?;
        }
        LoadMode::Scd2 => add("load_versions")?,
    }
    add("load_record")?;
    add("load_rejects")?;
    if let Some(versions) = &facts.versions {
        let made = relation.sibling(internal_name("made", &relation.identifier));
        let place = context! {
            is_load => true,
            ..place_context(graph, node, relation)
        };
        let facts = Scd2Facts {
            relation,
            place: (!dialect.is_embedded()).then_some((made, place)),
            batch: &stage_relation(graph, relation),
            columns: &facts.columns,
            table: versions.table.as_deref(),
            scd2: &versions.scd2,
            fit: &versions.fit,
            now: &versions.now,
        };
        // A column is added before rows are written: DuckDB takes it in this order only.
        script.sections.extend(scd2_script(dialect, &facts)?.sections);
    }
    if load.rules.mode != LoadMode::Scd2 {
        put_back(dialect, relation, facts, &mut script)?;
    }
    Ok(script)
}

/// The statements that record which rows were put aside, where nothing else of a load is published.
///
/// # Errors
/// A template of ours is broken.
pub fn rejects_script(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    facts: &LoadFacts,
) -> Result<Script> {
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let context = context(graph, node, load, relation, facts);
    render(graph.target.dialect, "load_rejects", &context, &[])
}

/// The statements that change the columns of the table before rows are written: DuckDB takes them in
/// this order only.
fn migration_sections(
    dialect: &dyn Dialect,
    relation: &RelationName,
    place: &Value,
    migration: &Migration,
) -> Result<Vec<Section<Statement>>> {
    let added =
        migration.added.iter().map(|c| ("add_column", c.name.as_str(), c.data_type.as_str()));
    let widened =
        migration.widened.iter().map(|c| ("retype_column", c.name.as_str(), c.data_type.as_str()));
    let relaxed = migration.relaxed.iter().map(|name| ("relax_column", name.as_str(), ""));
    let mut sections = Vec::new();
    for (template, column, data_type) in added.chain(widened).chain(relaxed) {
        let own = context! { relation => dialect.render(relation), column, data_type };
        let context = context! { ..own, ..place.clone() };
        sections.extend(render(dialect, template, &context, &[])?.sections);
    }
    Ok(sections)
}

/// What belongs on the table when it has been made anew: NOT NULL, and what stood on the one before.
fn put_back(
    dialect: &dyn Dialect,
    relation: &RelationName,
    facts: &LoadFacts,
    script: &mut Script,
) -> Result<()> {
    let Some(anew) = script.sections.iter_mut().find(|section| {
        section.stage == Stage::Publish && section.condition == crate::dialect::Condition::Anew
    }) else {
        return Ok(());
    };
    for column in &facts.required {
        let context = context! { relation => dialect.render(relation), column => column.as_str() };
        let part = render(dialect, "load_required", &context, &[])?;
        anew.statements.extend(part.sections.into_iter().flat_map(|section| section.statements));
    }
    let kept = facts.kept.iter();
    anew.statements.extend(kept.map(|sql| super::Statement {
        sql: sql.clone(),
        query: None,
        hook: None,
        expected: None,
    }));
    Ok(())
}

/// The statement that puts back something of `kind`: `index`, `table` or `column`.
pub fn keep_statement(
    graph: &Graph,
    relation: &RelationName,
    kind: &str,
    name: &str,
    text: &str,
) -> String {
    let dialect = graph.target.dialect;
    let text = text.trim_end().trim_end_matches(';');
    let context = context! { relation => dialect.render(relation), kind, name, text };
    first_statement(render(dialect, "load_keep", &context, &[]))
}

/// A query about `relation` or its state, from the template of that name.
pub fn load_query(graph: &Graph, template: &str, relation: &RelationName) -> String {
    let dialect = graph.target.dialect;
    let context = context! {
        state => state_context(graph),
        name => dialect.fold(&dialect.render(relation)),
        database => relation.database.clone().unwrap_or_default(),
        schema_name => relation.schema(),
        identifier => relation.identifier.as_str(),
    };
    first_statement(render(dialect, template, &context, &[]))
}

/// The view that the rows of another system are read from, while they come.
pub fn rows_view(relation: &RelationName) -> String {
    internal_name("rows", &relation.identifier)
}

/// The query that reads [`rows_view`], in DuckDB: that of the target, or one of our own.
pub fn rows_query(relation: &RelationName, columns: &[RowColumn]) -> String {
    let item = |column: &RowColumn| {
        context! {
            name => column.name.as_str(),
            type => column.data_type.as_str(),
            checked => column.checked,
        }
    };
    let columns: Vec<Value> = columns.iter().map(item).collect();
    let context = context! { columns, view => rows_view(relation) };
    first_statement(render(&DuckDb, "rows", &context, &[]))
}

/// The query by which a DuckDB of our own reads the files of a load, or of a seed, for a database
/// that reads none itself.
pub fn files_query(load: &LoadNode, facts: &LoadFacts) -> String {
    let columns = facts.columns.iter().map(|column| {
        let cast = carry::into_arrow(&column.name, &column.data_type).cast;
        context! { name => column.name.as_str(), type => cast }
    });
    let context = context! {
        query => facts.query.as_str(),
        columns => columns.collect::<Vec<_>>(),
        cursor => cursor(&DuckDb, load, facts),
    };
    first_statement(render(&DuckDb, "load_read", &context, &[]))
}

/// Keeps the rows of `query`, cast, in a temporary table of the DuckDB of our own.
pub fn cast_rows(relation: &RelationName, query: &str) -> String {
    let kept = DuckDb.render(&DuckDb.temporary(&internal_name("cast", &relation.identifier)));
    let context = context! { batch => kept, query => query };
    first_statement(render(&DuckDb, "snapshot", &context, &[]))
}

/// The query that reads what [`cast_rows`] keeps, under types that another engine's protocol has.
pub fn cast_rows_query(relation: &RelationName, columns: &[Column]) -> String {
    let kept = DuckDb.render(&DuckDb.temporary(&internal_name("cast", &relation.identifier)));
    let columns = columns.iter().map(|column| {
        let cast = carry::into_arrow(&column.name, &column.data_type).cast;
        context! { name => column.name.as_str(), type => cast }
    });
    let query = first_statement(render(&DuckDb, "all_rows", &context! { relation => kept }, &[]));
    let context = context! { query => query, columns => columns.collect::<Vec<_>>(), cursor => () };
    first_statement(render(&DuckDb, "load_read", &context, &[]))
}

/// The query for keys that stand several times in the stage.
pub fn repeats_query(graph: &Graph, relation: &RelationName, load: &LoadNode) -> String {
    let dialect = graph.target.dialect;
    let context = context! {
        stage => dialect.render(&stage_relation(graph, relation)),
        key => key(load),
        null_match => load.rules.null_keys_match(),
    };
    first_statement(render(dialect, "load_repeats", &context, &[]))
}

fn key(load: &LoadNode) -> Vec<String> {
    load.rules.key.as_ref().map(|key| key.columns().to_vec()).unwrap_or_default()
}

fn context(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    relation: &RelationName,
    facts: &LoadFacts,
) -> Value {
    let (dialect, rules) = (graph.target.dialect, &load.rules);
    let soft = match &rules.deletes.kind {
        DeleteKind::Soft(column) => Some(column.clone()),
        DeleteKind::None | DeleteKind::Hard => None,
    };
    let temporary = |what: &str| dialect.quote(&internal_name(what, &relation.identifier));
    let names = context! {
        relation => dialect.render(relation),
        identifier => dialect.quote(&relation.identifier),
        stage => dialect.render(&stage_relation(graph, relation)),
        changes => temporary("changes"),
        rejects => temporary("rejects"),
        state => state_context(graph),
        name => dialect.fold(&dialect.render(relation)),
        lock_name => format!("{}.{}", relation.schema(), relation.identifier),
        node => node.id.0.as_str(),
    };
    let place = place_context(graph, node, relation);
    let batch = context! {
        is_load => true,
        is_cleaned => facts.cleaned,
        staged => staged_columns(&facts.columns),
        query => facts.query.as_str(),
        streamed => facts.streamed,
        columns => columns(load, facts, soft.as_deref()),
        standing => standing(facts),
        has_others => facts.pairs.iter().any(|pair| pair.name.is_none()),
        required => facts.required.clone(),
        cursor => cursor(dialect, load, facts),
        key => key(load),
        keys => keys(load, facts),
        counts_keys => matches!(rules.mode, LoadMode::Merge | LoadMode::Scd2),
        null_match => rules.null_keys_match(),
        rejects_null_keys => rules.on_null_key == OnNullKey::Reject,
        order => order(load, facts),
        identity => identity(load, facts),
        others => others(load, facts),
        soft => soft,
        flag => rules.deletes.flag.clone(),
        complete => rules.deletes.complete,
        valid_to => facts.versions.as_ref().map(|versions| versions.scd2.names.valid_to.clone()).unwrap_or_default(),
        matched_condition => rules.matched_condition.clone(),
    };
    let record = &facts.record;
    let recorded = context! {
        run_id => facts.run_id.as_str(),
        loaded_at => facts.loaded_at.as_str(),
        row_count => record.row_count,
        definition => rules.definition(),
        cursor_value => record.cursor_value.clone(),
        mark => record.mark.clone(),
        schema_text => record.schema.as_str(),
        replaces_manifest => !rules.reads_files_once(),
        files_text => files_text(&record.files),
        files => files(&record.files),
        rejected => rejected(&record.rejects),
        null_keys_rejected => record.null_keys_rejected,
        key_text => key(load).join(", "),
    };
    context! { ..names, ..batch, ..recorded, ..place }
}

/// The columns of the table, in its order; before it is known, those of the stage.
fn columns(load: &LoadNode, facts: &LoadFacts, soft: Option<&str>) -> Vec<Value> {
    let key = key(load);
    let is_key = |name: &str| key.iter().any(|column| column.eq_ignore_ascii_case(name));
    let item = |pair: &Pair| {
        let is_soft = soft == Some(pair.target.as_str());
        let updated = load.rules.update.includes(&pair.target) || is_key(&pair.target);
        context! {
            name => pair.name.clone(),
            target => pair.target.as_str(),
            cast => pair.cast.as_ref().map(|data_type| data_type.as_str().to_owned()),
            is_soft => is_soft,
            updated => updated,
            compared => pair.name.is_some() && updated && !is_soft && !is_key(&pair.target),
        }
    };
    if facts.pairs.is_empty() {
        let unknown =
            [Column {
                name: "…".to_owned(), data_type: DataType::new("varchar"), nullable: true
            }];
        let known = if facts.columns.is_empty() { &unknown[..] } else { &facts.columns };
        let pair = |column: &Column| {
            let name = column.name.clone();
            item(&Pair { target: name.clone(), name: Some(name), cast: None })
        };
        return known.iter().map(pair).collect();
    }
    facts.pairs.iter().map(item).collect()
}

/// The columns of the table as they will be, where it is looked at before it is changed; empty where
/// it stays as it is.
fn standing(facts: &LoadFacts) -> Vec<Value> {
    let migration = &facts.migration;
    if migration.is_empty() {
        return Vec::new();
    }
    let item = |pair: &Pair| {
        let name = &pair.target;
        let find = |all: &[Column]| all.iter().find(|column| column.name == *name).cloned();
        let (added, widened) = (find(&migration.added), find(&migration.widened));
        let is_new = added.is_some();
        let changed = added.or(widened).map(|column| column.data_type.as_str().to_owned());
        context! { name => name.as_str(), is_new => is_new, type => changed }
    };
    facts.pairs.iter().map(item).collect()
}

/// The key's columns as the stage and as the table call them.
fn keys(load: &LoadNode, facts: &LoadFacts) -> Vec<Value> {
    let pair = |name: &String| {
        let target = target_of(facts, name);
        context! { name => name.as_str(), target => target }
    };
    key(load).iter().map(pair).collect()
}

fn target_of(facts: &LoadFacts, name: &str) -> String {
    let pair = facts.pairs.iter().find(|pair| pair.name.as_deref() == Some(name));
    pair.map_or_else(|| name.to_owned(), |pair| pair.target.clone())
}

/// What tells whether a row of the overlap is there already: key and cursor, else the whole row.
fn identity(load: &LoadNode, facts: &LoadFacts) -> Vec<String> {
    match (&load.rules.key, &load.rules.cursor) {
        (Some(key), Some(cursor)) => {
            let mut columns: Vec<String> =
                key.columns().iter().map(|name| target_of(facts, name)).collect();
            let cursor = target_of(facts, &cursor.column);
            if !columns.contains(&cursor) {
                columns.push(cursor);
            }
            columns
        }
        // Before the table was looked at, all columns of the source are taken for its columns.
        _ if facts.pairs.is_empty() && !facts.columns.is_empty() => {
            facts.columns.iter().map(|column| column.name.clone()).collect()
        }
        _ if facts.pairs.is_empty() => vec!["…".to_owned()],
        _ => {
            let carried = facts.pairs.iter().filter(|pair| pair.name.is_some());
            carried.map(|pair| pair.target.clone()).collect()
        }
    }
}

/// The columns beside those of [`identity`], by which rows that are one by it are put in order.
fn others(load: &LoadNode, facts: &LoadFacts) -> Vec<String> {
    let identity = identity(load, facts);
    let carried = facts.pairs.iter().filter(|pair| pair.name.is_some());
    carried.map(|pair| pair.target.clone()).filter(|name| !identity.contains(name)).collect()
}

/// Which of several rows of one key comes first: as `dedup_by` says, else the newest; then by the
/// remaining columns, so that the result is the same each time.
fn order(load: &LoadNode, facts: &LoadFacts) -> Vec<Value> {
    let rules = &load.rules;
    let mut order: Vec<(String, bool)> =
        rules.dedup_by.iter().map(|order| (order.column.clone(), order.descending)).collect();
    if order.is_empty() {
        let Some(cursor) = &rules.cursor else { return Vec::new() };
        order.push((cursor.column.clone(), true));
    }
    for column in &facts.columns {
        if !order.iter().any(|(name, _)| *name == column.name) {
            order.push((column.name.clone(), true));
        }
    }
    order
        .into_iter()
        .map(|(name, descending)| context! { name => name, descending => descending })
        .collect()
}

fn cursor(dialect: &dyn Dialect, load: &LoadNode, facts: &LoadFacts) -> Option<Value> {
    let cursor = load.rules.cursor.as_ref()?;
    let column = facts.columns.iter().find(|column| column.name == cursor.column);
    let data_type = column.map_or("…", |column| column.data_type.as_str());
    let since = match &facts.recorded {
        None => String::new(),
        Some(recorded) => {
            let (minutes, units) = match cursor.lag {
                None => (None, None),
                Some(Lag::Minutes(minutes)) => (Some(minutes), None),
                Some(Lag::Units(units)) => (None, Some(units)),
            };
            let is_integer = column.is_some_and(|column| column.data_type.is_integer());
            let context =
                context! { recorded => recorded, type => data_type, minutes, units, is_integer };
            first_statement(render(dialect, "load_since", &context, &[]))
        }
    };
    Some(context! {
        name => cursor.column.as_str(),
        target => target_of(facts, &cursor.column),
        type => data_type,
        recorded => facts.recorded.clone(),
        ceiling => facts.record.ceiling.clone(),
        since => since,
        skips_null => cursor.on_null == OnNullCursor::Skip,
    })
}

fn files_text(files: &[FileRecord]) -> String {
    let listed = files.iter().map(|file| serde_json::json!({"path": file.uri, "size": file.size}));
    serde_json::Value::Array(listed.collect()).to_string()
}

fn files(files: &[FileRecord]) -> Vec<Value> {
    let item = |file: &FileRecord| context! { uri => file.uri.as_str(), etag => file.etag.as_str(), size => file.size };
    files.iter().map(item).collect()
}

fn rejected(rows: &[RejectRecord]) -> Vec<Value> {
    let item = |row: &RejectRecord| {
        context! {
            file => row.file.as_str(),
            line => row.line,
            column => row.column.clone(),
            reason => row.reason.as_str(),
            text => row.text.as_str(),
        }
    };
    rows.iter().map(item).collect()
}
