//! `ms5-floor simulate history`.

use super::{Failure, SENDER, Seed};
use crate::domain::ids::MachineId;
use crate::domain::rights::{Rights, sets};
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, TsMs};
use crate::server::clock::Clock;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate, sources, timeline};
use crate::server::ingest::check::Door;
use crate::server::ingest::writer::{Checked, Writer};
use crate::server::live::hub::Hub;
use crate::server::plant::{CurrentPlant, Plant};
use crate::server::services::plant::set_up_by_the_program;
use crate::server::simulator::{Sampling, Simulator, day, days, plant};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Facts in one transaction.
const BATCH: usize = 5_000;
/// Two days of items may be ready while a third is written.
const READY: usize = 2;

/// Write the last days into the database.
#[derive(Debug, clap::Args)]
pub struct History {
    /// How many days
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: u16,
    #[command(flatten)]
    seed: Seed,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl History {
    /// Does it. Days that are there already are not written again.
    pub async fn run(self) -> Result<(), Failure> {
        let db = Db::open(&self.database.resolve()?).await?;
        migrate::migrate(&db).await?;
        let sender = sources::by_name(&db, SENDER).await?;
        let sender = sender.ok_or_else(|| {
            format!("the sender '{SENDER}' has no key; type: ms5-floor key create --name {SENDER} --may-backfill --may-configure")
        })?;
        let clock = Clock::system();
        let now = clock.now();
        let model = set_up_by_the_program(&db, &plant(), now).await?.plant;
        let from = TsMs((now - DurMs(i64::from(self.days) * DAY_MS)).hour().0);
        let from = from.max(told_until(&db, &model).await?.unwrap_or(from));
        let current = Arc::new(CurrentPlant::default());
        current.set(model);
        let (writer, writing) =
            Writer::start(db.clone(), clock, Arc::clone(&current), Hub::default());
        writer.fold_anew().await?;
        let source = sender.source();
        let rights = Rights::everywhere(sets::SEND);
        let (ready, mut made) = mpsc::channel::<Vec<Checked>>(READY);
        let (seed, model) = (self.seed.seed, current.get());
        let making = tokio::task::spawn_blocking(move || {
            let door = Door {
                source,
                may_backfill: true,
                rights: &rights,
                plant: &model,
                now,
            };
            // Whoever starts in the middle of a day must hear what is on the machines.
            let first = Simulator::new(seed).snapshot(from);
            let rest =
                days(from, now).map(|wanted| day(seed, wanted).items(from, now, Sampling::History));
            for items in std::iter::once(first).chain(rest) {
                let checked = items
                    .iter()
                    .map(|i| door.check_item(i).map_err(|why| (why, String::new())))
                    .collect();
                if ready.blocking_send(checked).is_err() {
                    return;
                }
            }
        });
        let mut written = 0;
        while let Some(mut items) = made.recv().await {
            while !items.is_empty() {
                let rest = items.split_off(items.len().min(BATCH));
                written += writer.store(source, items).await?.len();
                items = rest;
            }
        }
        making.await?;
        drop(writer);
        writing.await?;
        db.close().await;
        println!("{written} facts of the simulated plant");
        Ok(())
    }
}

/// Until when every simulated machine has told something, less an hour: what is told again is known already.
async fn told_until(db: &Db, model: &Plant) -> sqlx::Result<Option<TsMs>> {
    let codes = plant().machines.into_iter();
    let ids: Vec<MachineId> = codes.filter_map(|m| model.machine_id(&m.code)).collect();
    let bounds = timeline::bounds(&mut db.snapshot().await?, &ids).await?;
    let heard: Option<Vec<TsMs>> = bounds.into_iter().map(|b| b.heard).collect();
    let first = heard.and_then(|heard| heard.into_iter().min());
    Ok(first.map(|f| f - DurMs(HOUR_MS)))
}
