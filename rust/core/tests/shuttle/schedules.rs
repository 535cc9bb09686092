//! How each test of this folder is run: many orders of their steps, drawn by two schedulers.
//!
//! Both start from a seed that is printed (`SHUTTLE_RANDOM_SEED` sets another). `TICKPATH_SHUTTLE_RUNS` says how many
//! orders each draws, by default 10,000. When one fails, shuttle prints its schedule; with that in `TICKPATH_SHUTTLE_SCHEDULE` the test
//! runs exactly that order again.

use std::fmt::Debug;
use std::str::FromStr;

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

use crate::outcomes::Outcomes;

/// Orders that each scheduler draws where nothing else is asked for.
const RUNS: usize = 10_000;
/// Where the draws begin where nothing else is asked for.
const SEED: u64 = 6;
/// Preemptions that the PCT scheduler places, and one: most bugs need no more than two.
const PCT_DEPTH: usize = 3;
/// A run of more steps does not end. The longest that do take about a tenth of it.
const STEPS_MAX: usize = 200_000;
/// An engine's stages are built on the stacks of its threads.
const STACK_BYTES: usize = 0x4_0000;

/// Runs `body` in many orders, or in the one that is asked for. Each outcome of `must_meet` has to be met in
/// some of them.
pub(crate) fn explore<T>(body: impl Fn(&Outcomes<T>) + Send + Sync + 'static, must_meet: &[T])
where
    T: Ord + Debug + Send + 'static,
{
    explore_within(RUNS, body, must_meet);
}

/// The same with so many orders where nothing else is asked for, and else in proportion: for runs that take much
/// longer than the others.
pub(crate) fn explore_within<T>(
    runs: usize,
    body: impl Fn(&Outcomes<T>) + Send + Sync + 'static,
    must_meet: &[T],
) where
    T: Ord + Debug + Send + 'static,
{
    let outcomes = Outcomes::default();
    let seen = outcomes.clone();
    let body = std::sync::Arc::new(move || body(&seen));
    let run = |scheduler: Box<dyn Scheduler + Send>| {
        let body = std::sync::Arc::clone(&body);
        Runner::new(scheduler, config()).run(move || body());
    };
    if let Ok(schedule) = std::env::var("TICKPATH_SHUTTLE_SCHEDULE") {
        run(Box::new(ReplayScheduler::new_from_encoded(&schedule)));
        return;
    }
    let runs = asked("TICKPATH_SHUTTLE_RUNS", RUNS) * runs / RUNS;
    let seed = asked("SHUTTLE_RANDOM_SEED", SEED);
    say(&format!("{runs} orders by each scheduler from seed {seed}"));
    run(Box::new(RandomScheduler::new_from_seed(seed, runs)));
    run(Box::new(PctScheduler::new_from_seed(seed, PCT_DEPTH, runs)));
    outcomes.check(must_meet);
}

/// One of `choices`.
pub(crate) fn one_of<T: Copy>(choices: &[T]) -> T {
    choices[thread_rng().gen_range(0..choices.len())]
}

/// Whether it is the one draw in so many.
pub(crate) fn chance(one_in: u32) -> bool {
    thread_rng().gen_ratio(1, one_in)
}

fn config() -> Config {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(STEPS_MAX);
    config.stack_size = STACK_BYTES;
    // That memory is ordered is what the loom models are for.
    config.silence_warnings = true;
    config
}

fn asked<N: FromStr>(variable: &str, default: N) -> N {
    let Ok(text) = std::env::var(variable) else {
        return default;
    };
    text.parse()
        .unwrap_or_else(|_| panic!("{variable} must be a number: got {text:?}"))
}

#[allow(
    clippy::print_stdout,
    reason = "the harness shows it with a test that failed"
)]
fn say(text: &str) {
    println!("{text}");
}
