//! One file: made beside its place, then put there in one step.

use super::store::{Result, Standing, Store};
use super::write::{Work, Written};
use crate::compile::{self, ExportColumn};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::FileTarget;
use crate::mode::ExportMode;
use crate::mode::load::OnEmpty;

impl Work<'_> {
    /// Writes all rows into the file `name` of the folder that `store` is.
    pub(super) fn write_one_file(
        &mut self,
        store: &dyn Store,
        name: &str,
        file: &FileTarget,
        columns: &[ExportColumn],
    ) -> Result<Written> {
        let standing = store.standing(name)?;
        if standing == Standing::Folder {
            let message = format!("`{}` is a folder, expected a file", file.path);
            let problem = Diagnostic::error(Code::EXPORT_PATH, message);
            let help = "end the path with `/` to write files into it, or name another file";
            return Err(Box::new(problem.at(self.request.export.place.clone()).with_help(help)));
        }
        store.end_unfinished(&|known| known == name);
        let pieces = self.pieces(file, columns, store.staging())?;
        let Some(piece) = pieces.first() else { return Err(self.defect("no file was made")) };
        let what = format!("`{}`", file.path);
        let on_empty = match &self.request.export.mode {
            ExportMode::Replace { on_empty } => *on_empty,
            ExportMode::Append | ExportMode::Merge { .. } => OnEmpty::Error,
        };
        if piece.rows == 0 && on_empty != OnEmpty::Replace && self.has_rows(file, &standing) {
            return match on_empty {
                OnEmpty::Keep => Ok(self.kept(&what)),
                OnEmpty::Error | OnEmpty::Replace => Err(self.empty_over(&what)),
            };
        }
        self.session.pass("written");
        store.put(&piece.staged, name)?;
        self.session.pass("published");
        Ok(Written { rows: piece.rows, files: Some((1, piece.bytes)), ..Written::default() })
    }

    /// Whether what is there has rows; where that cannot be told, it has.
    fn has_rows(&mut self, file: &FileTarget, standing: &Standing) -> bool {
        match standing {
            Standing::Nothing | Standing::Folder | Standing::Object(0) => false,
            Standing::Object(_) | Standing::Hidden => true,
            Standing::File(path) => {
                if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
                    return false;
                }
                let path = path.to_string_lossy();
                let sql = compile::standing_query(self.request.graph, file, &path);
                !self.maker().query(&sql, Some(1)).is_ok_and(|table| table.rows.is_empty())
            }
        }
    }
}
