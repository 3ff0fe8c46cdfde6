//! Where the time of calls went, as stacked bars: until they were taken, until somebody was there, until it was mended, until
//! it ran.

use super::themed_svg::{Role, ThemedSvg};
use crate::domain::andon::Waiting;
use crate::domain::time::DurMs;
use crate::ui::format;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 600;
/// Room for the names on the left and the times on the right.
const SIDES: (u32, u32) = (112, 110);
const ROW: u32 = 44;
const FONT: u32 = 14;
/// The roles of the parts, in their order: two of waiting for people, one of work, one of the machine.
const ROLES: [Role; 4] = [Role::Down, Role::Slow, Role::Planned, Role::Run];

/// The chart as SVG: a bar for each name.
#[must_use]
pub fn waiting_svg(bars: &[(&str, Waiting)]) -> String {
    let height = ROW * u32::try_from(bars.len()).unwrap_or(1) + 8;
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, bars, height);
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="waiting-title"><title id="waiting-title">Where the time of calls went. The numbers are in the table beside it.</title>{body}</svg>"#
    )
}

fn draw(
    out: &mut String,
    bars: &[(&str, Waiting)],
    height: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    let most = bars.iter().map(|(_, w)| w.total().0).max().unwrap_or(0);
    let area = ThemedSvg::new(out, (WIDTH, height)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_left(SIDES.0)
        .margin_right(SIDES.1)
        .margin_top(4)
        .margin_bottom(4)
        .build_cartesian_2d(0.0..most.max(1) as f64, (bars.len().max(1) as f64)..0.0)?;
    let word = ("sans-serif", FONT).into_font().color(&Role::Word.color());
    for (i, (name, waiting)) in bars.iter().enumerate() {
        let y = i as f64;
        let mut from = 0.0;
        for ((_, time), role) in waiting.parts().into_iter().zip(ROLES) {
            let to = from + time.0 as f64;
            if time > DurMs::ZERO {
                let corners = [(from, y + 0.2), (to, y + 0.8)];
                chart.draw_series([Rectangle::new(corners, role.color().filled())])?;
            }
            from = to;
        }
        let (right, middle) = chart.backend_coord(&(from, y + 0.5));
        let before = word.clone().pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(name, &before, (i32::try_from(SIDES.0)? - 10, middle))?;
        let behind = word.clone().pos(Pos::new(HPos::Left, VPos::Center));
        let text = format!("{} min", minutes(waiting.total()));
        area.draw_text(&text, &behind, (right + 8, middle))?;
    }
    area.present()?;
    Ok(())
}

/// Minutes with one decimal, as tables have them too.
#[must_use]
pub fn minutes(time: DurMs) -> String {
    let tenths = format::whole(time.0 as f64 / 6_000.0);
    format!("{}.{}", format::count(tenths / 10), tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE_MS;

    #[test]
    fn a_bar_has_a_piece_for_each_part_that_took_time() {
        let waiting = Waiting {
            acknowledge: DurMs(MINUTE_MS),
            travel: DurMs(2 * MINUTE_MS),
            repair: DurMs(1_234 * MINUTE_MS),
            restart: DurMs::ZERO,
        };
        let svg = waiting_svg(&[("All calls", waiting), ("None", Waiting::default())]);
        for (class, count) in [
            ("part-down", 1),
            ("part-slow", 1),
            ("part-planned", 1),
            ("part-run", 0),
        ] {
            assert_eq!(svg.matches(class).count(), count, "{class}");
        }
        assert!(
            svg.contains("1,237.0 min") && svg.contains(">0.0 min<"),
            "{svg}"
        );
        assert!(waiting_svg(&[]).contains("<svg"));
    }
}
