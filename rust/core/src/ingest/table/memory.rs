//! Tables in memory, already converted row by row: the caller's choices apply as for files.

use core::ops::ControlFlow;

use super::Field;
use crate::ingest::error::{LoadError, Place, Problem};
use crate::ingest::event::Event;
use crate::ingest::intake::{Intake, NO_SYMBOL};
use crate::ingest::load::{Details, LoadOptions, complete};
use crate::ingest::recording::{Origin, Recording};
use crate::ingest::stream::Progress;
use crate::sync::Arc;

/// Rows taken between two calls of the hook: under a millisecond of work.
const ROWS_BETWEEN_HOOKS: usize = 1 << 14;

/// A row that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Row number from 0.
    pub row: u64,
    /// The field that is wrong.
    pub field: Field,
    /// What was found and what was expected.
    pub reason: String,
}

/// Takes the rows of a table called `title`, except the `bad` ones (in ascending order), which the
/// policy decides about. Events index `symbols`; without names they have the one empty name.
///
/// # Errors
/// Returns an error if the table cannot be used as `options` demand; see [`LoadError`].
pub fn load_rows(
    title: &str,
    rows: impl ExactSizeIterator<Item = Event>,
    bad: &[BadRow],
    symbols: &[String],
    options: &LoadOptions,
    hook: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Recording, LoadError> {
    let title: Arc<str> = Arc::from(title);
    let listed_max = options.limits.skipped_listed_max;
    let mut intake = Intake::new(&title, options.policy, options.out_of_order, listed_max);
    for name in symbols {
        intake.symbol_of_source(name)?;
    }
    let mut bad = bad.iter().peekable();
    let total = rows.len();
    for (row, event) in rows.enumerate() {
        if row % ROWS_BETWEEN_HOOKS == 0 {
            report(total, row, hook)?;
        }
        let row = row as u64;
        let place = Place::Row(row);
        if let Some(bad) = bad.next_if(|bad| bad.row == row) {
            let field = Some(bad.field.name().into());
            intake.reject(
                Problem {
                    field,
                    reason: bad.reason.clone(),
                },
                place,
            )?;
            continue;
        }
        let symbol = if symbols.is_empty() {
            NO_SYMBOL
        } else {
            event.symbol
        };
        intake.accept(Event { symbol, ..event }, place)?;
    }
    let details = Details {
        origin: Origin::Unknown,
        date: None,
        control_records: 0,
    };
    complete(intake, "table", None, details, options.symbol.as_deref())
}

fn report(
    total: usize,
    done: usize,
    hook: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(), LoadError> {
    let progress = Progress {
        bytes_done: (done * size_of::<Event>()) as u64,
        bytes_total: (total * size_of::<Event>()) as u64,
        events: done as u64,
    };
    match hook(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(LoadError::Interrupted),
    }
}
