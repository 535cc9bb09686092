//! How the loom models of this folder are explored, and proved to have got somewhere.

#[path = "outcomes.rs"]
mod outcomes;

use std::fmt::Debug;

pub(crate) use outcomes::Outcomes;

/// Every order of events that the memory model allows is tried, with up to so many preemptions. A thread that
/// waits lets the others run at no charge.
const PREEMPTIONS_MAX: usize = 3;

/// Steps of one execution; more than any model has that gets anywhere.
const STEPS_MAX: usize = 10_000;

/// How many more than usual are asked for, by `make loom-deep`.
fn more_preemptions() -> usize {
    let more = std::env::var("TICKPATH_LOOM_MORE_PREEMPTIONS");
    more.map_or(0, |more| more.parse().expect("a number"))
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
    model_exactly_within(preemptions_max + more_preemptions(), body, must_meet);
}

/// The same with a bound that `make loom-deep` leaves alone.
pub(crate) fn model_exactly_within<T>(
    preemptions_max: usize,
    body: impl Fn(&Outcomes<T>) + Send + Sync + 'static,
    must_meet: &[T],
) where
    T: Ord + Debug + Send + 'static,
{
    let outcomes = Outcomes::default();
    let seen = outcomes.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions_max);
    builder.max_branches = STEPS_MAX;
    builder.check(move || body(&seen));
    outcomes.check(must_meet);
}
