//! How much a site is called: the most calls in ten minutes, stretch by stretch, against what people can attend to.

use super::axis::ticks;
use super::grid::lines_across;
use super::themed_svg::{Role, ThemedSvg};
use crate::domain::andon::load::{MOST_IN_TEN_MINUTES, TEN_MINUTES};
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DurMs, Span};
use crate::ui::format;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (1180, 220);
const FONT: u32 = 13;
/// Bars at most.
const MOST_BARS: usize = 170;
/// Ten minutes, half an hour, one, two, three, six, twelve hours, a day: in windows of ten minutes.
const GROUPS: [usize; 8] = [1, 3, 6, 12, 18, 36, 72, 144];

/// How long the stretch of one bar is, for so many windows of ten minutes.
#[must_use]
pub fn bar_length(windows: usize) -> DurMs {
    let group = i64::try_from(group(windows)).unwrap_or(1);
    DurMs(TEN_MINUTES.0 * group)
}

fn group(windows: usize) -> usize {
    let fits = |group: &usize| windows.div_ceil(*group) <= MOST_BARS;
    GROUPS.into_iter().find(fits).unwrap_or(windows.max(1))
}

/// The chart as SVG, of the counts by ten minutes from the start of `window` on.
#[must_use]
pub fn load_svg(window: Span, per_ten_minutes: &[i64], clock: &LocalTime) -> String {
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, window, per_ten_minutes, clock);
    let (width, height) = SIZE;
    format!(
        r#"<svg class="chart wide" viewBox="0 0 {width} {height}" role="img" aria-labelledby="load-title"><title id="load-title">Calls in ten minutes over time, against ten. What is above is listed below.</title>{body}</svg>"#
    )
}

fn draw(
    out: &mut String,
    window: Span,
    counts: &[i64],
    clock: &LocalTime,
) -> Result<(), Box<dyn std::error::Error>> {
    let group = group(counts.len());
    let bars: Vec<i64> = counts
        .chunks(group)
        .map(|some| some.iter().copied().max().unwrap_or(0))
        .collect();
    let limit = MOST_IN_TEN_MINUTES as f64;
    let top = bars.iter().map(|n| *n as f64).fold(limit, f64::max) * 1.15;
    let whole = window.len().0.max(1) as f64;
    let step = (TEN_MINUTES.0 as f64) * group as f64;
    let label = ("sans-serif", FONT).into_font().color(&Role::Label.color());
    let area = ThemedSvg::new(out, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_top(10)
        .margin_right(24)
        .x_label_area_size(26)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..whole, 0.0..top)?;
    lines_across(&mut chart, &label, 4, format::pieces)?;
    let loud = |n: i64| n > MOST_IN_TEN_MINUTES;
    let bar = |(i, n): (usize, &i64)| {
        let role = if loud(*n) { Role::Missed } else { Role::Bar };
        let from = i as f64 * step;
        let to = (from + step).min(whole);
        let gap = (to - from) * 0.08;
        let corners = [(from + gap, 0.0), (to - gap, *n as f64)];
        (*n > 0).then(|| Rectangle::new(corners, role.color().filled()))
    };
    chart.draw_series(bars.iter().enumerate().filter_map(bar))?;
    chart.draw_series([PathElement::new(
        [(0.0, limit), (whole, limit)],
        Role::Target.color(),
    )])?;
    let under = label.pos(Pos::new(HPos::Center, VPos::Top));
    for tick in ticks(window, clock, 12) {
        let at = (tick.at - window.from()).0 as f64;
        let (x, y) = chart.backend_coord(&(at, 0.0));
        area.draw_text(&tick.label, &under, (x, y + 7))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY_MS, TsMs};

    #[test]
    fn too_many_calls_are_hatched_and_a_long_time_has_few_bars() {
        let day = Span::clamped(TsMs(0), TsMs(DAY_MS));
        let mut counts = vec![0; 144];
        (counts[3], counts[9]) = (11, 10);
        let svg = load_svg(day, &counts, &LocalTime::default());
        assert_eq!(svg.matches("hour missed").count(), 1);
        assert_eq!(svg.matches(r#"class="hour""#).count(), 1);
        assert!(svg.contains(r#"class="target""#) && !svg.contains("style="));
        assert_eq!(bar_length(144), TEN_MINUTES);
        assert_eq!(bar_length(1_008), DurMs(6 * TEN_MINUTES.0));
        assert!(
            load_svg(Span::clamped(TsMs(0), TsMs(0)), &[], &LocalTime::default()).contains("<svg")
        );
    }
}
