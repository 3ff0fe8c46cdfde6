//! Cells as they are made: hours from the timeline, coarser ones as the sums of finer ones.

use super::{AccountRow, COLUMNS, Level, LossRow, list};
use crate::domain::ids::LineId;
use crate::domain::time::Span;
use crate::server::db::bulk::Bulk;
use crate::server::db::{Tx, writing};
use std::sync::LazyLock;

static ACCOUNTS: LazyLock<Bulk> = LazyLock::new(|| {
    let head = format!(
        "INSERT INTO rollup (line_id, level, from_ms, machine_id, product_id, {})",
        list(str::to_owned)
    );
    Bulk::new(&head, 5 + COLUMNS.len(), "")
});

static LOSSES: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "INSERT INTO rollup_loss (line_id, level, from_ms, machine_id, bucket, minor, reason_id, time_ms, stops)";
    Bulk::new(head, 9, "")
});

/// Writes the cells of level 1 of a line.
///
/// # Errors
/// The engine's; also when a cell is there already.
pub async fn put_hours(
    tx: &mut Tx,
    line: LineId,
    accounts: &[AccountRow],
    losses: &[LossRow],
) -> sqlx::Result<()> {
    for (sql, piece) in ACCOUNTS.pieces(tx, accounts) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for row in piece {
                query = query.bind(line.0).bind(Level::Hour.code()).bind(row.from.0);
                query = query
                    .bind(row.whose.map_or(0, |m| m.0))
                    .bind(row.product.map_or(0, |p| p.0));
                let mut account = row.account;
                for (_, field) in COLUMNS {
                    query = query.bind(*field(&mut account));
                }
            }
            query.execute(conn).await?;
        });
    }
    for (sql, piece) in LOSSES.pieces(tx, losses) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for row in piece {
                query = query.bind(line.0).bind(Level::Hour.code()).bind(row.from.0);
                query = query
                    .bind(row.whose.map_or(0, |m| m.0))
                    .bind(row.key.bucket.code());
                query = query
                    .bind(i64::from(row.key.minor))
                    .bind(row.key.reason.map_or(0, |r| r.0));
                query = query.bind(row.lost.time.0).bind(row.lost.stops);
            }
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// Removes the cells of one level that start in `span`.
///
/// # Errors
/// The engine's.
pub async fn clear(tx: &mut Tx, line: LineId, level: Level, span: Span) -> sqlx::Result<()> {
    const SQL: [&str; 2] = [
        "DELETE FROM rollup WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4",
        "DELETE FROM rollup_loss WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4",
    ];
    for sql in SQL {
        writing!(tx, |conn| {
            let query = sqlx::query(sql).bind(line.0).bind(level.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}

/// Makes the cell of `level` that is `span` anew, as the sum of the cells of the finer level inside it.
///
/// # Errors
/// The engine's.
pub async fn sum_up(
    tx: &mut Tx,
    line: LineId,
    level: Level,
    finer: Level,
    span: Span,
) -> sqlx::Result<()> {
    static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO rollup (line_id, level, from_ms, machine_id, product_id, {})
            SELECT line_id, $2, $4, machine_id, product_id, {} FROM rollup
            WHERE line_id = $1 AND level = $3 AND from_ms >= $4 AND from_ms < $5
            GROUP BY line_id, machine_id, product_id",
            list(str::to_owned),
            list(|c| format!("CAST(SUM({c}) AS BIGINT)"))
        )
    });
    const LOSSES: &str = "INSERT INTO rollup_loss (line_id, level, from_ms, machine_id, bucket, minor, reason_id, time_ms, stops)
        SELECT line_id, $2, $4, machine_id, bucket, minor, reason_id, CAST(SUM(time_ms) AS BIGINT), CAST(SUM(stops) AS BIGINT)
        FROM rollup_loss WHERE line_id = $1 AND level = $3 AND from_ms >= $4 AND from_ms < $5
        GROUP BY line_id, machine_id, bucket, minor, reason_id";
    clear(tx, line, level, span).await?;
    for sql in [ACCOUNTS.as_str(), LOSSES] {
        writing!(tx, |conn| {
            let query = sqlx::query(sql)
                .bind(line.0)
                .bind(level.code())
                .bind(finer.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}
