//! What every request can reach.

use super::auth::identify::KnownKey;
use super::auth::merged::Merged;
use super::auth::password::Hasher;
use super::auth::recent::Recent;
use super::auth::rights::Known;
use super::auth::secret::SiteSecret;
use super::auth::turns::Turns;
use super::auth::uses::Uses;
use super::clock::Clock;
use super::db::{Db, facts, refold};
use super::delivery::Channels;
use super::ingest::writer::Writer;
use super::live::calls::Calls;
use super::live::hub::Hub;
use super::plant::{CurrentPlant, Plant};
use super::services::board::RecentBoard;
use super::services::people::Givers;
use crate::domain::ids::PersonId;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The running server's parts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Now.
    pub clock: Clock,
    /// The plant model.
    pub plant: Arc<CurrentPlant>,
    /// Where facts go in.
    pub writer: Writer,
    /// Where open screens listen.
    pub hub: Hub,
    /// How far calls were told to screens.
    pub calls: Calls,
    /// The board of a moment ago.
    pub board: Arc<RecentBoard>,
    /// The keys of a moment ago.
    pub keys: Arc<Recent<Vec<u8>, KnownKey>>,
    /// The people of a moment ago. Whoever changes what people, their sessions or devices may forgets them.
    pub people: Arc<Recent<PersonId, Known>>,
    /// When keys and sessions were last used.
    pub uses: Arc<Uses>,
    /// Who gives out roles.
    pub givers: Arc<Givers>,
    /// Refusals of the last minute.
    pub merged: Arc<Merged>,
    /// Checks passwords.
    pub hasher: Hasher,
    /// Whose turn it is to have one checked.
    pub turns: Turns,
    /// The site's own secret.
    pub secret: SiteSecret,
    /// By what people are reached: none until somebody puts them here.
    pub channels: Channels,
    /// The build of the site that is served.
    pub build: Arc<str>,
}

impl App {
    /// Puts the parts together on an open, migrated database and starts the task that writes facts. That task ends when
    /// the last clone of the returned `App` is gone. Machines whose rules changed before the program ended last are folded
    /// anew first.
    ///
    /// # Errors
    /// The engine's, or a stored plant that cannot be read.
    pub async fn start(db: Db, clock: Clock, build: &str) -> sqlx::Result<(Self, JoinHandle<()>)> {
        let (plant, hub) = (Arc::new(CurrentPlant::default()), Hub::default());
        plant.set(Plant::load(&db).await?);
        hub.committed(facts::last_seq(&db).await?, &[]);
        let (writer, writing) =
            Writer::start(db.clone(), clock.clone(), Arc::clone(&plant), hub.clone());
        let calls = Calls::start(&db).await?;
        let secret = SiteSecret::load(&db).await?;
        let (board, keys, people) = (Arc::default(), Arc::default(), Arc::default());
        if refold::is_due(&db).await? && writer.fold_anew().await.is_err() {
            tracing::warn!(
                "a timeline could not be folded anew yet; that is done with the next facts"
            );
        }
        Ok((
            Self {
                db,
                clock,
                plant,
                writer,
                hub,
                calls,
                board,
                keys,
                people,
                uses: Arc::default(),
                givers: Arc::default(),
                merged: Arc::default(),
                hasher: Hasher::default(),
                turns: Turns::default(),
                secret,
                channels: Channels::default(),
                build: Arc::from(build),
            },
            writing,
        ))
    }
}
