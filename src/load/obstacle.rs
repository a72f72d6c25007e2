//! Why a load cannot begin, told to the user.

use super::table::Work;
use crate::diagnostic::{Code, Diagnostic};
use crate::mode::load::{LoadMode, Obstacle};

impl Work<'_> {
    pub(super) fn obstacle(&self, obstacle: &Obstacle) -> Diagnostic {
        let (load, relation) = (self.request.load, self.relation);
        match obstacle {
            Obstacle::View => Diagnostic::error(
                Code::RELATION_IN_THE_WAY,
                format!("`{relation}` is a view, expected a table or nothing to load into"),
            )
            .at(self.request.node.place.clone())
            .with_help("drop the view, or load into another table: `load: {into: schema.table}`"),
            Obstacle::NotOurs => Diagnostic::error(
                Code::FOREIGN_TABLE,
                format!("table `{relation}` exists and was not made by sqlflow"),
            )
            .at(self.request.node.place.clone())
            .with_help(match load.rules.mode {
                LoadMode::Replace => "to let this load replace it, write `load: {adopt: true}`",
                _ => "to let this load write into it, write `load: {adopt: true}`",
            }),
            Obstacle::TableGone => Diagnostic::error(
                Code::STATE_WITHOUT_TABLE,
                format!("table `{relation}` is gone, but it is recorded as loaded"),
            )
            .at(self.request.node.place.clone())
            .with_help("to load it from nothing, run with --full-refresh"),
            Obstacle::Redefined { was } => Diagnostic::error(
                Code::LOAD_REDEFINED,
                format!(
                    "the load of `{relation}` is `{}`, but was `{was}` when its state was recorded",
                    load.rules.definition()
                ),
            )
            .at(load.place_of("mode"))
            .with_help("to load it from nothing, run with --full-refresh"),
        }
    }
}
