//! Whether a series goes up or down: Mann-Kendall's test with the correction for ties, Theil-Sen's slope (Sen 1968).

use statrs::distribution::{ContinuousCDF, Normal};

/// The fewest values from which a trend is told.
pub const MIN_VALUES: usize = 8;

/// What can be said of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The median of the slopes between all pairs, a step.
    pub slope: f64,
    /// Two-sided p-value of "there is no trend", by the normal approximation.
    pub p: f64,
}

/// The trend of equally spaced values; `None` for fewer than [`MIN_VALUES`].
///
/// ```text
/// S = sum over i < j of sign(x_j - x_i)     var S = (n(n-1)(2n+5) - sum over ties t(t-1)(2t+5)) / 18
/// Z = (S - sign S) / sqrt(var S)
/// ```
#[must_use]
pub fn trend(values: &[f64]) -> Option<Trend> {
    let n = values.len();
    if n < MIN_VALUES {
        return None;
    }
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    let mut s = 0.0;
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate().skip(i + 1) {
            if a != b {
                s += (b - a).signum();
            }
            slopes.push((b - a) / (j - i) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    let slope = if slopes.len() % 2 == 1 {
        slopes[middle]
    } else {
        f64::midpoint(slopes[middle - 1], slopes[middle])
    };
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|tie| term(tie.len() as f64))
        .sum();
    let variance = (term(n as f64) - ties) / 18.0;
    if s == 0.0 || variance <= 0.0 {
        return Some(Trend { slope, p: 1.0 });
    }
    let z = (s - s.signum()) / variance.sqrt();
    let normal = Normal::standard();
    Some(Trend {
        slope,
        p: 2.0 * (1.0 - normal.cdf(z.abs())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rise_is_told_and_noise_is_not() {
        let rise: Vec<f64> = (0..12).map(|i| 0.5 + 0.01 * f64::from(i)).collect();
        let found = trend(&rise).expect("enough values");
        assert!((found.slope - 0.01).abs() < 1e-12 && found.p < 0.001);
        let flat = [0.6, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7];
        assert!(trend(&flat).expect("enough values").p > 0.3);
        assert_eq!(trend(&flat[..7]), None);
        assert_eq!(trend(&[0.5; 9]).map(|t| t.p), Some(1.0));
    }

    /// S = 20, n = 10 without ties: Z = 19 / sqrt(125), p = 0.0892 (normal tables).
    #[test]
    fn the_p_value_is_that_of_the_normal_approximation() {
        let values: [f64; 10] = [1.0, 2.0, 6.0, 3.0, 4.0, 10.0, 5.0, 7.0, 9.0, 8.0];
        let s: f64 = (0..10)
            .flat_map(|i| (i + 1..10).map(move |j| (i, j)))
            .map(|(i, j): (usize, usize)| (values[j] - values[i]).signum())
            .sum();
        let z = (s - 1.0) / 125.0_f64.sqrt();
        let p = trend(&values).expect("enough values").p;
        let tail = 2.0 * (1.0 - Normal::standard().cdf(z));
        assert!((p - tail).abs() < 1e-12);
    }
}
