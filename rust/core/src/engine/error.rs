//! Why there is no run, or no record of it.

use core::fmt;

use super::SettingsError;

/// Why there is no run, or no record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineError {
    /// Not the memory for a ring of so many slots.
    OutOfMemory(usize),
    /// The settings make no sense together, or do not fit this machine.
    Settings(SettingsError),
    /// The operating system gave no thread.
    NoThread(String),
    /// It was asked for what a run does once, a second time, or by another process.
    Misused(&'static str),
    /// A stage ended by a bug; the others were stopped.
    Panicked {
        /// Which.
        stage: String,
        /// What it said.
        message: String,
    },
}

impl EngineError {
    /// A stage that was unwound.
    #[cfg(not(loom))]
    pub fn panicked(stage: &str, panic: &(dyn core::any::Any + Send)) -> Self {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Self::Panicked {
            stage: stage.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory(slots) => {
                write!(
                    f,
                    "not enough memory for a ring of {slots} slots of 64 bytes"
                )
            }
            Self::Settings(error) => error.fmt(f),
            Self::NoThread(reason) => write!(f, "the machine gave no thread: {reason}"),
            Self::Misused(how) => f.write_str(how),
            Self::Panicked { stage, message } => {
                write!(f, "the {stage} ended by a bug in tickpath: {message}")
            }
        }
    }
}

impl core::error::Error for EngineError {}

impl From<SettingsError> for EngineError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}
