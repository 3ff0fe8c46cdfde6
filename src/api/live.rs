//! What travels on the live stream `GET /api/v1/live` (server-sent events).
//!
//! - `hello` first: [`Hello`]. A build that differs from the page's own means: reload.
//! - `tile`: a [`Tile`](super::board::Tile) that changed; `id` is its seq. Tiles are whole, so the newest one wins and
//!   nothing can be counted twice.
//! - `line`: a [`LineView`](super::line::LineView), only when the stream asked for it with `?line=CODE`.
//! - `calls` when the stream opens and after it fell behind, and `call`: the calls for help that go on, as a list of
//!   [`CallView`](super::andon::CallView), and one that changed; only of lines on which the caller may see calls. They have no
//!   `id`: of two views of a call the one with the higher `version` is the newer, of two with the same the one that came later.
//! - `ping` every 5 s, and when the database is lost or back: [`Ping`]; silence means that the connection is dead.
//! - `reset`: the stream fell too far behind; fetch the page's snapshot again. Of calls the stream tells anew by itself.
//! - `end`, the last one: [`End`], when whoever opened the stream may not hear it any more.

use super::error::ApiError;
use crate::domain::ids::Seq;
use crate::domain::time::TsMs;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

/// The first event of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The build of the site that the server serves.
    pub build: String,
    /// The server's clock.
    pub now: TsMs,
    /// The last committed fact.
    pub seq: Seq,
}

/// Sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The server's clock.
    pub now: TsMs,
    /// The server lives, but cannot reach its database: figures stay as they are. Left out while all is well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_database: bool,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is not known any more who listens: they were signed out, also for doing nothing, disabled, or revoked.
    SignedOut,
    /// They may see other things now: a new stream tells them.
    OtherRights,
}

/// The last event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why it ends.
    pub why: Why,
}

/// Whether the server knows who asks. A screen whose stream does not open asks this: browsers keep the reason to themselves.
#[server(prefix = "/api", endpoint = "signed_in", input = GetUrl, output = Json)]
pub async fn signed_in() -> Result<bool, ApiError> {
    let ctx = crate::server::auth::guard::here::<SignedIn>()?;
    Ok(ctx.caller().is_somebody())
}
