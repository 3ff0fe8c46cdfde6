//! The plant under test: a database of its own for every test, the server's parts around it, and ways to ask it.

mod answer;
mod place;
mod time;

pub use answer::{Answer, request};
pub use place::Place;
pub use time::{Hands, at, until};

use crate::chance::new_fact;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::api::ingest::BatchAnswer;
use ms5_floor::domain::fact::Fact;
use ms5_floor::domain::ids::{LineId, MachineId, ProductId, SourceId};
use ms5_floor::domain::plant::PlantDef;
use ms5_floor::domain::rights::{Permission, PermissionSet, Rights, sets};
use ms5_floor::domain::time::Span;
use ms5_floor::server::auth::Ctx;
use ms5_floor::server::auth::caller::Caller;
use ms5_floor::server::auth::guard::admit;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::config::Transport;
use ms5_floor::server::db::Db;
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::http::limit::Ticks;
use ms5_floor::server::http::{Shared, Site, doors, router};
use ms5_floor::server::services::keys::{MadeKey, NewKey, create};
use ms5_floor::server::services::plant::set_up_by_the_program;
use ms5_floor::server::state::App;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

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
            doors: doors(Transport::Loopback, &[], Ticks::machine()),
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

    /// Another node on the same database, with its clock, and its key.
    pub async fn beside(&self, place: &Place) -> Self {
        let key = Some(self.everything.clone());
        Self::on(place, place.open().await, self.app.clock.clone(), key).await
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

    /// Stores facts of a sender as one batch: what they say was looked at.
    pub async fn store(&self, source: SourceId, facts: &[Fact]) {
        let items = facts.iter().map(|f| Ok(new_fact(f))).collect();
        let stored = self.app.writer.store(source, items).await;
        stored.expect("stored");
    }

    /// What is on record under an action, or under all that begin like this; the newest first.
    pub async fn on_record(&self, action: &str) -> Vec<AuditRow> {
        let wanted = Wanted {
            action: action.to_owned(),
            ..Wanted::default()
        };
        let found = audit::find(&self.app.db, &wanted, 20_000).await;
        found.expect("the trail")
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
