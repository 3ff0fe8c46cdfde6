//! Seeded chance: every draw is a function of (seed, what it is for, day or block, machine), never of a clock.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for; different uses never share numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// The plan of a chain for a day: product order, changeover times.
    Plan = 1,
    /// What happens to one machine on a day.
    Machine = 2,
    /// Lives and repairs of one failure mode in a block of 28 days.
    Wear = 3,
    /// Level shifts of a machine's speed from block to block.
    Level = 4,
}

/// A stream of its own for each (seed, purpose, number of the day or block, thing).
pub(super) fn stream(seed: u64, purpose: Purpose, number: i64, thing: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&number.to_le_bytes());
    key[16..24].copy_from_slice(&thing.to_le_bytes());
    key[24] = purpose as u8;
    ChaCha8Rng::from_seed(key)
}

/// A draw from the standard exponential distribution: how much hazard a thing survives.
pub(super) fn survives(rng: &mut ChaCha8Rng) -> f64 {
    -(1.0 - rng.random::<f64>()).ln()
}

/// A Weibull life with this shape and characteristic life.
pub(super) fn weibull(rng: &mut ChaCha8Rng, shape: f64, scale: f64) -> f64 {
    scale * survives(rng).powf(1.0 / shape)
}

/// A lognormal duration with this median and spread of its logarithm.
pub(super) fn lognormal(rng: &mut ChaCha8Rng, median: f64, sigma: f64) -> f64 {
    let radius = (2.0 * survives(rng)).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    median * (sigma * radius * angle.cos()).exp()
}

/// Noise between -1 and 1 that depends on nothing but its arguments, for values that may be asked for at any
/// instant in any order (`SplitMix64`).
pub(super) fn noise(seed: u64, thing: u64, at: i64) -> f64 {
    let mut z = seed
        .wrapping_add(thing.wrapping_mul(0xd1b5_4a32_d192_ed03))
        .wrapping_add(u64::from_le_bytes(at.to_le_bytes()).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for _ in 0..2 {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_distinct_and_repeatable() {
        let draw = |seed, purpose, day, thing| stream(seed, purpose, day, thing).random::<u64>();
        let first = draw(1, Purpose::Plan, 20_000, 3);
        assert_eq!(first, draw(1, Purpose::Plan, 20_000, 3));
        assert_ne!(first, draw(2, Purpose::Plan, 20_000, 3));
        assert_ne!(first, draw(1, Purpose::Machine, 20_000, 3));
        assert_ne!(first, draw(1, Purpose::Plan, 20_001, 3));
        assert_ne!(first, draw(1, Purpose::Plan, 20_000, 4));
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let mut rng = stream(7, Purpose::Wear, 0, 0);
        let mean = |f: &mut dyn FnMut() -> f64| (0..20_000).map(|_| f()).sum::<f64>() / 20_000.0;
        let life = mean(&mut || weibull(&mut rng, 2.0, 100.0));
        assert!(
            (life - 88.62).abs() < 1.5,
            "mean of Weibull(2, 100) is 88.62, got {life}"
        );
        let log = mean(&mut || lognormal(&mut rng, 10.0, 0.5).ln());
        assert!(
            (log - 10_f64.ln()).abs() < 0.02,
            "median 10, got {}",
            log.exp()
        );
        let mut at = 0;
        let centre = mean(&mut || {
            at += 1;
            noise(7, 1, at)
        });
        assert!(centre.abs() < 0.02, "noise is centred, got {centre}");
    }
}
