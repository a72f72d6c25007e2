//! Statements, and what is known of them.
