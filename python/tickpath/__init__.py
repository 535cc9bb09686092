"""tickpath: a laboratory for the execution path of a trading system."""
