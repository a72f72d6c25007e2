//! The options that DuckDB's `read_csv` is given: all of them, so that it has nothing to guess.

use super::format::Compression;
use super::header::{self, CsvDialect};
use super::{FileEntry, FileError, FileObject, hive_keys};
use minijinja::{Value as Item, context};

/// The options of `read_csv`, all said.
#[derive(Debug, Clone)]
pub(super) struct ReadOptions {
    pub(super) header: bool,
    pub(super) skip: u64,
    delimiter: String,
    quote: String,
    escape: String,
    null_values: Vec<String>,
    encoding: &'static str,
    compression: &'static str,
    pub(super) comment: Option<String>,
    date_format: Option<String>,
    timestamp_format: Option<String>,
    point: String,
    hive_partitioning: bool,
}

impl ReadOptions {
    pub(super) fn new(
        object: &FileObject,
        files: &[FileEntry],
        heads: &[String],
    ) -> Result<Self, FileError> {
        let given = &object.options;
        let mut null_values = vec![String::new()];
        null_values.extend(given.null_values.iter().filter(|text| !text.is_empty()).cloned());
        let quote = given.quote.clone().unwrap_or_else(|| "\"".to_owned());
        let first = files.first();
        let mut options = Self {
            header: given.header.unwrap_or(true),
            skip: given.skip,
            delimiter: given.delimiter.clone().unwrap_or_default(),
            escape: given.escape.clone().unwrap_or_else(|| quote.clone()),
            quote,
            null_values,
            encoding: given.encoding.name(),
            compression: first.map_or("none", |file| compression(object, file).name()),
            comment: given.comment.clone(),
            date_format: given.date_format.clone(),
            timestamp_format: given.timestamp_format.clone(),
            point: given.decimal_separator.clone().unwrap_or_else(|| ".".to_owned()),
            hive_partitioning: !hive_keys(object, files)?.is_empty(),
        };
        if let (true, Some(file), Some(head)) = (options.delimiter.is_empty(), first, heads.first())
        {
            options.delimiter = options.find_delimiter(file, head)?;
        }
        Ok(options)
    }

    /// The delimiter of the first file's header. DuckDB's sniffer looks at the rows instead: one
    /// ragged row, and it takes `a,b` for a single column.
    fn find_delimiter(&self, file: &FileEntry, head: &str) -> Result<String, FileError> {
        let candidates =
            [",", ";", "\t", "|"].into_iter().filter(|text| *text != self.decimal_comma());
        let fields = |delimiter: &str| {
            let dialect = CsvDialect { delimiter: delimiter.to_owned(), ..self.dialect() };
            let record = header::first_record(head, &dialect, self.skip, self.comment.as_deref());
            record.map_or(1, |fields| fields.len())
        };
        let mut found: Vec<(usize, &str)> = candidates.map(|text| (fields(text), text)).collect();
        found.retain(|(count, _)| *count > 1);
        found.sort_unstable_by(|a, b| b.cmp(a));
        match found.as_slice() {
            [] => Ok(",".to_owned()),
            [(_, only)] => Ok((*only).to_owned()),
            [(most, first), (second, _), ..] if self.header && most > second => {
                Ok((*first).to_owned())
            }
            _ => Err(FileError::Header {
                path: file.name.clone(),
                detail: "several characters could be the delimiter; say it with `delimiter`"
                    .to_owned(),
            }),
        }
    }

    fn decimal_comma(&self) -> &str {
        if self.point == "," { "," } else { "" }
    }

    pub(super) fn item(&self) -> Item {
        let Self { header, skip, delimiter, quote, escape, null_values, encoding, .. } =
            self.clone();
        let Self { compression, comment, date_format, timestamp_format, point, .. } = self.clone();
        context! {
            header, skip, delimiter, quote, escape, null_values, encoding, compression, comment,
            date_format, timestamp_format, point, hive_partitioning => self.hive_partitioning,
        }
    }

    pub(super) fn dialect(&self) -> CsvDialect {
        CsvDialect {
            delimiter: self.delimiter.clone(),
            quote: self.quote.clone(),
            escape: self.escape.clone(),
        }
    }
}

/// How `file` is compressed.
pub(super) fn compression(object: &FileObject, file: &FileEntry) -> Compression {
    object.options.compression.unwrap_or_else(|| Compression::of(&file.name))
}
