//! The commands of README.md do what they say, in the order in which they stand there.

use crate::project::{PROJECT_ROOT, Project};
use std::path::Path;

/// The command lines of all ```sh blocks.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(PROJECT_ROOT).join("README.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// The words of a line of shell: quotes hold a word together, a comment ends the line.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            ('#', None) if word.is_none() => break,
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn the_commands_of_the_readme_work_in_their_order() {
    let project = Project::empty();
    let mut directory = project.root().to_path_buf();
    let mut ran = 0;
    for line in commands() {
        let words = words(&line);
        let Some((program, arguments)) = words.split_first() else { continue };
        match program.as_str() {
            "cd" => directory = directory.join(&arguments[0]),
            // It does not end by itself.
            "sqlflow" if arguments.first().is_some_and(|verb| verb == "watch") => {}
            "sqlflow" => {
                let output = project.command(arguments).current_dir(&directory).output().unwrap();
                assert!(output.status.success(), "{line}: {output:?}");
                ran += 1;
            }
            _ => {}
        }
    }
    assert!(ran >= 4, "README.md shows only {ran} commands");
}

#[test]
fn words_are_told_apart_as_the_shell_does() {
    assert_eq!(words("a 'b c' \"d 'e'\"  f # g"), ["a", "b c", "d 'e'", "f"]);
}
