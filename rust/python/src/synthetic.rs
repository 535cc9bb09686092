//! Synthetic streams of events.

use pyo3::prelude::*;
use tickpath_core::ingest::synthetic::{Config, Model, generate};
use tickpath_core::ingest::{Event, Progress};

use crate::errors;
use crate::ingest::Events;
use crate::ingest_load::Watch;

/// Generate a stream; see ``tickpath.core.ingest.synthetic.generate``, which checks the arguments first.
///
/// ``progress`` is called with bytes done, bytes in all, and events so far; what it raises ends the work.
#[pyfunction]
pub(crate) fn synthetic_events(
    py: Python<'_>,
    model: &str,
    rate_hz: f64,
    events: u64,
    symbols: u32,
    seed: u64,
    progress: Option<Py<PyAny>>,
) -> PyResult<Events> {
    let model = Model::from_name(model)
        .ok_or_else(|| errors::argument_value(py, format!("no model \"{model}\"")))?;
    let config = Config {
        model,
        rate_hz,
        events,
        symbols,
        seed,
    };
    let mut watch = Watch::new(progress);
    let bytes = size_of::<Event>() as u64;
    let generated = py.detach(|| {
        generate(&config, &mut |done| {
            watch.see(Progress {
                bytes_done: done * bytes,
                bytes_total: config.events.saturating_mul(bytes),
                events: done,
            })
        })
    });
    watch.check()?;
    let generated = generated.map_err(|e| errors::argument_value(py, e.to_string()))?;
    watch.finish(py, config.events)?;
    Ok(Events::new(generated))
}
