//! The real program, started, killed and asked to end.

use crate::harness::{Place, until};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The running program.
pub struct Program {
    child: Child,
    /// Where it serves.
    pub url: String,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts it on a free port and waits until it says where it serves.
    pub fn serve(place: &Place) -> Self {
        Self::serve_with(place, &[], Stdio::inherit())
    }

    /// Starts it with more flags; its log goes to `log`.
    pub fn serve_with(place: &Place, flags: &[&str], log: impl Into<Stdio>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ms5-floor"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--database",
                &place.url,
                "--site",
            ])
            .arg(place.site())
            .args(flags)
            .env("MS5_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines
            .next()
            .expect("it says where it serves")
            .expect("a line");
        let url = first
            .strip_prefix("serving on ")
            .unwrap_or_else(|| panic!("{first}"))
            .to_owned();
        Self { child, url, lines }
    }

    /// Where it serves measures, when it was told to.
    pub fn measures(&mut self) -> String {
        let mut lines = self.lines.by_ref().map(|line| line.expect("a line"));
        let found = lines.find_map(|line| line.strip_prefix("measures on ").map(str::to_owned));
        found.expect("it says where")
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end, as a service manager does, and waits for it.
    pub async fn terminate(mut self, within: Duration) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(asked.success());
        until("the program to end", within, async || {
            self.child.try_wait().expect("its state")
        })
        .await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone unless the test failed.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().expect("it is killed");
            self.child.wait().expect("it ends");
        }
    }
}
