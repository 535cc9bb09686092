//! `tickpath._native`: the bindings of `tickpath-core`.
//!
//! Conversion only, a file per type. The interpreter's lock is the object tier's lock
//! (`gil_used`): free-threaded CPython is not declared until it has been proved.
#![deny(unsafe_code)]
#![deny(unused_crate_dependencies)]

mod ack;
mod ack_reader;
mod ack_slices;
mod ack_window;
mod args;
mod arrow;
mod arrow_columns;
mod bus;
mod consumer;
mod engine;
mod engine_faults;
mod engine_feed;
mod engine_life;
mod engine_owner;
mod engine_record;
mod engine_settings;
mod engine_snapshot;
mod engine_stage;
mod errors;
mod event_layout;
mod event_reader;
mod event_ring;
mod execution;
mod flight;
mod histogram;
mod hlog;
mod ingest;
mod ingest_load;
mod integers;
mod items;
mod latency_figures;
mod machine;
mod memory;
mod metrics;
mod ping_pong;
mod place;
mod room;
mod run_clock;
mod sink;
mod sizing;
mod state;
mod synthetic;
mod table;
mod table_values;
mod unraisable;
mod virtual_engine;
mod virtual_life;

use pyo3::prelude::*;

/// The native part of tickpath; import from `tickpath.core` and `tickpath.control` instead.
#[pymodule(gil_used = true)]
mod _native {
    use pyo3::prelude::*;

    use std::sync::OnceLock;

    use crate::memory::{install, interpreter_id};

    #[pymodule_export]
    use crate::ack::Ack;
    #[pymodule_export]
    use crate::ack_reader::AckReader;
    #[pymodule_export]
    use crate::ack_slices::{AckSlice, AckSlices};
    #[pymodule_export]
    use crate::ack_window::{AckWindow, AckWindowFigures};
    #[pymodule_export]
    use crate::arrow::ArrowRows;
    #[pymodule_export]
    use crate::bus::RingBuffer;
    #[pymodule_export]
    use crate::consumer::Consumer;
    #[pymodule_export]
    use crate::engine::LiveEngine;
    #[pymodule_export]
    use crate::engine_faults::Faults;
    #[pymodule_export]
    use crate::engine_feed::{FeedCounters, FeedRecord};
    #[pymodule_export]
    use crate::engine_record::EngineRecord;
    #[pymodule_export]
    use crate::engine_settings::{check_stage_name, check_stages};
    #[pymodule_export]
    use crate::engine_snapshot::{EngineLedger, EngineSnapshot, StageState};
    #[pymodule_export]
    use crate::engine_stage::{StagePlace, StageRecord};
    #[pymodule_export]
    use crate::event_reader::EventReader;
    #[pymodule_export]
    use crate::event_ring::EventRing;
    #[pymodule_export]
    use crate::execution::Executor;
    #[pymodule_export]
    use crate::flight::{FlightReader, FlightTail};
    #[pymodule_export]
    use crate::histogram::LatencyHistogram;
    #[pymodule_export]
    use crate::hlog::encode_hlog;
    #[pymodule_export]
    use crate::ingest::merge_events;
    #[pymodule_export]
    use crate::ingest_load::load_recording;
    #[pymodule_export]
    use crate::latency_figures::LatencyFigures;
    #[pymodule_export]
    use crate::machine::{CoreFloor, MachineWatch, Topology, control_groups};
    #[pymodule_export]
    use crate::memory::Events;
    #[pymodule_export]
    use crate::metrics::{Metrics, Snapshot};
    #[pymodule_export]
    use crate::ping_pong::{PingPong, ping_pong};
    #[pymodule_export]
    use crate::run_clock::ClockRecord;
    #[pymodule_export]
    use crate::sink::{LatencySink, NoOpSink, SinkFeeder};
    #[pymodule_export]
    use crate::sizing::{FeedPlan, Sizing};
    #[pymodule_export]
    use crate::state::Gate;
    #[pymodule_export]
    use crate::synthetic::synthetic_events;
    #[pymodule_export]
    use crate::table::{csv_header, load_csv, load_rows};
    #[pymodule_export]
    use crate::table_values::table_values;
    #[pymodule_export]
    use crate::unraisable::report_unraisable;
    #[pymodule_export]
    use crate::virtual_engine::VirtualEngine;

    // Without the module as its argument, so that the generated stub counts as complete.
    #[pymodule_init]
    fn init(py: Python<'_>) -> PyResult<()> {
        // Classes of Python's are kept in statics: one interpreter's must not be raised in another.
        // Python 3.12 and later refuse by themselves where the lock is not shared, 3.11 never does.
        static FIRST: OnceLock<i64> = OnceLock::new();
        if *FIRST.get_or_init(|| interpreter_id(py)) != interpreter_id(py) {
            return Err(pyo3::exceptions::PyImportError::new_err(
                "tickpath can be imported in one interpreter of a process, and another one has it already",
            ));
        }
        let perf_counter_ns = py.import("time")?.getattr("perf_counter_ns")?.call0()?;
        tickpath_core::time::MonotonicClock::align(perf_counter_ns.extract()?);
        install::<crate::bus::FastPublish>(py)?;
        install::<crate::consumer::FastPoll>(py)?;
        install::<crate::execution::FastProcess>(py)?;
        install::<crate::metrics::FastObserve>(py)
    }
}
