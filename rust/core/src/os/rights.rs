//! A thread without rights, for tests that run as root: rights are a thread's own on Linux.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// Takes from the calling thread, until it ends, the rights to lock memory and to go before others.
pub(super) fn without_rights() {
    let have = capabilities(None).expect("anyone may look");
    let ours = CapabilitySet::IPC_LOCK | CapabilitySet::SYS_NICE | CapabilitySet::SYS_RESOURCE;
    let left = CapabilitySets {
        effective: have.effective - ours,
        ..have
    };
    set_capabilities(None, left).expect("anyone may have less");
}
