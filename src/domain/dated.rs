//! What holds from when on. A change of a rule must not restate what was before it, so rules are kept with the day or
//! the instant from which they hold.

/// Values with the key from which each holds, in order; each holds until the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<K, T>(Vec<(K, T)>);

impl<K, T> Default for Dated<K, T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<K: Copy + Ord, T> Dated<K, T> {
    /// Puts values in order.
    #[must_use]
    pub fn new(mut entries: Vec<(K, T)>) -> Self {
        entries.sort_by_key(|(from, _)| *from);
        Self(entries)
    }

    /// All values in order, each with the key from which it holds.
    #[must_use]
    pub fn entries(&self) -> &[(K, T)] {
        &self.0
    }

    /// The value that holds at `at`; `None` before the first.
    #[must_use]
    pub fn at(&self, at: K) -> Option<&T> {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        self.0.get(after.checked_sub(1)?).map(|(_, value)| value)
    }

    /// The same, but the first value also holds before it began.
    #[must_use]
    pub fn at_or_first(&self, at: K) -> Option<&T> {
        self.at(at).or(self.0.first().map(|(_, value)| value))
    }

    /// Where values change after `from` and before `to`.
    pub fn changes(&self, from: K, to: K) -> impl Iterator<Item = K> {
        let keys = self.0.iter().map(|(at, _)| *at);
        keys.filter(move |at| from < *at && *at < to)
    }

    /// The values after a definition was given once more.
    ///
    /// One value without a key: it holds since ever (`first`) when there was none; nothing changes when it is the `same`
    /// as the last one (which takes over what `same` does not look at); else it holds from `next` on. Values with keys:
    /// from the earliest key on they are all that holds.
    #[must_use]
    pub fn revised(
        &self,
        given: Vec<(Option<K>, T)>,
        first: K,
        next: K,
        same: impl Fn(&T, &T) -> bool,
    ) -> Self
    where
        T: Clone,
    {
        let mut kept = self.0.clone();
        for (n, (key, value)) in sorted(given).into_iter().enumerate() {
            let from = match (key, kept.last_mut()) {
                (Some(key), _) => key,
                (None, None) => first,
                (None, Some((_, last))) if same(last, &value) => {
                    *last = value;
                    continue;
                }
                (None, Some(_)) => next,
            };
            if n == 0 {
                kept.retain(|(at, _)| *at < from);
            }
            if kept.last().is_none_or(|(_, last)| !same(last, &value)) {
                kept.push((from, value));
            }
        }
        Self(kept)
    }

    /// The stretches before `until` in which `self` and `other` do not hold the `same`.
    #[must_use]
    pub fn differing(&self, other: &Self, until: K, same: impl Fn(&T, &T) -> bool) -> Vec<(K, K)> {
        let keys = self.0.iter().chain(&other.0).map(|(at, _)| *at);
        let mut keys: Vec<K> = keys.filter(|at| *at < until).collect();
        keys.push(until);
        keys.sort();
        keys.dedup();
        let differs = |at: K| match (self.at(at), other.at(at)) {
            (Some(a), Some(b)) => !same(a, b),
            (a, b) => a.is_some() || b.is_some(),
        };
        let pieces = keys.windows(2).filter(|pair| differs(pair[0]));
        pieces.map(|pair| (pair[0], pair[1])).collect()
    }
}

fn sorted<K: Ord, T>(mut given: Vec<(Option<K>, T)>) -> Vec<(Option<K>, T)> {
    given.sort_by(|(a, _), (b, _)| a.cmp(b));
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(entries: &[(i64, i64)]) -> Dated<i64, i64> {
        Dated::new(entries.to_vec())
    }

    fn revised(now: &Dated<i64, i64>, given: &[(Option<i64>, i64)]) -> Vec<(i64, i64)> {
        now.revised(given.to_vec(), 0, 50, |a, b| a == b).0
    }

    #[test]
    fn a_change_holds_from_the_next_day_and_the_same_again_changes_nothing() {
        assert_eq!(revised(&dated(&[]), &[(None, 7)]), [(0, 7)]);
        assert_eq!(revised(&dated(&[(0, 7)]), &[(None, 7)]), [(0, 7)]);
        assert_eq!(revised(&dated(&[(0, 7)]), &[(None, 8)]), [(0, 7), (50, 8)]);
        // Changed again on the same day, and changed back.
        let changed = dated(&[(0, 7), (50, 8)]);
        assert_eq!(revised(&changed, &[(None, 9)]), [(0, 7), (50, 9)]);
        assert_eq!(revised(&changed, &[(None, 7)]), [(0, 7)]);
        // What was announced for later is what was given last.
        let announced = dated(&[(0, 7), (90, 8)]);
        assert_eq!(revised(&announced, &[(None, 8)]), [(0, 7), (90, 8)]);
    }

    #[test]
    fn values_with_keys_are_all_that_holds_from_the_earliest_on() {
        let now = dated(&[(0, 7), (20, 8), (50, 9)]);
        assert_eq!(revised(&now, &[(Some(10), 6)]), [(0, 7), (10, 6)]);
        let both = [(Some(30), 5), (Some(10), 6)];
        let after = revised(&now, &both);
        assert_eq!(after, [(0, 7), (10, 6), (30, 5)]);
        assert_eq!(revised(&dated(&after), &both), after, "twice is once");
        assert_eq!(revised(&now, &[(Some(10), 7)]), [(0, 7)], "the same again");
    }

    #[test]
    fn what_differs_ends_where_both_agree_again() {
        let (a, b) = (dated(&[(0, 7), (50, 8)]), dated(&[(0, 7), (20, 8)]));
        let differing = |until| a.differing(&b, until, |x, y| x == y);
        assert_eq!(differing(100), [(20, 50)]);
        assert_eq!(differing(30), [(20, 30)]);
        assert_eq!(differing(10), []);
        assert_eq!(dated(&[]).differing(&a, 9, |x, y| x == y), [(0, 9)]);
    }

    #[test]
    fn each_value_holds_until_the_next() {
        let a = dated(&[(10, 1), (20, 2)]);
        assert_eq!((a.at(9), a.at(10), a.at(20)), (None, Some(&1), Some(&2)));
        assert_eq!(a.at_or_first(0), Some(&1));
        assert_eq!(a.changes(10, 21).collect::<Vec<_>>(), [20]);
    }
}
