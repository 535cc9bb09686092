//! When the events of a feed are meant to be published: by a plan, or as fast as possible.

use crate::sync::Arc;

use super::Plan;

/// What a feed asks about its next event. A feed is generic over it, so that one without a plan has no
/// code for any.
pub trait Timetable {
    /// Whether there is a plan.
    const IS_PLANNED: bool;

    /// From now on, event `next` is meant for `now_ns`, and what follows keeps its distance.
    fn rebase(&mut self, next: usize, now_ns: u64);

    /// When event `index` is meant to be published; 0 where there is no plan.
    fn intended_ns(&self, index: usize) -> u64;
}

/// As fast as possible.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unplanned;

impl Timetable for Unplanned {
    const IS_PLANNED: bool = false;

    fn rebase(&mut self, _next: usize, _now_ns: u64) {}

    #[inline(always)]
    fn intended_ns(&self, _index: usize) -> u64 {
        0
    }
}

/// By the offsets of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    plan: Arc<Plan>,
    origin_ns: u64,
    /// The plan's offset that falls on `origin_ns`.
    base_offset_ns: u64,
}

impl Planned {
    /// By `plan`, beginning at 0; `None` if it has no offsets.
    pub fn new(plan: Arc<Plan>) -> Option<Self> {
        plan.offsets_ns()?;
        Some(Self {
            plan,
            origin_ns: 0,
            base_offset_ns: 0,
        })
    }

    #[inline(always)]
    fn offset_ns(&self, index: usize) -> u64 {
        self.plan
            .offsets_ns()
            .and_then(|offsets| offsets.get(index))
            .copied()
            .unwrap_or(0)
    }
}

impl Timetable for Planned {
    const IS_PLANNED: bool = true;

    fn rebase(&mut self, next: usize, now_ns: u64) {
        self.origin_ns = now_ns;
        self.base_offset_ns = self.offset_ns(next);
    }

    #[inline(always)]
    fn intended_ns(&self, index: usize) -> u64 {
        self.origin_ns
            .saturating_add(self.offset_ns(index) - self.base_offset_ns)
    }
}
