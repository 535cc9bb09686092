//! The service time that is the same for every event, without a question what it is.

use super::super::Service;

/// So many nanoseconds, whatever happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed(pub(super) u64);

impl Service for Fixed {
    const IS_TIMED: bool = true;

    #[inline(always)]
    fn draw_ns(&mut self, _cursor: u64) -> u64 {
        self.0
    }
}
