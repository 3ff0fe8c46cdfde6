//! Packages of Debian and its children: what a step needs and the machine lacks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::process;
use crate::step::note;
use crate::workspace::program;

/// Package lists older than this are read again before the first installation.
const FRESH: Duration = Duration::from_secs(24 * 3600);
const BOUND: Duration = Duration::from_secs(15 * 60);

/// Installs `packages`, or fails with the line to type.
pub fn install(packages: &[&str], because: &str) -> Result<()> {
    let line = format!(
        "sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if program("apt-get").is_none() {
        bail!(
            "{because}, and this machine has no apt-get; install what Debian calls: {}",
            packages.join(" ")
        );
    }
    let Some(privilege) = privilege() else {
        bail!("{because}; type: {line}");
    };
    note(&format!("{because}: installing {}", packages.join(" ")));
    if !lists_are_fresh() {
        apt(&privilege, &["update"])?;
    }
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    if apt(&privilege, &arguments)? {
        return Ok(());
    }
    // The lists may name versions that are no longer there.
    if apt(&privilege, &["update"])? && apt(&privilege, &arguments)? {
        return Ok(());
    }
    bail!("{because}, and its installation failed; type: {line}")
}

/// The program at one of `places` or on `PATH`, installing `packages` when it is nowhere.
pub fn ensure(name: &str, places: &[&str], packages: &[&str]) -> Result<PathBuf> {
    let find = || {
        places
            .iter()
            .map(PathBuf::from)
            .find(|place| place.is_file())
            .or_else(|| program(name))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    install(packages, &format!("{name} is missing"))?;
    match find() {
        Some(found) => Ok(found),
        None => bail!(
            "{} is installed, yet there is no {name}; type: apt-get install --reinstall {}",
            packages.join(" "),
            packages.join(" ")
        ),
    }
}

/// What to put before a command that root must run; `None` when nothing helps without a password.
fn privilege() -> Option<Vec<&'static str>> {
    if rustix::process::geteuid().is_root() {
        return Some(Vec::new());
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).output();
    sudo.is_ok_and(|output| output.status.success())
        .then(|| vec!["sudo", "-n"])
}

fn apt(privilege: &[&str], arguments: &[&str]) -> Result<bool> {
    let words = [
        privilege,
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"],
    ]
    .concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command.args([
        "-o",
        "Acquire::http::Timeout=30",
        "-o",
        "Acquire::Retries=2",
        "-o",
        "DPkg::Lock::Timeout=300",
    ]);
    command.args(arguments);
    Ok(process::status_within(&mut command, BOUND)?.is_some_and(|status| status.success()))
}

fn lists_are_fresh() -> bool {
    let folder = Path::new("/var/lib/apt/lists");
    let mut lists = fs::read_dir(folder).into_iter().flatten().flatten();
    let some = lists.any(|entry| entry.file_name().to_string_lossy().contains("_Packages"));
    // A list keeps the time of the server's file; the folder tells when it was last asked.
    let asked = fs::metadata(folder).and_then(|metadata| metadata.modified());
    some && asked.is_ok_and(|time| time.elapsed().unwrap_or_default() < FRESH)
}
