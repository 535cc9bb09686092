//! What was met in all executions of one model, for a proof that it got somewhere.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// What was met in all executions of one model; plain memory, because it is not modelled.
#[derive(Debug)]
pub(crate) struct Outcomes<T>(Arc<Mutex<BTreeSet<T>>>);

impl<T> Default for Outcomes<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Outcomes<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Ord + Debug> Outcomes<T> {
    pub(crate) fn met(&self, outcome: T) {
        self.0.lock().expect("not poisoned").insert(outcome);
    }

    /// Each of these has to be among them: a model that never gets anywhere cannot pass.
    pub(crate) fn check(&self, must_meet: &[T]) {
        let met = self.0.lock().expect("no execution panicked");
        for outcome in must_meet {
            assert!(
                met.contains(outcome),
                "no execution met {outcome:?}: {met:?}"
            );
        }
    }
}
