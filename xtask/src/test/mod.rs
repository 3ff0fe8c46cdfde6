//! `cargo xtask test`: everything that CI runs, in one go, with what it needs on the machine.
//!
//! A failed step does not keep the others from running; the sum at the end tells.

mod api;
mod budget;
mod counts;
mod playwright;
pub mod postgres;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::browser::{self, Profile};
use crate::step::{judged, seconds};
use crate::workspace::Workspace;
use crate::{process, python, server, site, stop};

use counts::Counts;
use postgres::Postgres;

#[derive(Args)]
pub struct Options {
    /// Only this part; may be given several times
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Ask the API on this empty database, such as postgres://USER@HOST/NAME, instead of a SQLite file of its own
    #[arg(long, value_name = "URL")]
    api_database: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format and lints
    Check,
    /// Tests inside the modules
    Unit,
    /// Tests of the whole server, with SQLite and PostgreSQL
    Integration,
    /// The API, asked by Schemathesis what its document allows and what it does not
    Api,
    /// Size budgets and the tests in a real browser
    Browser,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut report = Report::default();
    if options.wants(Part::Check) {
        check(workspace, &mut report);
    }
    if options.wants(Part::Unit) || options.wants(Part::Integration) {
        rust(workspace, options, &mut report);
    }
    if options.wants(Part::Api) {
        asked(workspace, options, &mut report);
    }
    if options.wants(Part::Browser) {
        browser(workspace, &mut report);
    }
    stop::check()?;
    Ok(report.print())
}

fn check(workspace: &Workspace, report: &mut Report) {
    let mut lint = |title: &str, arguments: &[&str]| {
        report.gate(title, || {
            process::run(process::cargo(workspace).args(arguments))
        });
    };
    lint("format", &["fmt", "--all", "--check"]);
    lint(
        "lints, server",
        &[
            "clippy",
            "--package",
            "ms5-floor",
            "--all-targets",
            "--features",
            "ssr",
            "--",
            "-D",
            "warnings",
        ],
    );
    // For this machine's own processor: Clippy comes with the toolchain of the server, which may lack the WASM target.
    lint(
        "lints, browser",
        &[&["clippy"][..], &browser::WHAT, &["--", "-D", "warnings"]].concat(),
    );
    lint(
        "lints, xtask",
        &[
            "clippy",
            "--package",
            "xtask",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    );
}

/// Unit and integration tests, with a PostgreSQL of their own.
fn rust(workspace: &Workspace, options: &Options, report: &mut Report) {
    let unit = options.wants(Part::Unit);
    let integration = options.wants(Part::Integration);
    if unit {
        report.tests("tests of xtask", || {
            counts::cargo(process::cargo(workspace).args(["test", "--package", "xtask"]))
        });
    }
    let mut tests = process::cargo(workspace);
    tests.args([
        "test",
        "--package",
        "ms5-floor",
        "--features",
        "ssr",
        "--no-fail-fast",
    ]);
    let title = match (unit, integration) {
        (true, false) => {
            tests.args(["--lib", "--bins"]);
            "unit tests"
        }
        (false, true) => {
            tests.args(["--test", "*"]);
            "integration tests"
        }
        _ => "unit and integration tests",
    };
    let postgres = report.gate("PostgreSQL", Postgres::start);
    if let Some(postgres) = &postgres {
        tests.env("MS5_TEST_POSTGRES", postgres.url());
    }
    for (variable, list) in python::OF_TESTS.into_iter().filter(|_| integration) {
        if let Some(python) = report.gate("Python", || python::ensure(workspace, list)) {
            tests.env(variable, python);
        }
    }
    report.tests(title, || counts::cargo(&mut tests));
}

/// Every route of the API, asked what its document allows and what it does not.
fn asked(workspace: &Workspace, options: &Options, report: &mut Report) {
    let python = report.gate("Schemathesis", || {
        python::ensure(workspace, python::SCHEMATHESIS)
    });
    let server = report.gate("server for the API", || {
        server::build(workspace, server::Kind::Dev)
    });
    report.tests("API", || match (&python, &server) {
        (Some(python), Some(program)) => {
            api::run(workspace, program, python, options.api_database.as_deref())
        }
        _ => bail!("not run: what it needs was not made"),
    });
}

/// The site as shipped, in a real browser.
fn browser(workspace: &Workspace, report: &mut Report) {
    let site = report.gate("site for the browser tests", || {
        site::build(workspace, Profile::Release)
    });
    let server = report.gate("server for the browser tests", || {
        server::build(workspace, server::Kind::Dev)
    });
    if site.is_some() {
        report.gate("size budgets", || budget::check(&workspace.site));
    }
    let postgres = report.gate("PostgreSQL", Postgres::start);
    report.tests("browser tests", || match (&site, &server, &postgres) {
        (Some(()), Some(program), Some(postgres)) => {
            playwright::run(workspace, program, &postgres.url())
        }
        _ => bail!("not run: what they test was not built"),
    });
}

/// What happened in each step.
#[derive(Default)]
struct Report {
    rows: Vec<Row>,
    counts: Counts,
}

struct Row {
    title: String,
    time: Duration,
    outcome: String,
}

impl Report {
    /// A step that only counts when it fails.
    fn gate<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.perform(title, work, |_| Counts::default())
    }

    /// A step that counts its tests.
    fn tests(&mut self, title: &str, work: impl FnOnce() -> Result<Counts>) {
        self.perform(title, work, |counts| *counts);
    }

    fn perform<T>(
        &mut self,
        title: &str,
        work: impl FnOnce() -> Result<T>,
        count: impl Fn(&T) -> Counts,
    ) -> Option<T> {
        if stop::asked() {
            return None;
        }
        let start = Instant::now();
        let outcome = judged(title, work, |value| count(value).failed == 0);
        let (counts, text) = match &outcome {
            Ok(value) => {
                let counts = count(value);
                (
                    counts,
                    if counts == Counts::default() {
                        "ok".to_owned()
                    } else {
                        counts.to_string()
                    },
                )
            }
            Err(error) => {
                eprintln!("error: {title}: {error:#}");
                (
                    Counts {
                        failed: 1,
                        ..Counts::default()
                    },
                    "FAILED".to_owned(),
                )
            }
        };
        self.counts += counts;
        self.rows.push(Row {
            title: title.to_owned(),
            time: start.elapsed(),
            outcome: text,
        });
        outcome.ok()
    }

    /// The table, and the sum as the last line.
    fn print(&self) -> ExitCode {
        println!();
        for row in &self.rows {
            println!(
                "{:<30} {:>14}  {}",
                row.title,
                seconds(row.time),
                row.outcome
            );
        }
        println!("\n{}", self.counts);
        if self.counts.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_gate_counts_as_one_and_the_rest_still_runs() {
        let mut report = Report::default();
        assert!(
            report
                .gate("format", || -> Result<()> { bail!("not formatted") })
                .is_none()
        );
        report.tests("unit tests", || {
            Ok(Counts {
                passed: 3,
                failed: 0,
                skipped: 1,
            })
        });
        assert_eq!(report.counts.to_string(), "3 passed, 1 failed, 1 skipped");
        assert_eq!(report.rows.len(), 2);
    }
}
