//! The names of a DBN file's instruments: from its metadata, then from its mapping records.
//!
//! - **Bounds**: a name is found in logarithmic time whatever the mappings are, in memory proportional to them. The format's
//!   own crate has a map for this; adding to it takes time that grows with what it holds, so that a few MiB of intervals
//!   in falling order take minutes.

use std::collections::HashMap;

use ::dbn::{Metadata, SType};

use super::decimal::UNITS_PER_ONE;
use super::error::Problem;
use super::intake::Intake;

const DAY_NS: u64 = 86_400 * UNITS_PER_ONE;

/// What an instrument was called, and when.
struct Interval {
    id: u32,
    start_ns: u64,
    /// The first moment at which it no longer was.
    end_ns: u64,
    name: String,
}

/// Answers what an instrument is called.
pub(crate) struct Symbols {
    /// By instrument and start.
    dated: Vec<Interval>,
    /// Mapping records count from there on, and for all days: the name, and its index once it was needed.
    live: HashMap<u32, (String, Option<u32>)>,
    /// Answers by instrument and day: a mapping of the metadata holds for whole days.
    known: HashMap<(u32, u64), u32>,
    last: Option<((u32, u64), u32)>,
}

impl Symbols {
    pub(crate) fn new(metadata: &Metadata) -> Self {
        // Mappings that make no sense are none: instruments then go by their number.
        let mut dated = dated(metadata).unwrap_or_default();
        dated.sort_by_key(|interval| (interval.id, interval.start_ns));
        Self {
            dated,
            live: HashMap::new(),
            known: HashMap::new(),
            last: None,
        }
    }

    /// The index of the name that instrument `id` has at `ts_ns`.
    pub(crate) fn of(&mut self, id: u32, ts_ns: u64, intake: &mut Intake) -> Result<u32, Problem> {
        let key = (id, ts_ns / DAY_NS);
        if let Some((last, index)) = self.last
            && last == key
        {
            return Ok(index);
        }
        let index = self.look_up(key, ts_ns, intake)?;
        self.last = Some((key, index));
        Ok(index)
    }

    fn look_up(
        &mut self,
        key: (u32, u64),
        ts_ns: u64,
        intake: &mut Intake,
    ) -> Result<u32, Problem> {
        if let Some((name, index)) = self.live.get_mut(&key.0) {
            let found = match index {
                Some(found) => *found,
                None => intake.symbol(name)?,
            };
            *index = Some(found);
            return Ok(found);
        }
        if let Some(&index) = self.known.get(&key) {
            return Ok(index);
        }
        let index = match self.at(key.0, ts_ns) {
            Some(name) => intake.symbol(name)?,
            None => intake.symbol(&key.0.to_string())?,
        };
        if self.known.try_reserve(1).is_err() {
            return Err(intake.is_out_of_room("days of instruments"));
        }
        self.known.insert(key, index);
        Ok(index)
    }

    /// What the metadata says; of intervals that overlap the one that begins last.
    fn at(&self, id: u32, ts_ns: u64) -> Option<&str> {
        let behind = self
            .dated
            .partition_point(|interval| (interval.id, interval.start_ns) <= (id, ts_ns));
        let interval = &self.dated[behind.checked_sub(1)?];
        (interval.id == id && ts_ns < interval.end_ns).then_some(&interval.name)
    }

    /// From here on instrument `id` is called `name`.
    #[cold]
    pub(crate) fn learn(
        &mut self,
        id: u32,
        name: &str,
        intake: &mut Intake,
    ) -> Result<(), Problem> {
        if self.live.try_reserve(1).is_err() {
            return Err(intake.is_out_of_room("mappings"));
        }
        self.live.insert(id, (name.to_owned(), None));
        self.last = None;
        Ok(())
    }
}

/// The metadata's mappings, if they are between numbers and names.
fn dated(metadata: &Metadata) -> Option<Vec<Interval>> {
    let numbers_first = match (metadata.stype_in, metadata.stype_out) {
        (_, SType::InstrumentId) => false,
        (Some(SType::InstrumentId), _) => true,
        _ => return None,
    };
    let mut all = Vec::new();
    for mapping in &metadata.mappings {
        for interval in &mapping.intervals {
            let (number, name) = if numbers_first {
                (&mapping.raw_symbol, &interval.symbol)
            } else {
                (&interval.symbol, &mapping.raw_symbol)
            };
            if interval.symbol.is_empty() {
                continue; // for those days there is none
            }
            let moment = |date: &::dbn::MappingInterval, end: bool| {
                let day = if end { date.end_date } else { date.start_date };
                let ns = day.midnight().assume_utc().unix_timestamp_nanos();
                u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
            };
            let (start_ns, end_ns) = (moment(interval, false), moment(interval, true));
            if start_ns > end_ns {
                return None;
            }
            all.push(Interval {
                id: number.parse().ok()?,
                start_ns,
                end_ns,
                name: name.clone(),
            });
        }
    }
    Some(all)
}
