//! What a step came to: the event to record, when to come back, and whether an attempt was burnt.
//!
//! Turning a verdict into a row and a message is the use case's.

use std::time::Duration;

use super::state::{Condition, Event};
use crate::domain::problem::{Class, Fault, Problem};
use crate::domain::retry::RetryPolicy;
use crate::domain::time::Timestamp;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It got further: the event, and when the next step is due (`None`: nothing more is to be done).
    Further {
        /// What happened.
        event: Event,
        /// When the next step is due.
        next: Option<Timestamp>,
    },
    /// The remote is still at work, or it is not this import's turn; no event, come back then.
    Again {
        /// When.
        at: Timestamp,
    },
    /// Something went wrong and is tried again; whether that burnt an attempt is said.
    Retry {
        /// What it waits for.
        condition: Condition,
        /// When.
        at: Timestamp,
        /// Whether an attempt is used up.
        burns: bool,
    },
    /// Waits for a person to sign in.
    SignIn {
        /// Where and why.
        condition: Condition,
        /// When we look by ourselves.
        look_at: Timestamp,
    },
    /// Its budget is used up.
    Park {
        /// By what.
        problem: Problem,
    },
    /// It cannot succeed.
    Fail {
        /// Why.
        problem: Problem,
    },
}

/// When what is asked again, apart from the retry policy.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How failures are repeated.
    pub retry: RetryPolicy,
    /// How often Dataverse is asked for what it does not show yet.
    pub dataset: Duration,
    /// How often we look whether a person signed in: at Renku itself nobody tells us.
    pub renku_sign_in: Duration,
}

/// The verdict on a fault: the one place that maps a class to what happens.
pub fn on_fault(
    fault: &Fault,
    attempts: u32,
    now: Timestamp,
    give_up_at: Timestamp,
    patience: &Patience,
    chance: f64,
) -> Verdict {
    let problem = fault.problem.clone();
    let retry = |delay: Duration, burns| {
        let at = now.plus(delay);
        Verdict::Retry { condition: Condition::RetryAt { at, problem: problem.clone() }, at, burns }
    };
    match fault.class {
        Class::Outage { after } => retry(patience.retry.pause(attempts + 1, after, chance), false),
        Class::Retryable { after } => match patience.retry.delay(attempts + 1, after, chance) {
            Some(delay) => retry(delay, true),
            None => Verdict::Park { problem },
        },
        Class::NotYet => {
            let at = now.plus(patience.dataset);
            Verdict::Retry { condition: Condition::Dataset { at, problem }, at, burns: false }
        }
        Class::SignIn(at) => {
            // A sign-in at the connector wakes what waits for it; the look is for a wake-up that got lost.
            let look_at = now.plus(patience.renku_sign_in).min(give_up_at);
            Verdict::SignIn { condition: Condition::SignIn { at, problem }, look_at }
        }
        Class::User | Class::Permanent => Verdict::Fail { problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::{ProblemCode, SignInAt};

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(9_000_000);

    fn verdict(class: Class, attempts: u32) -> Verdict {
        let patience = Patience {
            retry: RetryPolicy {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(60),
                attempts: 3,
            },
            dataset: Duration::from_secs(30),
            renku_sign_in: Duration::from_secs(300),
        };
        on_fault(
            &Fault::new(class, Problem::new(ProblemCode::RenkuUnreachable)),
            attempts,
            NOW,
            LATER,
            &patience,
            1.0,
        )
    }

    #[test]
    fn each_class_has_its_verdict() {
        let after = Some(Duration::from_secs(20));
        assert!(matches!(verdict(Class::Outage { after: None }, 99), Verdict::Retry { burns: false, .. }));
        assert!(
            matches!(verdict(Class::Retryable { after }, 0), Verdict::Retry { burns: true, at, .. } if at == NOW.plus(Duration::from_secs(20)))
        );
        assert!(matches!(verdict(Class::Retryable { after: None }, 2), Verdict::Park { .. }));
        assert!(matches!(
            verdict(Class::NotYet, 99),
            Verdict::Retry { burns: false, condition: Condition::Dataset { .. }, .. }
        ));
        assert!(
            matches!(verdict(Class::SignIn(SignInAt::Connector), 99), Verdict::SignIn { look_at, .. } if look_at == NOW.plus(Duration::from_secs(300)))
        );
        assert!(
            matches!(verdict(Class::SignIn(SignInAt::Renku), 0), Verdict::SignIn { look_at, .. } if look_at == NOW.plus(Duration::from_secs(300)))
        );
        assert!(matches!(verdict(Class::User, 0), Verdict::Fail { .. }));
        assert!(matches!(verdict(Class::Permanent, 0), Verdict::Fail { .. }));
    }
}
