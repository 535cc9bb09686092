//! The executor's step: read one event under the gate, decide, stamp, acknowledge.

mod step;

pub use step::{Ack, Step, StepError, step, step_with};
