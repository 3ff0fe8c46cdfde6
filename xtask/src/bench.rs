//! `cargo xtask bench`: the budgets of the design, measured on a release build, beside a rival where there is one.
//!
//! What is noisy on a shared machine is measured as a ratio to a rival in the same run. A missed floor or limit fails
//! the run; a missed aim is told.

mod calls;
mod facts;
pub mod floor;
pub mod http;
mod ingest;
mod load;
mod machine;
mod memory;
mod pixel;
mod report;
mod rival;
mod sizes;
mod start;
mod steps;
mod streams;
mod year;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::browser::Profile;
use crate::workspace::Workspace;
use crate::{server, site, stop};

use report::Report;

#[derive(Args)]
pub struct Options {
    /// Only this part; may be given several times
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Where the numbers go, for programs; without it target/bench.json
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure this program instead of building one: two of them can be compared
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    #[command(flatten)]
    year: year::Size,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Facts stored by second
    Ingest,
    /// From an event to the painted frame
    Pixel,
    /// From a call to two hundred boards
    Calls,
    /// How late steps of calls are on a plant of many lines
    Steps,
    /// What a screen loads first
    Sizes,
    /// From the start of the process until it is ready, and what a day takes on disk
    Start,
    /// What an idle server keeps in memory
    Memory,
    /// Figures over a stored year, late facts in it, what it takes on disk
    Year,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if [Part::Pixel, Part::Calls, Part::Sizes]
        .iter()
        .any(|part| options.wants(*part))
    {
        site::build(workspace, Profile::Release)?;
    }
    let server = match &options.server {
        Some(program) => program.clone(),
        None => server::build(workspace, server::Kind::Release)?,
    };
    let mut report = Report::begin()?;
    let parts: [(Part, Measure); 7] = [
        (Part::Ingest, ingest::run),
        (Part::Start, start::run),
        (Part::Memory, memory::run),
        (Part::Sizes, sizes::run),
        (Part::Pixel, pixel::run),
        (Part::Calls, calls::run),
        (Part::Steps, steps::run),
    ];
    for (part, measure) in parts {
        if options.wants(part) {
            report.part(|report| measure(workspace, &server, report));
            stop::check()?;
        }
    }
    if options.wants(Part::Year) {
        report.part(|report| year::run(workspace, &server, options.year, report));
        stop::check()?;
    }
    let file = options.json.clone();
    let held = report.end(&file.unwrap_or_else(|| workspace.target.join("bench.json")))?;
    Ok(match held {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

type Measure = fn(&Workspace, &Path, &mut Report) -> Result<()>;
