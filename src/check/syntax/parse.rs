//! Statements to syntax trees, many in one round trip.

use super::answer::{Syntax, Uncertain, Why};
use super::resolve::Resolver;
use super::text::Text;
use super::tree::{Node, Tree};
use crate::dialect::{Dialect, DuckDb};
use crate::engine::{EngineError, Session};
use crate::relation::RelationName;

/// So many statements are one question: DuckDB takes a fixed 0.2 ms for one, and holds all trees of it.
const BATCH: usize = 256;

const TREES: &str = include_str!("../../../templates/duckdb/syntax_trees.sql");

/// A statement and its syntax tree.
#[derive(Debug)]
pub struct Parsed {
    sql: String,
    tree: Option<Tree>,
}

/// Parses `statements`, each one query, on a session of a DuckDB; which database does not matter.
/// Answers in order; what has no tree resolves to [`Why::NoTree`].
///
/// # Errors
/// The session's; never a statement's.
pub fn syntax(session: &mut dyn Session, statements: &[&str]) -> Result<Vec<Parsed>, EngineError> {
    let mut parsed = Vec::with_capacity(statements.len());
    for batch in statements.chunks(BATCH) {
        let trees = session.query(&question(batch), None)?;
        let mut trees = trees.rows.into_iter();
        for sql in batch {
            let json = trees.next().and_then(|row| row.into_iter().next());
            let tree = json.and_then(|json| tree(json.as_str()?));
            let tree = tree.filter(|_| !has_end(sql));
            parsed.push(Parsed { sql: (*sql).to_owned(), tree });
        }
    }
    Ok(parsed)
}

fn question(statements: &[&str]) -> String {
    // Text with a zero byte would end the question there.
    let text = |sql: &&str| DuckDb.string_literal(if has_end(sql) { "" } else { sql });
    let list: Vec<String> = statements.iter().map(text).collect();
    TREES.replace("{{statements}}", &list.join(", "))
}

fn has_end(sql: &str) -> bool {
    sql.contains('\0')
}

fn tree(json: &str) -> Option<Tree> {
    let tree = Tree::read(json).ok()?;
    (!tree.root().flag("error") && tree.root().list("statements").count() == 1).then_some(tree)
}

impl Parsed {
    /// The statement.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Finds out what each name means, where `columns` answers with the columns of a relation in
    /// order, and with `None` for one that it does not know.
    pub fn resolve(&self, columns: &dyn Fn(&RelationName) -> Option<Vec<String>>) -> Syntax {
        match self.query() {
            Some(query) => Resolver::new(Text::new(&self.sql), columns).resolve(query),
            None => {
                let none = Uncertain { place: None, why: Why::NoTree, relations: Vec::new() };
                Syntax { is_open: true, uncertain: vec![none], ..Syntax::default() }
            }
        }
    }

    fn query(&self) -> Option<Node<'_>> {
        self.tree.as_ref()?.root().list("statements").next()?.get("node")
    }
}
