//! The only door to the operating system: what is asked of the machine, and its refusals as facts.
