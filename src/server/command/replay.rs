//! `ms5-floor replay`.
use super::Failure;
#[derive(Debug, clap::Args)]
pub struct Replay {}
impl Replay { pub fn run(self) -> Result<(), Failure> { Ok(()) } }
