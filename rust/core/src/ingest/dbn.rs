//! Databento Binary Encoding, versions 1 to 3, decoded by Databento's own crate.

use std::collections::HashMap;

use ::dbn::decode::dbn::Decoder;
use ::dbn::{
    MboMsg, Mbp1Msg, Metadata, RType, Record, RecordRef, SymbolMappingMsg, TradeMsg, TsSymbolMap,
    v1,
};
use ::dbn::{Schema, UNDEF_PRICE, UNDEF_TIMESTAMP, VersionUpgradePolicy};

use super::decimal::UNITS_PER_ONE;
use super::error::{LoadError, Place, Problem, RowError, quoted};
use super::event::Event;
use super::intake::Intake;
use super::load::Details;
use super::recording::Origin;
use super::stream::{Failure, Stream};

/// Magic, version and the metadata's length.
const PRELUDE_BYTES: usize = 8;
const VERSION_MAX: u8 = 3;

/// Longest metadata believed: every symbol of the largest venue needs a quarter of it.
const METADATA_BYTES_MAX: u32 = 512 << 20;

/// Whether the data begins like DBN.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.len() >= PRELUDE_BYTES && head.starts_with(b"DBN") && head[3] <= 16
}

/// Reads every market-data record of the stream.
pub(crate) fn read(stream: &mut Stream<'_>, intake: &mut Intake) -> Result<Details, LoadError> {
    let mut details = Details {
        origin: Origin::Unix,
        date: None,
        control_records: 0,
    };
    let mut offset = match prelude(stream) {
        Ok(bytes) => bytes,
        Err(reason) => return Err(LoadError::Source(RowError::whole(intake.path(), reason))),
    };
    let decoder = Decoder::with_upgrade_policy(&mut *stream, VersionUpgradePolicy::AsIs);
    let mut decoder = match decoder {
        Ok(decoder) => decoder,
        Err(e) => {
            let failure = stream.take_failure().unwrap_or_else(|| damaged(&e));
            intake.fail(failure, Place::Byte(0))?;
            return Ok(details);
        }
    };
    // The metadata is taken out by the decoder; a schema it names is refused before any record.
    let metadata = ::dbn::decode::DbnMetadata::metadata(&decoder);
    refuse_schema(metadata.schema, intake)?;
    let mut symbols = Symbols::new(metadata);
    loop {
        let place = Place::Byte(offset);
        match decoder.decode_ref() {
            Ok(Some(record)) => {
                offset += record.record_size() as u64;
                match parse(&record, &mut symbols, intake) {
                    Ok(Some(event)) => intake.accept(event, place)?,
                    Ok(None) => details.control_records += 1,
                    Err(problem) => intake.reject(problem, place)?,
                }
                decoder.get_ref().note_events(intake.events.len());
            }
            Ok(None) => break,
            Err(e) => {
                let failure = decoder
                    .get_mut()
                    .take_failure()
                    .unwrap_or_else(|| damaged(&e));
                intake.fail(failure, place)?;
                return Ok(details);
            }
        }
    }
    drop(decoder);
    // The decoder ends quietly in the middle of a record, and at a failed read.
    let cut = stream.delivered().saturating_sub(offset);
    if let Some(failure) = stream.take_failure() {
        intake.fail(failure, Place::Byte(offset))?;
    } else if cut > 0 {
        let reason = format!("truncated: the last record is cut after {cut} bytes");
        intake.fail(Failure::Damaged(reason), Place::Byte(offset))?;
    }
    Ok(details)
}

/// Checks the first bytes, and returns how many stand before the first record.
fn prelude(stream: &mut Stream<'_>) -> Result<u64, String> {
    let head = stream.peek(PRELUDE_BYTES);
    if head.len() < PRELUDE_BYTES || !head.starts_with(b"DBN") {
        return Err(format!(
            "is not DBN: begins with {}, expected \"DBN\" and a version",
            quoted(head)
        ));
    }
    let version = head[3];
    if !(1..=VERSION_MAX).contains(&version) {
        return Err(format!(
            "DBN version {version} is not read: versions 1 to {VERSION_MAX} are"
        ));
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if length > METADATA_BYTES_MAX {
        return Err(format!(
            "damaged DBN: its metadata claims {length} bytes, the most believed is {METADATA_BYTES_MAX}"
        ));
    }
    Ok(PRELUDE_BYTES as u64 + u64::from(length))
}

fn refuse_schema(schema: Option<Schema>, intake: &Intake) -> Result<(), LoadError> {
    match schema {
        None | Some(Schema::Mbo | Schema::Mbp1 | Schema::Tbbo | Schema::Trades) => Ok(()),
        Some(other) => {
            let reason = format!(
                "holds DBN schema {other}, which is not read: mbo, mbp-1, tbbo and trades are"
            );
            Err(LoadError::Source(RowError::whole(intake.path(), reason)))
        }
    }
}

#[cold]
fn damaged(e: &::dbn::Error) -> Failure {
    Failure::Damaged(format!("damaged DBN: {}", e.to_string().replace('\n', " ")))
}

/// The event of a record; `None` for a record that carries no market data.
fn parse(
    record: &RecordRef<'_>,
    symbols: &mut Symbols,
    intake: &mut Intake,
) -> Result<Option<Event>, Problem> {
    let id = record.header().instrument_id;
    let short = |e: ::dbn::Error| Problem::row(e.to_string().replace('\n', " "));
    let fields = if record.has::<MboMsg>() {
        let m = record.try_get::<MboMsg>().map_err(short)?;
        Fields {
            ts_recv: m.ts_recv,
            price: m.price,
            size: m.size,
            order_id: m.order_id,
            sequence: m.sequence,
            action: m.action as u8,
            side: m.side as u8,
            flags: m.flags.raw(),
        }
    } else if record.has::<Mbp1Msg>() {
        let m = record.try_get::<Mbp1Msg>().map_err(short)?;
        Fields {
            ts_recv: m.ts_recv,
            price: m.price,
            size: m.size,
            order_id: 0,
            sequence: m.sequence,
            action: m.action as u8,
            side: m.side as u8,
            flags: m.flags.raw(),
        }
    } else if record.has::<TradeMsg>() {
        let m = record.try_get::<TradeMsg>().map_err(short)?;
        Fields {
            ts_recv: m.ts_recv,
            price: m.price,
            size: m.size,
            order_id: 0,
            sequence: m.sequence,
            action: m.action as u8,
            side: m.side as u8,
            flags: m.flags.raw(),
        }
    } else {
        return without_market_data(record, symbols);
    };
    let symbol = symbols.of(id, fields.ts_recv, intake);
    fields.event(symbol).map(Some)
}

/// What the three kinds of records have in common.
struct Fields {
    ts_recv: u64,
    price: i64,
    size: u32,
    order_id: u64,
    sequence: u32,
    action: u8,
    side: u8,
    flags: u8,
}

impl Fields {
    fn event(&self, symbol: u32) -> Result<Event, Problem> {
        if self.ts_recv == UNDEF_TIMESTAMP {
            return Err(Problem::field(
                "ts_recv",
                b"UNDEF_TIMESTAMP",
                "a record needs a receive stamp",
            ));
        }
        let side = match self.side {
            b'B' => 1,
            b'A' => -1,
            b'N' => 0,
            other => return Err(Problem::field("side", &[other], "expected A, B or N")),
        };
        if !matches!(self.action, b'A' | b'C' | b'M' | b'R' | b'T' | b'F' | b'N') {
            return Err(Problem::field(
                "action",
                &[self.action],
                "expected A, C, M, R, T, F or N",
            ));
        }
        Ok(Event {
            ts_ns: self.ts_recv,
            intended_ns: 0,
            // A record about no price (clearing the book) says so with a mark, not with a number.
            price_e9: if self.price == UNDEF_PRICE {
                0
            } else {
                self.price
            },
            // Four bytes times 1e9 always fit.
            size_e9: i64::from(self.size) * UNITS_PER_ONE as i64,
            order_id: self.order_id,
            sequence: u64::from(self.sequence),
            symbol,
            kind: self.action,
            side,
            flags: u16::from(self.flags),
        })
    }
}

/// Takes note of symbol mappings; refuses records of schemas that are not read.
fn without_market_data(
    record: &RecordRef<'_>,
    symbols: &mut Symbols,
) -> Result<Option<Event>, Problem> {
    match record.header().rtype() {
        Ok(RType::SymbolMapping) => {
            symbols.learn(record);
            Ok(None)
        }
        Ok(RType::System | RType::Error) => Ok(None),
        Ok(other) => Err(Problem::row(format!(
            "record type {other:?} is not read: mbo, mbp-1, tbbo and trades are"
        ))),
        Err(_) => Err(Problem::row(format!(
            "unknown record type {:#04x}",
            record.header().rtype
        ))),
    }
}

/// The names of instruments, from the metadata and from mapping records.
struct Symbols {
    dated: TsSymbolMap,
    /// Mappings from records count from there on.
    live: HashMap<u32, String>,
    /// Answers by instrument and day: a mapping holds for whole days.
    known: rustc_hash::FxHashMap<(u32, u64), u32>,
    last: Option<((u32, u64), u32)>,
}

const DAY_NS: u64 = 86_400 * UNITS_PER_ONE;

impl Symbols {
    fn new(metadata: &Metadata) -> Self {
        Self {
            // Mappings that make no sense are none: instruments then go by their number.
            dated: metadata.symbol_map().unwrap_or_default(),
            live: HashMap::new(),
            known: rustc_hash::FxHashMap::default(),
            last: None,
        }
    }

    fn of(&mut self, id: u32, ts_ns: u64, intake: &mut Intake) -> u32 {
        let key = (id, ts_ns / DAY_NS);
        if let Some((last, index)) = self.last
            && last == key
        {
            return index;
        }
        let index = match self.known.get(&key) {
            Some(&index) => index,
            None => {
                let name = self
                    .live
                    .get(&id)
                    .or_else(|| self.dated.get_for_ts(ts_ns, id));
                let index = match name {
                    Some(name) => intake.symbol(name),
                    None => intake.symbol(&id.to_string()),
                };
                self.known.insert(key, index);
                index
            }
        };
        self.last = Some((key, index));
        index
    }

    #[cold]
    fn learn(&mut self, record: &RecordRef<'_>) {
        // Version 1 has shorter symbols; the length tells the two apart.
        let name = record
            .try_get::<SymbolMappingMsg>()
            .ok()
            .and_then(|m| m.stype_out_symbol().ok())
            .or_else(|| {
                record
                    .try_get::<v1::SymbolMappingMsg>()
                    .ok()
                    .and_then(|m| m.stype_out_symbol().ok())
            });
        if let Some(name) = name {
            self.live
                .insert(record.header().instrument_id, name.to_owned());
            self.known
                .retain(|(id, _), _| *id != record.header().instrument_id);
            self.last = None;
        }
    }
}
