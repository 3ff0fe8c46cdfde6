//! The hours of a shift as small bars against their target line. The server draws them.

use super::hatch;
use crate::api::board::HourBar;
use crate::domain::local_time::LocalTime;
use crate::ui::format;
use leptos::prelude::*;

/// Bars keep this share of the height at most, so that a target line above them has room.
const HEADROOM: f64 = 1.06;

fn height(n: f64, top: f64) -> f64 {
    if top > 0.0 {
        (n / top * 100.0).clamp(0.0, 100.0)
    } else {
        0.0
    }
}

/// One bar, said in words: `07:00: 5,120 of 5,400`.
fn words(bar: &HourBar, clock: &LocalTime) -> Option<String> {
    let made = format::count(bar.actual?);
    let from = clock.clock(bar.span.from());
    Some(match bar.target {
        Some(target) => format!("{from}: {made} of {}", format::pieces(target)),
        None => format!("{from}: {made}"),
    })
}

/// The hours as bars, SVG; missed ones hatched, the running one dark.
#[must_use]
pub fn hour_bars(hours: &[HourBar], clock: &LocalTime) -> String {
    let top = hours
        .iter()
        .flat_map(|h| [h.actual.map_or(0.0, |a| a as f64), h.target.unwrap_or(0.0)])
        .fold(0.0, f64::max)
        * HEADROOM;
    let slot = 100.0 / hours.len().max(1) as f64;
    let bar = |(i, hour): (usize, &HourBar)| {
        let x = i as f64 * slot;
        let class = match hour {
            h if h.running => "hour running",
            h if h.missed() => "hour missed",
            _ => "hour",
        };
        let made = hour.actual.map(|made| {
            let h = height(made as f64, top);
            let fill = hour.missed().then_some(hatch::MISSED);
            view! {
                <rect
                    class=class
                    fill=fill
                    x=format!("{:.2}%", x + slot * 0.05)
                    width=format!("{:.2}%", slot * 0.9)
                    y=format!("{:.2}%", 100.0 - h)
                    height=format!("{h:.2}%")
                ></rect>
            }
        });
        let target = hour.target.map(|target| {
            let y = format!("{:.2}%", 100.0 - height(target, top));
            let class = if hour.actual.is_some() {
                "target"
            } else {
                "target ahead"
            };
            view! {
                <line
                    class=class
                    x1=format!("{x:.2}%")
                    x2=format!("{:.2}%", x + slot)
                    y1=y.clone()
                    y2=y
                ></line>
            }
        });
        view! {
            <g>{made} {target}</g>
        }
    };
    let bars: Vec<_> = hours.iter().enumerate().map(bar).collect();
    let words: Vec<String> = hours.iter().filter_map(|h| words(h, clock)).collect();
    let label = if words.is_empty() {
        "No hour has begun".to_owned()
    } else {
        format!("Made by hour. {}", words.join("; "))
    };
    view! {
        <svg class="hour-bars" role="img" aria-label=label>
            {bars}
        </svg>
    }
    .to_html()
}
