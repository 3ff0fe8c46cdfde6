//! The browser side: compiled to WASM, bound to JavaScript, made small.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::snip::snip;
use crate::step::{note, size, step};
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::Workspace;
use crate::{node, process, stamp};

/// What cargo builds of the workspace for the browser.
pub const WHAT: [&str; 6] = [
    "--package",
    "ms5-floor",
    "--lib",
    "--no-default-features",
    "--features",
    "hydrate",
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to load.
    Release,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release => "wasm-release",
        }
    }
}

/// What wasm-bindgen made: `ms5-floor.js`, `ms5-floor_bg.wasm`, and perhaps `snippets/`.
pub struct Bound {
    pub folder: PathBuf,
}

impl Bound {
    pub fn js(&self) -> PathBuf {
        self.folder.join("ms5-floor.js")
    }

    pub fn wasm(&self) -> PathBuf {
        self.folder.join("ms5-floor_bg.wasm")
    }

    pub fn snippets(&self) -> PathBuf {
        self.folder.join("snippets")
    }
}

/// Compiles what has changed and binds the result.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<Bound> {
    let toolchain = step("wasm target", Toolchain::find)?;
    let raw = step(&format!("browser side ({})", profile.name()), || {
        compile(workspace, &toolchain, profile)
    })?;
    bind(workspace, &raw, profile)
}

fn compile(workspace: &Workspace, toolchain: &Toolchain, profile: Profile) -> Result<PathBuf> {
    let folder = workspace.wasm_target();
    let mut cargo = toolchain.cargo(workspace);
    cargo.arg("build").args(WHAT);
    cargo
        .args([
            "--target",
            TARGET,
            "--profile",
            profile.name(),
            "--target-dir",
        ])
        .arg(&folder);
    process::run(&mut cargo)?;
    Ok(folder
        .join(TARGET)
        .join(profile.name())
        .join("ms5_floor.wasm"))
}

fn bind(workspace: &Workspace, raw: &Path, profile: Profile) -> Result<Bound> {
    let bytes = fs::read(raw).with_context(|| format!("reading {}", raw.display()))?;
    let optimiser = match profile {
        Profile::Dev => None,
        Profile::Release => node::wasm_opt()?,
    };
    let mut hash = stamp::Hash::default();
    hash.add(&bytes);
    // How it is done counts as much as what it is done to.
    hash.add(include_str!("browser.rs"));
    hash.add(include_str!("snip.rs"));
    hash.add(optimiser.as_ref().map_or("as compiled", |_| node::BINARYEN));
    let fresh = hash.short();

    let folder = workspace.wasm_target().join("bound").join(profile.name());
    let bound = Bound {
        folder: folder.clone(),
    };
    let mark = folder.join("made-from");
    if stamp::is(&mark, &fresh) {
        return Ok(bound);
    }
    stamp::empty_folder(&folder)?;
    step("bindings", || {
        let bytes = match profile {
            Profile::Dev => bytes,
            Profile::Release => snip(&bytes)?,
        };
        generate(bytes, &folder, profile)
    })?;
    if let Some(optimiser) = optimiser {
        step("wasm-opt", || optimiser.shrink(&bound.wasm()))?;
    } else if profile == Profile::Release {
        note("wasm-opt skipped: no Node");
    }
    fs::write(&mark, fresh).with_context(|| format!("writing {}", mark.display()))?;
    note(&format!(
        "wasm: {}",
        size(fs::metadata(bound.wasm())?.len())
    ));
    Ok(bound)
}

fn generate(bytes: Vec<u8>, folder: &Path, profile: Profile) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes("ms5-floor", bytes).web(true)?;
    // The page names the hashed WASM itself, so the script need not.
    bindgen.omit_default_module_path(true).typescript(false);
    bindgen
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(true);
    bindgen.generate(folder).context("wasm-bindgen")
}
