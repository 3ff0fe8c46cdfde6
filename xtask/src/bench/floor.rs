//! A server of the measurement's own: an empty database, a key, a plant.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use serde_json::Value;

use super::http::{Connection, request};
use super::machine;
use crate::test::postgres::Postgres;
use crate::workspace::{Workspace, program};
use crate::{process, stamp, stop};

/// What is asked beside sending: figures, the board and its stream, how far roll-ups are.
pub const READS: [&str; 4] = ["oee:read", "dashboard:read", "line:read", "system:monitor"];
const READY_BOUND: Duration = Duration::from_secs(60);
/// How closely the start is watched.
const POLL: Duration = Duration::from_millis(2);

/// A folder on the disk that the build is on: a folder for temporary files may lie in memory, where durable is cheap.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(workspace: &Workspace, name: &str) -> Result<Self> {
        let own = format!("bench-{}-{name}", std::process::id());
        let folder = workspace.target.join("bench").join(own);
        stamp::empty_folder(&folder)?;
        Ok(Self(folder))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("floor.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = stamp::remove_folder(&self.0) {
            eprintln!("error: {error:#}");
        }
    }
}

/// The program, what it serves, where it stores.
#[derive(Clone, Debug)]
pub struct Program {
    pub server: PathBuf,
    pub site: PathBuf,
    pub database: String,
}

impl Program {
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.server);
        command.args(words).arg("--database").arg(&self.database);
        command.env("MS5_LOG", "warn").stdout(Stdio::null());
        command
    }

    /// Makes a key that may send facts of any age, set up the plant and what is listed, and returns it.
    pub fn key(&self, folder: &Folder, name: &str, permissions: &[&str]) -> Result<String> {
        let file = folder.path().join(format!("{name}.key"));
        let mut command = self.command(&["key", "create", "--name", name]);
        command.args(["--may-backfill", "--may-configure"]);
        for permission in permissions {
            command.args(["--may", permission]);
        }
        process::run(command.arg("--out").arg(&file))?;
        let key =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Ok(key.trim().to_owned())
    }
}

/// PostgreSQL: the empty database that `MS5_TEST_POSTGRES` names, or a server of our own that goes away with this.
pub struct OtherEngine {
    _own: Option<Postgres>,
    url: String,
}

impl OtherEngine {
    /// `None` where PostgreSQL is not installed.
    pub fn find() -> Result<Option<Self>> {
        let named = env::var("MS5_TEST_POSTGRES")
            .ok()
            .filter(|url| !url.is_empty());
        if let Some(url) = named {
            return Ok(Some(Self { _own: None, url }));
        }
        if program("initdb").is_none() && !Path::new("/usr/lib/postgresql").is_dir() {
            return Ok(None);
        }
        let own = Postgres::start()?;
        let url = own.url();
        Ok(Some(Self {
            _own: Some(own),
            url,
        }))
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A running server; it is stopped when this is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    /// From the start of its process to its first "ready".
    pub started_in: Duration,
}

impl Server {
    pub fn start(program: &Program) -> Result<Self> {
        Self::start_telling(program, Stdio::inherit())
    }

    /// The same, its log written to where the caller says.
    pub fn start_telling(program: &Program, log: impl Into<Stdio>) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .context("finding a free port")?
            .port();
        let mut serve = program.command(&[
            "serve",
            "--demonstration",
            "--listen",
            &format!("127.0.0.1:{port}"),
        ]);
        // A group of its own: Ctrl-C reaches us alone, and we stop it.
        serve.arg("--site").arg(&program.site).process_group(0);
        serve.stderr(log);
        let start = Instant::now();
        let mut server = Self {
            child: process::spawn(&mut serve)?,
            port,
            started_in: Duration::ZERO,
        };
        while !server.is_ready() {
            if let Some(status) = server
                .child
                .try_wait()
                .context("looking after the server")?
            {
                bail!("the server ended by itself ({})", process::ending(status));
            }
            ensure!(start.elapsed() < READY_BOUND, "the server is not ready yet");
            stop::pause(POLL)?;
        }
        server.started_in = start.elapsed();
        Ok(server)
    }

    fn is_ready(&self) -> bool {
        let asked = Connection::open(self.port).and_then(|mut connection| {
            let answer = connection.ask(&request("GET", "/health/ready", &[], ""))?;
            Ok(answer.status)
        });
        matches!(asked, Ok(200))
    }

    pub fn put_plant(&self, key: &str, plant: &Value) -> Result<()> {
        let bearer = bearer(key);
        let put = request(
            "PUT",
            "/api/v1/plant",
            &[("Authorization", &bearer)],
            &plant.to_string(),
        );
        let mut connection = Connection::open(self.port)?;
        let answer = connection.ask(&put)?;
        ensure!(
            answer.status == 200,
            "the plant was not taken: {} {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        Ok(())
    }

    pub fn resident(&self) -> Result<u64> {
        machine::resident(self.child.id())
    }

    pub fn processor_time(&self) -> Result<Duration> {
        machine::processor_time(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::end(&mut self.child, Signal::TERM);
    }
}

pub fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// A browser side that consists of its names only, for measurements without a browser.
pub fn empty_site(folder: &Folder) -> Result<PathBuf> {
    let site = folder.path().join("site");
    stamp::empty_folder(&site)?;
    let names = r#"{"build": "0", "js": "/pkg/a.js", "wasm": "/pkg/a.wasm", "css": "/pkg/a.css"}"#;
    fs::write(site.join("manifest.json"), names).context("writing a manifest")?;
    Ok(site)
}
