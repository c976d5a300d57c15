//! How many imports are at each Renku, so that the looks at all of them together stay within what one Renku can bear.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::ids::RenkuName;
use crate::domain::ports::renku::JobPatience;
use crate::domain::project::RenkuApi;

/// The imports at each Renku's services, of all processes, as the store last counted them.
#[derive(Debug, Default)]
pub(crate) struct Crowds(Mutex<HashMap<(String, String), u32>>);

impl Crowds {
    /// Takes over a count: slots that are taken, by Renku and service.
    pub(crate) fn count(&self, slots: &[(String, String, i64)]) {
        let counted = slots
            .iter()
            .map(|(renku, api, taken)| {
                ((renku.clone(), api.clone()), u32::try_from(*taken).unwrap_or(u32::MAX))
            })
            .collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// How many there are; none before the first count.
    pub(super) fn at(&self, renku: &RenkuName, api: RenkuApi) -> u32 {
        let crowds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (renku.to_string(), api.to_string());
        crowds.get(&place).copied().unwrap_or_default()
    }
}

/// The time between two looks at a job of this age that is one of `crowd`: as patience has it, unless all together would then
/// make more looks than a Renku is given.
pub(super) fn interval(jobs: &JobPatience, age: Duration, crowd: u32) -> Duration {
    let usual = if age < jobs.young { jobs.poll_first } else { jobs.poll_later };
    usual.max(Duration::from_secs_f64(f64::from(crowd) / f64::from(jobs.looks_per_second.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_looked_at_less_often_and_few_are_not() {
        let zero = Duration::ZERO;
        let seconds = Duration::from_secs;
        let jobs = JobPatience {
            poll_first: seconds(5),
            poll_later: seconds(15),
            looks_per_second: 200,
            young: seconds(60),
            waiting: zero,
            at_work: zero,
            unclear: zero,
            dirty_clone: zero,
            settle: zero,
        };
        for (age, crowd, wanted) in
            [(0, 0, 5), (59, 1_000, 5), (60, 1_000, 15), (0, 2_000, 10), (60, 2_000, 15), (60, 5_000, 25)]
        {
            assert_eq!(interval(&jobs, seconds(age), crowd), seconds(wanted), "{crowd}, {age} s old");
        }
    }

    #[test]
    fn a_renku_that_is_counted_no_more_has_nobody() {
        let crowds = Crowds::default();
        let renku: RenkuName = "main".parse().unwrap();
        assert_eq!(crowds.at(&renku, RenkuApi::Core), 0);
        crowds.count(&[("main".to_owned(), "core".to_owned(), 12)]);
        assert_eq!((crowds.at(&renku, RenkuApi::Core), crowds.at(&renku, RenkuApi::Data)), (12, 0));
        crowds.count(&[]);
        assert_eq!(crowds.at(&renku, RenkuApi::Core), 0);
    }
}
