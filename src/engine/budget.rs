//! How many bytes wait between two threads: batches of long text are few, of numbers many.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may wait.
const MOST: usize = 32 << 20;

/// Bytes on their way from one thread to another.
#[derive(Debug, Default)]
pub struct Budget {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    is_closed: bool,
}

impl Budget {
    /// Waits until so many more bytes may wait; one batch always may.
    pub fn take(&self, bytes: usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |state: &mut State| {
            !state.is_closed && state.waiting > 0 && state.waiting + bytes > MOST
        };
        let state = self.freed.wait_while(state, is_full);
        state.unwrap_or_else(PoisonError::into_inner).waiting += bytes;
    }

    /// So many bytes arrived.
    pub fn give_back(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting = state.waiting.saturating_sub(bytes);
        self.freed.notify_all();
    }

    /// Nobody takes any more: nobody waits either.
    pub fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_waits_and_one_batch_never_does() {
        let budget = Budget::default();
        budget.take(MOST * 2);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| budget.take(1));
            budget.give_back(MOST * 2);
            waiting.join().unwrap();
            budget.take(MOST - 1);
            let waiting = scope.spawn(|| budget.take(MOST));
            budget.close();
            waiting.join().unwrap();
        });
    }
}
