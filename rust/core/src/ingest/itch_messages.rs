//! The messages of NASDAQ TotalView-ITCH 5.0: lengths, and where the fields stand.
//!
//! One row per message type; the offsets are those of the specification, counted from the type byte.

/// Offset of the locate code in every message.
pub(crate) const LOCATE: usize = 1;

/// Offset of the 6-byte stamp in every message.
pub(crate) const STAMP: usize = 5;

/// How the side is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The message has none.
    None,
    /// `B` or `S`.
    Order(usize),
    /// `B`, `S`, or another letter where there is no imbalance.
    Imbalance(usize),
}

/// A big-endian unsigned field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// The message has none.
    None,
    /// Four bytes.
    U32(usize),
    /// Eight bytes.
    U64(usize),
}

/// Where the fields of one message type stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) tag: u8,
    pub(crate) bytes: usize,
    pub(crate) stock: Option<usize>,
    pub(crate) order_id: Number,
    pub(crate) side: Side,
    pub(crate) size: Number,
    /// Price with four decimals.
    pub(crate) price: Number,
    /// Match number.
    pub(crate) sequence: Number,
}

const fn message(tag: u8, bytes: usize) -> Layout {
    Layout {
        tag,
        bytes,
        stock: None,
        order_id: Number::None,
        side: Side::None,
        size: Number::None,
        price: Number::None,
        sequence: Number::None,
    }
}

const fn about(tag: u8, bytes: usize, stock: usize) -> Layout {
    Layout {
        stock: Some(stock),
        ..message(tag, bytes)
    }
}

const fn of_order(tag: u8, bytes: usize) -> Layout {
    Layout {
        order_id: Number::U64(11),
        ..message(tag, bytes)
    }
}

const fn add_order(tag: u8, bytes: usize) -> Layout {
    Layout {
        stock: Some(24),
        side: Side::Order(19),
        size: Number::U32(20),
        price: Number::U32(32),
        ..of_order(tag, bytes)
    }
}

/// Every message type.
pub(crate) const LAYOUTS: [Layout; 23] = [
    message(b'S', 12),
    about(b'R', 39, 11),
    about(b'H', 25, 11),
    about(b'Y', 20, 11),
    about(b'L', 26, 15),
    message(b'V', 35),
    message(b'W', 12),
    Layout {
        price: Number::U32(24),
        ..about(b'K', 28, 11)
    },
    Layout {
        price: Number::U32(19),
        ..about(b'J', 35, 11)
    },
    about(b'h', 21, 11),
    add_order(b'A', 36),
    add_order(b'F', 40),
    Layout {
        size: Number::U32(19),
        sequence: Number::U64(23),
        ..of_order(b'E', 31)
    },
    Layout {
        size: Number::U32(19),
        price: Number::U32(32),
        sequence: Number::U64(23),
        ..of_order(b'C', 36)
    },
    Layout {
        size: Number::U32(19),
        ..of_order(b'X', 23)
    },
    of_order(b'D', 19),
    // A replacement is known by its new reference from here on.
    Layout {
        order_id: Number::U64(19),
        size: Number::U32(27),
        price: Number::U32(31),
        ..message(b'U', 35)
    },
    Layout {
        sequence: Number::U64(36),
        ..add_order(b'P', 44)
    },
    Layout {
        size: Number::U64(11),
        price: Number::U32(27),
        sequence: Number::U64(31),
        ..about(b'Q', 40, 19)
    },
    Layout {
        sequence: Number::U64(11),
        ..message(b'B', 19)
    },
    Layout {
        side: Side::Imbalance(27),
        size: Number::U64(19),
        price: Number::U32(44),
        ..about(b'I', 50, 28)
    },
    about(b'N', 20, 11),
    Layout {
        price: Number::U32(28),
        ..about(b'O', 48, 11)
    },
];

/// The row of [`LAYOUTS`] for each type byte, 255 where there is none.
const ROWS: [u8; 256] = {
    let mut rows = [u8::MAX; 256];
    let mut row = 0;
    while row < LAYOUTS.len() {
        rows[LAYOUTS[row].tag as usize] = row as u8;
        row += 1;
    }
    rows
};

/// The layout of the messages of one type.
#[inline]
pub(crate) fn layout(tag: u8) -> Option<&'static Layout> {
    LAYOUTS.get(usize::from(ROWS[usize::from(tag)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lies_within_its_message() {
        for l in &LAYOUTS {
            let end = |n: Number| match n {
                Number::None => 0,
                Number::U32(at) => at + 4,
                Number::U64(at) => at + 8,
            };
            let side = match l.side {
                Side::None => 0,
                Side::Order(at) | Side::Imbalance(at) => at + 1,
            };
            let ends = [
                l.stock.map_or(0, |at| at + 8),
                end(l.order_id),
                end(l.size),
                end(l.price),
                end(l.sequence),
                side,
            ];
            assert!(ends.iter().all(|&e| e <= l.bytes), "{}", l.tag as char);
            assert_eq!(layout(l.tag).map(|found| found.tag), Some(l.tag));
        }
        assert!(layout(b'Z').is_none());
    }
}
