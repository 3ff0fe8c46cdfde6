//! How many tests passed: read from cargo's own words while they go by, or from the file in which another tool counted.

use std::io::{BufRead, BufReader};
use std::ops::AddAssign;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::{fmt, fs};

use anyhow::{Context, Result};

use crate::process;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Runs `cargo test`, shows its output as it comes, and sums up its results.
pub fn cargo(command: &mut Command) -> Result<Counts> {
    let mut child = process::spawn(command.stdout(Stdio::piped()))?;
    let output = child.stdout.take().context("cargo's output is piped")?;
    let reader = thread::spawn(move || {
        let mut sum = Counts::default();
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(counts) = result_line(&line) {
                sum += counts;
            }
        }
        sum
    });
    let status =
        process::wait(child, None)?.context("a wait without a bound ends with a status")?;
    let mut counts = reader
        .join()
        .map_err(|_| anyhow::anyhow!("reading cargo's output failed"))?;
    if !status.success() && counts.failed == 0 {
        // Something that did not compile, or died before it could count.
        eprintln!(
            "error: `{}` failed ({})",
            process::shown(command),
            process::ending(status)
        );
        counts.failed = 1;
    }
    Ok(counts)
}

/// What a tool counted that writes its results to a file: `read` knows their form. One that ended badly and counted no
/// failure counts as one.
pub fn in_file(
    results: &Path,
    tool: &str,
    status: ExitStatus,
    read: impl Fn(&[u8]) -> Result<Counts>,
) -> Result<Counts> {
    let text = fs::read(results).with_context(|| {
        format!(
            "{tool} ({}) left no results in {}",
            process::ending(status),
            results.display()
        )
    })?;
    let mut counts = read(&text).with_context(|| format!("reading {}", results.display()))?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn result_line(line: &str) -> Option<Counts> {
    let (_, numbers) = line.trim().strip_prefix("test result:")?.split_once(". ")?;
    let number = |word: &str| {
        let part = numbers
            .split(';')
            .map(str::trim)
            .find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Counts {
        passed: number(" passed")?,
        failed: number(" failed")?,
        skipped: number(" ignored")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_result_lines_are_read() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.51s";
        assert_eq!(
            result_line(line),
            Some(Counts {
                passed: 12,
                failed: 2,
                skipped: 1
            })
        );
        assert_eq!(result_line("test a::b ... ok"), None);
    }

    #[test]
    fn results_add_up_over_several_targets() {
        let ok = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let bad = "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let counts = cargo(Command::new("printf").args(["%s\\n", ok, bad])).expect("it runs");
        assert_eq!(
            counts,
            Counts {
                passed: 3,
                failed: 1,
                skipped: 1
            }
        );
    }

    #[test]
    fn what_does_not_compile_counts_as_one_failure() {
        let counts = cargo(Command::new("/bin/sh").args(["-c", "exit 101"])).expect("it runs");
        assert_eq!(
            counts,
            Counts {
                passed: 0,
                failed: 1,
                skipped: 0
            }
        );
    }
}
