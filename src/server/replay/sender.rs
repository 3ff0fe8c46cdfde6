//! Sends items to a server's ingest over HTTP and waits out what passes: a server that restarts, or one that is busy.

use crate::api::ingest::{BatchAnswer, Item, ItemResult, ItemStatus};
use crate::domain::plant::PlantDef;
use serde::Serialize;
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;

/// Why items could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server said no.
    #[error("{url}: {status}: {body}")]
    Refused {
        /// Where.
        url: String,
        /// What it said.
        status: StatusCode,
        /// The problem document.
        body: String,
    },
    /// The server could not be reached for too long.
    #[error("{url}: cannot be reached: {error}")]
    Unreachable {
        /// Where.
        url: String,
        /// The last error.
        error: ureq::Error,
    },
    /// The server's answer is not what it should be.
    #[error("{url}: the answer cannot be read: {error}")]
    Answer {
        /// Where.
        url: String,
        /// What is wrong.
        error: ureq::Error,
    },
}

/// What became of the items so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Stored.
    pub accepted: usize,
    /// Known already.
    pub duplicate: usize,
    /// Put into quarantine.
    pub rejected: usize,
    /// The first of those, for the person who looks.
    pub first_rejected: Vec<ItemResult>,
}

/// A way to a server.
#[derive(Debug)]
pub struct Sender {
    agent: Agent,
    server: String,
    key: String,
    patience: Duration,
}

#[derive(Serialize)]
struct Batch<'a> {
    items: &'a [Item],
}

impl Sender {
    /// `server` is its address, such as `http://127.0.0.1:3000`. A server that does not answer is tried again for
    /// `patience`.
    #[must_use]
    pub fn new(server: &str, key: &str, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false);
        let agent = Agent::new_with_config(config.build());
        Self {
            agent,
            server: server.trim_end_matches('/').to_owned(),
            key: key.trim().to_owned(),
            patience,
        }
    }

    /// Sets up the plant.
    ///
    /// # Errors
    /// When the server says no or cannot be reached.
    pub fn put_plant(&self, plant: &PlantDef) -> Result<(), SendError> {
        let url = format!("{}/api/v1/plant", self.server);
        self.with_patience(&url, || {
            self.agent
                .put(&url)
                .header("authorization", self.bearer())
                .send_json(plant)
        })?;
        Ok(())
    }

    /// Sends one batch and adds what became of it to `sent`.
    ///
    /// # Errors
    /// When the server says no to the whole batch or cannot be reached.
    pub fn send(&self, items: &[Item], sent: &mut Sent) -> Result<(), SendError> {
        let url = format!("{}/api/v1/ingest", self.server);
        let batch = Batch { items };
        let mut response = self.with_patience(&url, || {
            self.agent
                .post(&url)
                .header("authorization", self.bearer())
                .send_json(&batch)
        })?;
        let answer: BatchAnswer =
            response
                .body_mut()
                .read_json()
                .map_err(|error| SendError::Answer {
                    url: url.clone(),
                    error,
                })?;
        sent.accepted += answer.accepted;
        sent.duplicate += answer.duplicate;
        sent.rejected += answer.rejected;
        let rejected = answer
            .results
            .into_iter()
            .filter(|r| r.status == ItemStatus::Rejected);
        let room = 5_usize.saturating_sub(sent.first_rejected.len());
        sent.first_rejected.extend(rejected.take(room));
        Ok(())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// Tries again, a little later each time, while the server is away or busy. Items keep their ids, so a batch that
    /// was stored although its answer got lost is only answered as duplicate.
    fn with_patience(
        &self,
        url: &str,
        attempt: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>, SendError> {
        let (mut pause, mut waited) = (Duration::from_millis(100), Duration::ZERO);
        loop {
            let passing = match attempt() {
                Ok(mut response) => {
                    let status = response.status();
                    if status.is_success() {
                        return Ok(response);
                    }
                    let body = response
                        .body_mut()
                        .read_to_string()
                        .unwrap_or_else(|e| e.to_string());
                    let refused = SendError::Refused {
                        url: url.to_owned(),
                        status,
                        body,
                    };
                    if status != StatusCode::TOO_MANY_REQUESTS
                        && status != StatusCode::SERVICE_UNAVAILABLE
                    {
                        return Err(refused);
                    }
                    refused
                }
                Err(error) => SendError::Unreachable {
                    url: url.to_owned(),
                    error,
                },
            };
            if waited >= self.patience {
                return Err(passing);
            }
            std::thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }
}
