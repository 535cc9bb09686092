//! Names of instruments, each stored once and numbered in the order of first appearance.
//!
//! - **Bounds**: names come from files, so the table's hash is keyed anew for every table (no file can be made to fill one
//!   bucket), and memory is asked for before it is taken.

use std::collections::HashMap;

use super::room;

/// The symbols of a source; an event carries an index into it.
#[derive(Debug, Default, Clone)]
pub struct SymbolTable {
    names: Vec<String>,
    index: HashMap<String, u32>,
    /// The last answer: recordings name the same symbol row after row.
    last: Option<u32>,
    /// Bytes of names since room was last asked for.
    unasked_bytes: usize,
}

/// What a short string takes beyond its bytes, rounded up.
const STRING_BYTES: usize = 32;

/// Bytes of names between two questions whether there is room.
const ASK_BYTES: usize = room::WORKING_BYTES / 4;

impl SymbolTable {
    /// The index of `name`, which is added if it is new; `None` if there is no memory for it. Allocates only then.
    #[inline]
    pub fn intern(&mut self, name: &str) -> Option<u32> {
        if let Some(last) = self.last
            && self.names[last as usize] == name
        {
            return Some(last);
        }
        let known = self.index.get(name).copied();
        let index = known.or_else(|| self.add(name))?;
        self.last = Some(index);
        Some(index)
    }

    #[cold]
    fn add(&mut self, name: &str) -> Option<u32> {
        let index = u32::try_from(self.names.len()).ok()?;
        let text_bytes = 2 * (name.len() + STRING_BYTES);
        let grows =
            self.names.len() == self.names.capacity() || self.index.len() == self.index.capacity();
        self.names.try_reserve(1).ok()?;
        self.index.try_reserve(1).ok()?;
        self.unasked_bytes += text_bytes;
        if grows || self.unasked_bytes > ASK_BYTES {
            self.unasked_bytes = 0;
            if !room::is_there(text_bytes) {
                return None;
            }
        }
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), index);
        Some(index)
    }

    /// How many different symbols there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names by index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names by index, without the lookup table.
    pub fn into_names(self) -> Vec<String> {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_by_first_appearance_and_stored_once() {
        let mut table = SymbolTable::default();
        let indices: Option<Vec<u32>> = ["B", "A", "B", "B", "C", "A"]
            .iter()
            .map(|n| table.intern(n))
            .collect();
        assert_eq!(indices, Some(vec![0, 1, 0, 0, 2, 1]));
        assert_eq!(table.names(), ["B", "A", "C"]);
        assert_eq!(table.len(), 3);
    }
}
