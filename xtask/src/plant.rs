//! The running dashboard: the server and the simulated plant that reports to it.

use std::env;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::step::step;
use crate::workspace::Workspace;
use crate::{process, stop};

const READY_BOUND: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// How the server program is to be started.
pub struct Plan {
    pub program: PathBuf,
    pub port: u16,
    /// Days of history to simulate; `None` leaves the simulator out.
    pub simulated_days: Option<u32>,
    root: PathBuf,
    data: PathBuf,
    site: PathBuf,
    database: String,
}

impl Plan {
    pub fn new(
        workspace: &Workspace,
        program: PathBuf,
        port: u16,
        simulated_days: Option<u32>,
    ) -> Self {
        let data = workspace.root.join("var");
        let own = || format!("sqlite://{}", data.join("ms5-floor.db").display());
        let database = env::var("DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty())
            .unwrap_or_else(own);
        Self {
            program,
            port,
            simulated_days,
            root: workspace.root.clone(),
            data,
            site: workspace.site.clone(),
            database,
        }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What somebody who looks for the first time needs to know.
    pub const fn how_to_get_in(&self) -> &'static str {
        match self.simulated_days {
            Some(_) => {
                "Its sign-in page lets you in with one tap on a role: the plant is simulated."
            }
            None => "When nobody can sign in yet, its one-time link is above: open it first.",
        }
    }

    /// One of the program's subcommands.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.root).args(words);
        command
    }

    /// One that opens this plan's database itself.
    fn on_database(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.arg("--database").arg(&self.database);
        command
    }

    /// Schema, keys and history: everything before the server starts. Doing it again does no harm.
    pub fn prepare(&self) -> Result<()> {
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("making {}", self.data.display()))?;
        step("database", || {
            process::run(&mut self.on_database(&["migrate"]))
        })?;
        let Some(days) = self.simulated_days else {
            return Ok(());
        };
        self.key("simulator")?;
        self.key("demo")?;
        let days = days.to_string();
        step(&format!("history of {days} days"), || {
            process::run(&mut self.on_database(&["simulate", "history", "--days", &days]))
        })
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.data.join(format!("{name}.key"))
    }

    fn key(&self, name: &str) -> Result<()> {
        let file = self.key_file(name);
        if file.is_file() {
            return Ok(());
        }
        let mut command = self.on_database(&["key", "create", "--name", name]);
        if name == "simulator" {
            command.args(["--may-backfill", "--may-configure"]);
        }
        process::run(command.arg("--out").arg(&file))
    }
}

/// Server and simulator; both are stopped when this is dropped.
pub struct Plant {
    children: Vec<(&'static str, Child)>,
}

impl Plant {
    /// Starts the server, waits until it answers, then starts the simulator.
    pub fn start(plan: &Plan) -> Result<Self> {
        let mut plant = Self {
            children: Vec::new(),
        };
        let listen = format!("127.0.0.1:{}", plan.port);
        let mut serve = plan.on_database(&["serve", "--listen", &listen]);
        if plan.simulated_days.is_some() {
            serve.arg("--demonstration");
        }
        plant.add("server", serve.arg("--site").arg(&plan.site))?;
        step("waiting for the server", || {
            plant.wait_until_ready(plan.port)
        })?;
        if plan.simulated_days.is_some() {
            let mut simulate = plan.command(&["simulate", "live", "--server", &plan.address()]);
            plant.add(
                "simulator",
                simulate.arg("--key-file").arg(plan.key_file("simulator")),
            )?;
        }
        Ok(plant)
    }

    fn add(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        // A group of its own: Ctrl-C reaches us alone, and we stop the children in order.
        self.children
            .push((name, process::spawn(command.process_group(0))?));
        Ok(())
    }

    fn wait_until_ready(&mut self, port: u16) -> Result<()> {
        let start = Instant::now();
        while !answers(port, "/health/ready") {
            self.check()?;
            if start.elapsed() > READY_BOUND {
                bail!(
                    "the server did not become ready within {} s; its messages are above",
                    READY_BOUND.as_secs()
                );
            }
            stop::pause(POLL)?;
        }
        Ok(())
    }

    /// Fails when one of the two has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        for (name, child) in &mut self.children {
            if let Some(status) = child
                .try_wait()
                .with_context(|| format!("looking after the {name}"))?
            {
                bail!("the {name} ended by itself ({})", process::ending(status));
            }
        }
        Ok(())
    }
}

impl Drop for Plant {
    /// The last one started goes first: the simulator should not see its server vanish.
    fn drop(&mut self) {
        for (_, child) in self.children.iter_mut().rev() {
            process::end(child, Signal::TERM);
        }
    }
}

/// Whether a GET there answers 200.
fn answers(port: u16, path: &str) -> bool {
    status(port, path).is_ok_and(|line| line.split(' ').nth(1) == Some("200"))
}

fn status(port: u16, path: &str) -> std::io::Result<String> {
    let wait = Duration::from_secs(2);
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), wait)?;
    stream.set_read_timeout(Some(wait))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut start = [0; 64];
    let length = stream.read(&mut start)?;
    let text = String::from_utf8_lossy(&start[..length]);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Fails when somebody else listens on `port`: better now than after the build.
pub fn port_is_free(port: u16, again: &str) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => bail!(
            "port {port} is not free ({error}); type: {again} --port {}",
            port.saturating_add(1)
        ),
    }
}

/// A program that stands in for the server, for the tests of this module and of those that use it.
#[cfg(test)]
pub fn stub(folder: &std::path::Path, script: &str) -> Plan {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("stub");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a stub");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it may run");
    let workspace = Workspace {
        root: folder.to_path_buf(),
        target: folder.join("target"),
        site: folder.join("site"),
    };
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port");
    Plan::new(&workspace, program, free.port(), Some(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preparation_makes_each_key_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = "echo \"$@\" >> calls; while [ $# -gt 0 ]; do if [ \"$1\" = --out ]; then echo key > \"$2\"; fi; shift; done";
        let plan = stub(folder.path(), log);
        plan.prepare().expect("prepared");
        plan.prepare().expect("prepared again");
        let calls = std::fs::read_to_string(folder.path().join("calls")).expect("calls");
        assert_eq!(
            calls.matches("key create --name simulator").count(),
            1,
            "{calls}"
        );
        assert_eq!(
            calls.matches("--may-backfill --may-configure").count(),
            1,
            "{calls}"
        );
        assert_eq!(
            calls.matches("key create --name demo").count(),
            1,
            "{calls}"
        );
        assert_eq!(
            calls.matches("simulate history --days 3").count(),
            2,
            "{calls}"
        );
        assert!(calls.starts_with("migrate --database sqlite://"), "{calls}");
    }

    #[test]
    fn a_server_that_dies_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = stub(folder.path(), "exit 7");
        let error = Plant::start(&plan).err().expect("it cannot start");
        assert_eq!(
            error.to_string(),
            "the server ended by itself (exit code 7)"
        );
    }

    #[test]
    fn the_simulator_starts_when_the_server_is_ready_and_its_end_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = stub(
            folder.path(),
            "echo \"$@\" >> calls; [ \"$1\" = serve ] && exec sleep 60; exit 4",
        );
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, plan.port)).expect("the port");
        let health = std::thread::spawn(move || {
            for answer in ["503 Service Unavailable", "200 OK"] {
                let (mut stream, _) = listener.accept().expect("a visitor");
                // What is left unread would reset the connection before the answer arrives.
                let length = stream.read(&mut [0; 1024]).expect("a request");
                assert!(length > 0);
                let answer = format!("HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).expect("an answer");
            }
        });
        let mut plant = Plant::start(&plan).expect("it starts");
        health.join().expect("asked twice");
        let end = Instant::now() + Duration::from_secs(10);
        let error = loop {
            match plant.check() {
                Err(error) => break error,
                Ok(()) => assert!(Instant::now() < end, "the simulator runs on"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(
            error.to_string(),
            "the simulator ended by itself (exit code 4)"
        );
        let calls = std::fs::read_to_string(folder.path().join("calls")).expect("calls");
        assert!(
            calls.contains(&format!(
                "simulate live --server {} --key-file",
                plan.address()
            )),
            "{calls}"
        );
    }

    #[test]
    fn children_end_with_the_plant() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = stub(
            folder.path(),
            "trap 'echo stopped >> ended; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done",
        );
        let mut plant = Plant {
            children: Vec::new(),
        };
        plant
            .add("server", &mut plan.command(&["serve"]))
            .expect("it starts");
        while !folder.path().join("pid").is_file() {
            std::thread::sleep(Duration::from_millis(10));
        }
        plant.check().expect("it runs");
        drop(plant);
        assert_eq!(
            std::fs::read_to_string(folder.path().join("ended")).expect("it was asked"),
            "stopped\n"
        );
    }

    #[test]
    fn a_taken_port_says_what_to_type() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let error = port_is_free(port, "cargo xtask run").expect_err("it is taken");
        assert!(
            error.to_string().contains("type: cargo xtask run --port"),
            "{error}"
        );
    }
}
