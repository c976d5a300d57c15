//! A circuit breaker for each upstream: after some failures in a row it is left alone for a while, so that an outage burns no attempts.
//!
//! Each process has its own; what is stored is only when each import comes back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::ids::{InstallationName, RenkuName};
use crate::domain::import::Order;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::RenkuApi;
use crate::domain::retry::RetryPolicy;
use crate::domain::time::Timestamp;

/// Somebody we call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// A Dataverse installation.
    Dataverse(InstallationName),
    /// One of a Renku's services: the other may well answer.
    Renku(RenkuName, RenkuApi),
    /// A Renku's Keycloak.
    Keycloak(RenkuName),
}

impl Upstream {
    /// The service that an order goes to.
    pub fn of_renku(order: &Order) -> Self {
        Self::Renku(order.renku.clone(), order.api)
    }

    const fn unreachable(&self) -> ProblemCode {
        match self {
            Self::Dataverse(_) => ProblemCode::DataverseUnreachable,
            Self::Renku(..) => ProblemCode::RenkuUnreachable,
            Self::Keycloak(_) => ProblemCode::KeycloakUnreachable,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Circuit {
    /// Failures in a row.
    failures: u32,
    /// Nobody calls before then.
    closed_to_calls_until: Option<Timestamp>,
}

/// The circuits of all upstreams.
#[derive(Debug)]
pub struct Breakers {
    /// Failures in a row that open a circuit.
    threshold: u32,
    /// How long it stays open, longer each time; its budget is not used.
    pauses: RetryPolicy,
    circuits: Mutex<HashMap<Upstream, Circuit>>,
}

impl Breakers {
    /// Circuits that open after `threshold` failures in a row, first for `first`, at most for `longest`.
    pub fn new(threshold: u32, first: Duration, longest: Duration) -> Self {
        Self {
            threshold: threshold.max(1),
            pauses: RetryPolicy { first, longest, attempts: u32::MAX },
            circuits: Mutex::default(),
        }
    }

    /// Whether a call may be made now. When a pause is over one caller may probe, and the others wait for what comes of it.
    ///
    /// # Errors
    /// An outage with the time until the next probe.
    pub fn admit(&self, upstream: &Upstream, now: Timestamp) -> Result<(), Fault> {
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(circuit) = circuits.get_mut(upstream) else { return Ok(()) };
        match circuit.closed_to_calls_until {
            Some(until) if now < until => {
                let after = Some(until.since(now));
                Err(Fault::new(Class::Outage { after }, Problem::new(upstream.unreachable())))
            }
            Some(_) => {
                circuit.closed_to_calls_until = Some(now.plus(self.pauses.first.max(Duration::from_secs(5))));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What came of a call.
    pub fn report(&self, upstream: &Upstream, down: bool, now: Timestamp) {
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        if !down {
            if let Some(circuit) = circuits.remove(upstream)
                && circuit.closed_to_calls_until.is_some()
            {
                tracing::info!(upstream = ?upstream, "answers again");
            }
            return;
        }
        let circuit = circuits.entry(upstream.clone()).or_default();
        circuit.failures = circuit.failures.saturating_add(1);
        if circuit.failures >= self.threshold {
            let pause = self.pauses.pause(circuit.failures - self.threshold + 1, None, 1.0);
            circuit.closed_to_calls_until = Some(now.plus(pause));
            tracing::warn!(upstream = ?upstream, failures = circuit.failures, pause_ms = pause.as_millis(), "does not answer; left alone for a while");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn some_failures_in_a_row_open_the_circuit_and_one_probe_closes_it() {
        let breakers = Breakers::new(3, Duration::from_secs(10), Duration::from_secs(60));
        let renku = Upstream::Renku("main".parse().unwrap(), RenkuApi::Core);
        for _ in 0..3 {
            assert!(breakers.admit(&renku, at(0)).is_ok());
            breakers.report(&renku, true, at(0));
        }
        let refused = breakers.admit(&renku, at(1)).unwrap_err();
        assert_eq!(refused.class, Class::Outage { after: Some(Duration::from_secs(9)) });
        assert!(breakers.admit(&renku, at(10)).is_ok(), "one probe");
        assert!(breakers.admit(&renku, at(10)).is_err(), "and only one");
        breakers.report(&renku, false, at(11));
        assert!(breakers.admit(&renku, at(11)).is_ok());
        assert!(breakers.admit(&renku, at(11)).is_ok());
    }

    #[test]
    fn a_failed_probe_leaves_it_alone_for_longer_up_to_a_limit() {
        let breakers = Breakers::new(1, Duration::from_secs(10), Duration::from_secs(30));
        let renku = Upstream::Renku("main".parse().unwrap(), RenkuApi::Core);
        let mut now = 0;
        for pause in [10, 20, 30, 30] {
            assert!(breakers.admit(&renku, at(now)).is_ok());
            breakers.report(&renku, true, at(now));
            assert!(breakers.admit(&renku, at(now + pause - 1)).is_err(), "{pause}");
            now += pause;
        }
    }

    #[test]
    fn one_upstream_being_down_does_not_concern_another() {
        let breakers = Breakers::new(1, Duration::from_secs(10), Duration::from_secs(30));
        let (one, other) = (
            Upstream::Renku("one".parse().unwrap(), RenkuApi::Core),
            Upstream::Renku("one".parse().unwrap(), RenkuApi::Data),
        );
        breakers.report(&one, true, at(0));
        assert!(breakers.admit(&one, at(1)).is_err());
        assert!(breakers.admit(&other, at(1)).is_ok());
    }
}
