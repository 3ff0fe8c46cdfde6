//! A mail server in Python (`aiosmtpd`), which knows nothing of ours: it takes mail, refuses it, and never answers, as
//! mail servers do, and reads what it took with a reader of its own.
//!
//! `cargo xtask test` provides the interpreter with the package; `mailbox/requirements.txt` pins it.

use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

const PYTHON: &str = "MS5_TEST_MAILBOX_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/mailbox/mailbox.py");
/// Whom it lets send, and what proves that.
pub const USER: &str = "floor";
pub const PASSWORD: &str = "a password of the mailbox";

/// A mail that it took.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    pub sender: String,
    pub recipients: Vec<String>,
    pub user: Option<String>,
    pub tls: bool,
    pub hello: String,
    headers: Vec<(String, String)>,
    pub text: String,
}

impl Mail {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let same = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(same)
            .map(|(_, v)| v.as_str())
            .collect()
    }
}

/// How it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// In clear.
    Open,
    /// TLS after `STARTTLS`, and only with a password.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// The server.
pub struct Mailbox {
    child: Child,
    pub port: u16,
    /// The authority of its certificate.
    pub authority: PathBuf,
    lines: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Mailbox {
    /// Starts it on a free port of this machine and waits until it listens.
    pub fn start(door: Door) -> Self {
        let python = std::env::var_os(PYTHON).unwrap_or_else(|| {
            let venv = "target/mailbox";
            panic!(
                "{PYTHON} is not set; run `cargo xtask test`, or type: python3 -m venv {venv} && \
                 {venv}/bin/pip install -r src/tests/mailbox/requirements.txt && export {PYTHON}=$PWD/{venv}/bin/python"
            )
        });
        let folder = TempDir::new().expect("a temporary folder");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a certificate");
        let (authority, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        std::fs::write(&authority, made.cert.pem()).expect("the certificate");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("the key");
        let mut command = Command::new(&python);
        command.arg(SCRIPT);
        if door != Door::Open {
            command
                .arg("--certificate")
                .arg(&authority)
                .arg("--key")
                .arg(&key);
            command.args(["--user", USER, "--password", PASSWORD]);
        }
        if door == Door::Tls {
            command.arg("--from-the-first-byte");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", python.display()));
        let mut told = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = told
            .next()
            .expect("it says where it listens")
            .expect("a line");
        let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
        let port = first["port"].as_u64().expect("a port");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in told.map_while(Result::ok) {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self {
            child,
            port: u16::try_from(port).expect("a port"),
            authority,
            lines,
            _folder: folder,
        }
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// All mail that it took, in order.
    pub fn mail(&self) -> Vec<Mail> {
        let lines = self.lines();
        let mail = lines.iter().filter(|line| !line.contains("\"hangs\""));
        mail.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// How many senders it has kept waiting for ever.
    pub fn hanging(&self) -> usize {
        let lines = self.lines();
        lines
            .iter()
            .filter(|line| line.contains("\"hangs\""))
            .count()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }
}
