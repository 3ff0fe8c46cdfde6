//! `ms5-floor simulate`.
use super::Failure;
#[derive(Debug, clap::Subcommand)]
pub enum Simulate { Live }
impl Simulate { pub fn run(self) -> Result<(), Failure> { Ok(()) } }
