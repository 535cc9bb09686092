//! Tells the program which compiler built it.

use std::io::Write as _;
use std::process::Command;

fn main() -> std::io::Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output()?;
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    writeln!(
        std::io::stdout(),
        "cargo::rerun-if-changed=build.rs\ncargo::rustc-env=BENCH_RUSTC={version}"
    )
}
