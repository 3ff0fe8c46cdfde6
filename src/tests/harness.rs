//! The plant under test: a database of its own for every test, the server's parts around it, and ways to ask it.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use ms5_floor::api::ingest::BatchAnswer;
use ms5_floor::domain::ids::{LineId, MachineId, ProductId, SourceId};
use ms5_floor::domain::plant::PlantDef;
use ms5_floor::domain::rights::{Permission, PermissionSet, Rights, sets};
use ms5_floor::domain::time::{Span, TsMs};
use ms5_floor::server::auth::Ctx;
use ms5_floor::server::auth::caller::Caller;
use ms5_floor::server::auth::guard::admit;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::config::Transport;
use ms5_floor::server::db::{Db, migrate};
use ms5_floor::server::http::limit::Ticks;
use ms5_floor::server::http::{Shared, Site, doors, router};
use ms5_floor::server::services::keys::{MadeKey, NewKey, create};
use ms5_floor::server::services::plant::set_up_by_the_program;
use ms5_floor::server::state::App;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Where the tests find a PostgreSQL in which they may make databases.
const POSTGRES: &str = "MS5_TEST_POSTGRES";

/// Makes of each `async fn name(place: &Place)` two tests: `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let place = crate::harness::Place::sqlite();
                super::$name(&place).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let place = crate::harness::Place::postgres().await;
                super::$name(&place).await;
                place.remove().await;
            }
        }
    )+};
}

/// A database that one test has for itself.
#[derive(Debug)]
pub struct Place {
    /// The engine's name, for messages.
    pub engine: &'static str,
    /// Its address.
    pub url: String,
    folder: TempDir,
}

impl Place {
    /// A file that goes away with the test.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self {
            engine: "SQLite",
            url,
            folder,
        }
    }

    /// A new database on the server of the tests.
    pub async fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = postgres_server();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "ms5_{}_{number}_{}",
            std::process::id(),
            uuid::Uuid::now_v7().simple()
        );
        statement(&server, format!("CREATE DATABASE {name}")).await;
        let (base, _) = server
            .rsplit_once('/')
            .expect("the server's address ends with a database");
        Self {
            engine: "PostgreSQL",
            url: format!("{base}/{name}"),
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// The same database under another address.
    pub fn over(&self, url: String) -> Self {
        Self {
            engine: self.engine,
            url,
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// Opens it with its schema up to date.
    pub async fn open(&self) -> Db {
        let db = Db::open(&self.url)
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", self.engine));
        migrate::migrate(&db)
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", self.engine));
        db
    }

    /// The folder of a compiled browser side with nothing in it but its manifest.
    pub fn site(&self) -> std::path::PathBuf {
        let site = self.folder.path().join("site");
        std::fs::create_dir_all(&site).expect("the site's folder");
        let manifest = json!({"build": "test-build", "js": "/pkg/a.js", "wasm": "/pkg/a.wasm", "css": "/pkg/a.css"});
        std::fs::write(site.join("manifest.json"), manifest.to_string()).expect("the manifest");
        site
    }

    /// Drops the database of a test that went well; after a failure it stays for a look.
    pub async fn remove(self) {
        let (_, name) = self.url.rsplit_once('/').expect("a name");
        statement(
            &postgres_server(),
            format!("DROP DATABASE {name} WITH (FORCE)"),
        )
        .await;
    }
}

fn postgres_server() -> String {
    std::env::var(POSTGRES).unwrap_or_else(|_| {
        panic!(
            "run `cargo xtask test`, or set {POSTGRES} to a PostgreSQL where databases may be made"
        )
    })
}

async fn statement(server: &str, sql: String) {
    use sqlx::Connection;
    let mut conn = sqlx::PgConnection::connect(server)
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    query
        .execute(&mut conn)
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
    conn.close()
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
}

/// The only waiting in the tests: looks again and again until `look` finds something, and fails when it takes too long.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < within, "waited {within:?} for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// An instant from RFC 3339.
pub fn at(text: &str) -> TsMs {
    TsMs(
        text.parse::<jiff::Timestamp>()
            .unwrap_or_else(|e| panic!("{text}: {e}"))
            .as_millisecond(),
    )
}

/// A clock that stands where the test puts it.
#[derive(Clone, Debug)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    /// A clock that stands at `now`.
    pub fn at(now: TsMs) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Moves it.
    pub fn set(&self, now: TsMs) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// How long the server runs by this clock, for its limits.
    pub fn ticks(&self) -> Ticks {
        let (hands, begun) = (self.clone(), self.0.load(Ordering::SeqCst));
        Ticks::from_fn(move || {
            let passed = hands.0.load(Ordering::SeqCst) - begun;
            Duration::from_millis(u64::try_from(passed).unwrap_or_default())
        })
    }

    /// What the server reads.
    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::from_fn(move || TsMs(hands.0.load(Ordering::SeqCst)))
    }
}

/// This machine.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The routes of a server, made once for many requests.
#[derive(Clone)]
pub struct Routes {
    engine: &'static str,
    router: Router,
}

impl Routes {
    /// Asks from an address with nothing but what the request holds.
    pub async fn ask(&self, from: IpAddr, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from((from, 50_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = self.router.clone().oneshot(request).await;
        Answer::of(self.engine, answer.expect("the router answers")).await
    }
}

/// A running server without a socket: asked directly, over the same routes.
pub struct Server {
    /// Its parts.
    pub app: App,
    /// What its routes share.
    pub shared: Shared,
    /// Ends its streams.
    pub stop: CancellationToken,
    engine: &'static str,
    /// A key that may do everything: who asks when a test does not say.
    pub everything: String,
}

impl Server {
    /// The database as it is at this moment.
    pub async fn snapshot(&self) -> ms5_floor::server::db::Tx {
        self.app.db.snapshot().await.expect("a snapshot")
    }

    /// Starts the parts on a database, without publisher: tests that need one start it.
    pub async fn start(place: &Place, clock: Clock) -> Self {
        Self::on(place, place.open().await, clock, None).await
    }

    /// Starts them on connections of the caller's own, perhaps with a key that is there already.
    pub async fn on(place: &Place, db: Db, clock: Clock, everything: Option<String>) -> Self {
        let site = Site::open(Some(place.site())).expect("the site");
        let started = App::start(db, clock, &site.manifest.build).await;
        let (app, _) = started.expect("the server's parts");
        let stop = CancellationToken::new();
        let everything = match everything {
            Some(key) => key,
            None => {
                made_key(
                    &app,
                    &format!("test {}", uuid::Uuid::now_v7()),
                    PermissionSet::all(),
                )
                .await
                .key
            }
        };
        let shared = Shared {
            demonstration: true,
            transport: Transport::Loopback,
            doors: doors(Transport::Loopback, Ticks::machine()),
            tls: None,
            provider: None,
            app: app.clone(),
            site: Arc::new(site),
            stop: stop.clone(),
        };
        Self {
            app,
            shared,
            stop,
            engine: place.engine,
            everything,
        }
    }

    /// Starts with a plant.
    pub async fn with(place: &Place, clock: Clock, plant: Value) -> Self {
        let server = Self::start(place, clock).await;
        server.set_up(plant).await;
        server
    }

    /// Sets up the plant, folds anew what that changes, and returns which past of which lines it restates.
    pub async fn set_up(&self, plant: Value) -> Vec<(LineId, Span)> {
        let def: PlantDef = serde_json::from_value(plant).expect("a plant");
        let applied = set_up_by_the_program(&self.app.db, &def, self.app.clock.now())
            .await
            .expect("the plant is set up");
        self.app.plant.set(applied.plant);
        self.app.board.forget().await;
        self.app
            .writer
            .fold_anew()
            .await
            .expect("the timeline is folded anew");
        applied.restated
    }

    /// A new key.
    pub async fn key(
        &self,
        name: &str,
        may_backfill: bool,
        may_configure: bool,
    ) -> (SourceId, String) {
        let mut may = sets::SEND;
        if may_backfill {
            may = may.and(PermissionSet::of(&[Permission::IngestBackfill]));
        }
        if may_configure {
            may = may
                .and(sets::SET_UP_PLANT)
                .and(PermissionSet::of(&[Permission::IngestReview]));
        }
        let made = made_key(&self.app, name, may).await;
        (made.source, made.key)
    }

    /// A new key that may do this.
    pub async fn key_that_may(&self, name: &str, may: PermissionSet) -> String {
        made_key(&self.app, name, may).await.key
    }

    /// A machine's number.
    pub fn machine(&self, code: &str) -> MachineId {
        self.app
            .plant
            .get()
            .machine_id(code)
            .unwrap_or_else(|| panic!("machine {code}"))
    }

    /// A product's number.
    pub fn product(&self, code: &str) -> ProductId {
        self.app
            .plant
            .get()
            .product_id(code)
            .unwrap_or_else(|| panic!("product {code}"))
    }

    /// Asks the routes, as the key that may do everything unless the request says who asks.
    pub async fn ask(&self, mut request: Request<Body>) -> Answer {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            let bearer = format!("Bearer {}", self.everything);
            let bearer = bearer.parse().expect("a header");
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        self.ask_as_it_is(request).await
    }

    /// Asks the routes with nothing but what the request holds, from this machine.
    pub async fn ask_as_it_is(&self, request: Request<Body>) -> Answer {
        self.routes().ask(HERE, request).await
    }

    /// Its routes, as they are shared now.
    pub fn routes(&self) -> Routes {
        Routes {
            engine: self.engine,
            router: router(&self.shared),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str, key: Option<&str>) -> Answer {
        self.ask(request(Method::GET, path, key, Body::empty()))
            .await
    }

    /// Any method with a JSON body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Answer {
        self.ask(request(method, path, key, Body::from(body.to_string())))
            .await
    }

    /// Sends items and reads the answer.
    pub async fn ingest(&self, key: &str, items: &[Value]) -> BatchAnswer {
        let answer = self
            .send(
                Method::POST,
                "/api/v1/ingest",
                Some(key),
                &json!({"items": items}),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{e}: {answer:?}"))
    }

    /// Serves on a port of this machine until the server's token is cancelled.
    pub async fn listen(&self) -> (String, JoinHandle<std::io::Result<()>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = self.stop.clone();
        let serving = axum::serve(listener, router(&self.shared));
        let serving = serving.with_graceful_shutdown(async move { stop.cancelled().await });
        (url, tokio::spawn(serving.into_future()))
    }
}

/// Leave to do anything, as the program itself has it: the guard gives it to whoever may everything.
pub fn by_the_program(app: &App) -> Ctx {
    let mut caller = Caller::nobody(String::new(), String::new());
    caller.rights = Rights::everywhere(PermissionSet::all());
    // What anyone may ask for is bound to no line.
    admit(app, &Arc::new(caller), "GET", "/health/live").expect("anyone may")
}

async fn made_key(app: &App, name: &str, may: PermissionSet) -> MadeKey {
    let wanted = NewKey {
        name,
        may,
        lines: &[],
        expires: None,
        replaces: true,
    };
    let row = by_the_program(app).entry("", "");
    create(&app.db, &wanted, row).await.expect("a key")
}

/// A request with a key and, unless the caller changes it, a JSON body.
pub fn request(method: Method, path: &str, key: Option<&str>, body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    request.body(body).expect("a request")
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    engine: &'static str,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A whole answer.
    pub async fn of(engine: &'static str, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self {
            engine,
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// Its body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| {
            panic!(
                "{e}: {} {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// Checks that it is a problem document of this status and code that carries its request's id; returns it.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!(self.status.as_u16(), status, "{}: {problem}", self.engine);
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}: {problem}",
            self.engine
        );
        assert_eq!(problem["code"], code, "{}: {problem}", self.engine);
        assert_eq!(problem["status"], status, "{}: {problem}", self.engine);
        let id = self.headers["x-request-id"].to_str().expect("a request id");
        assert_eq!(problem["request_id"], id, "{}: {problem}", self.engine);
        problem
    }
}
