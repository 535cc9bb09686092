//! Where the formats put their rows: applies the caller's choices, and counts what it leaves out.

use super::error::{LoadError, Place, Problem, RowError};
use super::event::Event;
use super::lines::LineFailure;
use super::order::{OrderWatch, OutOfOrder};
use super::room;
use super::stream::Failure;
use super::symbols::SymbolTable;
use crate::sync::Arc;

/// What to do with a row that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Fail, naming the row.
    #[default]
    Strict,
    /// Leave the row out, count it and list it.
    Skip,
}

/// Stands for "no symbol" until the source is complete.
pub(crate) const NO_SYMBOL: u32 = u32::MAX;

/// Room for the words that say what is wrong with a row; they quote little of it.
const ROW_TEXT_BYTES: usize = 256;

/// Collects the events of one source.
#[derive(Debug)]
pub struct Intake {
    path: Arc<str>,
    policy: Policy,
    order: OrderWatch,
    skipped_listed_max: usize,
    /// The events so far.
    pub(crate) events: Vec<Event>,
    pub(crate) symbols: SymbolTable,
    /// Whether a symbol found no memory; the load ends with the row that needed it.
    out_of_room: bool,
    skipped: Vec<RowError>,
    skipped_count: u64,
}

/// What an [`Intake`] has collected.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) events: Vec<Event>,
    pub(crate) symbols: Vec<String>,
    pub(crate) skipped: Vec<RowError>,
    pub(crate) skipped_count: u64,
    pub(crate) backward_steps: u64,
    pub(crate) clamped: u64,
}

impl Intake {
    /// An empty intake for the source called `path`.
    pub fn new(
        path: &Arc<str>,
        policy: Policy,
        out_of_order: OutOfOrder,
        skipped_listed_max: usize,
    ) -> Self {
        Self {
            path: Arc::clone(path),
            policy,
            order: OrderWatch::new(out_of_order),
            skipped_listed_max,
            events: Vec::new(),
            symbols: SymbolTable::default(),
            out_of_room: false,
            skipped: Vec::new(),
            skipped_count: 0,
        }
    }

    /// The name of the source, for errors.
    pub const fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The events so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The index of the symbol called `name`.
    ///
    /// # Errors
    /// If there is no memory for it: [`Self::reject`] then fails whatever the policy.
    #[inline]
    pub fn symbol(&mut self, name: &str) -> Result<u32, Problem> {
        match self.symbols.intern(name) {
            Some(index) => Ok(index),
            None => Err(self.is_out_of_room("symbols")),
        }
    }

    /// Takes note that there is no memory for more of `what`, which ends the load when the row is rejected.
    #[cold]
    pub(crate) fn is_out_of_room(&mut self, what: &str) -> Problem {
        self.out_of_room = true;
        let held = self.symbols.len();
        Problem::row(format!(
            "there is no memory for more {what}: {held} symbols are held"
        ))
    }

    /// [`Self::symbol`] for a name that belongs to no row.
    ///
    /// # Errors
    /// [`LoadError::Source`] if there is no memory for it.
    pub fn symbol_of_source(&mut self, name: &str) -> Result<u32, LoadError> {
        self.symbol(name)
            .map_err(|problem| LoadError::Source(RowError::whole(&self.path, problem.reason)))
    }

    /// Takes one event.
    ///
    /// # Errors
    /// [`LoadError::OutOfOrder`] if its stamp runs backwards and that is refused;
    /// [`LoadError::Source`] if there is no memory left for it.
    #[inline]
    pub fn accept(&mut self, mut event: Event, place: Place) -> Result<(), LoadError> {
        if let Err(problem) = self.order.pass(&mut event) {
            return Err(LoadError::OutOfOrder(RowError::new(
                &self.path, place, problem,
            )));
        }
        if self.events.len() == self.events.capacity() {
            self.grow()?;
        }
        self.events.push(event);
        Ok(())
    }

    #[cold]
    fn grow(&mut self) -> Result<(), LoadError> {
        let held = self.events.len();
        let more = held.max(1 << 12);
        let grown = self.events.try_reserve_exact(more);
        if grown.is_ok() && room::is_there(0) {
            return Ok(());
        }
        let reason = format!("there is no memory for more than {held} events of 56 bytes each");
        Err(LoadError::Source(RowError::whole(&self.path, reason)))
    }

    /// Leaves a bad row out, or fails, as the policy says.
    ///
    /// # Errors
    /// [`LoadError::BadRow`] under [`Policy::Strict`]; [`LoadError::Source`] if there is no memory left.
    #[cold]
    pub fn reject(&mut self, problem: Problem, place: Place) -> Result<(), LoadError> {
        let error = RowError::new(&self.path, place, problem);
        match self.policy {
            _ if self.out_of_room => Err(LoadError::Source(error)),
            Policy::Strict => Err(LoadError::BadRow(error)),
            Policy::Skip if self.is_hopeless() => Err(LoadError::Source(self.nothing())),
            Policy::Skip if self.skipped.len() == self.skipped.capacity() && !self.has_room() => {
                let reason = format!(
                    "there is no memory for more than {} bad rows",
                    self.skipped.len()
                );
                Err(LoadError::Source(RowError::whole(&self.path, reason)))
            }
            Policy::Skip => {
                self.list(error);
                Ok(())
            }
        }
    }

    /// Whether the list of bad rows can grow to twice its size, with the texts of its rows.
    fn has_room(&self) -> bool {
        let row_bytes = size_of::<RowError>() + ROW_TEXT_BYTES;
        room::is_there(self.skipped.len().saturating_mul(2 * row_bytes))
    }

    fn is_hopeless(&self) -> bool {
        let good = self.events.len() as u64;
        self.skipped_count >= self.skipped_listed_max as u64 && self.skipped_count > good
    }

    fn list(&mut self, error: RowError) {
        self.skipped_count += 1;
        if self.skipped.len() < self.skipped_listed_max {
            self.skipped.push(error);
        }
    }

    /// Ends the source early, because reading it failed at `place`.
    ///
    /// Under [`Policy::Skip`] damaged data is one more item left out: the events before it stay.
    ///
    /// # Errors
    /// Under [`Policy::Strict`], and whatever the policy if the file cannot be read, is a
    /// decompression bomb, or the caller asked to stop.
    #[cold]
    pub fn fail(&mut self, failure: Failure, place: Place) -> Result<(), LoadError> {
        match failure {
            Failure::Interrupted => Err(LoadError::Interrupted),
            Failure::Bomb(reason) => Err(LoadError::Source(RowError::whole(&self.path, reason))),
            Failure::Io(reason) => Err(LoadError::Unreadable(RowError::whole(&self.path, reason))),
            Failure::Damaged(reason) => {
                let kept = self.events.len();
                let reason = format!("{reason}; {kept} events stand before that");
                let error = RowError::new(&self.path, place, Problem::row(reason));
                match self.policy {
                    Policy::Strict => Err(LoadError::Source(error)),
                    Policy::Skip => {
                        self.list(error);
                        Ok(())
                    }
                }
            }
        }
    }

    /// [`Self::fail`] for a source made of lines, at line `number`.
    ///
    /// # Errors
    /// As [`Self::fail`]; a line beyond the limit always fails.
    #[cold]
    pub fn fail_line(&mut self, failure: LineFailure, number: u64) -> Result<(), LoadError> {
        match failure {
            LineFailure::Stream(failure) => self.fail(failure, Place::Line(number)),
            LineFailure::TooLong(limit) => {
                let problem = Problem::row(format!(
                    "longer than {limit} bytes: no line of a recording is"
                ));
                Err(LoadError::Source(RowError::new(
                    &self.path,
                    Place::Line(number),
                    problem,
                )))
            }
        }
    }

    /// The end of the source: puts the events in order.
    ///
    /// # Errors
    /// [`LoadError::Source`] if there is not one event.
    pub(crate) fn finish(mut self) -> Result<Collected, LoadError> {
        if self.events.is_empty() {
            return Err(LoadError::Source(self.nothing()));
        }
        if self.order.has_to_sort() && !room::is_there_to_sort(self.events.len()) {
            let reason = format!("there is no memory to sort {} events", self.events.len());
            return Err(LoadError::Source(RowError::whole(&self.path, reason)));
        }
        self.order.settle(&mut self.events);
        self.name_the_nameless()?;
        Ok(Collected {
            events: self.events,
            symbols: self.symbols.into_names(),
            skipped: self.skipped,
            skipped_count: self.skipped_count,
            backward_steps: self.order.backward_steps(),
            clamped: self.order.clamped(),
        })
    }

    /// The error of a source with nothing, or next to nothing, in it.
    fn nothing(&self) -> RowError {
        let Some(first) = self.skipped.first() else {
            return RowError::whole(&self.path, "holds no events");
        };
        let what = match self.events.len() {
            0 => "holds no events".to_owned(),
            good => format!("holds only {good} events"),
        };
        RowError {
            reason: format!(
                "{what}: {} bad rows were left out, the first of them here: {}",
                self.skipped_count, first.reason
            ),
            ..first.clone()
        }
    }

    /// Events without a symbol get the empty name, so that every index is a valid one.
    fn name_the_nameless(&mut self) -> Result<(), LoadError> {
        if self.events.iter().any(|event| event.symbol == NO_SYMBOL) {
            let nameless = self.symbol_of_source("")?;
            for event in self
                .events
                .iter_mut()
                .filter(|event| event.symbol == NO_SYMBOL)
            {
                event.symbol = nameless;
            }
        }
        Ok(())
    }
}
