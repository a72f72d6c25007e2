//! Rows on their way into another system, which a double stands for.
