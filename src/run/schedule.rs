//! What may start now, what must be skipped. Pure: it is told what happened and answers.

use super::plan::{Plan, StepIndex};
use std::collections::BTreeSet;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Running,
    Succeeded,
    Failed,
    Skipped,
}

/// The steps of a plan while they are carried out.
#[derive(Debug)]
pub(super) struct Schedule {
    states: Vec<State>,
    waiting: Vec<usize>,
    followers: Vec<Vec<StepIndex>>,
    ready: BTreeSet<StepIndex>,
    unfinished: usize,
    stopped: bool,
}

impl Schedule {
    pub(super) fn new(plan: &Plan) -> Self {
        let count = plan.steps.len();
        let mut followers = vec![Vec::new(); count];
        for (at, step) in plan.steps.iter().enumerate() {
            for parent in &step.waits_for {
                followers[parent.0].push(StepIndex(at));
            }
        }
        let waiting: Vec<usize> = plan.steps.iter().map(|step| step.waits_for.len()).collect();
        let ready = (0..count).filter(|at| waiting[*at] == 0).map(StepIndex).collect();
        let states = vec![State::Pending; count];
        Self { states, waiting, followers, ready, unfinished: count, stopped: false }
    }

    /// The next step to start, if one is ready.
    pub(super) fn start(&mut self) -> Option<StepIndex> {
        if self.stopped {
            return None;
        }
        let step = self.ready.pop_first()?;
        self.states[step.0] = State::Running;
        Some(step)
    }

    /// Whether every step has ended.
    pub(super) fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    /// `step` has succeeded: what waited only for it is ready.
    pub(super) fn succeed(&mut self, step: StepIndex) {
        self.end(step, State::Succeeded);
        for follower in self.followers[step.0].clone() {
            self.waiting[follower.0] -= 1;
            if self.waiting[follower.0] == 0 && self.states[follower.0] == State::Pending {
                self.ready.insert(follower);
            }
        }
    }

    /// `step` has failed: answers what is skipped for it, in order.
    pub(super) fn fail(&mut self, step: StepIndex) -> Vec<StepIndex> {
        self.end(step, State::Failed);
        let mut skipped = BTreeSet::new();
        let mut edge = self.followers[step.0].clone();
        while let Some(next) = edge.pop() {
            if self.states[next.0] == State::Pending && skipped.insert(next) {
                edge.extend(self.followers[next.0].iter().copied());
            }
        }
        for step in &skipped {
            self.ready.remove(step);
            self.end(*step, State::Skipped);
        }
        skipped.into_iter().collect()
    }

    /// Nothing starts any more: answers what will never run.
    pub(super) fn stop(&mut self) -> Vec<StepIndex> {
        self.stopped = true;
        let pending: Vec<StepIndex> = (0..self.states.len())
            .map(StepIndex)
            .filter(|step| self.states[step.0] == State::Pending)
            .collect();
        for step in &pending {
            self.end(*step, State::Skipped);
        }
        self.ready.clear();
        pending
    }

    fn end(&mut self, step: StepIndex, state: State) {
        self.states[step.0] = state;
        self.unfinished -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::NodeIndex;
    use crate::run::plan::Step;
    use proptest::prelude::*;

    fn plan(parents: &[Vec<usize>]) -> Plan {
        let steps = parents.iter().map(|waits_for| Step {
            node: NodeIndex(0),
            waits_for: waits_for.iter().copied().map(StepIndex).collect(),
        });
        Plan { steps: steps.collect() }
    }

    proptest! {
        /// Whatever fails, each step runs after its parents and at most once, everything ends, and
        /// a step is skipped exactly where an ancestor failed.
        #[test]
        fn every_step_ends_and_none_starts_before_its_parents(
            edges in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40),
            failing in prop::collection::vec(any::<bool>(), 40),
        ) {
            let parents: Vec<Vec<usize>> = edges
                .iter()
                .enumerate()
                .map(|(at, picks)| {
                    let picked: BTreeSet<usize> =
                        picks.iter().filter(|_| at > 0).map(|pick| pick.index(at)).collect();
                    picked.into_iter().collect()
                })
                .collect();
            let mut schedule = Schedule::new(&plan(&parents));
            let mut good = BTreeSet::new();
            let mut bad = BTreeSet::new();
            while let Some(step) = schedule.start() {
                prop_assert!(parents[step.0].iter().all(|parent| good.contains(parent)));
                if failing[step.0] {
                    bad.insert(step.0);
                    bad.extend(schedule.fail(step).into_iter().map(|step| step.0));
                } else {
                    prop_assert!(good.insert(step.0));
                    schedule.succeed(step);
                }
            }
            prop_assert!(schedule.is_done());
            prop_assert_eq!(good.len() + bad.len(), parents.len());
            for (at, parents) in parents.iter().enumerate() {
                let expected = failing[at] || parents.iter().any(|parent| bad.contains(parent));
                prop_assert_eq!(bad.contains(&at), expected);
            }
        }
    }
}
