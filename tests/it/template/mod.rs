//! dbt's Jinja: macros, errors, the database, and Python's Jinja2 as the yardstick.

mod database;
mod dates;
mod errors;
mod fixture;
mod jinja2;
mod macros;
mod relations;
mod values;
