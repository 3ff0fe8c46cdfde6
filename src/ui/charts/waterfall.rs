//! From planned production time down to good output, loss by loss.

use super::themed_svg::{Role, ThemedSvg};
use crate::domain::account::Account;
use crate::domain::loss::{Loss, LossTree};
use crate::domain::time::{DurMs, HOUR_MS, MINUTE_MS};
use crate::ui::format;
use crate::ui::loss_tone::loss_tone;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 900;
/// Room for the names on the left and the times on the right.
const SIDES: (u32, u32) = (210, 170);
const ROW: u32 = 30;
const FONT: u32 = 14;

/// A step down, or a sum on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// The loss; `None` for a sum.
    pub loss: Option<Loss>,
    /// How long.
    pub time: DurMs,
    /// Where its bar begins, from the left.
    pub from: DurMs,
}

/// The steps; losses of nothing are left out. What remains after the last is the good output.
#[must_use]
pub fn steps(account: &Account) -> Vec<Step> {
    let leaves = LossTree::of(account).planned_leaves();
    let time = |loss: Loss| {
        let found = leaves.iter().find(|(l, _)| *l == loss);
        found.map_or(DurMs::ZERO, |(_, t)| *t)
    };
    let mut left = account.planned_production();
    let sum = |name, left| Step {
        name,
        loss: None,
        time: left,
        from: DurMs::ZERO,
    };
    let mut out = vec![sum("Planned production time", left)];
    let mut down = |out: &mut Vec<Step>, losses: &[Loss]| {
        for loss in losses {
            let time = time(*loss);
            if time != DurMs::ZERO {
                out.push(Step {
                    name: loss.words(),
                    loss: Some(*loss),
                    time,
                    from: left - time,
                });
                left = left - time;
            }
        }
        left
    };
    let left = down(
        &mut out,
        &[
            Loss::Unknown,
            Loss::Unplanned,
            Loss::Changeover,
            Loss::Starved,
            Loss::Blocked,
        ],
    );
    out.push(sum("Run time", left));
    let left = down(&mut out, &[Loss::MinorStops, Loss::Speed, Loss::Unrated]);
    out.push(sum("Ideal time of all pieces", left));
    let left = down(
        &mut out,
        &[Loss::StartUp, Loss::Scrap, Loss::Rework, Loss::Ungraded],
    );
    out.push(sum("Good output", left));
    out
}

fn role(step: &Step) -> Role {
    match step.loss.map(loss_tone) {
        None if step.name == "Good output" => Role::Run,
        None => Role::Bar,
        Some("down") => Role::Down,
        Some("slow") => Role::Slow,
        Some("planned") => Role::Planned,
        Some("no-data") => Role::Unknown,
        Some(_) => Role::Run,
    }
}

/// The chart as SVG.
#[must_use]
pub fn waterfall_svg(steps: &[Step]) -> String {
    let height = ROW * u32::try_from(steps.len()).unwrap_or(1) + 8;
    let mut body = String::new();
    // The backend cannot fail, and a chart without room to draw in has nothing to say.
    let _ = draw(&mut body, steps, height);
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="waterfall-title"><title id="waterfall-title">From planned production time down to good output. The numbers are in the table below.</title>{body}</svg>"#
    )
}

fn draw(out: &mut String, steps: &[Step], height: u32) -> Result<(), Box<dyn std::error::Error>> {
    let whole = steps.first().map_or(0, |s| s.time.0).max(1) as f64;
    let most = steps
        .iter()
        .map(|s| (s.from + s.time).0.max(s.from.0) as f64)
        .fold(whole, f64::max);
    let area = ThemedSvg::new(out, (WIDTH, height)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_left(SIDES.0)
        .margin_right(SIDES.1)
        .margin_top(4)
        .margin_bottom(4)
        .build_cartesian_2d(0.0..most, (steps.len() as f64)..0.0)?;
    for (i, step) in steps.iter().enumerate() {
        let (y, from) = (i as f64, step.from.0 as f64);
        let to = (step.from + step.time).0 as f64;
        // Where the bar above ends, a thin line leads down to this one.
        let corners = [(from.min(to), y + 0.14), (from.max(to), y + 0.86)];
        chart.draw_series([Rectangle::new(corners, role(step).color().filled())])?;
        if i + 1 < steps.len() {
            let x = if step.loss.is_some() { from } else { to };
            let ends = [(x, y + 0.86), (x, y + 1.14)];
            chart.draw_series([PathElement::new(ends, Role::Target.color())])?;
        }
        let (right, middle) = chart.backend_coord(&(from.max(to), y + 0.5));
        let left_of = ("sans-serif", FONT).into_font().color(&Role::Word.color());
        let name = left_of.clone().pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(step.name, &name, (i32::try_from(SIDES.0)? - 10, middle))?;
        let value = left_of.pos(Pos::new(HPos::Left, VPos::Center));
        let share = step.time.0 as f64 / whole * 100.0;
        let text = format!("{} · {share:.1} %", length(step.time));
        area.draw_text(&text, &value, (right + 8, middle))?;
    }
    area.present()?;
    Ok(())
}

/// A length of time that may be negative, in hours however many, so that long and short ones compare.
fn length(time: DurMs) -> String {
    let ms = time.0.abs();
    let sign = if time < DurMs::ZERO { "−" } else { "" };
    let text = if ms < HOUR_MS {
        format::stop_length(DurMs(ms))
    } else {
        format!(
            "{} h {:02} min",
            format::count(ms / HOUR_MS),
            ms % HOUR_MS / MINUTE_MS
        )
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rate::IdealNs;

    #[test]
    fn the_steps_lead_from_planned_time_to_good_output() {
        let account = Account {
            run: DurMs(100_000),
            minor: DurMs(5_000),
            unplanned: DurMs(30_000),
            ideal_total: IdealNs(110_000_000_000),
            ideal_good: IdealNs(101_000_000_000),
            ..Account::default()
        };
        let steps = steps(&account);
        let named = |name| steps.iter().find(|s| s.name == name).map(|s| s.time.0);
        assert_eq!(named("Run time"), Some(105_000));
        assert_eq!(named("Speed loss"), Some(-10_000), "faster than ideal");
        assert_eq!(named("Ideal time of all pieces"), Some(110_000));
        assert_eq!(named("Good output"), Some(101_000));
        let svg = waterfall_svg(&steps);
        assert!(svg.contains("part-down") && !svg.contains("style="));
    }
}
