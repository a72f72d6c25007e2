//! The project's `schemas/`: one snapshot a source table, committed to git.
//!
//! | part of a name | in the path |
//! | --- | --- |
//! | ASCII letters, digits, `_`, `-`, and `.` inside | as it is |
//! | anything else, a `.` at either end | `%` and two digits for each byte of its UTF-8 |
//! | nothing at all | `%` |
//! | the first letter of a name that Windows keeps for devices, such as `con` | `%` and two digits |
//! | what is past 150 bytes of all this | `~` and a hash of the whole name |
//!
//! So no name leads out of the directory or hides a file, and no two names share a path; but for
//! those that differ only in case, which some file systems take for one: the second is refused, on
//! every file system, because a project is checked out on many.

use crate::diagnostic::{Code, Diagnostic, SourceFile};
use crate::graph::Graph;
use crate::schema::{Snapshot, of_table};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// File systems end at 255 bytes, and `.`, `.yml`, a number and `.partial` come around it.
const LONGEST_NAME: usize = 200;

/// What is kept of a longer name, before its hash.
const KEPT: usize = 150;

/// Names that Windows keeps for devices, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The project's directory of accepted schemas.
#[derive(Debug, Clone)]
pub struct SchemaDirectory {
    pub(super) root: PathBuf,
    /// As shown to users: relative to the project.
    pub(super) shown: String,
}

impl SchemaDirectory {
    /// The directory of `graph`'s project: its `schema-path`.
    pub fn of(graph: &Graph) -> Self {
        Self::new(&graph.root, &graph.schema_path)
    }

    /// The directory `schema_path` of the project at `root`.
    pub fn new(root: &Path, schema_path: &str) -> Self {
        Self { root: root.join(schema_path), shown: schema_path.to_owned() }
    }

    /// Where the snapshot of `table` stands, as shown to users: `schemas/crm/customers.yml`.
    pub fn shown_path(&self, source: &str, table: &str) -> String {
        let below = format!("{}/{}.yml", file_name(source), file_name(table));
        if self.shown.is_empty() { below } else { format!("{}/{below}", self.shown) }
    }

    pub(super) fn path(&self, source: &str, table: &str) -> PathBuf {
        self.root.join(file_name(source)).join(format!("{}.yml", file_name(table)))
    }

    /// Whether there is a file for `table`, whatever it holds.
    pub fn exists(&self, source: &str, table: &str) -> bool {
        self.path(source, table).is_file()
    }

    /// The snapshot of `table`; `None` where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is no snapshot: everything that is wrong with it.
    pub fn read(&self, source: &str, table: &str) -> Result<Option<Snapshot>, Vec<Diagnostic>> {
        let path = self.path(source, table);
        let shown = self.shown_path(source, table);
        let Some(bytes) = bytes_of(&path).map_err(|error| vec![unreadable(&path, &error)])? else {
            return Ok(None);
        };
        self.refuse_other_case(&path).map_err(|problem| vec![*problem])?;
        let table = format!("{source}.{table}");
        let named = |problem| of_table(problem, &table);
        let text =
            String::from_utf8(bytes).map_err(|error| vec![named(no_text(&shown, &error))])?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let read = Snapshot::parse(&SourceFile::new(shown, text)).map(Some);
        read.map_err(|problems| problems.into_iter().map(named).collect())
    }

    /// The text of the file of `table`, whatever it is; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn text(&self, source: &str, table: &str) -> Result<Option<String>, Box<Diagnostic>> {
        let path = self.path(source, table);
        let bytes = bytes_of(&path).map_err(|error| Box::new(unreadable(&path, &error)))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Writes the snapshot of `table` where it is not what stands there, and answers whether it did.
    /// Readers see the whole file or the one before.
    ///
    /// # Errors
    /// The file could not be written, and what was there stands; or another name, that differs only
    /// in case, has its place.
    pub fn write(
        &self,
        source: &str,
        table: &str,
        snapshot: &Snapshot,
    ) -> Result<bool, Box<Diagnostic>> {
        let (path, text) = (self.path(source, table), snapshot.render());
        self.refuse_other_case(&path)?;
        if bytes_of(&path).map_err(|error| unreadable(&path, &error))?.as_deref()
            == Some(text.as_bytes())
        {
            return Ok(false);
        }
        let written =
            self.directory_of(&path).and_then(|directory| replace(&directory, &path, &text));
        written.map_err(|error| Box::new(unwritable(&path, &error)))?;
        Ok(true)
    }

    /// The directory that `path` is in, made where it is not there; never one that a link leads out
    /// of this directory to.
    fn directory_of(&self, path: &Path) -> io::Result<PathBuf> {
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory)?;
        if directory.canonicalize()?.starts_with(self.root.canonicalize()?) {
            return Ok(directory.to_path_buf());
        }
        let message = format!("`{}` leads out of `{}`", directory.display(), self.root.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
    }

    /// An error where a directory or file of `path` is there under a name of other case, and not
    /// under its own.
    fn refuse_other_case(&self, path: &Path) -> Result<(), Box<Diagnostic>> {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        // What is there under its own name needs no listing of the directories.
        if path.canonicalize().is_ok_and(|real| real.ends_with(below)) {
            return Ok(());
        }
        let mut directory = self.root.clone();
        for name in below {
            if let Some(other) = other_case(&directory, name) {
                return Err(Box::new(taken(&directory.join(name), &other)));
            }
            directory.push(name);
        }
        Ok(())
    }
}

/// The entry of `directory` that is `name` but for case, where `name` itself is not there.
fn other_case(directory: &Path, name: &OsStr) -> Option<String> {
    let mut other = None;
    for entry in fs::read_dir(directory).ok()?.flatten() {
        let found = entry.file_name();
        if found == name {
            return None;
        }
        if found.eq_ignore_ascii_case(name) {
            other = Some(found.to_string_lossy().into_owned());
        }
    }
    other
}

/// Writes `text` beside `path` and renames it, so that a kill at any instant leaves a whole file.
fn replace(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Two processes may write one snapshot, for two targets; each has a file of its own.
    let partial = directory.join(format!(".{name}.{}.partial", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        // A rename may reach the disk before the bytes do.
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&partial, path));
    if replaced.is_err() {
        let _gone = fs::remove_file(&partial);
    }
    replaced
}

fn bytes_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a file or directory that stands for `name` and for nothing else.
fn file_name(name: &str) -> String {
    let encoded = encoded(name);
    if encoded.len() <= LONGEST_NAME {
        return encoded;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    // Cut where no `%` is cut off from its digits.
    let kept = &encoded[..KEPT];
    let kept = match kept.rfind('%') {
        Some(percent) if percent + 3 > KEPT => &kept[..percent],
        _ => kept,
    };
    format!("{kept}~{}", &hash[..32])
}

fn encoded(name: &str) -> String {
    if name.is_empty() {
        return "%".to_owned();
    }
    let last = name.len() - 1;
    let device = is_device(name);
    name.bytes()
        .enumerate()
        .map(|(index, byte)| {
            let plain = match byte {
                b'.' => index != 0 && index != last,
                _ => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            };
            if plain && !(device && index == 0) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    DEVICES.iter().any(|device| match stem.strip_prefix(device) {
        Some("") => !matches!(*device, "com" | "lpt"),
        Some(number) => {
            matches!(*device, "com" | "lpt") && number.len() == 1 && number.parse::<u8>().is_ok()
        }
        None => false,
    })
}

fn taken(path: &Path, other: &str) -> Diagnostic {
    let message =
        format!("`{}` would be taken for `{other}`, which differs only in case", path.display());
    Diagnostic::error(Code::INPUT_OUTPUT, message)
        .with_help("rename the source or table; where the other is gone, remove or rename its file")
}

fn no_text(shown: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = valid.split(|&byte| byte == b'\n').count();
    let message = format!("cannot read `{shown}`: line {line} is not UTF-8");
    Diagnostic::error(Code::SNAPSHOT_UNREADABLE, message)
        .with_help("take the file back with git, or write it anew: `sqlflow schema accept`")
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::INPUT_OUTPUT, format!("cannot read `{}`: {error}", path.display()))
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::INPUT_OUTPUT, format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::{Column, DataType};
    use crate::schema::{Acceptance, AcceptedBy, SnapshotColumn};
    use proptest::prelude::*;
    use serde_json::Map;
    use walkdir::WalkDir;

    fn snapshot(column: &str) -> Snapshot {
        let data_type = DataType::new("bigint");
        let column = Column { name: column.into(), data_type, nullable: false };
        let at = "2026-02-11T08:30:00Z".parse().unwrap();
        Snapshot::first(
            vec![SnapshotColumn { column, description: None }],
            Map::new(),
            Acceptance { at, by: AcceptedBy::FirstLoad, who: None, why: None },
        )
    }

    fn project() -> (tempfile::TempDir, SchemaDirectory) {
        let root = tempfile::tempdir().unwrap();
        let directory = SchemaDirectory::new(root.path(), "schemas");
        (root, directory)
    }

    /// The files below `root`, relative.
    fn files(root: &Path) -> Vec<String> {
        let entries = WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().is_file());
        let relative = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        files.map(|entry| relative(entry.path())).collect()
    }

    #[test]
    fn a_snapshot_is_written_once_and_read_back() {
        let (root, directory) = project();
        assert_eq!(directory.read("crm", "customers"), Ok(None));
        assert_eq!(directory.write("crm", "customers", &snapshot("a")), Ok(true));
        assert_eq!(directory.read("crm", "customers"), Ok(Some(snapshot("a"))));
        assert_eq!(directory.write("crm", "customers", &snapshot("a")), Ok(false));
        assert_eq!(directory.write("crm", "customers", &snapshot("b")), Ok(true));
        assert_eq!(directory.read("crm", "customers"), Ok(Some(snapshot("b"))));
        assert_eq!(files(root.path()), ["schemas/crm/customers.yml"]);
    }

    #[test]
    fn names_that_some_file_system_minds_are_encoded() {
        for (name, expected) in [
            ("customers", "customers"),
            ("Order-Items_2.v1", "Order-Items_2.v1"),
            ("..", "%2E%2E"),
            (".hidden", "%2Ehidden"),
            ("end.", "end%2E"),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            ("a\\b:c", "a%5Cb%3Ac"),
            ("a\0b", "a%00b"),
            ("", "%"),
            ("100%", "100%25"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("CON", "%43ON"),
            ("com1.csv", "%63om1.csv"),
            ("console", "console"),
            ("common", "common"),
        ] {
            assert_eq!(file_name(name), expected);
        }
        let long = file_name(&"名".repeat(100));
        assert!(long.len() < LONGEST_NAME && long.starts_with("%E5%90%8D") && long.contains('~'));
        assert_ne!(long, file_name(&"名".repeat(101)));
    }

    #[test]
    fn names_that_differ_only_in_case_are_refused_on_every_file_system() {
        let (_root, directory) = project();
        directory.write("crm", "Orders", &snapshot("a")).unwrap();
        for (source, table) in [("crm", "orders"), ("CRM", "Orders")] {
            let problem = directory.write(source, table, &snapshot("a")).unwrap_err();
            assert!(problem.message.ends_with("which differs only in case"), "{problem}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_written_is_named() {
        let (root, directory) = project();
        fs::write(root.path().join("schemas"), "a file").unwrap();
        let problem = directory.write("crm", "orders", &snapshot("a")).unwrap_err();
        assert_eq!(problem.code, Code::INPUT_OUTPUT);
        assert!(problem.message.contains("schemas/crm/orders.yml`: "), "{problem}");
        fs::remove_file(root.path().join("schemas")).unwrap();
        fs::create_dir_all(root.path().join("schemas/crm/orders.yml")).unwrap();
        let problems = directory.read("crm", "orders").unwrap_err();
        assert!(problems[0].message.contains("schemas/crm/orders.yml`: "), "{problems:?}");
        fs::write(root.path().join("schemas/crm/bytes.yml"), b"a: 1\nb: \xff\n").unwrap();
        assert_eq!(
            directory.read("crm", "bytes").unwrap_err()[0].to_string(),
            "error[SF402]: cannot read `schemas/crm/bytes.yml`: line 2 is not UTF-8"
        );
        fs::write(root.path().join("schemas/crm/slip.yml"), "version: 1\n").unwrap();
        let problems = directory.read("crm", "slip").unwrap_err();
        assert!(problems[0].to_string().ends_with("(schemas/crm/slip.yml:1:1)"), "{problems:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere_else() {
        let (root, directory) = project();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("schemas")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("schemas/crm")).unwrap();
        let problem = directory.write("crm", "orders", &snapshot("a")).unwrap_err();
        assert!(problem.message.contains("leads out of"), "{problem}");
        assert_eq!(files(outside.path()), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_name_leads_out_and_no_two_share_a_file(a in "[./\\\\%~a\0é]{0,4}", b in "[./\\\\%~a\0é]{0,4}", long in any::<String>()) {
            prop_assert_eq!(a == b, file_name(&a) == file_name(&b));
            for name in [&a, &b, &long, &long.repeat(30)] {
                let encoded = file_name(name);
                prop_assert!(!encoded.is_empty() && encoded.len() <= LONGEST_NAME);
                prop_assert!(!encoded.starts_with('.') && !encoded.ends_with('.'));
                prop_assert!(encoded.chars().all(|c| c.is_ascii_alphanumeric() || "_-.%~".contains(c)));
            }
        }
    }
}
