//! Names of instruments, each stored once and numbered in the order of first appearance.

use rustc_hash::FxHashMap;

/// The symbols of a source; an event carries an index into it.
#[derive(Debug, Default, Clone)]
pub struct SymbolTable {
    names: Vec<String>,
    index: FxHashMap<String, u32>,
    /// The last answer: recordings name the same symbol row after row.
    last: Option<u32>,
}

impl SymbolTable {
    /// The index of `name`, which is added if it is new. Allocates only then.
    ///
    /// # Panics
    /// Never in practice: there would have to be 2^32 different symbols.
    #[inline]
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some(last) = self.last
            && self.names[last as usize] == name
        {
            return last;
        }
        let index = self
            .index
            .get(name)
            .copied()
            .unwrap_or_else(|| self.add(name));
        self.last = Some(index);
        index
    }

    #[cold]
    fn add(&mut self, name: &str) -> u32 {
        let index = u32::try_from(self.names.len()).expect("fewer than 2^32 symbols fit in memory");
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), index);
        index
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
        let indices: Vec<u32> = ["B", "A", "B", "B", "C", "A"]
            .iter()
            .map(|n| table.intern(n))
            .collect();
        assert_eq!(indices, [0, 1, 0, 0, 2, 1]);
        assert_eq!(table.names(), ["B", "A", "C"]);
        assert_eq!(table.len(), 3);
    }
}
