//! OEE row by row as bars against its target, with A, P and Q as thin lines.

use super::grid::lines_across;
use super::themed_svg::{Role, ThemedSvg};
use crate::api::oee::HistoryRow;
use crate::domain::figure::{Figure, Why};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (1180, 320);
const FONT: u32 = 13;
/// Labels under the rows at most.
const MOST_LABELS: usize = 12;

/// Takes one figure of a row.
type Of = fn(&HistoryRow) -> Figure;

/// The chart as SVG.
#[must_use]
pub fn history_svg(rows: &[HistoryRow], target: f64) -> String {
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, rows, target);
    let (width, height) = SIZE;
    format!(
        r#"<svg class="chart wide" viewBox="0 0 {width} {height}" role="img" aria-labelledby="history-title"><title id="history-title">OEE, availability, performance and quality, row by row. The numbers are in the table below.</title>{body}</svg>"#
    )
}

fn draw(
    out: &mut String,
    rows: &[HistoryRow],
    target: f64,
) -> Result<(), Box<dyn std::error::Error>> {
    let top = rows
        .iter()
        .flat_map(|r| [r.oee, r.availability, r.performance, r.quality])
        .filter_map(Figure::value)
        .fold(1.0, f64::max)
        .min(1.6)
        * 1.04;
    let label = ("sans-serif", FONT).into_font().color(&Role::Label.color());
    let area = ThemedSvg::new(out, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_top(10)
        .margin_right(36)
        .x_label_area_size(26)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..rows.len().max(1) as f64, 0.0..top)?;
    lines_across(&mut chart, &label, 6, |y| format!("{:.0} %", y * 100.0))?;
    chart.draw_series(rows.iter().enumerate().filter_map(|(i, row)| {
        let x = i as f64;
        let (role, height) = match row.oee {
            Figure::Known(oee) => (Role::Bar, oee.min(top)),
            // Nothing was wanted: nothing is drawn, and nothing is missing.
            Figure::Unknown(Why::NotScheduled) => return None,
            Figure::Unknown(_) => (Role::Unknown, top),
        };
        let corners = [(x + 0.08, 0.0), (x + 0.92, height)];
        Some(Rectangle::new(corners, role.color().filled()))
    }))?;
    let lines: [(Role, Of); 3] = [
        (Role::LineA, |r| r.availability),
        (Role::LineP, |r| r.performance),
        (Role::LineQ, |r| r.quality),
    ];
    for (role, of) in lines {
        for stretch in stretches(rows, of) {
            let points = stretch.into_iter().map(|(x, y)| (x, y.min(top)));
            chart.draw_series([PathElement::new(points.collect::<Vec<_>>(), role.color())])?;
        }
    }
    let ends = [(0.0, target), (rows.len().max(1) as f64, target)];
    chart.draw_series([PathElement::new(ends, Role::Target.color())])?;
    let under = label.pos(Pos::new(HPos::Center, VPos::Top));
    let every = rows.len().div_ceil(MOST_LABELS).max(1);
    for (i, row) in rows.iter().enumerate().step_by(every) {
        let (x, y) = chart.backend_coord(&(i as f64 + 0.5, 0.0));
        let short: String = row.name.chars().take(16).collect();
        area.draw_text(&short, &under, (x, y + 7))?;
    }
    area.present()?;
    Ok(())
}

/// The points of a line, broken where nothing is known.
fn stretches(rows: &[HistoryRow], of: Of) -> Vec<Vec<(f64, f64)>> {
    let mut out: Vec<Vec<(f64, f64)>> = vec![vec![]];
    for (i, row) in rows.iter().enumerate() {
        match (of(row).value(), out.last_mut()) {
            (Some(y), Some(last)) => last.push((i as f64 + 0.5, y)),
            _ => out.push(vec![]),
        }
    }
    out.retain(|stretch| !stretch.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Account;
    use crate::domain::rate::IdealNs;
    use crate::domain::time::DurMs;

    #[test]
    fn what_is_not_known_is_hatched_and_breaks_the_lines() {
        let known = Account {
            run: DurMs(1_000),
            ideal_total: IdealNs(900_000_000),
            ideal_good: IdealNs(900_000_000),
            ..Account::default()
        };
        let silent = Account {
            unknown: DurMs(1_000),
            ..Account::default()
        };
        let rows = [known, silent, known, Account::default()]
            .map(|account| HistoryRow::new("row".to_owned(), None, account));
        let svg = history_svg(&rows, 0.85);
        assert_eq!(svg.matches(r#"class="hour""#).count(), 2);
        assert_eq!(svg.matches(r#"class="unknown""#).count(), 1);
        assert_eq!(svg.matches(r#"class="line-a""#).count(), 2);
    }
}
