//! The walls of docs/architecture.md: what may know what.

use crate::project::{PROJECT_ROOT, files};
use fancy_regex::Regex;
use std::path::Path;

/// The stages as docs/architecture.md lists them, each knowing only those before it.
fn stages() -> Vec<String> {
    let text =
        std::fs::read_to_string(Path::new(PROJECT_ROOT).join("docs/architecture.md")).unwrap();
    let house = text.split("## The house").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = house.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let stages = rows.map(|(name, _)| name.to_owned()).filter(|name| !name.starts_with("bin/"));
    let stages: Vec<String> = stages.collect();
    assert!(stages.len() > 10, "docs/architecture.md lists only {stages:?}");
    stages
}

/// The library's files: path below src/, and the text without comments and tests.
fn library() -> Vec<(String, String)> {
    let all = files(&Path::new(PROJECT_ROOT).join("src"));
    let library = all.into_iter().filter(|(path, _)| {
        let rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
        rust && !path.starts_with("bin/") && !path.ends_with("tests.rs")
    });
    library.map(|(path, text)| (path, product_part(&text))).collect()
}

/// Text above the tests, comments left out.
fn product_part(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The matches of `pattern` in the library, as `path: match`.
fn found(pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    library()
        .iter()
        .flat_map(|(path, text)| {
            let matches = pattern.find_iter(text).map(Result::unwrap);
            matches.map(|found| format!("{path}: {}", found.as_str())).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn no_stage_knows_one_that_comes_after_it() {
    let stages = stages();
    let rank = |stage: &str| stages.iter().position(|known| known == stage);
    let import = Regex::new(r"\bcrate::(\w+)").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in library() {
        let Some((own, _)) = path.split_once('/') else { continue };
        let own_rank = rank(own).unwrap_or_else(|| panic!("src/{own}/ is no stage"));
        for captures in import.captures_iter(&text).map(Result::unwrap) {
            let other = &captures[1];
            let other_rank = rank(other).unwrap_or_else(|| panic!("{path}: `{other}` is no stage"));
            if other_rank > own_rank {
                wrong.push(format!("{path}: `{own}` knows `{other}`"));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "imports that point down:\n{}", wrong.join("\n"));
}

#[test]
fn the_library_knows_no_terminal_and_no_command_line() {
    let crates = "clap|clap_complete|clap_mangen|anstream|indicatif|comfy_table|annotate_snippets";
    let wrong = found(&format!(r"\b({crates})::"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_library_never_prints_and_never_exits() {
    let wrong = found(r"\be?print(ln)?!|\bdbg!|process::exit|io::std(out|err)\(");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_library_reads_neither_environment_nor_clock() {
    let wrong = found(r"\benv::(vars?|var_os|vars_os)\(|SystemTime::now|Timestamp::now|Zoned::now");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_of_the_library_is_a_stage_that_has_its_line_in_the_map() {
    let stages = stages();
    let map = std::fs::read_to_string(Path::new(PROJECT_ROOT).join("src/lib.rs")).unwrap();
    for entry in std::fs::read_dir(Path::new(PROJECT_ROOT).join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_stage = !name.contains('.') && name != "bin";
        let has_files = library().iter().any(|(path, _)| path.starts_with(&format!("{name}/")));
        if is_stage && has_files {
            assert!(stages.contains(&name), "src/{name}/ is no stage of architecture.md");
            // One that the documentation does not show is no link in it.
            let is_told = [format!("| [`{name}`] |"), format!("| `{name}` |")];
            let is_told = is_told.iter().any(|line| map.contains(line));
            assert!(is_told, "src/lib.rs does not tell of `{name}`");
        }
    }
}
