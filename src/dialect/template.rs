//! SQL templates: each file a script in sections, each section a list of statements.
//!
//! ```sql
//! -- stage                      done first, by itself
//! create table {{ stage }} as
//! {{ query }};
//!
//! -- publish when: a view stands     all `publish` sections are one transaction
//! drop view {{ relation }};
//! ```
//!
//! Sections and statements are told apart in the template, not in what it renders to, so that
//! nothing a user writes can end a statement or open a section.

use super::Dialect;
use crate::relation::DataType;
use minijinja::{Environment, UndefinedBehavior, Value};
use std::collections::BTreeMap;
use std::fmt;

/// When a section of a script is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Always.
    Always,
    /// A table of the relation's name is there.
    TableStands,
    /// A view of the relation's name is there.
    ViewStands,
    /// The relation is made from nothing: it is not there, or is rebuilt.
    Anew,
    /// The rows already in the relation stay.
    RowsStay,
    /// Rows of a batch have no cursor.
    CursorsNull,
    /// Rows of a batch have NULL in their key.
    KeysNull,
    /// Several rows of a batch share a key.
    KeysRepeat,
    /// Several rows of a batch share a key, and an order tells which of them counts.
    OneRowCounts,
}

impl Condition {
    const ALL: [Self; 9] = [
        Self::Always,
        Self::TableStands,
        Self::ViewStands,
        Self::Anew,
        Self::RowsStay,
        Self::CursorsNull,
        Self::KeysNull,
        Self::KeysRepeat,
        Self::OneRowCounts,
    ];

    /// As it stands after `when:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::TableStands => "a table stands",
            Self::ViewStands => "a view stands",
            Self::Anew => "the relation is made anew",
            Self::RowsStay => "the rows stay",
            Self::CursorsNull => "cursors are NULL",
            Self::KeysNull => "keys are NULL",
            Self::KeysRepeat => "keys repeat",
            Self::OneRowCounts => "keys repeat and one row counts",
        }
    }
}

/// The part of a script that a section belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Rows are made ready; nothing that others read changes.
    Stage,
    /// Rows are counted, to decide whether and how the script goes on.
    Check,
    /// Everything becomes visible in one transaction.
    Publish,
    /// Rows are read.
    Query,
    /// What was only needed on the way goes.
    Clear,
}

impl Stage {
    const ALL: [Self; 5] = [Self::Stage, Self::Check, Self::Publish, Self::Query, Self::Clear];

    /// As it stands at the head of a section.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Check => "check",
            Self::Publish => "publish",
            Self::Query => "query",
            Self::Clear => "clear",
        }
    }
}

/// Statements that are carried out together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<S> {
    /// Which part of the script it belongs to.
    pub stage: Stage,
    /// When it is carried out.
    pub condition: Condition,
    /// Its statements, without `;`.
    pub statements: Vec<S>,
}

/// The templates of one dialect.
pub struct SqlTemplates {
    environment: Environment<'static>,
    scripts: BTreeMap<&'static str, Vec<Section<String>>>,
    /// What is wrong with the templates themselves; a test keeps it empty.
    defects: Vec<String>,
}

impl fmt::Debug for SqlTemplates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.scripts.keys()).finish()
    }
}

impl SqlTemplates {
    /// The templates `sources`, by name; `dialect` quotes what they mark with `| quote`.
    pub(super) fn new(
        dialect: &'static dyn Dialect,
        sources: &[(&'static str, &'static str)],
    ) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax =
            environment.syntax().to_builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.add_filter("quote", |name: String| dialect.quote(&name));
        environment.add_filter("literal", |text: String| dialect.string_literal(&text));
        let type_name = |name: String| dialect.type_name(&DataType::new(&name));
        environment.add_filter("type", type_name);
        let mut defects = Vec::new();
        match syntax {
            Ok(syntax) => environment.set_syntax(syntax),
            Err(error) => defects.push(error.to_string()),
        }
        let mut templates = Self { environment, scripts: BTreeMap::new(), defects };
        for (name, source) in sources {
            templates.add(name, source);
        }
        templates
    }

    fn add(&mut self, name: &'static str, source: &str) {
        let mut sections = Vec::new();
        for (header, statements) in split(source) {
            let Some((stage, condition)) = parse_header(header) else {
                self.defects.push(format!("{name}: `{header}` is no section"));
                continue;
            };
            let mut names = Vec::new();
            for statement in statements {
                let key = format!("{name}/{}/{}", sections.len(), names.len());
                let marked = statement.replace(BLOCK, OPEN_BLOCK);
                let added = self.environment.add_template_owned(key.clone(), marked);
                self.defects.extend(added.err().map(|error| format!("{key}: {error}")));
                names.push(key);
            }
            sections.push(Section { stage, condition, statements: names });
        }
        self.scripts.insert(name, sections);
    }

    /// What is wrong with the templates; nothing, unless somebody just broke one.
    pub fn defects(&self) -> &[String] {
        &self.defects
    }

    /// The script `name` with `context` filled in.
    ///
    /// # Errors
    /// The template does not exist or uses a value that `context` does not give: a defect of ours.
    pub fn render(
        &self,
        name: &str,
        context: &Value,
    ) -> Result<Vec<Section<String>>, minijinja::Error> {
        let Some(sections) = self.scripts.get(name) else {
            let message = format!("no SQL template `{name}`");
            return Err(minijinja::Error::new(minijinja::ErrorKind::TemplateNotFound, message));
        };
        let mut script = Vec::with_capacity(sections.len());
        for section in sections {
            let mut statements = Vec::with_capacity(section.statements.len());
            for key in &section.statements {
                let text = closed(&self.environment.get_template(key)?.render(context)?);
                if !text.trim().is_empty() {
                    statements.push(text);
                }
            }
            let (stage, condition) = (section.stage, section.condition);
            script.push(Section { stage, condition, statements });
        }
        Ok(script)
    }
}

/// Encloses a block of procedural SQL, whose lines end with `;` without ending the statement.
const BLOCK: &str = "$sqlflow$";

/// What stands for [`BLOCK`] until all of a statement is known: no SQL has such a character.
const OPEN_BLOCK: &str = "\0sqlflow\0";

/// `text` with its blocks between quotes that nothing in it closes, whatever names it holds.
fn closed(text: &str) -> String {
    let mut quote = BLOCK.to_owned();
    let mut number = 1;
    while text.contains(&quote) {
        number += 1;
        quote = format!("$sqlflow{number}$");
    }
    text.replace(OPEN_BLOCK, &quote)
}

/// Headers with the statements below them; text before the first header is a comment.
fn split(source: &str) -> Vec<(&str, Vec<&str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut start = 0;
    let mut offset = 0;
    let mut in_block = false;
    for line in source.split_inclusive('\n') {
        let end = offset + line.len();
        in_block ^= line.matches(BLOCK).count() % 2 == 1;
        let header = line.trim_end().strip_prefix("-- ").filter(|rest| is_header(rest));
        if let Some(header) = header {
            sections.push((header, Vec::new()));
            start = end;
        } else if !in_block
            && line.trim_end().ends_with(';')
            && let Some((_, statements)) = sections.last_mut()
        {
            let statement = source[start..end].trim();
            statements.push(statement.trim_end_matches(';'));
            start = end;
        }
        offset = end;
    }
    sections
}

fn is_header(rest: &str) -> bool {
    let word = rest.split(' ').next().unwrap_or("");
    Stage::ALL.iter().any(|stage| stage.as_str() == word)
        && (rest == word || rest[word.len()..].starts_with(" when:"))
}

fn parse_header(header: &str) -> Option<(Stage, Condition)> {
    let (word, condition) = match header.split_once(" when: ") {
        Some((word, condition)) => (word, condition),
        None => (header, "always"),
    };
    let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == word)?;
    let condition = Condition::ALL.into_iter().find(|known| known.as_str() == condition)?;
    Some((stage, condition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn every_template_of_every_dialect_is_sound() {
        for dialect in super::super::ALL {
            assert_eq!(dialect.templates().defects(), Vec::<String>::new(), "{}", dialect.name());
        }
    }

    #[test]
    fn what_a_user_writes_closes_no_block() {
        let source = "-- publish\ndo $sqlflow$\n{{ text }};\n$sqlflow$;\n";
        let dialect = super::super::ALL[0];
        let templates = SqlTemplates::new(dialect, &[("t", Box::leak(Box::from(source)))]);
        let statement = |text: &str| {
            templates.render("t", &context! { text => text }).unwrap()[0].statements[0].clone()
        };
        assert_eq!(statement("a"), "do $sqlflow$\na;\n$sqlflow$");
        assert_eq!(statement("$sqlflow$"), "do $sqlflow2$\n$sqlflow$;\n$sqlflow2$");
    }

    #[test]
    fn what_a_user_writes_opens_no_section_and_ends_no_statement() {
        let source = "-- publish\ncreate table {{ relation }} as\n{{ query }};\n";
        let dialect = super::super::ALL[0];
        let templates = SqlTemplates::new(dialect, &[("t", Box::leak(Box::from(source)))]);
        let query = "select 1;\n-- publish when: a view stands\ndrop view x;";
        let script = templates.render("t", &context! { relation => "r", query => query }).unwrap();
        assert_eq!(script.len(), 1);
        assert_eq!(script[0].statements, [format!("create table r as\n{query}")]);
    }
}
