//! The shipped event layout, `EVENT_DTYPE` on the Python side.

use bytemuck::{Pod, Zeroable};

/// One market-data event: 56 bytes, little-endian on every platform we build for.
///
/// Opaque to the bus. In a source `ts_ns` is the recorded stamp; when an engine emits the event it
/// writes the intended stamp into `intended_ns` and the stamp of publication into `ts_ns`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Event {
    /// Recorded stamp in a source, stamp of publication on the bus, in nanoseconds.
    pub ts_ns: u64,
    /// When the plan wanted the event published, in nanoseconds; 0 where there is no plan.
    pub intended_ns: u64,
    /// Price in billionths of the quote unit.
    pub price_e9: i64,
    /// Size in billionths of the base unit.
    pub size_e9: i64,
    /// The venue's order id, 0 if none.
    pub order_id: u64,
    /// The venue's sequence number, 0 if none.
    pub sequence: u64,
    /// Index into the source's symbol table.
    pub symbol: u32,
    /// Record type, coded per format (docs/reference/formats.md).
    pub kind: u8,
    /// +1 bid or buy, −1 ask or sell, 0 unknown.
    pub side: i8,
    /// Format-specific flags.
    pub flags: u16,
}

const _: () = assert!(size_of::<Event>() == 56);
