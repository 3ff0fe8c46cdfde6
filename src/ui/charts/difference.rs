//! What each loss contributes to a difference, around zero.

use super::themed_svg::{Role, ThemedSvg};
use crate::domain::difference::Contribution;
use crate::ui::format;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 900;
const NAMES: u32 = 210;
const ROW: u32 = 30;
const FONT: u32 = 14;

/// The chart as SVG.
#[must_use]
pub fn difference_svg(losses: &[Contribution]) -> String {
    let height = ROW * u32::try_from(losses.len().max(1)).unwrap_or(1) + 8;
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, losses, height);
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="difference-title"><title id="difference-title">What each loss contributes to the difference of OEE. The numbers are in the table below.</title>{body}</svg>"#
    )
}

fn draw(
    out: &mut String,
    losses: &[Contribution],
    height: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    let most = losses.iter().map(|c| c.effect.abs()).fold(0.001, f64::max) * 1.25;
    let area = ThemedSvg::new(out, (WIDTH, height)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_left(NAMES)
        .margin_right(20)
        .margin_top(4)
        .margin_bottom(4)
        .build_cartesian_2d(-most..most, (losses.len().max(1) as f64)..0.0)?;
    let zero = [(0.0, 0.0), (0.0, losses.len().max(1) as f64)];
    let word = ("sans-serif", FONT).into_font().color(&Role::Word.color());
    for (i, c) in losses.iter().enumerate() {
        let y = i as f64;
        let role = if c.effect < 0.0 {
            Role::Down
        } else {
            Role::Run
        };
        let corners = [(c.effect.min(0.0), y + 0.14), (c.effect.max(0.0), y + 0.86)];
        chart.draw_series([Rectangle::new(corners, role.color().filled())])?;
        let (x, middle) = chart.backend_coord(&(c.effect, y + 0.5));
        let name = word.clone().pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(c.loss.words(), &name, (i32::try_from(NAMES)? - 10, middle))?;
        let (side, x) = if c.effect < 0.0 {
            (HPos::Right, x - 8)
        } else {
            (HPos::Left, x + 8)
        };
        let value = word.clone().pos(Pos::new(side, VPos::Center));
        area.draw_text(&format::points(c.effect), &value, (x, middle))?;
    }
    chart.draw_series([PathElement::new(zero, Role::Target.color())])?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::loss::Loss;

    #[test]
    fn gains_and_losses_stand_on_their_sides_of_zero() {
        let one = |loss, effect| Contribution {
            loss,
            before: 0.1,
            after: 0.1 - effect,
            effect,
        };
        let svg = difference_svg(&[one(Loss::Scrap, 0.02), one(Loss::Speed, -0.01)]);
        assert_eq!(svg.matches("part-run").count(), 1);
        assert_eq!(svg.matches("part-down").count(), 1);
        assert!(svg.contains("+2.00") && svg.contains("−1.00"));
    }
}
