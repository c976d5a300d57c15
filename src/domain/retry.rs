//! How long to wait before a try is repeated, and when to stop: a value, so that it can be tested as one.
//!
//! Whether a failure may be repeated at all is decided where it is seen (`problem::Class`).

use std::time::Duration;

/// Doubling delays with a cap, a share of chance, and a budget of attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The delay after the first failure.
    pub first: Duration,
    /// No delay is longer, whatever the attempt or the upstream's hint says.
    pub longest: Duration,
    /// After this many failed attempts there is no further one.
    pub attempts: u32,
}

impl RetryPolicy {
    /// The delay before the next try after `failed` failed attempts (1 = the first failure), or `None` when the budget is used up.
    ///
    /// `hint` is the upstream's `Retry-After`: the delay is not shorter than it, within the cap. `chance` in 0..1 spreads
    /// delays over the upper half of their span, so that many imports do not come back at once.
    pub fn delay(&self, failed: u32, hint: Option<Duration>, chance: f64) -> Option<Duration> {
        (failed < self.attempts).then(|| self.pause(failed, hint, chance))
    }

    /// The same delay without a budget, for an outage that burns no attempts.
    pub fn pause(&self, failed: u32, hint: Option<Duration>, chance: f64) -> Duration {
        let doublings = failed.saturating_sub(1).min(20);
        let span = self.first.saturating_mul(1 << doublings).min(self.longest);
        let spread = span.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0));
        spread.max(hint.unwrap_or_default()).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn delays_are_bounded_and_never_below_the_capped_hint(
            first in 1_u64..100_000, longest in 1_u64..10_000_000, attempts in 0_u32..50, failed in 0_u32..100,
            hint in proptest::option::of(0_u64..100_000_000), chance in -1.0_f64..2.0,
        ) {
            let policy = RetryPolicy { first: Duration::from_millis(first), longest: Duration::from_millis(longest), attempts };
            let hint = hint.map(Duration::from_millis);
            match policy.delay(failed, hint, chance) {
                None => prop_assert!(failed >= attempts),
                Some(delay) => {
                    prop_assert!(failed < attempts);
                    prop_assert!(delay <= policy.longest);
                    prop_assert!(delay >= hint.unwrap_or_default().min(policy.longest));
                }
            }
        }
    }

    #[test]
    fn delays_double_until_the_cap() {
        let policy =
            RetryPolicy { first: Duration::from_secs(2), longest: Duration::from_secs(10), attempts: 9 };
        let delays: Vec<_> =
            (1..5).filter_map(|failed| policy.delay(failed, None, 1.0)).map(|d| d.as_secs()).collect();
        assert_eq!(delays, [2, 4, 8, 10]);
    }
}
