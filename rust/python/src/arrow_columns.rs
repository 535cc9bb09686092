//! Rows as columns: what a field of a NumPy dtype is in Arrow, and the one copy from rows to columns.
//!
//! - **Threads**: the copy needs no lock.
//! - **Allocation**: each column once, of its final size.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::{DataType, Field, FieldRef};
use bytemuck::AnyBitPattern;
use pyo3::prelude::*;
use tickpath_core::os::{MemoryRange, prefer_huge_pages};

use crate::memory::RowsAt;

/// Rows copied into all columns before the next ones: few enough to be in the nearest cache for each.
const ROWS_PER_BLOCK: usize = 256;

/// Columns of this size are on huge pages, where the machine has them: making small pages, one fault each, takes
/// twice the time of the copy.
const HUGE_FROM_BYTES: usize = 4 << 20;

/// A column in the making.
pub(crate) trait Column: Send {
    /// Its name and type.
    fn field(&self) -> FieldRef;

    /// Finds the memory for `rows` values; false if there is none.
    fn reserve(&mut self, rows: usize) -> bool;

    /// Appends the values of the rows in `range`.
    fn extend(&mut self, rows: RowsAt<'_>, range: Range<usize>);

    /// The finished column.
    fn finish(self: Box<Self>) -> ArrayRef;
}

/// A column of numbers.
struct Numbers<P: ArrowPrimitiveType> {
    field: FieldRef,
    offset: usize,
    values: Vec<P::Native>,
}

impl<P> Column for Numbers<P>
where
    P: ArrowPrimitiveType,
    P::Native: AnyBitPattern,
{
    fn field(&self) -> FieldRef {
        Arc::clone(&self.field)
    }

    fn reserve(&mut self, rows: usize) -> bool {
        reserve(&mut self.values, rows)
    }

    fn extend(&mut self, rows: RowsAt<'_>, range: Range<usize>) {
        let values = rows.fields::<P::Native>(range, self.offset);
        self.values.extend(values);
    }

    fn finish(self: Box<Self>) -> ArrayRef {
        // The vector becomes the buffer: no second copy.
        Arc::new(PrimitiveArray::<P>::new(self.values.into(), None))
    }
}

/// A column of truth values: bytes in the rows, bits in the column.
struct Flags {
    field: FieldRef,
    offset: usize,
    words: Vec<u64>,
    rows: usize,
}

impl Column for Flags {
    fn field(&self) -> FieldRef {
        Arc::clone(&self.field)
    }

    fn reserve(&mut self, rows: usize) -> bool {
        reserve(&mut self.words, rows.div_ceil(64))
    }

    fn extend(&mut self, rows: RowsAt<'_>, range: Range<usize>) {
        debug_assert!(self.rows.is_multiple_of(64), "the last word is not full");
        self.rows += range.len();
        for begin in range.clone().step_by(64) {
            let bytes = rows.fields::<u8>(begin..range.end.min(begin + 64), self.offset);
            let bits = bytes.enumerate();
            self.words
                .push(bits.fold(0, |word, (bit, byte)| word | (u64::from(byte != 0) << bit)));
        }
    }

    fn finish(self: Box<Self>) -> ArrayRef {
        let bits = BooleanBuffer::new(Buffer::from_vec(self.words), 0, self.rows);
        Arc::new(BooleanArray::new(bits, None))
    }
}

/// Finds the memory for `length` values; false if there is none.
fn reserve<T>(values: &mut Vec<T>, length: usize) -> bool {
    let found = values.try_reserve_exact(length).is_ok();
    let room = MemoryRange::of(values.spare_capacity_mut());
    if room.length_bytes() >= HUGE_FROM_BYTES {
        // A wish: on small pages it is slower, and nothing else.
        drop(prefer_huge_pages(room));
    }
    found
}

/// Every row of `rows` in `range` in every column; `range` begins at a multiple of 64.
pub(crate) fn extend(columns: &mut [Box<dyn Column>], rows: RowsAt<'_>, range: Range<usize>) {
    for begin in range.clone().step_by(ROWS_PER_BLOCK) {
        let block = begin..range.end.min(begin + ROWS_PER_BLOCK);
        for column in &mut *columns {
            column.extend(rows, block.clone());
        }
    }
}

/// An empty column for each field of the structured `dtype`. Acks say themselves whether they were
/// `executed`, and what their stamps count.
///
/// # Errors
/// Returns what is wrong with a field, as the end of "a row's field …".
pub(crate) fn plan(
    dtype: &Bound<'_, PyAny>,
    acks: bool,
) -> PyResult<Result<Vec<Box<dyn Column>>, String>> {
    let fields = dtype.getattr("fields")?;
    let mut columns = Vec::new();
    for name in dtype.getattr("names")?.extract::<Vec<String>>()? {
        let entry = fields.get_item(&name)?;
        let (kind, offset) = (entry.get_item(0)?, entry.get_item(1)?.extract()?);
        let (letter, bytes): (char, usize) = (
            kind.getattr("kind")?.extract()?,
            kind.getattr("itemsize")?.extract()?,
        );
        let truth = acks && name == "executed";
        let metadata = unit(&name, acks).map(|unit| ("unit".to_owned(), unit.to_owned()));
        let made = if kind.getattr("isnative")?.is_truthy()? {
            let letter = if truth { 'b' } else { letter };
            column(&name, offset, letter, bytes, metadata.into_iter().collect())
        } else {
            None
        };
        match made {
            Some(column) => columns.push(column),
            None => return Ok(Err(format!("{name:?} is {}", kind.str()?))),
        }
    }
    Ok(Ok(columns))
}

/// What a field counts, in the words of `MarketDataSource.from_table`; names say it.
fn unit(name: &str, acks: bool) -> Option<&'static str> {
    if name.ends_with("_ns") || (acks && name.ends_with("_ts")) {
        Some("ns")
    } else if name.ends_with("_e9") {
        Some("1e-9")
    } else {
        None
    }
}

/// An empty column for a field of NumPy's kind `letter` at byte `offset`, if there is one.
fn column(
    name: &str,
    offset: usize,
    letter: char,
    bytes: usize,
    metadata: HashMap<String, String>,
) -> Option<Box<dyn Column>> {
    fn numbers<P>(field: Field, offset: usize) -> Option<Box<dyn Column>>
    where
        P: ArrowPrimitiveType,
        P::Native: AnyBitPattern,
    {
        Some(Box::new(Numbers::<P> {
            field: Arc::new(field.with_data_type(P::DATA_TYPE)),
            offset,
            values: Vec::new(),
        }))
    }
    let field = Field::new(name, DataType::Boolean, true).with_metadata(metadata);
    match (letter, bytes) {
        ('u', 1) => numbers::<UInt8Type>(field, offset),
        ('u', 2) => numbers::<UInt16Type>(field, offset),
        ('u', 4) => numbers::<UInt32Type>(field, offset),
        ('u', 8) => numbers::<UInt64Type>(field, offset),
        ('i', 1) => numbers::<Int8Type>(field, offset),
        ('i', 2) => numbers::<Int16Type>(field, offset),
        ('i', 4) => numbers::<Int32Type>(field, offset),
        ('i', 8) => numbers::<Int64Type>(field, offset),
        ('f', 4) => numbers::<Float32Type>(field, offset),
        ('f', 8) => numbers::<Float64Type>(field, offset),
        ('b', 1) => Some(Box::new(Flags {
            field: Arc::new(field),
            offset,
            words: Vec::new(),
            rows: 0,
        })),
        _ => None,
    }
}
