//! The server's program.

use std::path::PathBuf;

use anyhow::Result;

use crate::process;
use crate::step::step;
use crate::workspace::Workspace;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Dev,
    Release,
    /// With the compiled site inside.
    Embedded,
}

/// Compiles it and returns its path.
pub fn build(workspace: &Workspace, kind: Kind) -> Result<PathBuf> {
    let (title, features, folder) = match kind {
        Kind::Dev => ("server", "ssr", "debug"),
        Kind::Release => ("server (release)", "ssr", "release"),
        Kind::Embedded => ("server (release, site inside)", "embed", "release"),
    };
    step(title, || {
        let mut cargo = process::cargo(workspace);
        cargo.args([
            "build",
            "--package",
            "ms5-floor",
            "--bin",
            "ms5-floor",
            "--features",
            features,
        ]);
        if kind != Kind::Dev {
            cargo.arg("--release");
        }
        process::run(cargo.env("MS5_SITE_DIR", &workspace.site))
    })?;
    Ok(workspace.target.join(folder).join("ms5-floor"))
}
