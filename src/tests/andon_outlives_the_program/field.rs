//! What stands around the programs: a plant with its ladder, a receiver, somebody who calls.

use super::STEPS;
use super::caller::{Answered, Caller, Doors};
use crate::andon_scene::{add_rule, rule_of, step};
use crate::cast::Actor;
use crate::harness::{Place, Server};
use crate::outbox::SECRET;
use crate::program::Program;
use crate::receiver::Receiver;
use crate::small_plant::two_lines;
use ms5_floor::domain::andon::{Channel, Step};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::clock::Clock;
use std::process::Stdio;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The plant with its ladder, a receiver of every step, and what the program is told.
pub(super) struct Field {
    key: String,
    pub(super) receiver: Receiver,
    config: String,
    doors: Doors,
    _folder: TempDir,
}

impl Field {
    pub(super) async fn new(place: &Place) -> Self {
        let server = Server::with(place, Clock::system(), two_lines()).await;
        Actor::person(&server, "engineer", None).await;
        let one = |(trigger, after, level)| Step {
            via: vec![Channel::Screen, Channel::Webhook],
            ..step(trigger, DurMs(after), level, "engineer")
        };
        add_rule(&server.app.db, &rule_of(STEPS.map(one).to_vec())).await;
        let key = server.everything.clone();
        server.app.db.close().await;
        let receiver = Receiver::start().await;
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("secret"), SECRET).expect("the secret");
        // What was being sent when the program was killed is sent again when its lease ends: soon.
        let settings = format!(
            "[delivery]\naddress = 'https://floor.example'\ntimeout_s = 1\n[delivery.webhook.a]\nurl = '{}/a'\nsecret_file = '{}'\n",
            receiver.url,
            path("secret").display()
        );
        std::fs::write(path("floor.toml"), settings).expect("the settings");
        Self {
            key,
            receiver,
            config: path("floor.toml").display().to_string(),
            doors: Doors::default(),
            _folder: folder,
        }
    }

    pub(super) fn start(&self, place: &Place) -> Program {
        let flags = ["--config", self.config.as_str()];
        let program = Program::serve_with(place, &flags, Stdio::inherit());
        self.doors.list().push(program.url.clone());
        program
    }

    pub(super) fn closes(&self, program: &Program) {
        self.doors.list().retain(|url| *url != program.url);
    }

    /// Lets somebody call for as long as `meanwhile` takes.
    pub(super) async fn while_somebody_calls(
        &self,
        seed: u64,
        meanwhile: impl Future<Output = ()>,
    ) -> Answered {
        let stop = CancellationToken::new();
        let (caller, until_told) = (Caller::new(&self.key, &self.doors, seed), stop.clone());
        let calling = std::thread::spawn(move || caller.go_on(&until_told));
        meanwhile.await;
        stop.cancel();
        calling.join().expect("the caller ends")
    }
}
