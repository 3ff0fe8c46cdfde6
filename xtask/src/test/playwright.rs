//! The tests in a real browser: Playwright with this machine's own Chromium.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::counts::{self, Counts};
use crate::workspace::{Workspace, program};
use crate::{debian, node, process};

pub fn run(workspace: &Workspace, server: &Path, postgres: &str) -> Result<Counts> {
    let chromium = chromium()?;
    node::ensure()?;
    node::packages(workspace)?;

    let results = workspace.target.join("playwright.json");
    fs::remove_file(&results).ok();
    let mut command = Command::new("npx");
    command.args(["--no-install", "playwright", "test", "--reporter=list,json"]);
    command.current_dir(workspace.root.join("end2end"));
    command
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &results)
        .env("CHROMIUM", chromium);
    command
        .env("MS5_BIN", server)
        .env("MS5_SITE", &workspace.site)
        .env("MS5_TEST_POSTGRES", postgres);
    let status = process::status(&mut command)?;

    counts::in_file(&results, "Playwright", status, read)
}

/// The one named by `CHROMIUM`, Debian's, or any other on this machine.
fn chromium() -> Result<PathBuf> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    let found = named.or_else(|| {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(program)
    });
    found.map_or_else(|| debian::ensure("chromium", &[], &["chromium"]), Ok)
}

/// The sums in Playwright's JSON report. A test that passed at its second try passed, and Playwright says so itself.
fn read(report: &[u8]) -> Result<Counts> {
    let report: Value = serde_json::from_slice(report)?;
    let stats = report.get("stats").context("it has no stats")?;
    let number = |name: &str| {
        stats
            .get(name)
            .and_then(Value::as_u64)
            .with_context(|| format!("its stats have no {name}"))
    };
    Ok(Counts {
        passed: number("expected")? + number("flaky")?,
        failed: number("unexpected")?,
        skipped: number("skipped")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playwrights_sums_are_read() {
        let report = br#"{"stats": {"startTime": "x", "duration": 1.5, "expected": 4, "skipped": 1, "unexpected": 2, "flaky": 1}}"#;
        assert_eq!(
            read(report).expect("a report"),
            Counts {
                passed: 5,
                failed: 2,
                skipped: 1
            }
        );
        assert!(read(b"{}").is_err());
    }
}
