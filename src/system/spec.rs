//! What a kind of connection is called, and which parameters it takes: as data.

use crate::diagnostic::did_you_mean;
use std::collections::BTreeMap;
use std::fmt;

/// A kind of connection.
#[derive(Debug)]
pub struct ConnectorSpec {
    /// The word after `type:` in profiles.yml.
    pub name: &'static str,
    /// The version of the connector.
    pub version: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// What sources read from it.
    pub reads: Reads,
    /// What a connection may say.
    pub parameters: &'static [Parameter],
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Connections at once, unless the connection says otherwise.
    pub max_connections: usize,
}

/// What a system has to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Files, by a path or glob.
    Files,
    /// Tables, views and queries.
    Tables,
}

/// A parameter of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Other names for it, dbt's for instance.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub takes: Takes,
    /// Whether a connection must have it.
    pub required: bool,
    /// Whether it is shown nowhere.
    pub secret: bool,
    /// What it is, in a line, with its default.
    pub about: &'static str,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Any text.
    Text,
    /// A host, with `http://` or `https://` before it or nothing.
    Address,
    /// A whole number from the first to the last.
    Number(u64, u64),
    /// `true` or `false`.
    Bool,
    /// A file; a relative path starts at the project's directory.
    File,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// The parameters of one connection, all of them known to its spec and of the right form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<&'static str, String>);

/// What is wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterError {
    /// The name as written; `None` where a parameter is missing.
    pub written: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl ConnectorSpec {
    /// Reads the parameters of a connection from names and texts.
    ///
    /// # Errors
    /// Each that is unknown, missing, given twice or of another form.
    pub fn read<'p>(
        &self,
        given: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Parameters, Vec<ParameterError>> {
        let mut found = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, text) in given {
            match self.parameter(name) {
                Some(parameter) => match parameter.takes.refuses(text) {
                    None if found.insert(parameter.name, text.to_owned()).is_some() => {
                        errors.push(ParameterError {
                            written: Some(name.to_owned()),
                            message: format!("`{}` is given twice", parameter.name),
                            help: "leave one of them out".to_owned(),
                        });
                    }
                    None => {}
                    Some(expected) => errors.push(ParameterError {
                        written: Some(name.to_owned()),
                        message: if parameter.secret || parameter.takes.hides(text) {
                            format!("`{name}` is not {expected}")
                        } else {
                            format!("`{name}` is `{text}`, expected {expected}")
                        },
                        help: parameter.about.to_owned(),
                    }),
                },
                None => errors.push(self.unknown(name)),
            }
        }
        for parameter in self.parameters.iter().filter(|parameter| parameter.required) {
            if !found.contains_key(parameter.name)
                && !errors.iter().any(|error| error.written.as_deref() == Some(parameter.name))
            {
                errors.push(ParameterError {
                    written: None,
                    message: format!("{} connection needs `{}`", self.shown(), parameter.name),
                    help: parameter.about.to_owned(),
                });
            }
        }
        if errors.is_empty() { Ok(Parameters(found)) } else { Err(errors) }
    }

    /// The parameters as a table of Markdown, which the reference shows.
    pub fn parameters_table(&self) -> String {
        let mut text = "| parameter | takes | is |\n| --- | --- | --- |\n".to_owned();
        for parameter in self.parameters {
            let aliases = parameter.aliases.iter().map(|alias| format!(", `{alias}`"));
            let aliases: String = aliases.collect();
            let needed = if parameter.required { "; needed" } else { "" };
            let secret = if parameter.secret { "; secret" } else { "" };
            text.push_str(&format!(
                "| `{}`{aliases} | {}{needed}{secret} | {} |\n",
                parameter.name, parameter.takes, parameter.about
            ));
        }
        text
    }

    /// Its name with the article that it is spoken with.
    fn shown(&self) -> String {
        // The letter is said `ess`.
        let article = if self.name.starts_with("s3") { "an" } else { "a" };
        format!("{article} {}", self.name)
    }

    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name || parameter.aliases.contains(&name))
    }

    fn unknown(&self, name: &str) -> ParameterError {
        let known: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name).collect();
        let near = did_you_mean(name, known.iter().copied());
        ParameterError {
            written: Some(name.to_owned()),
            message: format!("{} connection has no `{name}`", self.shown()),
            help: near.unwrap_or_else(|| format!("it takes {}", known.join(", "))),
        }
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text | Self::Address => f.write_str("text"),
            Self::File => f.write_str("a path, from the project's directory"),
            Self::Number(first, last) => write!(f, "{first} to {last}"),
            Self::Bool => f.write_str("true or false"),
            Self::OneOf(words) => f.write_str(&words.join(", ")),
        }
    }
}

impl Takes {
    /// What was expected, where `text` is not of this form.
    fn refuses(self, text: &str) -> Option<String> {
        let number = || text.trim().parse::<u64>().ok();
        match self {
            Self::Address if self.hides(text) => {
                Some("an address without user and password".to_owned())
            }
            Self::Address if !has_web_scheme(text) => {
                Some("an address of http:// or https://".to_owned())
            }
            Self::Number(first, last) if !number().is_some_and(|n| (first..=last).contains(&n)) => {
                Some(format!("a number from {first} to {last}"))
            }
            Self::Bool if !["true", "false"].contains(&text) => Some("true or false".to_owned()),
            Self::OneOf(words) if !words.contains(&text) => {
                Some(format!("one of {}", words.join(", ")))
            }
            _ => None,
        }
    }

    /// Whether `text` may hold a password, and is not shown.
    fn hides(self, text: &str) -> bool {
        self == Self::Address && text.contains('@')
    }
}

fn has_web_scheme(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_none_or(|scheme| scheme == "http" || scheme == "https")
}

impl Parameters {
    /// The text of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The number of a parameter.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.trim().parse().ok()
    }

    /// Whether a parameter is `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Parameter = Parameter {
        name: "host",
        aliases: &[],
        takes: Takes::Text,
        required: true,
        secret: false,
        about: "where the server is",
    };
    const SPEC: ConnectorSpec = ConnectorSpec {
        name: "shop",
        version: "1",
        about: "",
        reads: Reads::Tables,
        parameters: &[
            PLAIN,
            Parameter { name: "port", takes: Takes::Number(1, 65_535), required: false, ..PLAIN },
            Parameter {
                name: "password",
                aliases: &["pass"],
                takes: Takes::OneOf(&["a", "b"]),
                required: false,
                secret: true,
                ..PLAIN
            },
        ],
        batch_rows: 1,
        max_connections: 1,
    };

    #[test]
    fn parameters_are_known_and_of_their_form() {
        let read = |given: &[(&str, &str)]| SPEC.read(given.iter().copied());
        let good = read(&[("host", "h"), ("port", "5432"), ("pass", "a")]).unwrap();
        assert_eq!((good.text("host"), good.number("port")), (Some("h"), Some(5432)));
        assert_eq!(good.text("password"), Some("a"));
        for (given, message, help) in [
            (
                &[("hots", "h"), ("host", "h")][..],
                "a shop connection has no `hots`",
                "did you mean `host`?",
            ),
            (
                &[("x", "h"), ("host", "h")],
                "a shop connection has no `x`",
                "it takes host, port, password",
            ),
            (&[], "a shop connection needs `host`", "where the server is"),
            (
                &[("host", "h"), ("port", "0")],
                "`port` is `0`, expected a number from 1 to 65535",
                "where the server is",
            ),
            (
                &[("host", "h"), ("pass", "secret")],
                "`pass` is not one of a, b",
                "where the server is",
            ),
            (
                &[("host", "h"), ("pass", "a"), ("password", "b")],
                "`password` is given twice",
                "leave one of them out",
            ),
        ] {
            let errors = read(given).unwrap_err();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!((errors[0].message.as_str(), errors[0].help.as_str()), (message, help));
        }
    }
}
