//! `GET /api/v1/live`: one stream of events a tab. What travels on it is told in `api::live`.

use super::Shared;
use super::problem::{Problem, unavailable};
use super::query::{Gathered, number_if_given};
use crate::api::board::Tile;
use crate::api::live::{End, Hello, Why};
use crate::domain::ids::Seq;
use crate::domain::rights::Permission;
use crate::domain::time::{DurMs, TsMs};
use crate::server::auth::identify::{Still, still};
use crate::server::auth::{Ctx, Who};
use crate::server::live::hub::Event;
use crate::server::services::{andon, board, line};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{self, Sse};
use futures::Stream;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

/// The most streams that one node keeps open.
const MAX_STREAMS: usize = 2_000;
/// The most that one session keeps open: every tab has one.
const MAX_OF_SESSION: usize = 20;
/// The most that one key keeps open: a program may stand for many screens.
const MAX_OF_KEY: usize = 500;
/// How often a stream shows that it lives.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Events that may wait for a slow screen before the hub's own backlog fills.
const WAITING: usize = 64;
/// While the database does not say whether somebody still may, they count as allowed for so long.
const UNSURE: DurMs = DurMs(30_000);

/// What the screen has and wants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The last fact that the screen holds; what came later is sent.
    #[param(value_type = Option<i64>)]
    since: Option<String>,
    /// The line whose page is open.
    line: Option<String>,
}

type Out = mpsc::Sender<Result<sse::Event, Infallible>>;

/// Opens a stream of server-sent events: `hello`, `calls`, `call`, `tile`, `line`, `ping`, `reset`, `end`.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(Wanted),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub async fn get(
    State(shared): State<Shared>,
    ctx: Ctx,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    let mut wrong = Gathered::default();
    let wanted_since = wrong.take(number_if_given("since", wanted.since.as_deref()));
    wrong.refuse()?;
    if shared.app.hub.listeners() >= MAX_STREAMS {
        return Err(unavailable("too many screens are open on this node"));
    }
    let (of, most) = match (&ctx.caller().who, &ctx.caller().session) {
        (Who::Key { id, .. }, _) => (format!("key {}", id.0).into_bytes(), MAX_OF_KEY),
        (_, session) => (session.clone().unwrap_or_default(), MAX_OF_SESSION),
    };
    let Some(seat) = shared.app.hub.seat(of, most) else {
        return Err(unavailable("too many screens are open at once from here"));
    };
    // The browser's own reconnect sends the header, a fresh stream the query.
    let header = headers
        .get("last-event-id")
        .and_then(|h| h.to_str().ok())
        .and_then(|h| h.parse().ok());
    let since = Seq(header.or(wanted_since).unwrap_or(-1));
    let (out, events) = mpsc::channel(WAITING);
    if let Some(code) = &wanted.line {
        line::permitted(&ctx, &shared.app.plant.get(), code)?;
    }
    tokio::spawn(async move {
        feed((shared, ctx), since, wanted.line, out).await;
        drop(seat);
    });
    Ok(Sse::new(ReceiverStream::new(events)))
}

/// Writes the stream until the screen leaves or the server stops.
async fn feed((shared, ctx): (Shared, Ctx), since: Seq, line: Option<String>, out: Out) {
    let app = &shared.app;
    // Listening starts before the first figures are read: nothing can fall between.
    let mut events = app.hub.listen();
    let (mut people, mut keys) = (app.people.watch(), app.keys.watch());
    let mut leave = Leave {
        sure: app.clock.now(),
        missed: false,
    };
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
    let mut calls = Owed(true);
    if calls.pay(&ctx, &out).await.is_none() {
        return;
    }
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        let sent = tokio::select! {
            // Who was signed out, disabled or revoked, or may do other things now, hears nothing more under the old leave:
            // what changed here is looked at before any event that comes after it, what changed on another node with the ping.
            biased;
            () = shared.stop.cancelled() => return,
            () = out.closed() => return,
            () = changed(&mut people, &mut keys) => leave.look(&ctx, &out).await,
            _ = ping.tick() => match leave.look(&ctx, &out).await {
                Some(looked) => {
                    let ping = app.hub.ping(app.clock.now());
                    send(&out, "ping", None, &ping).await.map(|()| looked)
                }
                None => None,
            },
            event = events.recv() => match event {
                Ok(event) => leave.forward((&ctx, &out), &event, line.as_deref()).await,
                Err(RecvError::Lagged(_)) => reset(&out).await,
                Err(RecvError::Closed) => return,
            },
        };
        let told = match sent {
            Some(Told::Reset) => {
                calls.0 = true;
                calls.pay(&ctx, &out).await
            }
            // With each sign of life what could not be read before is tried again.
            Some(Told::Looked) => calls.pay(&ctx, &out).await,
            Some(Told::Event) => Some(()),
            None => None,
        };
        if told.is_none() {
            return;
        }
    }
}

/// What a stream was told.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// An event, or nothing because it is not for it.
    Event,
    /// It was looked whether it may go on, and it may.
    Looked,
    /// It has missed events: the page gets its snapshot again, and of calls the stream itself tells anew.
    Reset,
}

/// Tells a screen that it has missed something.
async fn reset(out: &Out) -> Option<Told> {
    send(out, "reset", None, &()).await.map(|()| Told::Reset)
}

/// Whether the screen is still to be told of all calls that go on: those that changed are told one by one, so whoever has
/// missed one never hears of it again otherwise.
struct Owed(bool);

impl Owed {
    /// Tells of them, if that is owed; while they cannot be read it stays so. `None` when the screen has left.
    async fn pay(&mut self, ctx: &Ctx, out: &Out) -> Option<()> {
        if !self.0 {
            return Some(());
        }
        match andon::calls_of_stream(ctx).await {
            Ok(calls) => {
                self.0 = false;
                let message = sse::Event::default().event("calls").data(calls);
                out.send(Ok(message)).await.ok()
            }
            Err(error) => {
                tracing::warn!(%error, "a stream could not be told of calls yet");
                Some(())
            }
        }
    }
}

/// Something changed about people, their sessions, devices or keys.
async fn changed(people: &mut watch::Receiver<()>, keys: &mut watch::Receiver<()>) {
    // Both live as long as the server: neither says that it has ended.
    tokio::select! {
        _ = people.changed() => (),
        _ = keys.changed() => (),
    }
}

/// What is known of the leave that a stream was opened with.
struct Leave {
    /// When it was last known to hold.
    sure: TsMs,
    /// Events were held back since.
    missed: bool,
}

impl Leave {
    /// Asks whether it still holds. `None` when it does not, which is told with the last event, or the screen has left; while
    /// nobody can say, the stream stays.
    async fn look(&mut self, ctx: &Ctx, out: &Out) -> Option<Told> {
        let why = match still(ctx.app(), ctx.caller()).await {
            Some(Still::Same) => {
                self.sure = ctx.now();
                if std::mem::take(&mut self.missed) {
                    return reset(out).await;
                }
                return Some(Told::Looked);
            }
            None => return Some(Told::Looked),
            Some(Still::Other) => Why::OtherRights,
            Some(Still::Out) => Why::SignedOut,
        };
        send(out, "end", None, &End { why }).await?;
        None
    }

    /// Sends what is allowed; figures are held back while it is not known for too long whether they are.
    async fn forward(
        &mut self,
        (ctx, out): (&Ctx, &Out),
        event: &Event,
        line: Option<&str>,
    ) -> Option<Told> {
        let mut told = Told::Event;
        if event.about.is_some() && !self.is_sure(ctx.now()) {
            told = self.look(ctx, out).await?;
            if !self.is_sure(ctx.now()) {
                self.missed = true;
                return Some(told);
            }
        }
        forward((ctx, out), event, line).await.map(|()| told)
    }

    fn is_sure(&self, now: TsMs) -> bool {
        // Also a clock that was set back makes unsure.
        (DurMs(0)..UNSURE).contains(&(now - self.sure))
    }
}

/// Brings a screen that has older figures up to now. `None` when it has left.
async fn catch_up(ctx: &Ctx, line: Option<&str>, out: &Out) -> Option<()> {
    // A wall that shows the calls has no figures to bring up to now.
    if !ctx.caller().rights.anywhere(Permission::DashboardRead) {
        return Some(());
    }
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
    let data = match event.about.as_deref() {
        None => Arc::clone(&event.data),
        Some(code) => match permitted(ctx, code, event) {
            Some(data) => data,
            None => return Some(()),
        },
    };
    let mut message = sse::Event::default().event(event.name).data(&*data);
    if let Some(seq) = event.seq {
        message = message.id(seq.0.to_string());
    }
    out.send(Ok(message)).await.ok()
}

/// What an event about a line tells those who stand behind `ctx`; `None`: nothing. An event is serialised once for all
/// screens; those few who may not see all of it get what was made for them, or have it made anew.
fn permitted(ctx: &Ctx, code: &str, event: &Event) -> Option<Arc<str>> {
    let plant = ctx.app().plant.get();
    let line = plant.line(code).filter(|line| ctx.sees(line))?;
    if let Some(needed) = event.needs {
        return ctx.holds(needed, line).then(|| Arc::clone(&event.data));
    }
    // A wall that shows the calls hears of nothing else.
    if !ctx.holds(Permission::DashboardRead, line) {
        return None;
    }
    let needs = if event.page {
        Permission::DowntimeRead
    } else {
        Permission::OeeRead
    };
    if ctx.holds(needs, line) {
        return Some(Arc::clone(&event.data));
    }
    if event.plain.is_some() {
        return event.plain.clone();
    }
    let anew = serde_json::from_str(&event.data).and_then(|mut tile: Tile| {
        board::keep_permitted(ctx, line, &mut tile);
        serde_json::to_string(&tile)
    });
    anew.map(Arc::from)
        .inspect_err(|error| tracing::error!(%error, line = code, "an event could not be cut to what may be seen"))
        .ok()
}

/// `None` when the screen has left.
async fn send(out: &Out, name: &str, seq: Option<Seq>, data: &impl Serialize) -> Option<()> {
    let mut event = sse::Event::default().event(name).json_data(data).ok()?;
    if let Some(seq) = seq {
        event = event.id(seq.0.to_string());
    }
    out.send(Ok(event)).await.ok()
}
