//! When calls about machines were over, by who had called: rules that count pieces begin anew there.

use crate::domain::ids::MachineId;
use crate::domain::time::TsMs;
use crate::server::db::{Tx, writing};
use std::collections::BTreeMap;

/// When calls were over since a moment: the last of each machine and of each name that raised or joined one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended(BTreeMap<MachineId, BTreeMap<String, TsMs>>);

impl Ended {
    /// When the last call about a machine was over that somebody of these names had raised or joined; `None`: there was none.
    #[must_use]
    pub fn last(&self, machine: MachineId, names: &[String]) -> Option<TsMs> {
        let by_name = self.0.get(&machine)?;
        names
            .iter()
            .filter_map(|name| by_name.get(name))
            .copied()
            .max()
    }
}

/// Calls of each line that were resolved or cancelled at or after `$1`, found by the lines' own indexes: SQLite takes tables
/// that are joined with `CROSS` in the order in which they stand.
const SQL: &str = "WITH ended AS (
        SELECT c.id, c.machine_id, c.raised_by, c.resolved_ms AS over_ms FROM line l CROSS JOIN andon_call c
        WHERE c.line_id = l.id AND c.resolved_ms >= $1 AND c.machine_id IS NOT NULL
        UNION ALL
        SELECT c.id, c.machine_id, c.raised_by, c.cancelled_ms AS over_ms FROM line l CROSS JOIN andon_call c
        WHERE c.line_id = l.id AND c.cancelled_ms >= $1 AND c.machine_id IS NOT NULL
    ), by_name AS (
        SELECT machine_id, raised_by AS who, over_ms FROM ended
        UNION ALL
        SELECT ended.machine_id, e.who, ended.over_ms FROM ended
        CROSS JOIN andon_event e WHERE e.call_id = ended.id AND e.what = 'join'
    )
    SELECT machine_id, who, MAX(over_ms) FROM by_name GROUP BY machine_id, who";

/// What was over at or after `since`, at all lines.
///
/// # Errors
/// The engine's.
pub async fn since_in(tx: &mut Tx, since: TsMs) -> sqlx::Result<Ended> {
    let rows: Vec<(i64, String, i64)> = writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(since.0)
        .fetch_all(conn)
        .await?);
    let mut ended = Ended::default();
    for (machine, who, over) in rows {
        let by_name = ended.0.entry(MachineId(machine)).or_default();
        by_name.insert(who, TsMs(over));
    }
    Ok(ended)
}
