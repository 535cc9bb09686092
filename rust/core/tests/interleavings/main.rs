//! Loom models of everything that two threads of the core share: every order of events that the memory model
//! allows, with up to two preemptions. `make loom` runs them on the code as it is, where they must pass, and with each
//! planted bug, where the test that [`planted_bugs.toml`](../planted_bugs.toml) names must fail; `make loom-deep` goes
//! one preemption further, and runs those that are ignored here. `docs/SAFETY.md` says what each shared structure
//! promises, and what is shared without anything to explore.
#![cfg(loom)]

mod control;
mod engine;
mod event_ring;
mod exploration;
mod faults;
mod gate;
mod ring_life;
mod run;
mod tally;
mod two_lines;
