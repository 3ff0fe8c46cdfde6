//! By what people are reached, beside their address for mail: browsers that take push messages, and phones.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::{PersonId, SubscriptionId};
use crate::domain::time::TsMs;

/// A browser that shows messages to somebody.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SubscriptionRow {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub person_id: i64,
    /// Where messages are posted to.
    pub endpoint: String,
    /// The browser's public key: an uncompressed point of P-256.
    pub p256dh: Vec<u8>,
    /// The secret that the browser shares with us: 16 bytes.
    pub auth: Vec<u8>,
    /// What the person calls the device.
    pub label: String,
    /// When it was added.
    pub created_ms: i64,
    /// When it last took a message.
    pub used_ms: Option<i64>,
}

/// Without what must not stand in a log.
impl std::fmt::Debug for SubscriptionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubscriptionRow")
            .field("id", &self.id)
            .field("person_id", &self.person_id)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

impl SubscriptionRow {
    /// Its id.
    #[must_use]
    pub const fn subscription(&self) -> SubscriptionId {
        SubscriptionId(self.id)
    }
}

/// What a browser said when somebody allowed it to show messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NewSubscription<'a> {
    /// Where messages are posted to.
    pub endpoint: &'a str,
    /// The browser's public key.
    pub p256dh: &'a [u8],
    /// The secret that it shares with us.
    pub auth: &'a [u8],
    /// What the person calls the device.
    pub label: &'a str,
}

macro_rules! select_subscription {
    ($rest:literal) => {
        concat!(
            "SELECT id, person_id, endpoint, p256dh, auth, label, created_ms, used_ms FROM push_subscription ",
            $rest
        )
    };
}

/// A browser that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Its number, which it shares with no other that ever was.
    pub id: SubscriptionId,
    /// What it was before, when it was somebody else's: it is theirs no more, and what waits for that number is nobody's.
    pub lost: Option<SubscriptionRow>,
}

/// Adds a browser; one of their own that is known is known by what it tells now, one that is somebody else's is taken away
/// from them and gets a new number.
///
/// # Errors
/// The engine's.
pub async fn subscribe(
    tx: &mut Tx,
    person: PersonId,
    new: NewSubscription<'_>,
    now: TsMs,
) -> sqlx::Result<Subscribed> {
    const TAKE: &str = "DELETE FROM push_subscription WHERE endpoint = $1 AND person_id <> $2
        RETURNING id, person_id, endpoint, p256dh, auth, label, created_ms, used_ms";
    const PUT: &str =
        "INSERT INTO push_subscription (person_id, endpoint, p256dh, auth, label, created_ms)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (endpoint) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth, label = excluded.label,
            created_ms = excluded.created_ms, used_ms = NULL
        WHERE push_subscription.person_id = excluded.person_id
        RETURNING id";
    let mut lost: Option<SubscriptionRow> = None;
    loop {
        let taken: Option<SubscriptionRow> = writing!(tx, |conn| {
            sqlx::query_as(TAKE)
                .bind(new.endpoint)
                .bind(person.0)
                .fetch_optional(conn)
                .await?
        });
        lost = taken.or(lost);
        let id: Option<i64> = writing!(tx, |conn| {
            sqlx::query_scalar(PUT)
                .bind(person.0)
                .bind(new.endpoint)
                .bind(new.p256dh)
                .bind(new.auth)
                .bind(new.label)
                .bind(now.0)
                .fetch_optional(conn)
                .await?
        });
        // None: somebody else added it in between, and it is taken from them.
        if let Some(id) = id.map(SubscriptionId) {
            return Ok(Subscribed { id, lost });
        }
    }
}

/// Somebody's browsers, the newest first.
///
/// # Errors
/// The engine's.
pub async fn subscriptions(db: &Db, person: PersonId) -> sqlx::Result<Vec<SubscriptionRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_subscription!(
            "WHERE person_id = $1 ORDER BY id DESC"
        ))
        .bind(person.0)
        .fetch_all(pool)
        .await
    })
}

/// The same, as a transaction sees them.
///
/// # Errors
/// The engine's.
pub async fn subscriptions_in(tx: &mut Tx, person: PersonId) -> sqlx::Result<Vec<SubscriptionRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_subscription!(
            "WHERE person_id = $1 ORDER BY id DESC"
        ))
        .bind(person.0)
        .fetch_all(conn)
        .await
    })
}

/// The browser of this number.
///
/// # Errors
/// The engine's.
pub async fn subscription(db: &Db, id: SubscriptionId) -> sqlx::Result<Option<SubscriptionRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_subscription!("WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(pool)
            .await
    })
}

/// It took a message.
///
/// # Errors
/// The engine's.
pub async fn subscription_used(tx: &mut Tx, id: SubscriptionId, now: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE push_subscription SET used_ms = $2 WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Takes a browser away; `false` when there was none.
///
/// # Errors
/// The engine's.
pub async fn unsubscribe(tx: &mut Tx, id: SubscriptionId) -> sqlx::Result<bool> {
    const SQL: &str = "DELETE FROM push_subscription WHERE id = $1";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Takes all browsers of somebody away.
///
/// # Errors
/// The engine's.
pub async fn unsubscribe_all(tx: &mut Tx, person: PersonId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM push_subscription WHERE person_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(person.0)
        .execute(conn)
        .await
        .map(drop))
}

/// The number at which somebody takes text messages and calls, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn phone_in(tx: &mut Tx, person: PersonId) -> sqlx::Result<Option<String>> {
    const SQL: &str = "SELECT number FROM person_phone WHERE person_id = $1";
    writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(person.0)
        .fetch_optional(conn)
        .await)
}

/// A new number, or none.
///
/// # Errors
/// The engine's.
pub async fn set_phone(tx: &mut Tx, person: PersonId, number: Option<&str>) -> sqlx::Result<()> {
    const PUT: &str = "INSERT INTO person_phone (person_id, number) VALUES ($1, $2)
        ON CONFLICT (person_id) DO UPDATE SET number = excluded.number";
    const REMOVE: &str = "DELETE FROM person_phone WHERE person_id = $1";
    writing!(tx, |conn| match number {
        Some(number) => sqlx::query(PUT)
            .bind(person.0)
            .bind(number)
            .execute(conn)
            .await
            .map(drop),
        None => sqlx::query(REMOVE)
            .bind(person.0)
            .execute(conn)
            .await
            .map(drop),
    })
}
