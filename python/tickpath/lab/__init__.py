"""What is made of a run: its report, as an object for machines and as text for people.

Scenarios, drills and comparisons of runs will live here; they are not built yet.
"""
