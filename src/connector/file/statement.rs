//! The SELECT that reads CSV files, with nothing left for DuckDB to guess.

use super::layout::{Layout, LayoutColumn, TEXT};
use super::scan::rewrite::{DELIMITER, NULL};
use super::{FileObject, sql};
use minijinja::{Value as Item, context};
use std::path::PathBuf;

/// DuckDB refuses longer lines unless it is told how long they are.
pub(super) const LONG_LINE: usize = 2_000_000;

/// DuckDB's word for a line feed. Told its word for both, 1.5.5 reads no row at all.
pub(super) const LF: &str = "\\n";

/// A file as DuckDB reads it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The file, or its copy.
    pub(super) path: PathBuf,
    /// Its place among the files, which says its header.
    pub(super) index: usize,
    /// Whether it is a copy in the dialect of copies.
    pub(super) is_copy: bool,
    /// DuckDB's word for its compression.
    pub(super) compression: &'static str,
    /// What ends its lines, where DuckDB has to be told: left alone, it takes the first carriage
    /// return for the end of all lines, even one in quotes.
    pub(super) new_line: Option<&'static str>,
    /// The bytes of its longest record.
    pub(super) longest: usize,
}

/// What is said of all files.
pub(super) struct Statement<'a> {
    pub(super) object: &'a FileObject,
    pub(super) layout: &'a Layout,
    pub(super) delimiter: &'a str,
    pub(super) has_partitions: bool,
}

impl Statement<'_> {
    /// Files that follow each other and are read alike are read together.
    pub(super) fn parts(
        &self,
        sources: &[Source],
        type_of: impl Fn(&LayoutColumn) -> &str,
    ) -> Vec<Item> {
        let header = |source: &Source| self.layout.headers.get(source.index);
        let alike = |a: &Source, b: &Source| {
            let told = |source: &Source| (source.is_copy, source.compression, source.new_line);
            header(a) == header(b) && told(a) == told(b)
        };
        sources.chunk_by(alike).map(|sources| self.part(sources, &type_of)).collect()
    }

    fn part(&self, sources: &[Source], type_of: &impl Fn(&LayoutColumn) -> &str) -> Item {
        let first = sources.first().map_or(0, |source| source.index);
        let header = self.layout.headers.get(first).map(Vec::as_slice).unwrap_or_default();
        let places = self.layout.fields(header);
        let mut in_file = vec![false; self.layout.columns.len()];
        for place in places.iter().flatten() {
            if let Some(known) = in_file.get_mut(*place) {
                *known = true;
            }
        }
        let columns = self.layout.columns.iter().zip(in_file).map(|(column, in_file)| {
            let source = match (column.from_path, in_file) {
                (true, _) => "path",
                (false, true) if self.is_formatted_instant(type_of(column)) => "instant",
                (false, true) => "file",
                (false, false) => "absent",
            };
            context! { name => column.name.as_str(), type => type_of(column), source }
        });
        let fields = header.iter().zip(places).map(|(name, place)| {
            let column = place.and_then(|place| self.layout.columns.get(place));
            let data_type = column.map_or(TEXT, type_of);
            let is_instant = self.is_formatted_instant(data_type);
            context! { name => name.as_str(), type => if is_instant { "timestamp" } else { data_type } }
        });
        let (columns, fields) = (columns.collect::<Vec<_>>(), fields.collect::<Vec<_>>());
        let files: Vec<String> = sources.iter().map(|source| sql::path(&source.path)).collect();
        context! { files, columns, fields, options => self.options(sources) }
    }

    /// Whether values of a type are timestamps with offset in a format: DuckDB 1.5.5 reads those as
    /// NULL, but as timestamps without offset it gives them in UTC.
    fn is_formatted_instant(&self, data_type: &str) -> bool {
        self.object.options.timestamp_format.is_some()
            && matches!(data_type, "timestamp with time zone" | "timestamptz")
    }

    fn options(&self, sources: &[Source]) -> Item {
        let given = &self.object.options;
        let is_copy = sources.first().is_some_and(|source| source.is_copy);
        let longest = sources.iter().map(|source| source.longest).max().unwrap_or(0);
        let quote = given.quote.clone().filter(|_| !is_copy).unwrap_or_else(|| "\"".to_owned());
        let mut null_values = vec![if is_copy { NULL.to_owned() } else { String::new() }];
        if !is_copy {
            null_values.extend(given.null_values.iter().filter(|text| !text.is_empty()).cloned());
        }
        context! {
            header => !is_copy && given.header.unwrap_or(true),
            delimiter => if is_copy { DELIMITER } else { self.delimiter }.to_owned(),
            quote,
            null_values,
            new_line => sources.first().and_then(|source| source.new_line),
            compression => sources.first().map_or("none", |source| source.compression),
            date_format => given.date_format.clone(),
            timestamp_format => given.timestamp_format.clone(),
            point => given.decimal_separator.clone().unwrap_or_else(|| ".".to_owned()),
            hive_partitioning => self.has_partitions,
            longest => (longest > LONG_LINE).then_some(longest),
        }
    }
}
