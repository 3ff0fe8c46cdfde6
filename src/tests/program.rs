//! The real program, started, killed and asked to end.

use crate::harness::{Place, until};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The running program.
pub struct Program {
    child: Child,
    /// Where it serves.
    pub url: String,
}

impl Program {
    /// Starts it on a free port and waits until it says where it serves.
    pub fn serve(place: &Place) -> Self {
        Self::serve_with(place, &[])
    }

    /// The same with more settings.
    pub fn serve_with(place: &Place, settings: &[&str]) -> Self {
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
            .args(settings)
            .env("MS5_LOG", "error")
            .stdout(Stdio::piped())
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
        Self { child, url }
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
