//! A PostgreSQL of the tests' own: a new cluster on a free port, in a folder that goes away with it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::step::note;
use crate::workspace::program;
use crate::{debian, process, stamp, stop};

const VERSIONS: &str = "/usr/lib/postgresql";
const READY_BOUND: Duration = Duration::from_secs(30);

pub struct Postgres {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let owner = owner()?;
        let folder =
            std::env::temp_dir().join(format!("ms5-floor-postgres-{}", std::process::id()));
        stamp::remove_folder(&folder)?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("making {}", folder.display()))?;
        let started = Self::start_in(&programs, owner, &folder);
        if started.is_err() {
            stamp::remove_folder(&folder)?;
        }
        started
    }

    fn start_in(programs: &Path, owner: Option<Owner>, folder: &Path) -> Result<Self> {
        if let Some(owner) = owner {
            chown(folder, Some(owner.user), Some(owner.group))
                .context("giving the folder to postgres")?;
        }
        let data = folder.join("data");
        let mut initdb = owned(programs.join("initdb"), owner, folder);
        initdb
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
                "-D",
            ])
            .arg(&data);
        process::run(initdb.stdout(Stdio::null()))?;

        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .context("finding a free port")?
            .port();
        let log = fs::File::create(folder.join("log")).context("making PostgreSQL's log")?;
        let mut server = owned(programs.join("postgres"), owner, folder);
        server.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "fsync=on",
        ] {
            server.args(["-c", setting]);
        }
        // A group of its own: at Ctrl-C it is stopped after the tests that use it.
        server.process_group(0).stdout(Stdio::null()).stderr(log);
        let mut postgres = Self {
            child: process::spawn(&mut server)?,
            folder: folder.to_path_buf(),
            port,
        };
        postgres.wait_until_ready()?;
        note(&format!(
            "{} on port {port}",
            process::output(Command::new(programs.join("postgres")).arg("--version"))?
        ));
        Ok(postgres)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        // The server keeps its state in the last line of this file.
        let state = self.folder.join("data/postmaster.pid");
        loop {
            let text = fs::read_to_string(&state).unwrap_or_default();
            if text
                .lines()
                .last()
                .is_some_and(|line| line.trim() == "ready")
            {
                return Ok(());
            }
            let ended = self
                .child
                .try_wait()
                .context("waiting for PostgreSQL")?
                .is_some();
            if ended || start.elapsed() > READY_BOUND {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start: {}", log.trim());
            }
            stop::pause(Duration::from_millis(50))?;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its "fast shutdown": connections are cut, data are kept whole.
        process::end(&mut self.child, Signal::INT);
        if let Err(error) = stamp::remove_folder(&self.folder) {
            eprintln!("error: {error:#}");
        }
    }
}

/// PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes for it.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

fn owner() -> Result<Option<Owner>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |which: &str| -> Result<u32> {
        let text = process::output(Command::new("id").args([which, "postgres"]))?;
        text.parse()
            .with_context(|| format!("reading the number of the user postgres: {text}"))
    };
    Ok(Some(Owner {
        user: id("-u")?,
        group: id("-g")?,
    }))
}

fn owned(program: PathBuf, owner: Option<Owner>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    // Its own folder: it may not be allowed to see ours.
    command
        .current_dir(folder)
        .env_remove("PGDATA")
        .env_remove("PGPORT");
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
    command
}

/// The folder with `initdb` and `postgres`: on `PATH`, or the newest of Debian's versions.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find_programs() {
        return Ok(found);
    }
    debian::install(&["postgresql"], "PostgreSQL's initdb is missing")?;
    find_programs().with_context(|| {
        format!(
            "there is no initdb below {VERSIONS}; type: sudo apt-get install --reinstall postgresql"
        )
    })
}

fn find_programs() -> Option<PathBuf> {
    if let Some(folder) = program("initdb").as_deref().and_then(Path::parent)
        && folder.join("postgres").is_file()
    {
        return Some(folder.to_path_buf());
    }
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let complete = versions
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file());
    complete.max_by_key(|folder| {
        let version = folder
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default();
        version.to_string_lossy().parse::<u32>().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let postgres = Postgres::start().expect("it starts");
        let (folder, port) = (postgres.folder.clone(), postgres.port);
        assert!(postgres.url().starts_with("postgres://postgres@127.0.0.1:"));
        assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        drop(postgres);
        assert!(!folder.exists());
        assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
