//! Synthetic streams of events.

use std::ops::ControlFlow;

use pyo3::prelude::*;
use tickpath_core::ingest::synthetic::{Config, Model, SyntheticError, generate};

use crate::errors;
use crate::ingest::Events;

/// Generate a stream; see ``tickpath.core.ingest.synthetic.generate``, which checks the arguments first.
#[pyfunction]
pub(crate) fn synthetic_events(
    py: Python<'_>,
    model: &str,
    rate_hz: f64,
    events: u64,
    symbols: u32,
    seed: u64,
) -> PyResult<Events> {
    let model = Model::from_name(model)
        .ok_or_else(|| errors::argument_value(py, format!("no model \"{model}\"")))?;
    let config = Config { model, rate_hz, events, symbols, seed };
    let mut raised = None;
    let generated = py.detach(|| {
        generate(&config, &mut |_| match Python::attach(|py| py.check_signals()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        })
    });
    generated.map(Events::new).map_err(|error| match (raised, error) {
        (Some(raised), SyntheticError::Stopped) => raised,
        (_, error) => errors::argument_value(py, error.to_string()),
    })
}
