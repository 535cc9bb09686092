//! The engine's drivers: the same stages on pinned threads (`live`) or on a virtual clock.
