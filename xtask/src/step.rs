//! What is going on, for the person at the terminal: one line at the start of a step, one with its time at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Does `work` under `title` and says how long it took.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    judged(title, work, |_| true)
}

/// Like [`step`], for work that ends well and may yet bring bad news.
pub fn judged<T>(
    title: &str,
    work: impl FnOnce() -> Result<T>,
    good: impl FnOnce(&T) -> bool,
) -> Result<T> {
    println!("▸ {title} ...");
    let start = Instant::now();
    let outcome = work();
    let mark = if outcome.as_ref().is_ok_and(good) {
        "✓"
    } else {
        "✗"
    };
    println!("{mark} {title} ... {}", seconds(start.elapsed()));
    outcome
}

/// One line inside a step.
pub fn note(text: &str) {
    println!("  {text}");
}

/// `0.4 s`, `41 s`, `3 min 20 s`
pub fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        whole @ 10..60 => format!("{whole} s"),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// `154 kB`, `1.2 MB`
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_stopwatch() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(41)), "41 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn sizes_never_round_down_to_a_smaller_budget() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(350_001), "351 kB");
        assert_eq!(size(1_250_000), "1.2 MB");
    }
}
