//! Reasons by weight, with the share of all up to each.

use super::grid::lines_across;
use super::themed_svg::{Role, ThemedSvg};
use crate::ui::format;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt::Write;

const SIZE: (u32, u32) = (640, 320);
const FONT: u32 = 13;

/// A reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Minutes or stops.
    pub weight: f64,
    /// The share of this and all before it.
    pub cumulative: f64,
    /// In words.
    pub title: String,
    /// What it opens.
    pub href: String,
    /// A reason is known, or it speaks for itself.
    pub given: bool,
}

/// The chart as SVG. The table beside it says the same and has the same links, so it is hidden from readers.
#[must_use]
pub fn pareto_svg(bars: &[Bar], unit: &str) -> String {
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let places = draw(&mut body, bars, unit).unwrap_or_default();
    for (bar, (x, y, width, height)) in bars.iter().zip(places) {
        let _ = write!(
            body,
            r#"<a href="{}" tabindex="-1"><rect class="bar-link" x="{x}" y="{y}" width="{width}" height="{height}"><title>{}</title></rect></a>"#,
            escaped(&bar.href),
            escaped(&bar.title)
        );
    }
    let (width, height) = SIZE;
    format!(r#"<svg class="chart" viewBox="0 0 {width} {height}" aria-hidden="true">{body}</svg>"#)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

type Place = (i32, i32, i32, i32);

fn draw(
    out: &mut String,
    bars: &[Bar],
    unit: &str,
) -> Result<Vec<Place>, Box<dyn std::error::Error>> {
    let most = bars.iter().map(|b| b.weight).fold(1.0, f64::max) * 1.05;
    let label = ("sans-serif", FONT).into_font().color(&Role::Label.color());
    let area = ThemedSvg::new(out, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_top(24)
        .margin_right(56)
        .x_label_area_size(26)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..bars.len().max(1) as f64, 0.0..most)?;
    lines_across(&mut chart, &label, 5, format::pieces)?;
    let mut places = vec![];
    for (i, bar) in bars.iter().enumerate() {
        let role = if bar.given { Role::Bar } else { Role::Missed };
        let corners = [(i as f64 + 0.1, 0.0), (i as f64 + 0.9, bar.weight)];
        chart.draw_series([Rectangle::new(corners, role.color().filled())])?;
        let (left, top) = chart.backend_coord(&(i as f64, most));
        let (right, bottom) = chart.backend_coord(&(i as f64 + 1.0, 0.0));
        places.push((left, top, right - left, bottom - top));
        let under = label.clone().pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(
            &(i + 1).to_string(),
            &under,
            ((left + right) / 2, bottom + 7),
        )?;
    }
    let points = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| (i as f64 + 0.5, bar.cumulative * most));
    chart.draw_series([PathElement::new(
        points.collect::<Vec<_>>(),
        Role::Target.color(),
    )])?;
    let beside = label.clone().pos(Pos::new(HPos::Left, VPos::Center));
    for share in [0.5, 0.8, 1.0] {
        let (x, y) = chart.backend_coord(&(bars.len().max(1) as f64, share * most));
        area.draw_text(&format!("{:.0} %", share * 100.0), &beside, (x + 6, y))?;
    }
    let above = label.pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text(unit, &above, (8, 10))?;
    area.present()?;
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_opens_its_stops_and_what_nobody_explained_is_hatched() {
        let bar = |given| Bar {
            weight: 12.0,
            cumulative: 0.5,
            title: "Jam <b>".to_owned(),
            href: "/lines/L1?view=stops&reason=JAM".to_owned(),
            given,
        };
        let svg = pareto_svg(&[bar(true), bar(false)], "minutes");
        assert_eq!(
            svg.matches("<a href=\"/lines/L1?view=stops&amp;reason=JAM\"")
                .count(),
            2
        );
        assert_eq!(svg.matches("hour missed").count(), 1);
        assert!(svg.contains("Jam &lt;b>") && !svg.contains("style="));
        assert!(pareto_svg(&[], "stops").contains("<svg"));
    }
}
