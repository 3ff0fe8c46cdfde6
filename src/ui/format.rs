//! Numbers as people read them. Pure, and the same on every machine: no locale of the browser takes part.

use crate::domain::rate::IdealNs;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS};

/// `33,810`.
#[must_use]
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of pieces that was computed: `25,600`.
#[must_use]
pub fn pieces(n: f64) -> String {
    count(whole(n))
}

/// The nearest whole number; what is too big or not a number becomes the nearest bound or 0.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, which is what is wanted"
)]
pub fn whole(n: f64) -> i64 {
    n.round() as i64
}

/// A speed in pieces a minute: `142`, and `8.4` below ten.
#[must_use]
pub fn per_minute(n: f64) -> String {
    if n.abs() < 9.95 {
        format!("{n:.1}")
    } else {
        pieces(n)
    }
}

/// A percentage without decimals, for a sentence: `95 %`.
#[must_use]
pub fn whole_percent(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

/// A length of time: `45 s`, `51 min`, `6 h 12 min`, `3 d 4 h`.
#[must_use]
pub fn duration(d: DurMs) -> String {
    let ms = d.0.max(0);
    if ms < MINUTE_MS {
        format!("{} s", ms / 1000)
    } else if ms < HOUR_MS {
        format!("{} min", ms / MINUTE_MS)
    } else if ms < DAY_MS {
        format!("{} h {:02} min", ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS)
    } else {
        format!("{} d {} h", ms / DAY_MS, ms % DAY_MS / HOUR_MS)
    }
}

/// A running stop, to the second while it is young: `4:12`, then `1 h 02 min`.
#[must_use]
pub fn stopwatch(d: DurMs) -> String {
    let ms = d.0.max(0);
    if ms < HOUR_MS {
        format!("{}:{:02}", ms / MINUTE_MS, ms % MINUTE_MS / 1000)
    } else {
        duration(d)
    }
}

/// The length of a stop that is over or runs: `2 min 08 s` under ten minutes, because seconds matter there.
#[must_use]
pub fn stop_length(d: DurMs) -> String {
    let ms = d.0.max(0);
    if (MINUTE_MS..10 * MINUTE_MS).contains(&ms) {
        format!("{} min {:02} s", ms / MINUTE_MS, ms % MINUTE_MS / 1000)
    } else {
        duration(d)
    }
}

/// How old something is: `now` within ten seconds, else `12 s old`, `11 min old`.
#[must_use]
pub fn age(d: DurMs) -> String {
    if d.0 < 10_000 {
        "now".to_owned()
    } else {
        format!("{} old", duration(d))
    }
}

/// Ideal time as a length of time.
#[must_use]
pub fn ideal(time: IdealNs) -> String {
    duration(DurMs(time.0 / 1_000_000))
}

/// A length of time to the second: `7:40:05`.
#[must_use]
pub fn clocked(seconds: i64) -> String {
    let s = seconds.unsigned_abs();
    let sign = if seconds < 0 { "−" } else { "" };
    format!("{sign}{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// Whole seconds that add up to the whole seconds of the sum: the fractions are dealt out by largest remainder.
#[must_use]
pub fn closing_seconds(parts: &[DurMs]) -> Vec<i64> {
    let mut out: Vec<i64> = parts.iter().map(|d| d.0.div_euclid(1000)).collect();
    let sum: i64 = parts.iter().map(|d| d.0).sum();
    let mut missing = (sum + 500).div_euclid(1000) - out.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(parts[*i].0.rem_euclid(1000)));
    for i in order {
        if missing > 0 {
            out[i] += 1;
            missing -= 1;
        }
    }
    out
}

/// A share of something with its sign, in points: `+1.25`, `−0.40`.
#[must_use]
pub fn points(ratio: f64) -> String {
    let text = format!("{:.2}", ratio.abs() * 100.0);
    match text.as_str() {
        "0.00" => text,
        _ if ratio < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A percentage of the width of a drawing, as an SVG attribute: `12.345%`.
#[must_use]
pub fn share(part: i64, of: i64) -> String {
    let ratio = if of > 0 { part as f64 / of as f64 } else { 0.0 };
    format!("{:.3}%", ratio.clamp(0.0, 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (n, text) in [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1000, "1,000"),
            (33_810, "33,810"),
            (-4_120, "−4,120"),
        ] {
            assert_eq!(count(n), text);
        }
        assert_eq!(count(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(pieces(25_599.6), "25,600");
        assert_eq!(pieces(f64::NAN), "0");
    }

    #[test]
    fn a_length_of_time_keeps_two_units_at_most() {
        let of = |s: i64| duration(DurMs(s * 1000));
        assert_eq!(of(0), "0 s");
        assert_eq!(of(59), "59 s");
        assert_eq!(of(60), "1 min");
        assert_eq!(of(3_599), "59 min");
        assert_eq!(of(3_600 + 12 * 60 + 59), "1 h 12 min");
        assert_eq!(of(3 * 3_600 + 4 * 60), "3 h 04 min");
        assert_eq!(of(2 * 86_400 + 3_600), "2 d 1 h");
        assert_eq!(of(-5), "0 s");
    }

    #[test]
    fn a_stop_counts_seconds_while_it_is_young() {
        assert_eq!(stopwatch(DurMs(252_000)), "4:12");
        assert_eq!(stopwatch(DurMs(7_000)), "0:07");
        assert_eq!(stopwatch(DurMs(HOUR_MS)), "1 h 00 min");
        assert_eq!(stop_length(DurMs(128_000)), "2 min 08 s");
        assert_eq!(stop_length(DurMs(11 * MINUTE_MS + 8_000)), "11 min");
        assert_eq!(stop_length(DurMs(40_000)), "40 s");
    }

    #[test]
    fn fresh_is_now_and_old_says_how_old() {
        assert_eq!(age(DurMs(9_999)), "now");
        assert_eq!(age(DurMs(17_000)), "17 s old");
        assert_eq!(age(DurMs(11 * MINUTE_MS)), "11 min old");
    }

    #[test]
    fn seconds_on_screen_add_up_like_the_times_behind_them() {
        let parts = [1_400, 1_400, 1_400, -300].map(DurMs);
        let shown = closing_seconds(&parts);
        assert_eq!(shown.iter().sum::<i64>(), 4, "3.9 s are 4 s: {shown:?}");
        assert_eq!(clocked(27_605), "7:40:05");
        assert_eq!(clocked(-65), "−0:01:05");
    }

    #[test]
    fn points_carry_their_sign_unless_they_are_nothing() {
        assert_eq!(points(0.0125), "+1.25");
        assert_eq!(points(-0.004), "−0.40");
        assert_eq!(points(-0.000_001), "0.00");
    }

    #[test]
    fn speeds_and_shares() {
        assert_eq!(per_minute(8.43), "8.4");
        assert_eq!(per_minute(9.97), "10");
        assert_eq!(per_minute(1234.4), "1,234");
        assert_eq!(whole_percent(0.954), "95 %");
        assert_eq!(share(1, 8), "12.500%");
        assert_eq!(share(9, 8), "100.000%");
        assert_eq!(share(1, 0), "0.000%");
        assert_eq!(ideal(IdealNs(90_000_000_000)), "1 min");
    }
}
