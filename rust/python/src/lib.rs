//! `tickpath._native`: the bindings of `tickpath-core`.
//!
//! Conversion only, a file per type. The interpreter's lock is the object tier's lock
//! (`gil_used`): free-threaded CPython is not declared until it has been proved.
#![deny(unsafe_code)]

mod errors;

use pyo3::prelude::*;

/// The native part of tickpath; import from `tickpath.core` and `tickpath.control` instead.
#[pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use crate::state::Gate;

    #[pymodule_export]
    use crate::engine::LiveEngine;
    #[pymodule_export]
    use crate::engine_record::{EngineRecord, EngineSnapshot, LatencyFigures};
    #[pymodule_export]
    use crate::ingest::Events;
    #[pymodule_export]
    use crate::unraisable::report_unraisable;
}

mod engine;
mod engine_record;
mod ingest;
mod state;
mod unraisable;
