//! The guide to PostgreSQL and S3, followed to the letter: its files are written and its commands run.

use crate::project::{PROJECT_ROOT, Project};
use crate::readme::words;
use crate::{postgres, s3};
use std::path::{Path, PathBuf};

/// What a reader does.
enum Step {
    /// Runs a line of shell.
    Run(String),
    /// Writes a file, whose first line names it in a comment.
    Write(String, String),
}

/// The steps of a page, in their order. Blocks of `text` are only looked at.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap();
        let named = body.lines().next().unwrap().trim_start_matches(['#', '-', ' ']);
        match language {
            "sh" => steps.extend(body.lines().map(|line| Step::Run(line.to_owned()))),
            "text" => {}
            _ => steps.push(Step::Write(named.to_owned(), format!("{body}\n"))),
        }
    }
    steps
}

/// A project that finds both servers by the variables that the guide sets.
fn beside(database: &postgres::server::Server, store: &s3::server::Server) -> Project {
    let folder = postgres::server::programs();
    Project::empty()
        .env("PATH", &format!("{}:/usr/bin:/bin", folder.display()))
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", &database.port.to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", "secret-word")
        .env("PGDATABASE", "postgres")
        .env("AWS_ENDPOINT_URL", &store.endpoint())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", s3::server::KEY)
        .env("AWS_SECRET_ACCESS_KEY", s3::server::SECRET)
}

#[test]
fn the_guide_to_postgres_and_s3_works_as_it_stands() {
    let page = Path::new(PROJECT_ROOT).join("docs/guide/postgres-and-s3.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (database, store) = (postgres::server::Server::start(), s3::server::Server::start());
    let project = beside(&database, &store);
    let mut directory = project.root().to_path_buf();
    let mut said = Vec::new();
    for step in steps(&page) {
        match step {
            Step::Write(path, text) => {
                let path = directory.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Step::Run(line) => said.extend(run(&project, &mut directory, &line)),
        }
    }
    assert_eq!(said.len(), 11, "{said:#?}");
    assert!(said[5].contains("1 updated"), "{}", said[5]);
    // What the guide shows of the result.
    let table = page.rsplit_once("(3 rows)").unwrap().0.rsplit_once("```text\n").unwrap().1;
    assert!(said[10].contains(table), "{}", said[10]);
    assert!(store.bucket("shop").join("reports/revenue.csv").exists());
}

/// What a command said; `None` for those that only change what follows.
fn run(project: &Project, directory: &mut PathBuf, line: &str) -> Option<String> {
    let words = words(line);
    let (program, arguments) = words.split_first().unwrap();
    match program.as_str() {
        "cd" => *directory = directory.join(&arguments[0]),
        // The values are those of the servers of this test.
        "export" => {}
        program => {
            let mut command = project.command(arguments);
            if program != "sqlflow" {
                let sqlflow = command;
                command = std::process::Command::new(postgres::server::programs().join(program));
                command.args(arguments).env_clear();
                command.envs(sqlflow.get_envs().filter_map(|(name, value)| Some((name, value?))));
            }
            let output = command.current_dir(&*directory).output().unwrap();
            assert!(output.status.success(), "{line}: {output:?}");
            let told = [output.stdout, output.stderr].concat();
            return Some(String::from_utf8(told).unwrap());
        }
    }
    None
}
