//! Events in memory: what every source of market data hands to the engine, and NumPy looks at.

use pyo3::prelude::*;
use tickpath_core::ingest::{Event, OutOfOrder, Place, Problem, RowError, put_in_order};
use tickpath_core::sync::Arc;

use crate::memory::{Rows, RowsAt};
use crate::room::{ask_for_room, room_for};
use crate::{args, errors};

pub(crate) use crate::memory::{Events, SharedEvents};

/// [`Events::from_array`]: events, how many of their stamps ran backwards, how many were raised.
pub(crate) fn copied_from(
    array: &Bound<'_, PyAny>,
    out_of_order: &str,
    path: &str,
    row_numbers: Option<&Bound<'_, PyAny>>,
    lines: bool,
) -> PyResult<(Vec<Event>, u64, u64)> {
    let py = array.py();
    let choice = parse_out_of_order(py, out_of_order)?;
    let refuse = |why: String| {
        let given = args::type_name(array);
        let text = format!("expected a one-dimensional array of EVENT_DTYPE, got {given}: {why}");
        errors::argument_type(py, text)
    };
    let rows = event_rows(array).map_err(|e| refuse(e.value(py).to_string()))?;
    let (source, total) = (rows.source(), rows.len());
    let mut events = room_for(total, "events")?;
    let sorted = py.detach(move || {
        events.extend(events_in(source, total));
        put_in_order(&mut events, choice).map(|(backward, clamped)| (events, backward, clamped))
    });
    match sorted {
        Ok(sorted) => Ok(sorted),
        Err((index, problem)) => {
            let number = row_number(row_numbers, index)?;
            Err(out_of_order_row(py, path, number, lines, problem))
        }
    }
}

/// The rows of a one-dimensional array of events, which is not asked for its dtype.
pub(crate) fn event_rows(array: &Bound<'_, PyAny>) -> PyResult<Rows> {
    let rows = Rows::get(array, size_of::<Event>(), false)?;
    match rows.dimensions() {
        1 => Ok(rows),
        other => Err(pyo3::exceptions::PyBufferError::new_err(format!(
            "it has {other} dimensions"
        ))),
    }
}

/// The events in the first `total` rows.
pub(crate) fn events_in(
    rows: RowsAt<'_>,
    total: usize,
) -> impl ExactSizeIterator<Item = Event> + Send {
    rows.range(0..total).map(bytemuck::cast)
}

/// Which row of its source the event at `index` was.
fn row_number(row_numbers: Option<&Bound<'_, PyAny>>, index: usize) -> PyResult<u64> {
    let Some(numbers) = row_numbers else {
        return Ok(index as u64);
    };
    let rows = Rows::get(numbers, size_of::<u64>(), false)?;
    let [number, ..] = if index < rows.len() {
        rows.source().read(index)
    } else {
        [index as u64; 7]
    };
    Ok(number)
}

fn out_of_order_row(
    py: Python<'_>,
    path: &str,
    number: u64,
    lines: bool,
    problem: Problem,
) -> PyErr {
    let place = if lines {
        Place::Line(number)
    } else {
        Place::Row(number)
    };
    let RowError {
        line,
        byte_offset,
        field,
        reason,
        ..
    } = RowError::new(&Arc::from(path), place, problem);
    errors::out_of_order(py, path, reason, line, byte_offset, field.map(Into::into))
}

/// Several batches of events as one, merged by stamp: equal stamps come in the order of the batches.
///
/// Each part is events and the new index of each of their symbols.
///
/// Raises ``ArgumentValueError`` if an event's symbol has no new index, ``MemoryError`` if there is no room.
#[pyfunction]
pub(crate) fn merge_events(
    py: Python<'_>,
    parts: Vec<(Bound<'_, Events>, Vec<u32>)>,
) -> PyResult<Events> {
    let parts: Vec<(SharedEvents, Vec<u32>)> = parts
        .into_iter()
        .map(|(events, symbols)| (events.get().shared(), symbols))
        .collect();
    let total = parts.iter().map(|(events, _)| events.len()).sum();
    let mut merged = room_for(total, "events")?;
    ask_for_room::<Event>(total, "events, to sort them,")?;
    let merged = py.detach(move || {
        for (events, symbols) in &parts {
            for event in events.iter() {
                let symbol = *symbols.get(event.symbol as usize)?;
                merged.push(Event { symbol, ..*event });
            }
        }
        merged.sort_by_key(|event| event.ts_ns);
        Some(merged)
    });
    merged.map(Events::new).ok_or_else(|| {
        errors::argument_value(
            py,
            "an event's symbol has no new index: name every symbol of a part".to_owned(),
        )
    })
}

/// `"refuse"`, `"sort"` or `"clamp"`.
pub(crate) fn parse_out_of_order(py: Python<'_>, word: &str) -> PyResult<OutOfOrder> {
    match word {
        "refuse" => Ok(OutOfOrder::Refuse),
        "sort" => Ok(OutOfOrder::Sort),
        "clamp" => Ok(OutOfOrder::Clamp),
        _ => Err(errors::argument_value(
            py,
            format!("out_of_order must be \"refuse\", \"sort\" or \"clamp\", got {word:?}"),
        )),
    }
}
