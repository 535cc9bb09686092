"""The lifecycle: four states, six transitions, one table of rules."""
