//! How the loom models of this folder are explored, and proved to have got somewhere.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// Every order of events that the memory model allows is tried, with up to so many preemptions. A thread that
/// waits lets the others run at no charge.
const PREEMPTIONS_MAX: usize = 2;

/// One more than usual for `make loom-deep`.
fn more_preemptions() -> usize {
    usize::from(std::env::var_os("TICKPATH_LOOM_DEEP").is_some())
}

/// What was met in all executions of one model; plain memory, because it is not modelled.
#[derive(Debug)]
pub(crate) struct Outcomes<T>(Arc<Mutex<BTreeSet<T>>>);

impl<T> Clone for Outcomes<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Ord> Outcomes<T> {
    pub(crate) fn met(&self, outcome: T) {
        self.0.lock().expect("not poisoned").insert(outcome);
    }
}

/// Explores `body`. Each outcome of `must_meet` has to be met in some execution: a model that never gets
/// anywhere cannot pass.
pub(crate) fn model<T>(body: impl Fn(&Outcomes<T>) + Send + Sync + 'static, must_meet: &[T])
where
    T: Ord + Debug + Send + 'static,
{
    model_within(PREEMPTIONS_MAX, body, must_meet);
}

/// The same with another bound: a model with many steps has too many orders for the usual one.
pub(crate) fn model_within<T>(
    preemptions_max: usize,
    body: impl Fn(&Outcomes<T>) + Send + Sync + 'static,
    must_meet: &[T],
) where
    T: Ord + Debug + Send + 'static,
{
    let outcomes = Outcomes(Arc::default());
    let seen = outcomes.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions_max + more_preemptions());
    builder.check(move || body(&seen));
    let met = outcomes.0.lock().expect("no execution panicked");
    for outcome in must_meet {
        assert!(
            met.contains(outcome),
            "no execution met {outcome:?}: {met:?}"
        );
    }
}
