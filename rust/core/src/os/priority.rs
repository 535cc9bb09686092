//! The scheduling priority of the calling thread.
#![allow(
    unsafe_code,
    reason = "a thread's real-time level has no safe call in rustix"
)]

use core::fmt;

use super::Refusal;

/// What a thread may be given before others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Before every ordinary thread (`SCHED_FIFO`), at a level from 1 to 99.
    ///
    /// The kernel takes such a thread off its core for some 50 ms of every second in which others wait
    /// for that core (`sched_rt_runtime_us`, or the fair server since Linux 6.8), so a thread that spins is better
    /// off with a core that nobody else needs.
    Realtime(u8),
    /// Among the ordinary threads, from -20 (first) to 19.
    Nice(i8),
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Realtime(level) => write!(f, "real-time priority {level}"),
            Self::Nice(value) => write!(f, "nice value {value}"),
        }
    }
}

/// Gives the calling thread `priority`, until it ends.
///
/// # Errors
/// Returns a refusal if the process has no right to it (CAP_SYS_NICE, or `ulimit -r`, `ulimit -e`), or if there is no such
/// level; the thread then keeps what it had.
pub fn raise_priority(priority: Priority) -> Result<(), Refusal> {
    let refused = |reason: String| Refusal::new(format!("give a thread {priority}"), reason);
    match priority {
        Priority::Realtime(level) if !(1..=99).contains(&level) => {
            Err(refused("levels are 1 to 99".to_owned()))
        }
        Priority::Nice(value) if !(-20..=19).contains(&value) => {
            Err(refused("nice values are -20 to 19".to_owned()))
        }
        Priority::Realtime(level) => imp::set_realtime(level).map_err(refused),
        Priority::Nice(value) => imp::set_nice(value).map_err(refused),
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::io;

    use rustix::process::{Resource, getrlimit, setpriority_process};
    use rustix::thread::gettid;

    pub(super) fn set_realtime(level: u8) -> Result<(), String> {
        let param = libc::sched_param {
            sched_priority: level.into(),
        };
        // SAFETY: `pthread_self` is the calling thread, which is alive; `param` is read, and only now.
        let error =
            unsafe { libc::pthread_setschedparam(libc::pthread_self(), libc::SCHED_FIFO, &param) };
        match error {
            0 => Ok(()),
            libc::EPERM => Err(format!(
                "{} (no CAP_SYS_NICE, and `ulimit -r` is {})",
                io::Error::from_raw_os_error(error),
                limit(Resource::Rtprio)
            )),
            _ => Err(io::Error::from_raw_os_error(error).to_string()),
        }
    }

    pub(super) fn set_nice(value: i8) -> Result<(), String> {
        // To the kernel every thread is a process with a nice value of its own.
        setpriority_process(Some(gettid()), value.into()).map_err(|error| {
            format!(
                "{error} (no CAP_SYS_NICE, and `ulimit -e` is {})",
                limit(Resource::Nice)
            )
        })
    }

    fn limit(resource: Resource) -> String {
        getrlimit(resource)
            .current
            .map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::super::NOT_HERE;

    pub(super) fn set_realtime(_: u8) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn set_nice(_: i8) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }
}
