//! Child processes: waited for within a bound, stopped politely, failing with the command that failed.

use std::env;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::stop;
use crate::workspace::Workspace;

const POLL: Duration = Duration::from_millis(20);
/// How long a child may take to stop after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(10);

/// Cargo for this machine's own programs, without what the cargo that started us left in the environment.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(&workspace.root)
        .env("CARGO_TARGET_DIR", &workspace.target);
    forget_outer_cargo(&mut command);
    command
}

/// Takes away the variables that `cargo run` sets for the program it runs: they describe xtask, not what is built next.
pub fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let described = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if text == "CARGO" || described.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

/// Runs to the end; anything but success is an error that names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({})", shown(command), ending(status));
    }
    Ok(())
}

/// Runs to the end and tells how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    let child = spawn(command)?;
    wait(child, None)?.context("a wait without a bound ends with a status")
}

/// Runs for at most `bound`; `None` when it had to be stopped.
pub fn status_within(command: &mut Command, bound: Duration) -> Result<Option<ExitStatus>> {
    let child = spawn(command)?;
    wait(child, Some(bound))
}

pub fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null());
    command
        .spawn()
        .with_context(|| format!("starting `{}`", shown(command)))
}

/// Standard output as text, trimmed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{}`", shown(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}): {}",
            shown(command),
            ending(output.status),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub fn wait(mut child: Child, bound: Option<Duration>) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for a child process")? {
            stop::check()?;
            return Ok(Some(status));
        }
        if stop::asked() {
            end(&mut child, Signal::TERM);
            bail!("stopped");
        }
        if bound.is_some_and(|bound| start.elapsed() > bound) {
            end(&mut child, Signal::TERM);
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Asks with `signal`, waits, and kills what does not listen.
pub fn end(child: &mut Child, signal: Signal) {
    ask(child, signal);
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(POLL);
    }
    if child.kill().is_ok() {
        child.wait().ok();
    }
}

/// Sends `signal` to a child that has not been waited for yet.
pub fn ask(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself in this moment: then there is nobody to ask.
        kill_process(pid, signal).ok();
    }
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

pub fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_wait_ends() {
        let start = Instant::now();
        let status = status_within(Command::new("sleep").arg("30"), Duration::from_millis(50));
        assert!(matches!(status, Ok(None)));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 3"])).expect_err("it fails");
        assert_eq!(error.to_string(), "`sh -c exit 3` failed (exit code 3)");
    }
}
