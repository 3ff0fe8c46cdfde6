//! What stands behind the bars of a chart: lines across it, with numbers beside them.

use super::themed_svg::{Role, ThemedSvg};
use plotters::chart::ChartContext;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::style::TextStyle;
use std::error::Error;

/// A chart that is counted as floats both ways.
type Chart<'a, 'b> = ChartContext<'a, ThemedSvg<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws about `most` lines, and beside each what it stands for, as `number` says it. Below the bars stands nothing: each
/// chart names its own.
///
/// # Errors
/// plotters' own.
pub fn lines_across(
    chart: &mut Chart<'_, '_>,
    label: &TextStyle<'_>,
    most: usize,
    number: impl Fn(f64) -> String,
) -> Result<(), Box<dyn Error>> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        // With none, plotters 0.3.7 looks for room for 0 marks for ever.
        .max_light_lines(1)
        .bold_line_style(Role::Grid.color())
        .axis_style(Role::Grid.color())
        .label_style(label.clone())
        .x_labels(0)
        .y_labels(most)
        .set_all_tick_mark_size(6)
        .y_label_formatter(&|y: &f64| number(*y))
        .draw()?;
    Ok(())
}
