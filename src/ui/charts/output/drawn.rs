//! The bars as a chart.

use super::name;
use crate::api::board::HourBar;
use crate::domain::local_time::LocalTime;
use crate::ui::charts::grid::lines_across;
use crate::ui::charts::themed_svg::{Role, ThemedSvg};
use crate::ui::format;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (760, 270);
const FONT: u32 = 13;

/// The chart as SVG.
#[must_use]
pub fn output_svg(bars: &[HourBar], by_day: bool, clock: &LocalTime) -> String {
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, bars, by_day, clock);
    let (width, height) = SIZE;
    format!(
        r#"<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="output-title"><title id="output-title">Output against target. The numbers are in the table below.</title>{body}</svg>"#
    )
}

fn draw(
    out: &mut String,
    bars: &[HourBar],
    by_day: bool,
    clock: &LocalTime,
) -> Result<(), Box<dyn std::error::Error>> {
    let top = bars
        .iter()
        .flat_map(|b| [b.actual.map_or(0.0, |a| a as f64), b.target.unwrap_or(0.0)])
        .fold(5.0, f64::max)
        * 1.08;
    let label = ("sans-serif", FONT).into_font().color(&Role::Label.color());
    // As wide as the widest number beside the axis; a digit takes 8 of 13 px.
    let digits = u32::try_from(format::pieces(top).len()).unwrap_or(0);
    let room = (16 + 8 * digits).max(50);
    let area = ThemedSvg::new(out, SIZE).into_drawing_area();
    // The axis of hours is counted in bars, as a float: plotters' whole-number axes never come back when they are
    // asked for no marks.
    let mut chart = ChartBuilder::on(&area)
        .margin_top(10)
        .margin_right(6)
        .x_label_area_size(26)
        .y_label_area_size(room)
        .build_cartesian_2d(0.0..bars.len().max(1) as f64, 0.0..top)?;
    lines_across(&mut chart, &label, 5, format::pieces)?;
    chart.draw_series(bars.iter().enumerate().filter_map(|(i, bar)| {
        let role = match bar {
            bar if bar.running => Role::Running,
            bar if bar.missed() => Role::Missed,
            _ => Role::Bar,
        };
        let made = bar.actual? as f64;
        let corners = [(i as f64 + 0.06, 0.0), (i as f64 + 0.94, made)];
        Some(Rectangle::new(corners, role.color().filled()))
    }))?;
    chart.draw_series(bars.iter().enumerate().filter_map(|(i, bar)| {
        let target = bar.target?;
        let ends = [(i as f64, target), (i as f64 + 1.0, target)];
        Some(PathElement::new(ends, Role::Target.color()))
    }))?;
    // Every label when there is room, else every second, third, …
    let every = bars.len().div_ceil(if by_day { 10 } else { 14 }).max(1);
    let under = label.pos(Pos::new(HPos::Center, VPos::Top));
    for (i, bar) in bars.iter().enumerate().step_by(every) {
        let (x, y) = chart.backend_coord(&(i as f64 + 0.5, 0.0));
        let name = name(bar, by_day, clock);
        // Of a date, month and day: the year stands in the head of the page.
        let short = name.split_once('-').map_or(&*name, |(_, day)| day);
        area.draw_text(short, &under, (x, y + 7))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR_MS, Span, TsMs};

    fn hour(i: i64, actual: Option<i64>) -> HourBar {
        HourBar {
            span: Span::clamped(TsMs(i * HOUR_MS), TsMs((i + 1) * HOUR_MS)),
            actual,
            target: Some(100.0),
            running: false,
        }
    }

    #[test]
    fn the_chart_has_a_bar_for_each_hour_that_began_and_no_colour_of_its_own() {
        assert!(output_svg(&[], false, &LocalTime::default()).contains("<title"));
        let hours = [hour(6, Some(95)), hour(7, Some(40)), hour(8, None)];
        let svg = output_svg(&hours, false, &LocalTime::default());
        assert_eq!(svg.matches(r#"class="hour""#).count(), 1);
        assert_eq!(
            svg.matches(r#"class="hour missed" fill="url(#hatch-missed)""#)
                .count(),
            1
        );
        assert_eq!(svg.matches(r#"class="target""#).count(), 3);
        assert!(svg.contains(">07:00</text>"), "{svg}");
        assert!(!svg.contains("style=") && !svg.contains("=\"#"), "{svg}");
    }
}
