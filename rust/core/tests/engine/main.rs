//! The engine: stage by stage under a clock moved by hand, in virtual time, and live on threads.

mod common;
mod consumers;
mod fault_books;
mod faults;
mod holds;
mod live;
mod notes;
mod plan;
mod shared_stamps;
mod sizing;
mod sizing_virtual;
mod stages;
mod virtual_faults;
mod virtual_properties;
mod virtual_time;
