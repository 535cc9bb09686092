//! Stamps that run backwards: one rule for every way in.

use super::error::Problem;
use super::event::Event;
use super::room;

/// What to do with a stamp smaller than the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutOfOrder {
    /// Fail, naming the first such row.
    #[default]
    Refuse,
    /// Sort by stamp at the end; equal stamps keep the order of the source.
    Sort,
    /// Raise it to the largest stamp before it.
    Clamp,
}

/// Watches the stamps of one source go by.
#[derive(Debug, Default)]
pub(crate) struct OrderWatch {
    choice: OutOfOrder,
    /// The stamp that the source gave to the row before.
    previous_ns: u64,
    /// The largest stamp so far.
    largest_ns: u64,
    backward_steps: u64,
    clamped: u64,
}

impl OrderWatch {
    pub(crate) fn new(choice: OutOfOrder) -> Self {
        Self {
            choice,
            ..Self::default()
        }
    }

    /// Lets one event by, raising its stamp if that is the choice.
    #[inline]
    pub(crate) fn pass(&mut self, event: &mut Event) -> Result<(), Problem> {
        if event.ts_ns < self.largest_ns {
            return self.step_back(event);
        }
        self.previous_ns = event.ts_ns;
        self.largest_ns = event.ts_ns;
        Ok(())
    }

    #[cold]
    fn step_back(&mut self, event: &mut Event) -> Result<(), Problem> {
        if event.ts_ns < self.previous_ns {
            self.backward_steps += 1;
        }
        let previous_ns = std::mem::replace(&mut self.previous_ns, event.ts_ns);
        match self.choice {
            OutOfOrder::Refuse => Err(Problem {
                field: Some("ts_ns".into()),
                reason: format!(
                    "stamp {} ns lies {} ns before the one of the row before it ({previous_ns} ns); choose \
                     out_of_order \"sort\" or \"clamp\" to load such a file",
                    event.ts_ns,
                    previous_ns - event.ts_ns,
                ),
            }),
            OutOfOrder::Sort => Ok(()),
            OutOfOrder::Clamp => {
                self.clamped += 1;
                event.ts_ns = self.largest_ns;
                Ok(())
            }
        }
    }

    /// How many rows had a smaller stamp than the row before.
    pub(crate) const fn backward_steps(&self) -> u64 {
        self.backward_steps
    }

    /// Whether the choice was to sort, and there is need.
    pub(crate) fn has_to_sort(&self) -> bool {
        self.choice == OutOfOrder::Sort && self.backward_steps > 0
    }

    /// Puts the events in order if they have to be sorted, for which there must be [room](super::room).
    pub(crate) fn settle(&self, events: &mut [Event]) {
        if self.has_to_sort() {
            events.sort_by_key(|event| event.ts_ns);
        }
    }

    /// How many stamps were raised.
    pub(crate) const fn clamped(&self) -> u64 {
        self.clamped
    }
}

/// Applies `choice` to events that are in memory already, and returns how many ran backwards, and how many were raised.
///
/// # Errors
/// Returns the index of the first event that runs backwards and the problem, if that is refused; index 0 if there is no memory
/// to sort.
pub fn put_in_order(
    events: &mut [Event],
    choice: OutOfOrder,
) -> Result<(u64, u64), (usize, Problem)> {
    let mut watch = OrderWatch::new(choice);
    for (index, event) in events.iter_mut().enumerate() {
        watch.pass(event).map_err(|problem| (index, problem))?;
    }
    if watch.has_to_sort() && !room::is_there_to_sort(events.len()) {
        let reason = format!("there is no memory to sort {} events", events.len());
        return Err((0, Problem::row(reason)));
    }
    watch.settle(events);
    Ok((watch.backward_steps(), watch.clamped()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stamps with row numbers, steps back, stamps raised.
    type Passed = (Vec<(u64, u64)>, u64, u64);

    fn pass(choice: OutOfOrder, stamps: &[u64]) -> Result<Passed, Problem> {
        let mut watch = OrderWatch::new(choice);
        let mut events = Vec::new();
        for (row, &ts_ns) in stamps.iter().enumerate() {
            let mut event = Event {
                ts_ns,
                sequence: row as u64,
                ..Event::default()
            };
            watch.pass(&mut event)?;
            events.push(event);
        }
        watch.settle(&mut events);
        let seen = events.iter().map(|e| (e.ts_ns, e.sequence)).collect();
        Ok((seen, watch.backward_steps(), watch.clamped()))
    }

    #[test]
    fn refuse_names_both_stamps_and_lets_ties_pass() {
        assert!(pass(OutOfOrder::Refuse, &[1, 1, 2]).is_ok());
        let problem = pass(OutOfOrder::Refuse, &[5, 7, 4]).expect_err("4 follows 7");
        assert!(
            problem.reason.contains("stamp 4 ns lies 3 ns before"),
            "{}",
            problem.reason
        );
    }

    #[test]
    fn sort_is_stable_and_clamp_raises_to_the_running_maximum() {
        let sorted = pass(OutOfOrder::Sort, &[5, 3, 5, 3]).expect("sorted");
        assert_eq!(sorted, (vec![(3, 1), (3, 3), (5, 0), (5, 2)], 2, 0));
        let clamped = pass(OutOfOrder::Clamp, &[5, 3, 4, 6]).expect("clamped");
        assert_eq!(clamped, (vec![(5, 0), (5, 1), (5, 2), (6, 3)], 1, 2));
    }
}
