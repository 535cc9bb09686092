//! What a reading stage leaves behind when its thread ends.

use crate::bus::{EventReader, Overrun, Payload};

use super::build::ReaderEnd;
use super::drive::{StampShared, StampsEach};
use super::stage_books::NO_LIMIT;
use super::{
    Acks, ConsumerStage, ExecutorStage, FaultyReader, KeepsLatency, LoopNotes, ReadingStage,
    Recover, Service,
};

/// What a stage leaves behind.
pub(super) trait Leaves {
    /// Writes every page that a turn may write.
    fn touch(&mut self);
    /// The records.
    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd;
}

/// The count of a recorder that has a limit.
fn counted(over_limit: u64) -> Option<u64> {
    (over_limit != NO_LIMIT).then_some(over_limit)
}

impl<R, S, A, M> Leaves for ExecutorStage<R, S, A, M>
where
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: KeepsLatency,
{
    fn touch(&mut self) {
        self.recorder_mut().touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        let (ledger, over_limit) = (self.ledger(), counted(self.over_limit()));
        let (recorder, epochs) = self.into_records();
        ReaderEnd {
            ledger,
            ended_by,
            over_limit,
            latency: recorder.into_latency(),
            epochs: Some(epochs),
            notes,
        }
    }
}

impl<S: Service, M: KeepsLatency> Leaves for ConsumerStage<EventReader, S, M> {
    fn touch(&mut self) {
        self.recorder_mut().touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        ReaderEnd {
            ledger: self.ledger(),
            ended_by,
            over_limit: counted(self.over_limit()),
            latency: self.into_recorder().into_latency(),
            epochs: None,
            notes,
        }
    }
}

impl<E: Leaves> Leaves for StampsEach<E> {
    fn touch(&mut self) {
        self.0.touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        self.0.leave(ended_by, notes)
    }
}

impl<E: Leaves> Leaves for StampShared<E> {
    fn touch(&mut self) {
        self.0.touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        self.0.leave(ended_by, notes)
    }
}

impl<E: Leaves + ReadingStage> Leaves for FaultyReader<E> {
    fn touch(&mut self) {
        self.stage_mut().touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        self.into_stage().leave(ended_by, notes)
    }
}
