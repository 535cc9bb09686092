"""The hot path in plain Python: oracle of the tests, slow peer of the benchmarks."""
