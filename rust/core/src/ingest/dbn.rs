//! Databento Binary Encoding, versions 1 to 3, decoded by Databento's own crate.

use ::dbn::decode::dbn::Decoder;
use ::dbn::{MboMsg, Mbp1Msg, RType, Record, RecordRef, SymbolMappingMsg, TradeMsg, v1};
use ::dbn::{Schema, UNDEF_PRICE, UNDEF_TIMESTAMP, VersionUpgradePolicy};

use super::dbn_records::Records;
use super::dbn_symbols::Symbols;
use super::decimal::UNITS_PER_ONE;
use super::error::{LoadError, Place, Problem, RowError, quoted};
use super::event::Event;
use super::intake::Intake;
use super::load::Details;
use super::recording::Origin;
use super::room;
use super::stream::{Failure, Stream};

/// Magic, version and the metadata's length.
const PRELUDE_BYTES: usize = 8;
const VERSION_MAX: u8 = 3;

/// Longest metadata believed: every symbol of the largest venue needs a quarter of it.
const METADATA_BYTES_MAX: u32 = 512 << 20;

/// Where the length of a symbol stands from version 2 on, and the least that is believed: shorter ones would be more strings
/// than bytes of the file. The format has had two lengths, 22 and 71.
const SYMBOL_BYTES_AT: usize = 53;
const SYMBOL_BYTES_MIN: u16 = 16;

/// What a byte of metadata takes, at most: where it is read to, the strings of it, and the names by instrument.
const METADATA_BYTES_HELD: usize = 8;

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
    if let Err(failure) = take_metadata(stream, offset as usize) {
        intake.fail(failure, Place::Byte(0))?;
        return Ok(details);
    }
    let mut records = Records::new(stream, offset);
    let decoder = Decoder::with_upgrade_policy(&mut records, VersionUpgradePolicy::AsIs);
    let mut decoder = match decoder {
        Ok(decoder) => decoder,
        Err(e) => {
            let failure = records.stream_mut().take_failure();
            intake.fail(failure.unwrap_or_else(|| damaged(&e)), Place::Byte(0))?;
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
                decoder.get_ref().stream().note_events(intake.events.len());
            }
            Ok(None) => break,
            Err(e) => {
                let failure = decoder
                    .get_mut()
                    .stream_mut()
                    .take_failure()
                    .unwrap_or_else(|| damaged(&e));
                intake.fail(failure, place)?;
                return Ok(details);
            }
        }
    }
    drop(decoder);
    if let Some(reason) = records.damage() {
        intake.fail(Failure::Damaged(reason), Place::Byte(offset))?;
        return Ok(details);
    }
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

/// Takes the metadata into memory as far as it is there: its length is what the file claims, and the decoder believes it.
fn take_metadata(stream: &mut Stream<'_>, bytes: usize) -> Result<(), Failure> {
    let head = stream.peek(bytes);
    if head.len() < bytes {
        let there = head.len();
        let cut = format!("truncated: {bytes} bytes are claimed for metadata, {there} are there");
        return Err(stream.take_failure().unwrap_or(Failure::Damaged(cut)));
    }
    if head[3] > 1
        && let Some(&[low, high]) = head.get(SYMBOL_BYTES_AT..SYMBOL_BYTES_AT + 2)
        && u16::from_le_bytes([low, high]) < SYMBOL_BYTES_MIN
    {
        let claimed = u16::from_le_bytes([low, high]);
        return Err(Failure::Damaged(format!(
            "damaged DBN: its symbols are said to have {claimed} bytes, expected {SYMBOL_BYTES_MIN} or more"
        )));
    }
    if !room::is_there(bytes.saturating_mul(METADATA_BYTES_HELD)) {
        let reason = format!("cannot be read: there is no memory for {bytes} bytes of metadata");
        return Err(Failure::Io(reason));
    }
    Ok(())
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
        return without_market_data(record, symbols, intake);
    };
    let symbol = symbols.of(id, fields.ts_recv, intake)?;
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
    intake: &mut Intake,
) -> Result<Option<Event>, Problem> {
    match record.header().rtype() {
        Ok(RType::SymbolMapping) => {
            if let Some(name) = mapped(record) {
                symbols.learn(record.header().instrument_id, name, intake)?;
            }
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

/// The name in a mapping record. Version 1 has shorter symbols; the length tells the two apart.
fn mapped<'r>(record: &RecordRef<'r>) -> Option<&'r str> {
    match record.try_get::<SymbolMappingMsg>() {
        Ok(m) => m.stype_out_symbol().ok(),
        Err(_) => {
            let m = record.try_get::<v1::SymbolMappingMsg>().ok()?;
            m.stype_out_symbol().ok()
        }
    }
}
