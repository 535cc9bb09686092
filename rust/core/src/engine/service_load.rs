//! Service times that depend on more than a draw: on how much is waiting, and on what a fault adds.

use crate::sync::{Arc, Ordering};

use super::{Control, Faults, SERVICE_NS_MAX, Service};

/// What makes a service slower under load: `drawn · (1 + factor · backlog / capacity)`.
///
/// The backlog is the events published that the stage has not finished, the one it works on among them; at most
/// the ring's capacity: what is beyond it is lost, and loads nobody.
#[derive(Debug, Clone)]
pub struct Load {
    control: Arc<Control>,
    factor: f64,
    capacity_slots: u64,
}

impl Load {
    /// In a run of `control`, on a ring of so many slots.
    pub const fn new(control: Arc<Control>, factor: f64, capacity_slots: u64) -> Self {
        Self {
            control,
            factor,
            capacity_slots,
        }
    }

    /// What becomes of `drawn_ns` for the event that the stage expects at `cursor`.
    #[inline]
    pub(super) fn longer_ns(&self, drawn_ns: u64, cursor: u64) -> u64 {
        let backlog = self.control.backlog(cursor).min(self.capacity_slots);
        let share = backlog as f64 / self.capacity_slots as f64;
        cut(drawn_ns as f64 * (1.0 + self.factor * share))
    }
}

/// A service that a fault may make longer, as `faults` say at each event.
#[derive(Debug)]
pub struct Slowed<S> {
    inner: S,
    faults: Arc<Faults>,
    /// The stage's index.
    index: usize,
}

impl<S: Service> Slowed<S> {
    /// `inner` of the stage with this index.
    ///
    /// # Panics
    /// Panics if `faults` know of no such stage.
    pub fn new(inner: S, faults: Arc<Faults>, index: usize) -> Self {
        assert!(index < faults.names().len(), "faults of another run");
        Self {
            inner,
            faults,
            index,
        }
    }
}

impl<S: Service> Service for Slowed<S> {
    const IS_TIMED: bool = true;

    #[inline]
    fn draw_ns(&mut self, cursor: u64) -> u64 {
        let drawn_ns = self.inner.draw_ns(cursor) as f64;
        let asked = &self.faults.stages[self.index];
        let factor = f64::from_bits(asked.factor.load(Ordering::Relaxed));
        let slowed_ns = cut(drawn_ns * factor);
        let extra_ns = asked.extra_ns.load(Ordering::Relaxed);
        slowed_ns.saturating_add(extra_ns).min(SERVICE_NS_MAX)
    }
}

/// A float beyond the range of an integer converts to its end, and no number to 0.
const fn cut(ns: f64) -> u64 {
    let ns = ns as u64;
    if ns < SERVICE_NS_MAX {
        ns
    } else {
        SERVICE_NS_MAX
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::engine::{NoService, Sampled, ServiceTime};

    fn constant(ns: u64) -> Sampled {
        Sampled::new(ServiceTime::Constant(ns), 0)
    }

    #[test]
    fn a_full_ring_takes_its_factor_longer_and_an_empty_one_hardly_any() {
        let control = Arc::new(Control::new(0, 1_000));
        let load = Load::new(Arc::clone(&control), 3.0, 8);
        let mut service = constant(100).under(load);
        control.set_published(8, None);
        // The event at 1_004 and three more are waiting.
        let drawn = [1_000, 1_004, 1_007, 1_008].map(|cursor| service.draw_ns(cursor));
        assert_eq!(drawn, [400, 250, 137, 100]);
        // Lapped: what is lost loads nobody.
        control.set_published(80, None);
        assert_eq!(service.draw_ns(1_000), 400);
    }

    #[test]
    fn a_fault_makes_every_service_longer_until_it_is_taken_back() {
        let faults = Arc::new(Faults::new(["executor".to_owned(), "log".to_owned()]));
        let mut executor = Slowed::new(constant(100), Arc::clone(&faults), 0);
        let mut log = Slowed::new(NoService, Arc::clone(&faults), 1);
        let mut drawn = || (executor.draw_ns(0), log.draw_ns(0));
        assert_eq!(drawn(), (100, 0));
        faults.stage_slow("executor", 2.5, 7).expect("known");
        assert_eq!(drawn(), (257, 0));
        faults.stage_slow("log", 2.5, 7).expect("known");
        assert_eq!(drawn(), (257, 7));
        faults
            .stage_slow("executor", f64::INFINITY, 7)
            .expect("known");
        faults.stage_slow("log", f64::NAN, u64::MAX).expect("known");
        assert_eq!(drawn(), (SERVICE_NS_MAX, SERVICE_NS_MAX));
        faults.stage_slow("executor", 1.0, 0).expect("known");
        faults.stage_slow("log", 1.0, 0).expect("known");
        assert_eq!(drawn(), (100, 0));
        assert!(faults.stage_slow("nobody", 1.0, 0).is_err());
    }
}
