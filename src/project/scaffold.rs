//! What `sqlflow init` writes: a small project that builds at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file of a new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldFile {
    /// Path in the project.
    pub path: &'static str,
    /// Its text.
    pub text: String,
}

/// Why no project was written.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// A file is there already. Nothing was written.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written. Files before it may be there.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

macro_rules! templates {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/init/", $path)))),+]
    };
}

/// `.gitignore` is kept under another name, so that it does not act on the templates themselves.
const TEMPLATES: &[(&str, &str)] = templates![
    "README.md",
    "sqlflow.yml",
    "profiles.yml",
    "gitignore",
    "data/customers.csv",
    "data/orders.csv",
    "sources/shop.yml",
    "models/staging/stg_customers.sql",
    "models/staging/stg_orders.sql",
    "models/staging/_staging.yml",
    "models/marts/customer_orders.sql",
    "models/marts/daily_revenue.sql",
    "models/marts/_marts.yml",
    "seeds/order_statuses.csv",
    "macros/euros.sql",
    "tests/no_order_before_its_customer.sql",
];

/// The files of a project in `directory`, named after it.
pub fn files(directory: &Path) -> Vec<ScaffoldFile> {
    let name = project_name(directory);
    TEMPLATES
        .iter()
        .map(|(path, text)| ScaffoldFile {
            path: if *path == "gitignore" { ".gitignore" } else { path },
            text: text.replace("my_project", &name),
        })
        .collect()
}

/// Writes `files` below `directory`, which is made where it does not exist.
///
/// # Errors
/// One of them exists already, or cannot be written.
pub fn write(directory: &Path, files: &[ScaffoldFile]) -> Result<(), ScaffoldError> {
    let also = ["dbt_project.yml"];
    let paths = files.iter().map(|file| file.path).chain(also);
    if let Some(path) = paths.map(|path| directory.join(path)).find(|path| path.exists()) {
        return Err(ScaffoldError::Exists { path });
    }
    for file in files {
        let path = directory.join(file.path);
        let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
        parent
            .and_then(|()| fs::write(&path, &file.text))
            .map_err(|source| ScaffoldError::Unwritable { path, source })?;
    }
    Ok(())
}

/// The directory's name as a project name; `my_project` where it has none that would do.
fn project_name(directory: &Path) -> String {
    let absolute = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let name =
        absolute.file_name().map_or_else(String::new, |n| n.to_string_lossy().to_lowercase());
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.trim_matches('_');
    match name.chars().next() {
        Some(first) if !first.is_ascii_digit() => name.to_owned(),
        _ => "my_project".to_owned(),
    }
}
