//! `[worker]`: how much at once, how long, and when again.

use std::time::Duration;

use serde::Serialize;

use super::section::Section;
use super::setting::{Setting, Unfit};

/// `[worker.retry]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetryConfig {
    /// The wait after a first failure.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// No wait is longer.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
    /// How often a step is tried.
    pub attempts: u32,
}

/// `[worker.breaker]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakerConfig {
    /// After so many failures in a row the service is left alone.
    pub failures: u32,
    /// For how long the first time.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// For how long at most.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
}

macro_rules! worker {
    (
        counts { $($(#[$count_doc:meta])* $count:ident,)+ }
        positive { $($(#[$doc:meta])* $span:ident,)+ }
        or_zero { $($(#[$zero_doc:meta])* $zero:ident,)+ }
    ) => {
        /// `[worker]`
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct WorkerConfig {
            $($(#[$count_doc])* pub $count: u32,)+
            $($(#[$doc])* #[serde(with = "humantime_serde")] pub $span: Duration,)+
            $($(#[$zero_doc])* #[serde(with = "humantime_serde")] pub $zero: Duration,)+
            /// How failures are repeated.
            pub retry: RetryConfig,
            /// When a service is left alone.
            pub breaker: BreakerConfig,
        }

        impl WorkerConfig {
            pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
                $(let $count = section.at_least(stringify!($count), &1_u32, "1");)+
                $(let $span = section.at_least(stringify!($span), &Duration::from_millis(1), "\"1ms\"");)+
                $(let $zero = section.required::<Duration>(stringify!($zero));)+
                let retry = RetryConfig::read(section.section("retry"));
                let breaker = BreakerConfig::read(section.section("breaker"));
                let worker = (|| Some(Self {
                    $($count: $count?,)+ $($span: $span?,)+ $($zero: $zero?,)+ retry: retry?, breaker: breaker?,
                }))();
                if let Some(worker) = &worker {
                    worker.check(&section);
                }
                section.finish();
                worker
            }
        }
    };
}

worker! {
    counts {
        /// Imports that are planned and submitted at the same time.
        submit_slots,
        /// Imports that are followed and compared at the same time.
        follow_slots,
        /// Looks a second at one Renku's jobs, of all processes together.
        looks_per_second,
    }
    positive {
        /// How long a worker may take over one step before another one may do it.
        lease,
        /// For making a connection.
        connect_timeout,
        /// For an answer of Dataverse.
        dataverse_timeout,
        /// For an answer of Renku.
        renku_timeout,
        /// For an answer of Keycloak.
        keycloak_timeout,
        /// After this an open import is parked.
        give_up_after,
        /// The interval of looks at a young job.
        poll_first,
        /// The interval of looks at a job that is not young any more.
        poll_later,
        /// The age until which a job is young.
        young,
        /// A job that Renku did not begin within this is lost.
        waiting_deadline,
        /// A job that is at work for longer is stuck.
        running_deadline,
        /// How long the job of an interrupted submit is looked for.
        unclear,
        /// The wait before the one further try after a failed job.
        dirty_clone,
        /// The interval of the sweeper.
        sweep_every,
        /// The interval of asking Dataverse for what it does not show yet.
        dataset_recheck,
        /// The interval of trying whether somebody signed in to Renku.
        renku_sign_in_recheck,
        /// How long a shutdown waits for steps.
        shutdown_deadline,
    }
    or_zero {
        /// How long after a failed job nothing else is sent to the same project.
        settle,
        /// How long a step must be overdue before the sweeper takes it up.
        sweep_grace,
    }
}

impl WorkerConfig {
    /// The longest of the timeouts for an answer.
    pub fn longest_timeout(&self) -> Duration {
        self.dataverse_timeout.max(self.renku_timeout).max(self.keycloak_timeout) + self.connect_timeout
    }

    fn check(&self, section: &Section<'_>) {
        if self.lease <= self.longest_timeout() {
            let least = humantime_serde::re::humantime::format_duration(self.longest_timeout());
            section.fault(
                "lease",
                Unfit::new(
                    "It is not longer than connect_timeout and the longest other timeout together, so that two workers could do \
                     one step at the same time",
                    format!("Set it to more than \"{least}\"."),
                ),
            );
        }
        if self.give_up_after <= self.waiting_deadline + self.running_deadline {
            section.warn(
                "give_up_after",
                "imports are parked while their job may still be at work; make it longer than waiting_deadline and \
                 running_deadline together",
            );
        }
        if self.poll_later < self.poll_first {
            section.warn(
                "poll_later",
                "old jobs are looked at more often than young ones; make it longer than poll_first",
            );
        }
    }
}

impl RetryConfig {
    fn read(mut section: Section<'_>) -> Option<Self> {
        let (first, longest) = first_and_longest(&mut section);
        let attempts = section.at_least("attempts", &1, "1");
        section.finish();
        Some(Self { first: first?, longest: longest?, attempts: attempts? })
    }
}

impl BreakerConfig {
    fn read(mut section: Section<'_>) -> Option<Self> {
        let failures = section.at_least("failures", &1, "1");
        let (first, longest) = first_and_longest(&mut section);
        section.finish();
        Some(Self { failures: failures?, first: first?, longest: longest? })
    }
}

fn first_and_longest(section: &mut Section<'_>) -> (Option<Duration>, Option<Duration>) {
    let first = section.at_least("first", &Duration::from_millis(1), "\"1ms\"");
    let longest = section.required("longest");
    if let (Some(first), Some(longest)) = (first, longest)
        && longest < first
    {
        section.fault(
            "longest",
            Unfit::new(
                "It is shorter than `first`",
                format!("Set it to {} not below `first`.", Duration::WANTED),
            ),
        );
    }
    (first, longest)
}
