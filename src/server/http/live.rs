//! `GET /api/v1/live`: one stream of events a tab. What travels on it is told in `api::live`.

use super::Shared;
use super::problem::{Problem, unavailable};
use crate::api::live::Hello;
use crate::domain::ids::Seq;
use crate::server::auth::Ctx;
use crate::server::auth::identify::still;
use crate::server::live::hub::Event;
use crate::server::plant::Line;
use crate::server::services::{andon, board, line};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{self, Sse};
use futures::Stream;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// The most streams that one node keeps open.
const MAX_STREAMS: usize = 2_000;
/// How often a stream shows that it lives.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Events that may wait for a slow screen before the hub's own backlog fills.
const WAITING: usize = 64;

/// What the screen has and wants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The last fact that the screen holds; what came later is sent.
    since: Option<i64>,
    /// The line whose page is open.
    line: Option<String>,
}

type Out = mpsc::Sender<Result<sse::Event, Infallible>>;

/// Opens a stream of server-sent events: `hello`, `calls`, `call`, `tile`, `line`, `ping`, `reset`.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(Wanted),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub async fn get(
    State(shared): State<Shared>,
    ctx: Ctx,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    if shared.app.hub.listeners() >= MAX_STREAMS {
        return Err(unavailable("too many screens are open on this node"));
    }
    // The browser's own reconnect sends the header, a fresh stream the query.
    let header = headers
        .get("last-event-id")
        .and_then(|h| h.to_str().ok())
        .and_then(|h| h.parse().ok());
    let since = Seq(header.or(wanted.since).unwrap_or(-1));
    let (out, events) = mpsc::channel(WAITING);
    if let Some(code) = &wanted.line {
        ctx.line(&shared.app.plant.get(), code)?;
    }
    tokio::spawn(feed((shared, ctx), since, wanted.line, out));
    Ok(Sse::new(ReceiverStream::new(events)))
}

/// Writes the stream until the screen leaves or the server stops.
async fn feed((shared, ctx): (Shared, Ctx), since: Seq, line: Option<String>, out: Out) {
    let app = &shared.app;
    // Listening starts before the first figures are read: nothing can fall between.
    let mut events = app.hub.listen();
    let _interest = line.as_ref().map(|code| app.hub.look_at(code));
    let hello = Hello {
        build: app.build.to_string(),
        now: app.clock.now(),
        seq: app.hub.seq(),
    };
    if send(&out, "hello", None, &hello).await.is_none() {
        return;
    }
    if app.hub.seq() > since && catch_up(&ctx, line.as_deref(), &out).await.is_none() {
        return;
    }
    match andon::calls_of_stream(&ctx).await {
        Ok(calls) => {
            if send(&out, "calls", None, &calls).await.is_none() {
                return;
            }
        }
        Err(error) => tracing::warn!(%error, "a stream could not be told of calls"),
    }
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        let sent = tokio::select! {
            () = shared.stop.cancelled() => return,
            () = out.closed() => return,
            _ = ping.tick() => {
                // Who was signed out, disabled or revoked, or may do other things now, hears nothing more under the old leave.
                if !still(app, ctx.caller()).await {
                    return;
                }
                send(&out, "ping", None, &app.hub.ping(app.clock.now())).await
            }
            event = events.recv() => match event {
                Ok(event) => forward((&ctx, &out), &event, line.as_deref()).await,
                Err(RecvError::Lagged(_)) => send(&out, "reset", None, &()).await,
                Err(RecvError::Closed) => return,
            },
        };
        if sent.is_none() {
            return;
        }
    }
}

/// Brings a screen that has older figures up to now. `None` when it has left.
async fn catch_up(ctx: &Ctx, line: Option<&str>, out: &Out) -> Option<()> {
    match board::board(ctx).await {
        Ok(board) => {
            for tile in &board.tiles {
                send(out, "tile", Some(board.seq), tile).await?;
            }
        }
        Err(error) => tracing::error!(%error, "a stream could not be brought up to date"),
    }
    if let Some(code) = line {
        match line::line(ctx, code, None).await {
            Ok(view) => send(out, "line", Some(view.seq), &view).await?,
            Err(error) => {
                tracing::warn!(%error, line = code, "a line's stream could not be brought up to date");
            }
        }
    }
    Some(())
}

async fn forward((ctx, out): (&Ctx, &Out), event: &Event, line: Option<&str>) -> Option<()> {
    if event.page && event.about.as_deref() != line {
        return Some(());
    }
    if let Some(code) = event.about.as_deref() {
        let may = |line: &Line| {
            let rights = &ctx.caller().rights;
            ctx.sees(line) && event.needs.is_none_or(|p| rights.at(p, line.place()))
        };
        if !ctx.app().plant.get().line(code).is_some_and(may) {
            return Some(());
        }
    }
    let mut message = sse::Event::default().event(event.name).data(&*event.data);
    if let Some(seq) = event.seq {
        message = message.id(seq.0.to_string());
    }
    out.send(Ok(message)).await.ok()
}

/// `None` when the screen has left.
async fn send(out: &Out, name: &str, seq: Option<Seq>, data: &impl Serialize) -> Option<()> {
    let mut event = sse::Event::default().event(name).json_data(data).ok()?;
    if let Some(seq) = seq {
        event = event.id(seq.0.to_string());
    }
    out.send(Ok(event)).await.ok()
}
