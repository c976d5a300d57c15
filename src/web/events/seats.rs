//! Who may look on live: a limited number of places, for each person and altogether.
//!
//! A place that was not given back when its time is over counts as free, so that nobody keeps one by not reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::domain::problem::ProblemCode;

/// The places.
#[derive(Debug)]
pub(super) struct Seats {
    per_person: usize,
    altogether: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, (String, Instant)>,
}

/// A place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
}

impl Seats {
    pub(super) fn new(per_person: usize, altogether: usize) -> Arc<Self> {
        Arc::new(Self { per_person, altogether, taken: Mutex::default() })
    }

    /// A place until then.
    ///
    /// # Errors
    /// `too-many-requests` when this viewer has all that one may have, `service-busy` when none is free.
    pub(super) fn take(self: &Arc<Self>, viewer: &str, until: Instant) -> Result<Seat, ProblemCode> {
        let now = Instant::now();
        let mut taken = self.taken();
        taken.seats.retain(|_, (_, until)| *until > now);
        if taken.seats.values().filter(|(other, _)| other == viewer).count() >= self.per_person {
            return Err(ProblemCode::TooManyRequests);
        }
        if taken.seats.len() >= self.altogether {
            return Err(ProblemCode::ServiceBusy);
        }
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, (viewer.to_owned(), until));
        drop(taken);
        Ok(Seat { seats: Arc::clone(self), number })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_person_and_all_together_have_so_many_places() {
        let seats = Seats::new(2, 3);
        let later = Instant::now() + Duration::from_secs(60);
        let first = seats.take("anna", later).unwrap();
        let _second = seats.take("anna", later).unwrap();
        assert_eq!(seats.take("anna", later).unwrap_err(), ProblemCode::TooManyRequests);
        let _third = seats.take("ben", later).unwrap();
        assert_eq!(seats.take("carol", later).unwrap_err(), ProblemCode::ServiceBusy);
        drop(first);
        seats.take("anna", later).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_loses_the_place_when_its_time_is_over() {
        let seats = Seats::new(1, 1);
        let stalled = seats.take("anna", Instant::now() + Duration::from_secs(60)).unwrap();
        tokio::time::advance(Duration::from_secs(61)).await;
        let ben = seats.take("ben", Instant::now() + Duration::from_secs(60)).unwrap();
        drop(stalled);
        assert_eq!(seats.taken().seats.len(), 1, "the late one gives back its own place only");
        drop(ben);
    }
}
