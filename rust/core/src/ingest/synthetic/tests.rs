//! Goal: the bytes of a stream depend on its configuration and on nothing else, and the stream is
//! what it says (counts, spacing, burstiness, orders that make sense). Method: fixed seeds.

use super::*;

fn stream(model: Model, rate_hz: f64, events: u64, seed: u64) -> Vec<Event> {
    let config = Config {
        model,
        rate_hz,
        events,
        symbols: 3,
        seed,
    };
    generate(&config, &mut |_| ControlFlow::Continue(())).expect("a valid configuration")
}

/// FNV-1a over the bytes: enough to notice a change.
fn fingerprint(events: &[Event]) -> u64 {
    bytemuck::cast_slice::<Event, u8>(events)
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// Variance over mean of the counts in aligned windows.
fn fano(events: &[Event], window_ns: u64) -> f64 {
    let windows = (events.last().expect("not empty").ts_ns / window_ns) as usize;
    let mut counts = vec![0u64; windows];
    for event in events {
        if let Some(count) = counts.get_mut((event.ts_ns / window_ns) as usize) {
            *count += 1;
        }
    }
    let n = windows as f64;
    let sum: u64 = counts.iter().sum();
    let squares: u64 = counts.iter().map(|c| c * c).sum();
    let mean = sum as f64 / n;
    (squares as f64 / n - mean * mean) / mean
}

#[test]
fn stamps_start_at_zero_and_never_decrease() {
    for model in Model::ALL {
        let events = stream(model, 1e6, 50_000, 7);
        assert_eq!(events.len(), 50_000);
        assert_eq!(events[0].ts_ns, 0);
        assert!(events.windows(2).all(|w| w[0].ts_ns <= w[1].ts_ns));
        assert!(events.iter().zip(1..).all(|(e, i)| e.sequence == i));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for model in [Model::Poisson, Model::Hawkes] {
        let first = stream(model, 1e5, 5_000, 1);
        assert_eq!(first, stream(model, 1e5, 5_000, 1));
        assert_ne!(first, stream(model, 1e5, 5_000, 2));
    }
}

#[test]
fn a_shorter_stream_is_the_beginning_of_a_longer_one() {
    for model in Model::ALL {
        let long = stream(model, 1e5, 40_000, 3);
        assert_eq!(long[..20_000], stream(model, 1e5, 20_000, 3));
    }
}

#[test]
fn the_number_of_symbols_changes_no_stamp() {
    let config = Config {
        model: Model::Hawkes,
        rate_hz: 1e5,
        events: 5_000,
        symbols: 1,
        seed: 4,
    };
    let stamps = |symbols| {
        let config = Config { symbols, ..config };
        let events = generate(&config, &mut |_| ControlFlow::Continue(())).expect("valid");
        assert!(events.iter().all(|e| e.symbol < symbols));
        events.iter().map(|e| e.ts_ns).collect::<Vec<_>>()
    };
    assert_eq!(stamps(1), stamps(1_000));
}

#[test]
fn constant_stamps_are_exact_for_rates_that_do_not_divide_a_second() {
    for (numerator, denominator, rate_hz) in
        [(3, 1, 3.0), (7, 2, 3.5), (999_999_937, 1, 999_999_937.0)]
    {
        for (i, event) in stream(Model::Constant, rate_hz, 100_000, 0)
            .iter()
            .enumerate()
        {
            let exact = i as u128 * 1_000_000_000 * denominator / numerator;
            assert_eq!(u128::from(event.ts_ns), exact, "event {i} at {rate_hz} Hz");
        }
    }
}

#[test]
fn constant_reaches_the_ends_of_its_range() {
    assert_eq!(stream(Model::Constant, 1e9, 3, 0)[2].ts_ns, 2);
    let slowest_hz = 1.1e-10;
    assert_eq!(
        stream(Model::Constant, slowest_hz, 2, 0)[1].ts_ns / 1_000_000,
        (1e3 / slowest_hz) as u64
    );
}

#[test]
fn hawkes_is_as_bursty_as_the_recording() {
    for seed in 0..5 {
        let events = stream(
            Model::Hawkes,
            RECORDING_EVENTS as f64 / RECORDING_SPAN_S as f64,
            RECORDING_EVENTS,
            seed,
        );
        for (window_ns, recorded) in [(10_000_000, 5.348), (1_000_000_000, 21.968)] {
            let ratio = fano(&events, window_ns) / recorded;
            assert!(
                (0.75..=1.25).contains(&ratio),
                "seed {seed}, {window_ns} ns: {ratio}"
            );
        }
    }
}

#[test]
fn poisson_counts_have_the_variance_of_their_mean() {
    let events = stream(Model::Poisson, 1e6, 200_000, 11);
    assert!((fano(&events, 100_000) - 1.0).abs() < 0.1);
}

#[test]
fn orders_are_submitted_once_and_never_overdrawn() {
    let mut left = std::collections::HashMap::new();
    for event in stream(Model::Constant, 1e6, 100_000, 5) {
        match event.kind {
            1 => assert!(left.insert(event.order_id, event.size_e9).is_none()),
            2..=4 => {
                let size = left
                    .get_mut(&event.order_id)
                    .expect("an order submitted before");
                *size -= event.size_e9;
                assert!(*size >= 0, "order {} overdrawn", event.order_id);
                assert!(event.kind != 3 || *size == 0, "a deletion leaves nothing");
            }
            5 => assert_eq!(event.order_id, 0),
            kind => panic!("kind {kind}"),
        }
        assert!(event.size_e9 > 0 && event.size_e9 % 100_000_000_000 == 0);
        assert!((50_000_000_000..=150_000_000_000).contains(&event.price_e9));
        assert!(event.side == 1 || event.side == -1);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let good = Config {
        model: Model::Poisson,
        rate_hz: 1.0,
        events: 1,
        symbols: 1,
        seed: 0,
    };
    assert_eq!(good.validate(), Ok(()));
    for rate_hz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1.1e9] {
        let bad = Config { rate_hz, ..good };
        assert!(matches!(bad.validate(), Err(SyntheticError::RateHz(_))));
    }
    for events in [0, EVENTS_MAX + 1, u64::MAX] {
        let bad = Config { events, ..good };
        assert_eq!(bad.validate(), Err(SyntheticError::Events(events)));
    }
    for symbols in [0, SYMBOLS_MAX + 1] {
        let bad = Config { symbols, ..good };
        assert_eq!(bad.validate(), Err(SyntheticError::Symbols(symbols)));
    }
    let slow = Config {
        rate_hz: 1e-11,
        ..good
    };
    assert!(matches!(
        slow.validate(),
        Err(SyntheticError::SpanTooLong { .. })
    ));
    // What was given, what was expected, and what to do.
    let of_rate = Config {
        rate_hz: f64::NAN,
        ..good
    };
    assert_eq!(
        of_rate.validate().expect_err("no rate").to_string(),
        "rate_hz=NaN makes no stream: expected a number above 0 and at most 1e9"
    );
    assert!(
        slow.validate()
            .expect_err("too long")
            .to_string()
            .ends_with("raise rate_hz or lower events")
    );
}

#[test]
fn progress_can_stop_it() {
    let config = Config {
        model: Model::Hawkes,
        rate_hz: 1e5,
        events: 1_000_000,
        symbols: 1,
        seed: 0,
    };
    let mut asked = Vec::new();
    let result = generate(&config, &mut |done| {
        asked.push(done);
        if asked.len() == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(result, Err(SyntheticError::Stopped));
    let every = PROGRESS_EVERY as u64;
    assert_eq!(asked, [0, every, 2 * every]);
}

#[test]
fn the_bytes_are_pinned() {
    let pinned = Model::ALL.map(|model| fingerprint(&stream(model, 100_000.0, 10_000, 42)));
    assert_eq!(
        pinned,
        [
            1_558_305_181_502_858_827,
            17_920_928_002_217_597_987,
            12_760_884_748_991_750_789
        ]
    );
}
