//! Where is libduckdb? Tells the linker, and tells the binaries where to find it when they run.
//!
//! | set | the library is in | told to the linker by |
//! | --- | --- | --- |
//! | feature `bundled` | the binary itself, built from source | `libduckdb-sys` |
//! | `DUCKDB_LIB_DIR` | that directory | `libduckdb-sys` |
//! | `DUCKDB_DOWNLOAD_LIB=1` | what `libduckdb-sys` downloads under the target directory | `libduckdb-sys` |
//! | nothing | `$SQLFLOW_LIBDUCKDB`, else `~/.cache/sqlflow/libduckdb-1.5.5`, as `scripts/libduckdb` leaves it | this script |
//!
//! The order is that of `libduckdb-sys`. Binaries look beside themselves first (`$ORIGIN`), then in
//! `../lib`, then in the directory they were linked against: a copy that is shipped with its
//! library uses that one, and a build tree needs no `LD_LIBRARY_PATH`.
//!
//! The entries are RUNPATH, not RPATH: RPATH is searched before `LD_LIBRARY_PATH`, so that nobody
//! could try another libduckdb without relinking. What RUNPATH gives up, serving the library's own
//! dependencies too, is not needed: libduckdb needs only the system's. GNU ld, lld and mold have
//! different defaults, so it is asked for by name.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script is configured by the environment and answers on stdout"
)]

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    // Naming what matters keeps the script from running again for every changed file.
    println!("cargo::rerun-if-changed=build.rs");
    for name in
        ["SQLFLOW_LIBDUCKDB", "HOME", "DUCKDB_LIB_DIR", "DUCKDB_DOWNLOAD_LIB", "DEP_DUCKDB_INCLUDE"]
    {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if variable("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    match library_directory() {
        Ok(directory) => emit_runtime_paths(&directory),
        Err(message) => println!("cargo::error={message}"),
    }
}

/// The directory that holds libduckdb when this build is done.
fn library_directory() -> Result<PathBuf, String> {
    if let Some(directory) = variable("DUCKDB_LIB_DIR") {
        return absolute(&directory);
    }
    if variable("DUCKDB_DOWNLOAD_LIB").is_some_and(|value| is_yes(&value)) {
        let directory = variable("DEP_DUCKDB_INCLUDE")
            .ok_or("libduckdb-sys did not say where it put the library it downloaded")?;
        return absolute(&directory);
    }
    let directory = match (variable("SQLFLOW_LIBDUCKDB"), variable("HOME")) {
        (Some(directory), _) => absolute(&directory)?,
        (None, Some(home)) => Path::new(&home).join(".cache/sqlflow/libduckdb-1.5.5"),
        (None, None) => return Err("neither HOME nor SQLFLOW_LIBDUCKDB is set".to_owned()),
    };
    require_library(&directory)?;
    println!("cargo::rustc-link-search=native={}", directory.display());
    Ok(directory)
}

fn require_library(directory: &Path) -> Result<(), String> {
    if variable("CARGO_CFG_TARGET_ENV").as_deref() == Some("musl") {
        return Err(
            "the prebuilt libduckdb needs glibc: build with `--features bundled`".to_owned()
        );
    }
    let library = directory.join(library_name());
    println!("cargo::rerun-if-changed={}", library.display());
    if library.is_file() {
        return Ok(());
    }
    Err(format!("`{}` does not exist: run scripts/libduckdb", library.display()))
}

fn emit_runtime_paths(directory: &Path) {
    let here = if is_macos() { "@loader_path" } else { "$ORIGIN" };
    if !is_macos() {
        println!("cargo::rustc-link-arg=-Wl,--enable-new-dtags");
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,{here}");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{here}/../lib");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", directory.display());
}

/// As `libduckdb-sys` reads `DUCKDB_DOWNLOAD_LIB`.
fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true")
}

fn library_name() -> &'static str {
    if is_macos() { "libduckdb.dylib" } else { "libduckdb.so" }
}

fn is_macos() -> bool {
    variable("CARGO_CFG_TARGET_OS").as_deref() == Some("macos")
}

/// Relative paths count from the package, where build scripts run.
fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("`{path}`: {error}"))
}

/// The value of an environment variable; set to nothing is not set, as in `scripts/libduckdb`.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
