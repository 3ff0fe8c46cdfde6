//! `cargo xtask matrix`: writes the table of permissions and roles into the README.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{process, server};

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let program = server::build(workspace, server::Kind::Dev)?;
    let mut rights = Command::new(program);
    rights.args(["rights", "--into"]);
    process::run(rights.arg(workspace.root.join("README.md")))?;
    Ok(ExitCode::SUCCESS)
}
