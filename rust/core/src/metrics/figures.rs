//! What a histogram says, and how far it can be trusted.

/// The quantiles reported.
pub const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];

/// What a histogram says; what it cannot say is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Number of samples.
    pub count: u64,
    /// The smallest, exact.
    pub min_ns: Option<u64>,
    /// The percentiles at [`QUANTILES`].
    pub percentiles_ns: [Option<u64>; QUANTILES.len()],
    /// The largest, exact.
    pub max_ns: Option<u64>,
}

impl Figures {
    /// For each of [`QUANTILES`], whether it is no more than the machine's own pauses explain: at most
    /// 1.25 × the same percentile of `floor`. An unknown percentile on either side is not.
    pub fn at_floor(&self, floor: &Self) -> [bool; QUANTILES.len()] {
        let explained_ns = floor.explained_up_to_ns();
        core::array::from_fn(|i| match (self.percentiles_ns[i], explained_ns[i]) {
            (Some(own), Some(explained)) => own <= explained,
            _ => false,
        })
    }

    /// Of a floor: for each of [`QUANTILES`] the longest latency that the machine's own pauses explain, 1.25 ×
    /// the percentile; unknown where that is.
    pub fn explained_up_to_ns(&self) -> [Option<u64>; QUANTILES.len()] {
        self.percentiles_ns
            .map(|ns| ns.map(|ns| ns.saturating_add(ns / 4)))
    }
}

/// The conditions under which a run's latencies were taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What one stamp costs; a latency has two stamps, and is wrong by up to one cost.
    pub clock_cost_ns: Option<u64>,
    /// The machine's own pauses at the run's moments of arrival.
    pub floor: Figures,
    /// Whether the machine was watched during the run, too.
    pub floor_continuous: bool,
    /// Events whose latency is missing: lost or dropped before it could be taken.
    pub dropped: u64,
}

/// A percentile with everything that says how far to trust it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentile {
    /// The quantile: 0.99 for p99.
    pub quantile: f64,
    /// Its latency; `None` with fewer than ten samples beyond it.
    pub value_ns: Option<u64>,
    /// Number of samples behind it.
    pub count: u64,
    /// What one stamp costs.
    pub clock_cost_ns: Option<u64>,
    /// The same percentile of the machine's own pauses.
    pub floor_ns: Option<u64>,
    /// Whether the machine was watched during the run, too.
    pub floor_continuous: bool,
    /// Whether the machine's pauses explain it ([`Figures::at_floor`]).
    pub at_floor: bool,
    /// Samples that are missing.
    pub dropped: u64,
}

impl Provenance {
    /// The percentiles of `figures`, in the order of [`QUANTILES`], each with its provenance.
    pub fn explain(&self, figures: &Figures) -> [Percentile; QUANTILES.len()] {
        let at_floor = figures.at_floor(&self.floor);
        core::array::from_fn(|i| Percentile {
            quantile: QUANTILES[i],
            value_ns: figures.percentiles_ns[i],
            count: figures.count,
            clock_cost_ns: self.clock_cost_ns,
            floor_ns: self.floor.percentiles_ns[i],
            floor_continuous: self.floor_continuous,
            at_floor: at_floor[i],
            dropped: self.dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(p50: Option<u64>) -> Figures {
        Figures {
            count: 40,
            percentiles_ns: [p50, None, Some(1), None, None],
            ..Figures::default()
        }
    }

    #[test]
    fn at_floor_up_to_a_quarter_above_it() {
        let floor = figures(Some(100));
        assert!(figures(Some(125)).at_floor(&floor)[0]);
        assert!(!figures(Some(126)).at_floor(&floor)[0]);
        assert!(!figures(None).at_floor(&floor)[0]);
        assert!(!figures(Some(1)).at_floor(&figures(None))[0]);
    }

    #[test]
    fn a_floor_says_up_to_where_it_explains_and_marks_no_more() {
        for (floor_ns, explained_ns) in [
            (0, 0),
            (3, 3),
            (4, 5),
            (7, 8),
            (100, 125),
            (u64::MAX, u64::MAX),
        ] {
            let floor = figures(Some(floor_ns));
            assert_eq!(floor.explained_up_to_ns()[0], Some(explained_ns));
            assert!(figures(Some(explained_ns)).at_floor(&floor)[0]);
            let beyond = explained_ns.checked_add(1);
            assert!(beyond.is_none_or(|ns| !figures(Some(ns)).at_floor(&floor)[0]));
        }
        assert_eq!(figures(None).explained_up_to_ns()[0], None);
    }

    #[test]
    fn a_percentile_says_where_it_comes_from() {
        let provenance = Provenance {
            clock_cost_ns: Some(11),
            floor: figures(Some(100)),
            floor_continuous: true,
            dropped: 3,
        };
        let [p50, p90, ..] = provenance.explain(&figures(Some(120)));
        let expected = Percentile {
            quantile: 0.5,
            value_ns: Some(120),
            count: 40,
            clock_cost_ns: Some(11),
            floor_ns: Some(100),
            floor_continuous: true,
            at_floor: true,
            dropped: 3,
        };
        assert_eq!(p50, expected);
        assert_eq!(
            (p90.value_ns, p90.floor_ns, p90.at_floor),
            (None, None, false)
        );
    }
}
