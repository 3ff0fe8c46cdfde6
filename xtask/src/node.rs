//! What comes from npm: the WASM optimiser for releases, and the browser tests' own packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::step::step;
use crate::workspace::{Workspace, cache, program};
use crate::{debian, process, stamp};

pub const BINARYEN: &str = "binaryen@132.0.0";
const BOUND: Duration = Duration::from_secs(300);

/// What rustc and LLVM emit for the target without being asked.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Binaryen's wasm-opt, run by Node.
pub struct WasmOpt {
    node: PathBuf,
    script: PathBuf,
}

/// The optimiser when this machine has Node; fetched once for all clones.
pub fn wasm_opt() -> Result<Option<WasmOpt>> {
    let (Some(node), Some(npm)) = (program("node"), program("npm")) else {
        return Ok(None);
    };
    let folder = cache()?.join(BINARYEN.replace('@', "-"));
    let script = folder.join("node_modules/binaryen/bin/wasm-opt");
    if script.is_file() {
        return Ok(Some(WasmOpt { node, script }));
    }
    step(&format!("fetching {BINARYEN}"), || fetch(&npm, &folder))?;
    if !script.is_file() {
        bail!(
            "npm could not fetch {BINARYEN}; type: npm install --prefix {} {BINARYEN}",
            folder.display()
        );
    }
    Ok(Some(WasmOpt { node, script }))
}

/// Installs it beside `folder` and renames it when it is whole.
fn fetch(npm: &Path, folder: &Path) -> Result<()> {
    let work = folder.with_extension(format!("part-{}", std::process::id()));
    stamp::empty_folder(&work)?;
    let mut install = Command::new(npm);
    install.args([
        "install",
        "--silent",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    install.arg("--prefix").arg(&work).arg(BINARYEN);
    if process::status_within(&mut install, BOUND)?.is_some_and(|status| status.success()) {
        // Whatever stands there has no script, so it is no use to another clone either.
        stamp::remove_folder(folder)?;
        fs::rename(&work, folder).with_context(|| format!("making {}", folder.display()))?;
    }
    stamp::remove_folder(&work)
}

impl WasmOpt {
    /// Replaces `wasm` by a smaller one that does the same.
    pub fn shrink(&self, wasm: &Path) -> Result<()> {
        let small = wasm.with_extension("small");
        let mut command = Command::new(&self.node);
        command
            .arg(&self.script)
            .arg("-Oz")
            .args(FEATURES)
            .arg("-o")
            .arg(&small)
            .arg(wasm);
        process::run(&mut command)?;
        fs::rename(&small, wasm).with_context(|| format!("replacing {}", wasm.display()))
    }
}

/// Node and npm for the browser tests.
pub fn ensure() -> Result<()> {
    debian::ensure("node", &[], &["nodejs", "npm"])?;
    debian::ensure("npm", &[], &["npm"])?;
    Ok(())
}

/// The packages that `end2end/package-lock.json` names, when they are not the ones already there.
pub fn packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("end2end");
    let lock = folder.join("package-lock.json");
    let wanted = stamp::short(
        fs::read(&lock).with_context(|| format!("reading {}", workspace.shown(&lock)))?,
    );
    let mark = folder.join("node_modules/.made-from");
    if stamp::is(&mark, &wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    match process::status_within(&mut npm, BOUND)? {
        Some(status) if status.success() => {
            fs::write(&mark, wanted).with_context(|| format!("writing {}", mark.display()))
        }
        _ => bail!(
            "npm could not install the browser tests' packages; type: cd end2end && npm ci --ignore-scripts"
        ),
    }
}
