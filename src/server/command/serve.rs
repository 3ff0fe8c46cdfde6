//! `ms5-floor serve`.

use super::Failure;
use crate::domain::time::TsMs;
use crate::server::andon::{watch, worker};
use crate::server::auth::oidc::{self, Provider};
use crate::server::auth::{housekeeping, merged};
use crate::server::clock::Clock;
use crate::server::config::{ServeArgs, Settings};
use crate::server::db::{Db, migrate};
use crate::server::delivery::{self, Channels};
use crate::server::http::limit::Ticks;
use crate::server::http::{Shared, Site, doors, measures, router};
use crate::server::live::{nodes, publisher};
use crate::server::rollup::make;
use crate::server::services::set_up::new_set_up_link;
use crate::server::state::App;
use crate::server::tls::Tls;
use crate::server::{log, metrics};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long open requests may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// How often measures are gathered when nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let settings = args.resolve()?;
    log::start(settings.log.clone())?;
    serve(settings).await
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let site = Site::open(settings.site)?;
    let clock = Clock::system();
    let tls = match settings.certificate {
        Some(certificate) => {
            let tls = Tls::open(certificate, settings.listen, clock.now())?;
            Some(Arc::new(tls))
        }
        None => None,
    };
    let db = Db::open(&settings.database).await?;
    migrate::migrate(&db).await?;
    let (mut app, writing) = App::start(db.clone(), clock.clone(), &site.manifest.build).await?;
    if let Some(delivery) = settings.delivery {
        app.channels = Channels::from_settings(delivery, &db, &clock).await?;
    }

    let stop = CancellationToken::new();
    let publishing = tokio::spawn(publisher::run(app.clone(), stop.clone()));
    let rolling_up = tokio::spawn(make::run(app.clone(), stop.clone()));
    let following = tokio::spawn(nodes::follow(app.clone(), stop.clone()));
    let escalating = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let watching = tokio::spawn(watch::run(app.clone(), stop.clone()));
    let keeping = tokio::spawn(housekeeping::run(app.clone(), stop.clone()));
    let delivering = tokio::spawn(delivery::run(app.clone(), stop.clone()));
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|e| format!("--listen: {}: {e}", settings.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut greeting = format!("serving on {scheme}://{}\n", listener.local_addr()?);
    if let Some(authority) = tls.as_ref().and_then(|tls| tls.authority()) {
        greeting += &format!(
            "authority to trust, see /trust: SHA-256 {}\n",
            authority.fingerprint
        );
    }
    if let Some(link) = new_set_up_link(&app).await? {
        let address = listener.local_addr()?;
        greeting += &format!(
            "nobody can sign in yet; open this once to add the first person: {scheme}://{address}{link}\n"
        );
    }
    // In one piece, and not necessarily heard: whoever waits for the first line may not read on.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    let at_the_end = app.clone();
    let shared = Shared {
        app,
        transport: settings.transport,
        demonstration: settings.demonstration,
        doors: doors(
            settings.transport,
            &settings.trusted_proxies,
            Ticks::machine(),
        ),
        tls: tls.clone(),
        provider: settings.oidc.map(|oidc| provider(oidc, &clock)),
        site: Arc::new(site),
        stop: stop.clone(),
    };
    let router = router(&shared);
    let measuring = match settings.metrics {
        Some(address) => Some(serve_measures(&shared, address).await?),
        None => None,
    };
    drop(shared);

    let stopping = stop.clone();
    let looking_after = tls.as_ref().map(|tls| {
        let looking_after = Arc::clone(tls).keep_fresh(clock, stop.clone());
        tokio::spawn(looking_after)
    });
    let mut serving = match tls {
        Some(tls) => {
            tokio::spawn(async move { tls.serve(listener, router, stopping, DRAIN).await })
        }
        None => {
            let router = router.into_make_service_with_connect_info::<SocketAddr>();
            let serving = axum::serve(listener, router)
                .with_graceful_shutdown(async move { stopping.cancelled().await });
            tokio::spawn(serving.into_future())
        }
    };
    tokio::select! {
        ended = &mut serving => ended??,
        () = told_to_stop() => {
            stop.cancel();
            // Streams end by themselves on `stop`; a client that never hangs up does not keep us.
            if tokio::time::timeout(DRAIN, &mut serving).await.is_err() {
                serving.abort();
            }
        }
    }
    stop.cancel();
    if let Some(looking_after) = looking_after {
        looking_after.await?;
    }
    publishing.await?;
    following.await?;
    escalating.await?;
    watching.await?;
    keeping.await?;
    // Whoever was refused while the last ones were answered is counted, too.
    if let Err(error) = merged::write_due(&at_the_end, TsMs(i64::MAX)).await {
        tracing::warn!(%error, "the last refusals could not be counted on the trail");
    }
    drop(at_the_end);
    delivering.await?;
    rolling_up.await?;
    if let Some(measuring) = measuring {
        measuring.await?;
    }
    // All writers are gone now: what waits is written, then the task ends.
    if tokio::time::timeout(DRAIN, writing).await.is_err() {
        tracing::warn!(
            "stopped before everything that waited was written; none of it was acknowledged"
        );
    }
    db.close().await;
    Ok(())
}

/// The provider of the settings. It is asked about itself once now, so that wrong settings are told at once; the server does
/// not wait for it.
fn provider(settings: oidc::Settings, clock: &Clock) -> Provider {
    let provider = Provider::new(settings, clock.clone());
    let asked = provider.clone();
    tokio::spawn(async move {
        if let Err(error) = asked.discover().await {
            tracing::warn!(%error, "the sign-in provider cannot be used");
        }
    });
    provider
}

/// Serves measures on a listener of their own until the server stops.
async fn serve_measures(shared: &Shared, address: SocketAddr) -> Result<JoinHandle<()>, Failure> {
    let handle = metrics::install()?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| format!("--metrics: {address}: {e}"))?;
    println!("measures on http://{}/metrics", listener.local_addr()?);
    let router = measures(shared, handle.clone());
    let stop = shared.stop.clone();
    Ok(tokio::spawn(async move {
        let mut upkeep = tokio::time::interval(UPKEEP);
        let serving = axum::serve(listener, router).into_future();
        tokio::pin!(serving);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = upkeep.tick() => handle.run_upkeep(),
                _ = &mut serving => return,
            }
        }
    }))
}

async fn told_to_stop() {
    let interrupt = signal::ctrl_c();
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
