//! Somebody else's program that takes requests over HTTP, on this machine: it says no, leads elsewhere, talks for ever and
//! never answers, as it is told, and keeps what it got.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        value.to_str().expect("text")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The id of the message.
    pub fn delivery(&self) -> &str {
        self.header("x-ms5-delivery")
    }
}

/// What it says.
#[derive(Clone, Debug)]
pub enum Say {
    /// This status.
    Status(u16),
    /// Not now, but in so many seconds.
    RetryAfter(u32),
    /// It is somewhere else.
    Redirect(u16, String),
    /// This status, and then it talks for ever.
    Endless(u16),
    /// Nothing until it is let go on, then yes.
    Hold,
}

struct Inner {
    /// What it says next by path; then yes.
    next: Mutex<HashMap<String, VecDeque<Say>>>,
    /// What it says always by path.
    always: Mutex<HashMap<String, Say>>,
    got: Mutex<Vec<Got>>,
    /// Messages that are being taken, by their ids.
    open: Mutex<HashSet<String>>,
    overlaps: AtomicUsize,
    holding: AtomicUsize,
    go: Semaphore,
}

/// The program.
#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
    pub url: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// Serves on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            next: Mutex::default(),
            always: Mutex::default(),
            got: Mutex::default(),
            open: Mutex::default(),
            overlaps: AtomicUsize::new(0),
            holding: AtomicUsize::new(0),
            go: Semaphore::new(0),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { inner, url }
    }

    /// Says these things first, at this path.
    pub fn say(&self, path: &str, what: impl IntoIterator<Item = Say>) {
        lock(&self.inner.next)
            .entry(path.to_owned())
            .or_default()
            .extend(what);
    }

    /// Says this from now on, at this path.
    pub fn say_always(&self, path: &str, what: Say) {
        lock(&self.inner.always).insert(path.to_owned(), what);
    }

    /// Lets those that it keeps waiting go on, and those that come.
    pub fn go_on(&self) {
        self.inner.go.add_permits(10_000);
    }

    /// What it got at this path, in order.
    pub fn got(&self, path: &str) -> Vec<Got> {
        let got = lock(&self.inner.got);
        got.iter().filter(|g| g.path == path).cloned().collect()
    }

    /// All that it got.
    pub fn all(&self) -> Vec<Got> {
        lock(&self.inner.got).clone()
    }

    /// How many it keeps waiting at this moment.
    pub fn holding(&self) -> usize {
        self.inner.holding.load(Ordering::SeqCst)
    }

    /// How often a message came while the same one was being taken.
    pub fn overlaps(&self) -> usize {
        self.inner.overlaps.load(Ordering::SeqCst)
    }
}

/// Counts down also when the other side hangs up.
struct Holding<'a>(&'a AtomicUsize);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A message that is being taken.
struct Open {
    inner: Arc<Inner>,
    id: String,
}

impl Open {
    fn new(inner: &Arc<Inner>, id: String) -> Self {
        if !lock(&inner.open).insert(id.clone()) {
            inner.overlaps.fetch_add(1, Ordering::SeqCst);
        }
        let inner = Arc::clone(inner);
        Self { inner, id }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        lock(&self.inner.open).remove(&self.id);
    }
}

async fn take(
    State(inner): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let id = headers.get("x-ms5-delivery").map(|v| v.as_bytes().to_vec());
    let id = id.map(|id| String::from_utf8_lossy(&id).into_owned());
    let _open = id.map(|id| Open::new(&inner, id));
    lock(&inner.got).push(Got {
        path: path.clone(),
        headers,
        body: body.to_vec(),
    });
    // Others get a turn: who would come at the same time can.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let next = lock(&inner.next)
        .get_mut(&path)
        .and_then(VecDeque::pop_front);
    let next = next.or_else(|| lock(&inner.always).get(&path).cloned());
    match next.unwrap_or(Say::Status(200)) {
        Say::Status(status) => code(status).into_response(),
        Say::RetryAfter(seconds) => {
            let header = [("retry-after", seconds.to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, header).into_response()
        }
        Say::Redirect(status, to) => (code(status), [("location", to)]).into_response(),
        Say::Endless(status) => {
            let piece = || Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1_024]));
            let pieces = futures::stream::repeat_with(piece);
            (code(status), Body::from_stream(pieces)).into_response()
        }
        Say::Hold => {
            inner.holding.fetch_add(1, Ordering::SeqCst);
            let _holding = Holding(&inner.holding);
            drop(inner.go.acquire().await);
            StatusCode::OK.into_response()
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}
