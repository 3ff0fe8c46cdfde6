//! Chance from a seed: the same year and the same questions in every run.

/// SplitMix64.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` on and before `to`; `from` when nothing lies between.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or(0).max(1);
        from + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// A place in a list of so many.
    pub fn place(&mut self, of: usize) -> usize {
        let last = i64::try_from(of).unwrap_or(i64::MAX);
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: i64) -> bool {
        self.between(0, times) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_in_their_range_and_come_again_from_the_same_seed() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..1_000)
                .map(|_| chance.between(-3, 4))
                .collect::<Vec<_>>()
        };
        let numbers = draw(1);
        assert!((-3..4).all(|n| numbers.contains(&n)));
        assert!(numbers.iter().all(|n| (-3..4).contains(n)));
        assert_eq!(numbers, draw(1));
        assert_ne!(numbers, draw(2));
        assert_eq!(Chance::new(1).between(5, 5), 5);
    }
}
