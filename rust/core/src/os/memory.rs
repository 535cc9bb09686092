//! Memory made ready before a run: touched, on huge pages where there are any, locked.
//!
//! None of it changes what the memory holds, so it may be in use meanwhile. The order is fixed, and
//! [`prepare_memory`] keeps it: huge pages are advised before pages are touched, and locked last; memory that
//! was locked first was given no huge page at all.
#![allow(unsafe_code, reason = "these system calls take addresses")]
#![cfg_attr(
    any(not(target_os = "linux"), elsewhere),
    expect(dead_code, reason = "whole pages matter to Linux's calls alone")
)]

use core::marker::PhantomData;

use super::Refusal;

/// Where a slice lies; it stays there as long as this lives.
#[derive(Debug, Clone, Copy)]
pub struct MemoryRange<'a> {
    start: usize,
    length_bytes: usize,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> MemoryRange<'a> {
    /// The memory of `slice`.
    pub fn of<T>(slice: &'a [T]) -> Self {
        Self {
            start: slice.as_ptr().addr(),
            length_bytes: size_of_val(slice),
            memory: PhantomData,
        }
    }

    /// How much it is, in bytes.
    pub const fn length_bytes(&self) -> usize {
        self.length_bytes
    }

    const fn end(&self) -> usize {
        self.start + self.length_bytes
    }

    /// Every page it has a part in, of `page_bytes`; other memory may lie in the first and the last.
    /// Nothing has a part in none: its address is no memory's.
    const fn grown_to(self, page_bytes: usize) -> Self {
        let start = self.start & !(page_bytes - 1);
        let length_bytes = match self.length_bytes {
            0 => 0,
            _ => self.end().next_multiple_of(page_bytes) - start,
        };
        Self {
            start,
            length_bytes,
            memory: PhantomData,
        }
    }

    /// The whole pages in it, of `page_bytes`.
    const fn shrunk_to(self, page_bytes: usize) -> Self {
        let start = self.start.next_multiple_of(page_bytes);
        let end = self.end() & !(page_bytes - 1);
        Self {
            start,
            length_bytes: end.saturating_sub(start),
            memory: PhantomData,
        }
    }
}

/// What is wished for some memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryWishes {
    /// Every page there before the first event.
    pub touch: bool,
    /// On huge pages.
    pub huge_pages: bool,
    /// Never paged out.
    pub lock: bool,
}

/// What became of the wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryState {
    /// Whether every page is there.
    pub touched: bool,
    /// Whether it is locked.
    pub locked: bool,
    /// How much of it is on huge pages, in bytes; unknown where the machine does not say.
    pub huge_bytes: Option<usize>,
    /// What was wished for in vain.
    pub refused: Vec<Refusal>,
}

/// Does with `range` what is wished, in the order that works, and looks what became of it.
pub fn prepare_memory(range: MemoryRange<'_>, wishes: MemoryWishes) -> MemoryState {
    let mut state = MemoryState::default();
    let mut try_to = |wished: bool, result: &dyn Fn() -> Result<(), Refusal>| {
        wished && result().map_err(|no| state.refused.push(no)).is_ok()
    };
    // Touches as well: pages that are not there yet cannot be huge.
    let huge = try_to(wishes.huge_pages, &|| advise_huge_pages(range));
    let touched = try_to(wishes.touch, &|| touch_memory(range));
    let locked = try_to(wishes.lock, &|| lock_memory(range));
    state.touched = touched || huge || locked;
    state.locked = locked;
    state.huge_bytes = huge_page_bytes(range);
    state
}

/// Brings every page of `range` into memory, without writing to it.
///
/// # Errors
/// Returns a refusal if the machine cannot (Linux before 5.14) or has not the memory.
pub fn touch_memory(range: MemoryRange<'_>) -> Result<(), Refusal> {
    imp::touch(range)
        .map_err(|reason| Refusal::new(format!("touch {} bytes", range.length_bytes), reason))
}

/// Asks for huge pages under `range`, touches it, and has small pages that were there before collapsed.
///
/// # Errors
/// Returns a refusal if the machine gives none, or fewer than would fit.
pub fn advise_huge_pages(range: MemoryRange<'_>) -> Result<(), Refusal> {
    imp::make_huge(range).map_err(|reason| huge_refusal(range, reason))
}

/// Asks for huge pages under those of `range` that are written to later for the first time. Unlike
/// [`advise_huge_pages`] it does nothing else, and does not look whether they came.
///
/// # Errors
/// Returns a refusal if the machine has none, or the range is smaller than one.
pub fn prefer_huge_pages(range: MemoryRange<'_>) -> Result<(), Refusal> {
    imp::prefer_huge(range)
        .map(drop)
        .map_err(|reason| huge_refusal(range, reason))
}

fn huge_refusal(range: MemoryRange<'_>, reason: String) -> Refusal {
    let asked = format!("huge pages for {} bytes", range.length_bytes);
    Refusal::new(asked, reason)
}

/// How many bytes of `range` are on huge pages; unknown where the machine does not say.
///
/// The kernel says it by mapping. Where a mapping is larger than the range this is the most it can be; after
/// [`advise_huge_pages`] the advised pages are a mapping of their own, and it is exact.
pub fn huge_page_bytes(range: MemoryRange<'_>) -> Option<usize> {
    imp::huge_bytes(range)
}

/// Keeps `range` from being paged out, and touches it. It stays locked until [`unlock_memory`] or until
/// it is given back to the operating system, which freeing it does not always do.
///
/// # Errors
/// Returns a refusal if the process may not lock so much (CAP_IPC_LOCK, or `ulimit -l`).
pub fn lock_memory(range: MemoryRange<'_>) -> Result<(), Refusal> {
    imp::lock(range)
        .map_err(|reason| Refusal::new(format!("lock {} bytes", range.length_bytes), reason))
}

/// Ends what [`lock_memory`] began. Locks do not add up: pages that another range shares are unlocked too.
///
/// # Errors
/// Returns a refusal if the machine does not let it.
pub fn unlock_memory(range: MemoryRange<'_>) -> Result<(), Refusal> {
    imp::unlock(range)
        .map_err(|reason| Refusal::new(format!("unlock {} bytes", range.length_bytes), reason))
}

#[cfg(all(target_os = "linux", not(elsewhere)))]
mod imp {
    use core::ffi::c_int;
    use core::ptr::without_provenance_mut;
    use std::{fs, io};

    use rustix::process::{Resource, getrlimit};

    use super::super::smaps::huge_bytes_in;
    use super::MemoryRange;

    const HUGE_PAGES: &str = "/sys/kernel/mm/transparent_hugepage";

    pub(super) fn touch(range: MemoryRange<'_>) -> Result<(), String> {
        let pages = range.grown_to(rustix::param::page_size());
        advise(pages, libc::MADV_POPULATE_WRITE).map_err(|error| match error.raw_os_error() {
            Some(libc::EINVAL) => format!("{error} (Linux can since 5.14)"),
            _ => error.to_string(),
        })
    }

    /// The whole huge pages in `range`, which are asked for.
    pub(super) fn prefer_huge(range: MemoryRange<'_>) -> Result<MemoryRange<'_>, String> {
        let page_bytes = huge_page_size().ok_or("the kernel has no transparent huge pages")?;
        let pages = range.shrunk_to(page_bytes);
        if pages.length_bytes == 0 {
            return Err(format!("no whole page of {page_bytes} bytes lies in it"));
        }
        advise(pages, libc::MADV_HUGEPAGE).map_err(|error| error.to_string())?;
        Ok(pages)
    }

    pub(super) fn make_huge(range: MemoryRange<'_>) -> Result<(), String> {
        let pages = prefer_huge(range)?;
        touch(pages)?;
        // Refused where there is nothing to collapse, and before Linux 6.1: the count below tells.
        let collapsed = advise(pages, libc::MADV_COLLAPSE);
        let reason = match (huge_bytes(pages), collapsed) {
            (Some(bytes), _) if bytes >= pages.length_bytes => return Ok(()),
            (None, Ok(())) => return Ok(()),
            (Some(bytes), Ok(())) => format!("{bytes} of {} given", pages.length_bytes),
            (Some(bytes), Err(e)) => format!("{bytes} of {} given: {e}", pages.length_bytes),
            (None, Err(e)) => e.to_string(),
        };
        let mode = fs::read_to_string(format!("{HUGE_PAGES}/enabled")).unwrap_or_default();
        Err(if mode.contains("[never]") {
            format!("{reason} ({HUGE_PAGES}/enabled is `never`)")
        } else {
            reason
        })
    }

    pub(super) fn huge_bytes(range: MemoryRange<'_>) -> Option<usize> {
        let smaps = fs::File::open("/proc/self/smaps").ok()?;
        huge_bytes_in(io::BufReader::new(smaps), range.start..range.end())
    }

    pub(super) fn lock(range: MemoryRange<'_>) -> Result<(), String> {
        let pages = range.grown_to(rustix::param::page_size());
        // SAFETY: the pages of a slice that is alive are mapped; locking changes nothing in them.
        unsafe { rustix::mm::mlock(without_provenance_mut(pages.start), pages.length_bytes) }
            .map_err(|error| {
                let limit = getrlimit(Resource::Memlock).current;
                limit.map_or_else(
                    || error.to_string(),
                    |limit| format!("{error} (no CAP_IPC_LOCK, and `ulimit -l` is {limit} bytes)"),
                )
            })
    }

    pub(super) fn unlock(range: MemoryRange<'_>) -> Result<(), String> {
        let pages = range.grown_to(rustix::param::page_size());
        // SAFETY: the pages of a slice that is alive are mapped; unlocking changes nothing in them.
        unsafe { rustix::mm::munlock(without_provenance_mut(pages.start), pages.length_bytes) }
            .map_err(|error| error.to_string())
    }

    /// Gives `advice` on whole pages, one of those that change nothing in them.
    fn advise(pages: MemoryRange<'_>, advice: c_int) -> io::Result<()> {
        debug_assert!(matches!(
            advice,
            libc::MADV_HUGEPAGE | libc::MADV_COLLAPSE | libc::MADV_POPULATE_WRITE
        ));
        let start = without_provenance_mut(pages.start);
        // SAFETY: the pages of a slice that is alive are mapped; the three kinds of advice say how they
        // are backed, and leave what they hold as it is.
        match unsafe { libc::madvise(start, pages.length_bytes, advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn huge_page_size() -> Option<usize> {
        let text = fs::read_to_string(format!("{HUGE_PAGES}/hpage_pmd_size")).ok()?;
        text.trim()
            .parse()
            .ok()
            .filter(|s: &usize| s.is_power_of_two())
    }
}

#[cfg(any(not(target_os = "linux"), elsewhere))]
mod imp {
    use super::super::NOT_HERE;
    use super::MemoryRange;

    pub(super) fn touch(_: MemoryRange<'_>) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn prefer_huge(_: MemoryRange<'_>) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn make_huge(_: MemoryRange<'_>) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn huge_bytes(_: MemoryRange<'_>) -> Option<usize> {
        None
    }

    pub(super) fn lock(_: MemoryRange<'_>) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }

    pub(super) fn unlock(_: MemoryRange<'_>) -> Result<(), String> {
        Err(NOT_HERE.to_owned())
    }
}

#[cfg(all(test, target_os = "linux", not(elsewhere)))]
mod tests {
    use super::super::rights::without_rights;
    use super::*;

    const MIB: usize = 1 << 20;

    /// A field of `/proc/self/smaps_rollup` or the like, in bytes.
    fn kernel_says(file: &str, field: &str) -> usize {
        let text = std::fs::read_to_string(file).expect("linux says");
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.expect(field).trim().trim_end_matches("kB").trim_end();
        kilobytes.parse::<usize>().expect("a number") * 1024
    }

    #[test]
    fn a_range_is_the_slice_s_and_its_pages_enclose_it_or_lie_in_it() {
        let words = vec![0_u64; 10_000];
        let range = MemoryRange::of(&words);
        assert_eq!(range.length_bytes(), 80_000);
        let (outer, inner) = (range.grown_to(4096), range.shrunk_to(4096));
        assert!(outer.start <= range.start && range.end() <= outer.end());
        assert!(range.start <= inner.start && inner.end() <= range.end());
        assert!(outer.length_bytes - inner.length_bytes <= 2 * 4096);
        for pages in [outer, inner] {
            assert!(pages.start.is_multiple_of(4096) && pages.length_bytes.is_multiple_of(4096));
        }
        assert_eq!(range.shrunk_to(MIB).length_bytes(), 0);
        assert_eq!(
            MemoryRange::of(&[0_u8; 0]).shrunk_to(4096).length_bytes(),
            0
        );
    }

    #[test]
    fn touched_memory_is_there_and_holds_what_it_held() {
        // Large and zeroed: the allocator leaves it to the kernel, which has given nothing of it yet.
        let mut memory = vec![0_u8; 64 * MIB];
        memory[5 * MIB] = 9;
        let before = kernel_says("/proc/self/status", "VmRSS:");
        touch_memory(MemoryRange::of(&memory)).expect("linux 5.14 or later");
        let after = kernel_says("/proc/self/status", "VmRSS:");
        // Other tests of the process give and take meanwhile, but not so much.
        assert!(after > before + 48 * MIB, "{before} {after}");
        assert_eq!(memory.iter().map(|&byte| u64::from(byte)).sum::<u64>(), 9);
    }

    #[test]
    fn a_small_range_can_be_locked_and_unlocked_by_anyone() {
        let memory = vec![1_u8; 16 << 10];
        let range = MemoryRange::of(&memory);
        lock_memory(range).expect("the usual limit is 64 KiB at least");
        assert!(kernel_says("/proc/self/status", "VmLck:") >= 16 << 10);
        unlock_memory(range).expect("what is locked can be unlocked");
    }

    #[test]
    fn more_than_the_limit_is_refused_without_the_right_and_the_limit_is_told() {
        std::thread::spawn(|| {
            without_rights();
            let limit = rustix::process::getrlimit(rustix::process::Resource::Memlock).current;
            // Elsewhere the limit may be none, or more than a test should take.
            let Some(limit) = limit.filter(|&limit| limit <= 64 << 20) else {
                return;
            };
            let memory = vec![0_u8; limit as usize + MIB];
            let state = prepare_memory(
                MemoryRange::of(&memory),
                MemoryWishes {
                    lock: true,
                    ..MemoryWishes::default()
                },
            );
            assert!(!state.locked && !state.touched, "{state:?}");
            let [refusal] = &state.refused[..] else {
                panic!("{state:?}");
            };
            let text = refusal.to_string();
            assert!(
                text.contains(&format!("`ulimit -l` is {limit} bytes")),
                "{text}"
            );
            assert!(
                text.contains(&format!("lock {} bytes", memory.len())),
                "{text}"
            );
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn huge_pages_are_given_or_refused_and_the_memory_is_the_same() {
        for touched_before in [false, true] {
            let mut memory = vec![0_u32; 4 * MIB];
            if touched_before {
                memory.iter_mut().zip(0..).for_each(|(word, n)| *word = n);
            }
            let sum: u64 = memory.iter().map(|&word| u64::from(word)).sum();
            let range = MemoryRange::of(&memory);
            let wishes = MemoryWishes {
                touch: true,
                huge_pages: true,
                lock: false,
            };
            let state = prepare_memory(range, wishes);
            assert!(state.touched, "{state:?}");
            let bytes = state.huge_bytes.expect("linux says");
            if state.refused.is_empty() {
                // All whole huge pages that lie in it: of 2 MiB, one less at the most.
                assert!(bytes >= range.length_bytes() - 2 * 2 * MIB, "{state:?}");
            } else {
                assert!(
                    state.refused[0]
                        .to_string()
                        .contains("huge pages for 16777216 bytes")
                );
            }
            assert_eq!(memory.iter().map(|&word| u64::from(word)).sum::<u64>(), sum);
        }
    }

    #[test]
    fn locked_last_the_huge_pages_stay() {
        let memory = vec![0_u8; 6 * MIB];
        let wishes = MemoryWishes {
            touch: true,
            huge_pages: true,
            lock: true,
        };
        let state = prepare_memory(MemoryRange::of(&memory), wishes);
        if state.refused.is_empty() {
            assert!(
                state.locked && state.huge_bytes >= Some(4 * MIB),
                "{state:?}"
            );
        }
        unlock_memory(MemoryRange::of(&memory)).expect("what is locked can be unlocked");
    }

    #[test]
    fn what_has_no_room_for_a_huge_page_is_refused() {
        let memory = vec![0_u8; 4096];
        let refusal = advise_huge_pages(MemoryRange::of(&memory)).expect_err("too small");
        let text = refusal.to_string();
        assert!(
            text.contains("no whole page") || text.contains("no transparent"),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_granted_for_nothing() {
        let nothing = MemoryRange::of::<u8>(&[]);
        assert_eq!(
            (touch_memory(nothing), lock_memory(nothing)),
            (Ok(()), Ok(()))
        );
        let state = prepare_memory(nothing, MemoryWishes::default());
        assert_eq!(
            (state.touched, state.locked, state.huge_bytes),
            (false, false, Some(0))
        );
        assert!(state.refused.is_empty());
    }

    #[test]
    fn memory_smaller_than_a_huge_page_is_told_so() {
        let refusal = prefer_huge_pages(MemoryRange::of(&[0_u64; 8])).expect_err("64 bytes");
        assert!(refusal.to_string().starts_with("huge pages for 64 bytes: "));
    }

    #[test]
    fn a_preference_changes_nothing_in_the_memory() {
        let words: Vec<u64> = (0..1 << 20).collect();
        // Refused where there are none: that is no matter of this test.
        drop(prefer_huge_pages(MemoryRange::of(&words)));
        assert!(words.iter().zip(0..).all(|(word, index)| *word == index));
    }
}
