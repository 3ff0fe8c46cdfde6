//! Python for tests that need a package of PyPI: a virtual environment for each list of pinned packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::step::note;
use crate::workspace::{Workspace, cache, program};
use crate::{debian, process, stamp};

/// What the tests of the server need: where they look for an interpreter, and its packages.
pub const OF_TESTS: [(&str, &str); 2] = [
    (
        "MS5_TEST_PYTHON",
        "src/tests/second_opinion/requirements.txt",
    ),
    (
        "MS5_TEST_MAILBOX_PYTHON",
        "src/tests/mailbox/requirements.txt",
    ),
];
/// What asks the API what nobody would ask.
pub const SCHEMATHESIS: &str = "xtask/schemathesis/requirements.txt";
const BOUND: Duration = Duration::from_secs(300);

/// The interpreter with the packages that `list` pins; made once for all clones of one person.
pub fn ensure(workspace: &Workspace, list: &str) -> Result<PathBuf> {
    let pinned = workspace.root.join(list);
    let wanted = fs::read(&pinned).with_context(|| format!("reading {list}"))?;
    let folder = cache()?.join(format!("python-{}", stamp::short(wanted)));
    let python = interpreter(&folder);
    // A link that leads nowhere after an upgrade of Python is no file either.
    if python.is_file() {
        return Ok(python);
    }
    // Made beside its place and renamed when it is whole; its interpreter finds its packages wherever it stands.
    let work = folder.with_extension(format!("part-{}", std::process::id()));
    let made = make(&work, &pinned, list).and_then(|()| {
        stamp::remove_folder(&folder)?;
        fs::rename(&work, &folder).with_context(|| format!("making {}", folder.display()))
    });
    stamp::remove_folder(&work)?;
    made.map(|()| python)
}

fn interpreter(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

fn make(venv: &Path, pinned: &Path, list: &str) -> Result<()> {
    if !environment(venv)? {
        // Debian's Python makes none without the second package; another one first on PATH may make none at all.
        debian::install(
            &["python3", "python3-venv"],
            "no python3 here makes a virtual environment",
        )?;
        if !environment(venv)? {
            bail!(
                "python3-venv is installed, yet no python3 makes a virtual environment; \
                 type: sudo apt-get install --reinstall python3-venv"
            );
        }
    }
    note(&format!("installing what {list} names from PyPI"));
    let mut pip = Command::new(interpreter(venv));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "-r",
    ]);
    pip.arg(pinned);
    match process::status_within(&mut pip, BOUND)? {
        Some(status) if status.success() => Ok(()),
        _ => bail!(
            "pip could not install it; type: python3 -m venv target/python && \
             target/python/bin/pip install -r {list}"
        ),
    }
}

/// An empty environment from the first Python that can make one, whatever was there.
fn environment(venv: &Path) -> Result<bool> {
    let debians = Path::new("/usr/bin/python3");
    let pythons = program("python3")
        .into_iter()
        .chain(debians.is_file().then(|| debians.to_path_buf()));
    for python in pythons {
        stamp::empty_folder(venv)?;
        let mut command = Command::new(python);
        command.args(["-m", "venv"]).arg(venv);
        // One that lacks `ensurepip` says at length what it lacks; the next one may not.
        if process::output(&mut command).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
