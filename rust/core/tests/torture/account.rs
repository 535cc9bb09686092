//! What became of the events of a case, and how it is told.

use core::fmt;

/// What was sent, and what the readers made of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) sent: u64,
    /// Readers that were there for the whole of it, or for a part.
    pub(crate) readers: u64,
    /// Events that were read and checked, by all readers.
    pub(crate) checked: u64,
    /// Events that readers missed, as they say themselves.
    pub(crate) lost: u64,
    pub(crate) overruns: u64,
    /// Events whose words do not belong together.
    pub(crate) torn: u64,
    /// Anything else that is not as it was promised.
    pub(crate) wrong: u64,
    /// The first of both.
    pub(crate) first_wrong: Option<String>,
}

impl Account {
    /// Adds what another one found.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.readers += other.readers;
        self.checked += other.checked;
        self.lost += other.lost;
        self.overruns += other.overruns;
        self.torn += other.torn;
        self.wrong += other.wrong;
        if self.first_wrong.is_none() {
            self.first_wrong.clone_from(&other.first_wrong);
        }
    }

    /// An event that is a mixture of several.
    #[cold]
    pub(crate) fn torn(&mut self, what: fmt::Arguments<'_>) {
        self.torn += 1;
        self.first_wrong
            .get_or_insert_with(|| format!("torn: {what}"));
    }

    /// Counts what should be so, and is not.
    #[inline]
    pub(crate) fn expect(&mut self, is_so: bool, what: fmt::Arguments<'_>) {
        if !is_so {
            self.wrong(what);
        }
    }

    #[cold]
    fn wrong(&mut self, what: fmt::Arguments<'_>) {
        self.wrong += 1;
        self.first_wrong
            .get_or_insert_with(|| format!("wrong: {what}"));
    }

    pub(crate) const fn is_good(&self) -> bool {
        self.torn == 0 && self.wrong == 0 && self.checked > 0
    }
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) account: Account,
    pub(crate) span_ns: u64,
}

impl Row {
    pub(crate) const HEAD: &'static str = "\
| case | readers | sent | checked | lost | overruns | torn | wrong | M sent/s |\n\
|---|---|---|---|---|---|---|---|---|";

    /// What was found first in this case.
    pub(crate) fn first_wrong(&self) -> Option<String> {
        let first = self.account.first_wrong.as_ref()?;
        Some(format!("{}: {first}", self.name))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = &self.account;
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
            self.name,
            account.readers,
            grouped(account.sent),
            grouped(account.checked),
            grouped(account.lost),
            grouped(account.overruns),
            account.torn,
            account.wrong,
            account.sent as f64 * 1e3 / self.span_ns.max(1) as f64
        )
    }
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
