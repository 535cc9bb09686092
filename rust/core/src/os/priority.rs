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
    /// for that core (`sched_rt_runtime_us`, or the fair server since Linux 6.8), so a thread that
    /// spins is better off with a core that nobody else needs.
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
/// Returns a refusal if the process has no right to it (CAP_SYS_NICE, or `ulimit -r`, `ulimit -e`), or
/// if there is no such level; the thread then keeps what it had.
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

#[cfg(all(target_os = "linux", not(elsewhere)))]
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

#[cfg(any(not(target_os = "linux"), elsewhere))]
mod imp {
    use super::super::NOT_HERE;

    pub(super) fn set_realtime(_: u8) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn set_nice(_: i8) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }
}

#[cfg(all(test, target_os = "linux", not(elsewhere)))]
mod tests {
    use super::super::rights::without_rights;
    use super::*;

    /// Policy, real-time level and nice value of the calling thread, as the kernel sees them.
    fn seen() -> (u32, u32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("linux says");
        let after_name = stat.rsplit_once(')').expect("a name").1;
        let field = |number: usize| {
            // Numbers are those of proc(5); the third field is the first after the name.
            after_name.split_ascii_whitespace().nth(number - 3)
        };
        let number = |n| field(n).and_then(|text| text.parse().ok());
        let nice = field(19).and_then(|text| text.parse().ok());
        let unsigned = |n| number(n).expect("a number");
        (unsigned(41), unsigned(40), nice.expect("a number"))
    }

    /// Threads of their own: what one is given it keeps.
    fn in_a_thread<T: Send>(body: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(body).join().expect("no panic"))
    }

    #[test]
    fn a_level_is_had_or_refused_and_the_kernel_agrees() {
        in_a_thread(|| match raise_priority(Priority::Realtime(3)) {
            Ok(()) => assert_eq!(&seen().0, &1, "SCHED_FIFO"),
            Err(refusal) => {
                assert_eq!(seen().0, 0, "{refusal}");
                assert!(refusal.to_string().contains("CAP_SYS_NICE"), "{refusal}");
            }
        });
        in_a_thread(|| {
            if raise_priority(Priority::Realtime(7)).is_ok() {
                assert_eq!(seen().1, 7);
            }
        });
    }

    #[test]
    fn a_nice_value_is_the_thread_s_own() {
        let before = seen();
        in_a_thread(|| {
            let nicer = before.2 + 1;
            let value = i8::try_from(nicer.min(19)).expect("small");
            raise_priority(Priority::Nice(value)).expect("anyone may step back");
            assert_eq!(seen().2, i32::from(value));
        });
        assert_eq!(seen(), before);
    }

    #[test]
    fn without_the_right_both_are_refused_and_the_thread_stays_as_it_was() {
        in_a_thread(|| {
            without_rights();
            let before = seen();
            for priority in [Priority::Realtime(1), Priority::Nice(-20)] {
                // A machine may allow levels to everybody (`ulimit -r`, `ulimit -e`).
                let Err(refusal) = raise_priority(priority) else {
                    return;
                };
                let text = refusal.to_string();
                assert!(text.contains(&priority.to_string()), "{text}");
                assert!(text.contains("ulimit"), "{text}");
                assert_eq!(seen(), before);
            }
        });
    }

    #[test]
    fn what_is_no_level_is_refused_and_not_bent() {
        in_a_thread(|| {
            let before = seen();
            for absurd in [
                Priority::Realtime(0),
                Priority::Realtime(100),
                Priority::Realtime(255),
                Priority::Nice(-21),
                Priority::Nice(20),
            ] {
                let refusal = raise_priority(absurd).expect_err("no such level");
                assert!(
                    refusal.to_string().contains(&absurd.to_string()),
                    "{refusal}"
                );
                assert_eq!(seen(), before);
            }
        });
    }
}
