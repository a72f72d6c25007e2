//! dbt's Jinja: macros, errors, the database, and Python's Jinja2 as the yardstick.

mod database;
mod errors;
mod fixture;
mod jinja2;
mod macros;
