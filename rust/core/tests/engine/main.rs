//! The engine, stage by stage under a clock moved by hand, and live on threads.

mod common;
mod live;
mod plan;
mod stages;
