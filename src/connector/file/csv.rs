//! CSV files: what they hold, and the SELECT that reads them.

use super::copy::Copies;
use super::drift::{Drift, Retyped, Seen};
use super::facts::Facts;
use super::format::{Compression, Encoding};
use super::header::Header;
use super::infer::infer;
use super::layout::{Layout, LayoutColumn, Origin};
use super::rejects::{Context, Reject};
use super::scan::dialect::Dialect;
use super::scan::judge::{Formats, Question};
use super::scan::part::{Flaw, Part, Rules, oddity};
use super::statement::{LF, Source, Statement};
use super::{
    FileEntry, FileError, FileObject, Scan, foreign, head, partition, scan as records, sql,
};
use crate::engine::Session;
use crate::relation::Column;
use minijinja::context;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How to read CSV files as one table.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    let (dialect, headers) = head::read(object, files)?;
    let (layout, mut drift) = Layout::new(object, files, &headers)?;
    let mut reading = Reading { object, files, dialect, headers, layout };
    partition::check(&reading.layout.columns, files, &reading.formats())?;
    let parts = reading.parts(LayoutColumn::question)?;
    let rejects = reading.rejects(&parts)?;
    reading.infer(&parts);
    reading.compare(&parts, &mut drift)?;
    let seen = reading.seen(&drift, &parts);
    if !drift.is_empty() {
        return Err(FileError::Drift(Box::new(Drift { seen, ..drift })));
    }
    let delimiter = char::from(reading.dialect.delimiter).to_string();
    let columns = reading.columns();
    if object.only_columns {
        let (delimiter, files) = (Some(delimiter), files.to_vec());
        let row_count = Some(count(&parts));
        return Ok(Scan { columns, seen, delimiter, files, row_count, ..Scan::default() });
    }
    let mut copies = Copies::default();
    let sources = reading.sources(&parts, &mut copies)?;
    let statement = Statement {
        object,
        layout: &reading.layout,
        delimiter: &delimiter,
        has_partitions: reading.layout.columns.iter().any(|column| column.from_path),
    };
    foreign::check(&statement, &sources, files, session)?;
    let parts_of_sql = statement.parts(&sources, |column| column.data_type.as_str());
    Ok(Scan {
        sql: sql::render("scan_csv.sql", context! { parts => parts_of_sql })?,
        columns,
        seen,
        files: files.to_vec(),
        row_count: Some(count(&parts)),
        delimiter: Some(delimiter.clone()),
        rejects,
        copies: Arc::new(copies),
    })
}

/// Some files, and what is known of them before their records are read.
struct Reading<'a> {
    object: &'a FileObject,
    files: &'a [FileEntry],
    dialect: Dialect,
    headers: Vec<Header>,
    layout: Layout,
}

impl Reading<'_> {
    fn formats(&self) -> Formats {
        let options = &self.object.options;
        let point = options.decimal_separator.as_deref().unwrap_or(".");
        Formats {
            point: point.bytes().next().unwrap_or(b'.'),
            date: options.date_format.clone(),
            timestamp: options.timestamp_format.clone(),
        }
    }

    /// What the records of one file are asked.
    fn rules(&self, header: &[String], ask: impl Fn(&LayoutColumn) -> Option<Question>) -> Rules {
        let places = self.layout.fields(header).into_iter();
        let questions = places.map(|place| {
            let column = place.and_then(|place| self.layout.columns.get(place));
            column.and_then(&ask).unwrap_or(Question::Nothing)
        });
        Rules {
            dialect: self.dialect,
            questions: questions.collect(),
            formats: self.formats(),
            null_values: self.object.options.null_values.clone(),
            keep_bad: usize::try_from(self.object.max_rejects)
                .unwrap_or(usize::MAX)
                .saturating_add(1),
        }
    }

    /// Reads the records of all files, one file after another.
    fn parts(
        &self,
        ask: impl Fn(&LayoutColumn) -> Option<Question>,
    ) -> Result<Vec<Part>, FileError> {
        let mut parts = Vec::new();
        for ((file, header), names) in
            self.files.iter().zip(&self.headers).zip(&self.layout.headers)
        {
            let rules = self.rules(names, &ask);
            let part = records::read(&head::records(self.object, file, header), &rules)?;
            if self.object.max_rejects == 0
                && let Some(bad) = part.bad.first()
            {
                return Err(self.context(file, header, names).error(bad));
            }
            parts.push(part);
        }
        Ok(parts)
    }

    fn context<'c>(
        &'c self,
        file: &'c FileEntry,
        header: &Header,
        names: &'c [String],
    ) -> Context<'c> {
        let (lines, encoding) = (header.lines, self.object.options.encoding);
        Context { file, header: names, lines, layout: &self.layout, encoding }
    }

    /// The bad records, if they are few enough.
    fn rejects(&self, parts: &[Part]) -> Result<Vec<Reject>, FileError> {
        let count: u64 = parts.iter().map(|part| part.bad_count).sum();
        let mut rejects = Vec::new();
        let files = self.files.iter().zip(&self.headers).zip(&self.layout.headers);
        for (((file, header), names), part) in files.zip(parts) {
            let context = self.context(file, header, names);
            for bad in &part.bad {
                if bad.flaw == Flaw::Unclosed {
                    // Nobody knows how many rows are in it.
                    return Err(context.error(bad));
                }
                if count > self.object.max_rejects {
                    let (first, allowed) = (Box::new(context.error(bad)), self.object.max_rejects);
                    return Err(FileError::TooManyRejects { first, count, allowed });
                }
                rejects.push(context.reject(bad));
            }
        }
        Ok(rejects)
    }

    /// The facts of a column in all files.
    fn facts(&self, column: usize, parts: &[Part]) -> Facts {
        let mut facts = Facts::default();
        for (names, part) in self.layout.headers.iter().zip(parts) {
            let fields = self.layout.fields(names).into_iter().zip(&part.facts);
            let own = fields.filter(|(place, _)| *place == Some(column));
            own.for_each(|(_, more)| facts.merge(more));
        }
        facts
    }

    /// Gives their types to the columns of which nobody says them.
    fn infer(&mut self, parts: &[Part]) {
        let formats = self.formats();
        for index in 0..self.layout.columns.len() {
            let facts = self.facts(index, parts);
            if let Some(column) = self.layout.columns.get_mut(index)
                && column.origin == Origin::Inferred
                && !column.from_path
            {
                column.data_type = infer(&facts.in_formats(&formats));
            }
        }
    }

    /// The columns of the table.
    fn columns(&self) -> Vec<Column> {
        let column = |column: &LayoutColumn| Column {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: true,
        };
        self.layout.columns.iter().map(column).collect()
    }

    /// The columns as the files have them now.
    fn seen(&self, drift: &Drift, parts: &[Part]) -> Seen {
        let keys = self.layout.columns.iter().filter(|column| column.from_path);
        let keys = keys.map(|column| &column.name);
        let mut names: Vec<&String> = Vec::new();
        for name in self.layout.headers.iter().flatten().chain(keys) {
            let is_gone = drift.removed.iter().any(|removed| removed.column == *name);
            if !is_gone && self.object.wants(name) && !names.contains(&name) {
                names.push(name);
            }
        }
        let column = |name: &&String| {
            let column = self.layout.columns.get(self.layout.index(name)?)?;
            let retyped = drift.retyped.iter().find(|retyped| retyped.column == **name);
            let data_type = retyped.map_or(&column.data_type, |retyped| &retyped.now).clone();
            Some(Column { name: (*name).clone(), data_type, nullable: true })
        };
        let is_ordered = !self.object.options.union_by_name;
        Seen {
            columns: names.iter().filter_map(column).collect(),
            is_ordered,
            tells_nulls: false,
            is_typed: count(parts) > 0,
        }
    }

    /// Completes what is no longer as in the frozen schema.
    fn compare(&self, parts: &[Part], drift: &mut Drift) -> Result<(), FileError> {
        for added in &mut drift.added {
            let column = self.layout.columns.iter().find(|column| column.name == added.column);
            if let Some(column) = column {
                added.data_type = column.data_type.clone();
            }
        }
        drift.retyped = self.retyped(parts);
        if drift.retyped.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = drift.retyped.iter().map(|one| one.column.clone()).collect();
        let again = self.parts(|column| {
            if names.contains(&column.name) {
                return Some(Question::Facts);
            }
            // Bad records have to stay the same.
            column.question().filter(|_| column.origin == Origin::Declared)
        })?;
        for retyped in &mut drift.retyped {
            if let Some(index) = self.layout.index(&retyped.column) {
                retyped.now = infer(&self.facts(index, &again).in_formats(&self.formats()));
            }
        }
        Ok(())
    }

    /// The columns whose frozen types do not hold all values, with the first that shows it.
    fn retyped(&self, parts: &[Part]) -> Vec<Retyped> {
        let mut retyped: Vec<(usize, Retyped)> = Vec::new();
        let files = self.files.iter().zip(&self.headers).zip(&self.layout.headers);
        for (((file, header), names), part) in files.zip(parts) {
            for (place, misfit) in self.layout.fields(names).into_iter().zip(&part.misfits) {
                let (Some(place), Some(misfit)) = (place, misfit) else { continue };
                let Some(column) = self.layout.columns.get(place) else { continue };
                if retyped.iter().all(|(known, _)| *known != place) {
                    let change = Retyped {
                        column: column.name.clone(),
                        was: column.data_type.clone(),
                        now: column.data_type.clone(),
                        path: file.name.clone(),
                        line: Some(header.lines + misfit.line + 1),
                        text: misfit.text.clone(),
                    };
                    retyped.push((place, change));
                }
            }
        }
        retyped.sort_by_key(|(place, _)| *place);
        retyped.into_iter().map(|(_, change)| change).collect()
    }

    /// What DuckDB reads: the files, or copies of those that it reads otherwise.
    fn sources(&self, parts: &[Part], copies: &mut Copies) -> Result<Vec<Source>, FileError> {
        let files = self.files.iter().zip(&self.headers).zip(&self.layout.headers);
        let mut sources = Vec::new();
        for (index, (((file, header), names), part)) in files.zip(parts).enumerate() {
            let compression = head::compression(self.object, file);
            let mut source = Source {
                path: file.path.clone(),
                index,
                is_copy: !self.is_plain(header, part),
                compression: compression.name(),
                new_line: (!has(header, part, oddity::CRLF)).then_some(LF),
                longest: part.longest,
            };
            if source.is_copy {
                let records = head::records(self.object, file, header);
                let rules = self.rules(names, |_| None);
                let left_out: BTreeSet<u64> = part.bad.iter().map(|bad| bad.record).collect();
                source.path = copies.write(self.object, &records, &rules, &left_out)?;
                (source.compression, source.new_line) = (Compression::None.name(), Some(LF));
                source.longest = part.longest * 2 + names.len() * 3;
            }
            sources.push(source);
        }
        Ok(sources)
    }

    /// Whether DuckDB reads a file as we do.
    fn is_plain(&self, header: &Header, part: &Part) -> bool {
        let oddities = header.oddities | part.oddities;
        header.is_plain
            && part.bad_count == 0
            && self.object.options.skip == 0
            && self.object.options.encoding == Encoding::Utf8
            && matches!(oddities & !oddity::QUOTED_LINE, 0 | oddity::LF | oddity::CRLF)
            && oddities != oddity::CRLF | oddity::QUOTED_LINE
    }
}

/// The good records.
fn count(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.records - part.bad_count).sum()
}

fn has(header: &Header, part: &Part, oddity: u32) -> bool {
    (header.oddities | part.oddities) & oddity != 0
}
