"""The tests; README.md says which one a change needs."""
