//! The command line.

use std::path::PathBuf;

/// What `--help` says.
pub(crate) const HELP: &str = "\
Measures tickpath's event ring beside other Rust rings and queues, in one run, on two cores.

  --quick      some seconds instead of a minute: for a look, not for a claim
  --json       one JSON object on stdout (schema tickpath/bench-rust/1) instead of tables
  --svg PATH   where the picture of the round trips goes (build/bench-rust.svg)
  --help       this

Exit code: 0 all targets met that the floor lets anybody meet, 1 a target missed or the run stuck,
2 it cannot be measured here.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) quick: bool,
    pub(crate) json: bool,
    pub(crate) help: bool,
    pub(crate) svg: PathBuf,
}

impl Args {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// Returns an error that names the argument that is not known.
    pub(crate) fn parse(given: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            quick: false,
            json: false,
            help: false,
            svg: PathBuf::from("build/bench-rust.svg"),
        };
        let mut given = given.into_iter();
        while let Some(word) = given.next() {
            match word.as_str() {
                "--quick" => args.quick = true,
                "--json" => args.json = true,
                "--help" | "-h" => args.help = true,
                "--svg" => args.svg = given.next().ok_or("--svg needs a path")?.into(),
                other => return Err(format!("{other:?} is not an option; see --help")),
            }
        }
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_given_is_taken() {
        let args = parse("--quick --svg a.svg --json").expect("all known");
        assert!(args.quick && args.json && !args.help);
        assert_eq!(args.svg, PathBuf::from("a.svg"));
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert!(parse("--fast").expect_err("unknown").contains("--fast"));
        assert!(parse("--svg").expect_err("no path").contains("--svg"));
    }
}
