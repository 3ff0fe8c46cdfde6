//! Senders that post at the same time, each over one connection that stays open.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::facts::Gateway;
use super::floor::{Server, bearer};
use super::http::{Connection, request};

/// What is to be posted.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub connections: usize,
    /// All of them together; each connection has its own.
    pub machines: usize,
    /// Items in one request.
    pub batch: usize,
    /// All connections together.
    pub items: usize,
    /// Milliseconds between two reports of a machine.
    pub step: i64,
    /// When the machines begin to report.
    pub start: i64,
}

impl Plan {
    /// Every connection's requests, ready to be sent: making them is not what is measured.
    fn requests(&self, key: &str) -> Vec<Vec<Vec<u8>>> {
        let bearer = bearer(key);
        let each = (self.items / self.connections / self.batch).max(1);
        let of = |place: usize| {
            let share = |part: usize| part.saturating_mul(self.machines) / self.connections.max(1);
            let mut gateway = Gateway::new(share(place)..share(place + 1), self.start, self.step);
            let post = |body: String| {
                request(
                    "POST",
                    "/api/v1/ingest",
                    &[("Authorization", &bearer)],
                    &body,
                )
            };
            (0..each).map(|_| post(gateway.batch(self.batch))).collect()
        };
        (0..self.connections).map(of).collect()
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub items: usize,
    /// From the first request to the last answer.
    pub time: Duration,
    /// What the server used of the processor meanwhile.
    pub processor: Duration,
    /// What the senders used.
    pub own_processor: Duration,
}

impl Outcome {
    pub fn rate(&self) -> f64 {
        self.items as f64 / self.time.as_secs_f64()
    }

    /// Microseconds of the server's processor time for one item.
    pub fn processor_per_item(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.items as f64
    }
}

/// Posts everything and waits for every answer. An item that is not accepted is an error: what was stored would not be
/// what was counted.
pub fn post(server: &Server, key: &str, plan: &Plan) -> Result<Outcome> {
    let requests = plan.requests(key);
    let items = requests.iter().map(Vec::len).sum::<usize>() * plan.batch;
    let expected = format!("{{\"accepted\":{},", plan.batch);
    let begin = Barrier::new(requests.len() + 1);
    let (before, own_before) = (server.processor_time()?, own_time()?);
    let (begin, expected) = (&begin, expected.as_bytes());
    let time = thread::scope(|scope| {
        let send = |requests: Vec<Vec<u8>>| {
            let opened = Connection::open(server.port);
            begin.wait();
            let mut connection = opened?;
            for request in &requests {
                let answer = connection.ask(request)?;
                ensure!(
                    answer.status == 200 && answer.body.starts_with(expected),
                    "a batch was not taken: {} {}",
                    answer.status,
                    String::from_utf8_lossy(answer.body.get(..300).unwrap_or(answer.body))
                );
            }
            Ok(())
        };
        let senders: Vec<_> = requests
            .into_iter()
            .map(|requests| scope.spawn(move || send(requests)))
            .collect();
        begin.wait();
        let start = Instant::now();
        for sender in senders {
            sender
                .join()
                .map_err(|_| anyhow!("a sender came to grief"))??;
        }
        anyhow::Ok(start.elapsed())
    })?;
    Ok(Outcome {
        items,
        time,
        processor: server.processor_time()?.saturating_sub(before),
        own_processor: own_time()?.saturating_sub(own_before),
    })
}

fn own_time() -> Result<Duration> {
    super::machine::processor_time(std::process::id()).context("looking at ourselves")
}
