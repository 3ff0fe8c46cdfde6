//! `ms5-floor rights`.

use super::Failure;
use crate::domain::rights::{markdown, written_into};
use std::fs;
use std::path::PathBuf;

/// The table of permissions and default roles, in Markdown.
#[derive(Debug, clap::Args)]
pub struct Rights {
    /// Write it into this document, between its marks, instead of showing it
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

impl Rights {
    /// Does it.
    pub fn run(self) -> Result<(), Failure> {
        let Some(file) = self.into else {
            print!("{}", markdown());
            return Ok(());
        };
        let name = file.display();
        let document = fs::read_to_string(&file).map_err(|e| format!("--into: {name}: {e}"))?;
        let current = written_into(&document);
        let current =
            current.ok_or_else(|| format!("--into: {name}: has no marks for the table"))?;
        if current != document {
            fs::write(&file, current).map_err(|e| format!("--into: {name}: {e}"))?;
        }
        Ok(())
    }
}
