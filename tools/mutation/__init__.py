"""Mutation tests of the Python rooms: ``make mutants-python``; see tests/MUTATION.md."""
