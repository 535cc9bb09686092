//! How often the scheduler took the calling thread off its core.

use std::fs;

/// How often the calling thread had to leave its core for another one although it had work, so far; unknown
/// where the machine does not say.
///
/// A pause of a thread that spins is another thread's turn if this grew meanwhile, and else an interrupt's
/// or a hypervisor's.
pub fn involuntary_switches() -> Option<u64> {
    parse(&fs::read_to_string("/proc/thread-self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    status.lines().find_map(|line| {
        line.strip_prefix("nonvoluntary_ctxt_switches:")?
            .trim()
            .parse()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_from_their_line_or_unknown() {
        let status =
            "Name:\ttickpath\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t12\n";
        assert_eq!(parse(status), Some(12));
        for odd in [
            "",
            "nonvoluntary_ctxt_switches:",
            "nonvoluntary_ctxt_switches: many",
        ] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[cfg(all(target_os = "linux", not(elsewhere)))]
    #[test]
    fn this_machine_says_so() {
        assert!(involuntary_switches().is_some());
    }
}
