"""What this machine can be believed about: what was found, what it means for a percentile, what to change."""
