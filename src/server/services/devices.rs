//! Shared tablets and wall screens: enrolling them, their links, and their coming with them.

use super::error::{ServiceError, field, invalid, not_found};
use crate::domain::ids::{AreaId, DeviceId, LineId};
use crate::domain::plant::FieldError;
use crate::domain::rights::{Reach, sets};
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use crate::server::auth::guard::entry;
use crate::server::auth::{Ctx, secret};
use crate::server::db::devices::{self, DeviceRow};
use crate::server::db::{audit, sessions};
use crate::server::plant::Plant;
use crate::server::state::App;
use serde_json::json;

/// A device to be enrolled, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct NewDevice {
    /// `tablet` or `wall`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The page that it shows.
    pub page: String,
    /// `site`, `area:3` or `line:L1`.
    pub place: String,
}

/// All devices.
///
/// # Errors
/// The engine's.
pub async fn list(ctx: &Ctx) -> Result<Vec<DeviceRow>, ServiceError> {
    Ok(devices::all(&ctx.app().db).await?)
}

/// So long a link opens something.
const LINK_HOLDS: DurMs = DurMs(DAY_MS);

/// A new link: its secret with the time at which it ends. Its hash covers both, so nobody makes it hold longer.
fn new_token(now: TsMs) -> sqlx::Result<String> {
    Ok(format!("{}-{}", secret::random()?, (now + LINK_HOLDS).0))
}

/// Whether a link's time is not over.
fn holds(token: &str, now: TsMs) -> bool {
    let until = token
        .rsplit_once('-')
        .and_then(|(_, until)| until.parse().ok());
    until.is_some_and(|until: i64| now.0 < until)
}

/// A place as forms name it.
fn place(plant: &Plant, text: &str) -> Option<Reach> {
    match text.split_once(':') {
        None => (text == "site").then_some(Reach::Site),
        Some(("line", code)) => plant.line(code).map(|l| Reach::Line(l.id)),
        Some(("area", id)) => {
            let id = AreaId(id.parse().ok()?);
            plant
                .lines
                .iter()
                .any(|l| l.area_id == id)
                .then_some(Reach::Area(id))
        }
        Some(_) => None,
    }
}

/// Whether a device can show a page: the board, the Andon board, or a line that there is.
fn is_page(plant: &Plant, page: &str) -> bool {
    let plain = page.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let shown = match devices::line_of_page(page) {
        Some(code) => plant.line(code).is_some(),
        None => matches!(page.split('?').next(), Some("/" | "/andon")),
    };
    plain && page.len() <= 500 && shown
}

fn wrong(plant: &Plant, wanted: &NewDevice) -> Vec<FieldError> {
    let mut out = Vec::new();
    if !["tablet", "wall"].contains(&wanted.kind.as_str()) {
        out.push(field("kind", "must be a shared tablet or a wall screen"));
    }
    let length = wanted.name.chars().count();
    if length == 0 || length > 100 || wanted.name.chars().any(char::is_control) {
        out.push(field("name", "must be 1 to 100 characters"));
    }
    if !is_page(plant, &wanted.page) {
        out.push(field(
            "page",
            "must be /, /andon, or /lines/CODE of a line that there is, perhaps with what stands after a ?",
        ));
    }
    let line = devices::line_of_page(&wanted.page).and_then(|code| plant.line(code));
    match place(plant, &wanted.place) {
        None => out.push(field("place", "must be the site, an area, or a line")),
        Some(reach) if line.is_some_and(|line| !reach.covers(line.place())) => {
            out.push(field("place", "must hold the line of the page"));
        }
        Some(_) => {}
    }
    out
}

/// Enrols a device; returns the path of its link, which is never shown again.
///
/// # Errors
/// Wrong fields; a permission that a device would hold and who enrols it does not; the engine's.
pub async fn enrol(ctx: &Ctx, wanted: NewDevice) -> Result<String, ServiceError> {
    let (app, plant) = (ctx.app(), ctx.app().plant.get());
    let wanted = NewDevice {
        name: wanted.name.trim().to_owned(),
        page: wanted.page.trim().to_owned(),
        ..wanted
    };
    let wrong = wrong(&plant, &wanted);
    let reach = place(&plant, &wanted.place).filter(|_| wrong.is_empty());
    let Some(reach) = reach else {
        return Err(ServiceError::Invalid(wrong));
    };
    let shows_line = wanted.kind == "wall" && devices::line_of_page(&wanted.page).is_some();
    let held = match (wanted.kind.as_str(), shows_line) {
        ("tablet", _) => sets::SHARED_TABLET,
        (_, true) => sets::WATCH.and(sets::WALL_OF_LINE),
        (_, false) => sets::WATCH,
    };
    for permission in held.iter() {
        ctx.also_on_site(permission)?;
    }
    let token = new_token(ctx.now())?;
    let (area, line) = match reach {
        Reach::Site => (None, None),
        Reach::Area(AreaId(id)) => (Some(id), None),
        Reach::Line(LineId(id)) => (None, Some(id)),
    };
    let row = DeviceRow {
        id: 0,
        kind: wanted.kind,
        name: wanted.name,
        page: wanted.page,
        area_id: area,
        line_id: line,
        made_by: ctx.caller().name().to_owned(),
        created_ms: ctx.now().0,
        used_ms: None,
        revoked_ms: None,
    };
    let mut tx = app.db.begin().await?;
    let added = devices::add(&mut tx, &row, &secret::hash(&token)).await;
    added.map_err(|error| match error.as_database_error() {
        Some(told) if told.is_unique_violation() => invalid("name", "is another device's"),
        _ => error.into(),
    })?;
    let mut line = ctx.entry("device.add", format!("device:{}", row.name));
    line.became = json!({"kind": row.kind, "page": row.page, "place": wanted.place}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    Ok(format!("/device/{token}"))
}

async fn enrolled(ctx: &Ctx, id: DeviceId) -> Result<DeviceRow, ServiceError> {
    let row = devices::by_id(&ctx.app().db, id).await?;
    let row = row.filter(|r| r.revoked_ms.is_none());
    row.ok_or_else(|| not_found("device", &id.0.to_string()))
}

/// A new link; the old one ends, and whoever came with it has to come anew.
///
/// # Errors
/// No such device, or one that was revoked; the engine's.
pub async fn new_link(ctx: &Ctx, id: DeviceId) -> Result<(DeviceRow, String), ServiceError> {
    let row = enrolled(ctx, id).await?;
    let token = new_token(ctx.now())?;
    let mut tx = ctx.app().db.begin().await?;
    devices::set_token(&mut tx, id, &secret::hash(&token)).await?;
    sessions::end_of_device(&mut tx, id).await?;
    audit::add(
        &mut tx,
        &ctx.entry("device.link", format!("device:{}", row.name)),
    )
    .await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok((row, format!("/device/{token}")))
}

/// The device may not come any more; whoever is on it is out at once.
///
/// # Errors
/// No such device, or one that was revoked; the engine's.
pub async fn revoke(ctx: &Ctx, id: DeviceId) -> Result<(), ServiceError> {
    let row = enrolled(ctx, id).await?;
    let mut tx = ctx.app().db.begin().await?;
    devices::revoke(&mut tx, id, ctx.now()).await?;
    sessions::end_of_device(&mut tx, id).await?;
    audit::add(
        &mut tx,
        &ctx.entry("device.revoke", format!("device:{}", row.name)),
    )
    .await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

/// The device whose link this is.
///
/// # Errors
/// A link that nobody has any more, that was used, whose time is over, or of a device that was revoked; the engine's.
pub async fn of_link(app: &App, token: &str) -> Result<DeviceRow, ServiceError> {
    let none = || not_found("device", "");
    if !holds(token, app.clock.now()) {
        return Err(none());
    }
    let row = devices::by_token(&app.db, &secret::hash(token)).await?;
    row.filter(|r| r.revoked_ms.is_none()).ok_or_else(none)
}

/// A device that came with its link.
#[derive(Clone, Debug)]
pub struct Came {
    /// Which.
    pub row: DeviceRow,
    /// What stands in the place of its link since.
    spent: Vec<u8>,
}

/// A device comes with its link, which opens nothing from then on. Its session begins after that: [`stays`] says whether it
/// may go on.
///
/// # Errors
/// As [`of_link`]; of several that come with one link at once only the first does.
pub async fn come(ctx: &Ctx, token: &str) -> Result<Came, ServiceError> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let row = of_link(app, token).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // No link has this hash: the secret is thrown away.
    let spent = secret::hash(&secret::random()?);
    if !devices::come(&mut tx, &secret::hash(token), &spent, now).await? {
        return Err(not_found("device", ""));
    }
    let mut line = entry(caller, now, "device.come", format!("device:{}", row.name));
    (line.actor_kind, line.actor_id) = ("device".to_owned(), Some(row.id));
    line.actor.clone_from(&row.name);
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    Ok(Came { row, spent })
}

/// Checks, when its session is there, that a device got no other link and was not revoked since it came: that ended the
/// sessions which were there then.
///
/// # Errors
/// It is the device no more; the engine's.
pub async fn stays(ctx: &Ctx, came: &Came) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin().await?;
    let stays = devices::stays(&mut tx, came.row.device(), &came.spent).await?;
    tx.commit().await?;
    if stays {
        Ok(())
    } else {
        Err(not_found("device", ""))
    }
}
