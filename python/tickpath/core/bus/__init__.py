"""Rings and cursors: publish once, read anywhere, lose nothing unsaid."""
