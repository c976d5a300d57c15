//! Catching up: each subscribed dataset is looked at now and then, since Dataverse announces a publication once or never.
//!
//! Looks are spread over the installations and over time; what a look finds goes the same way as what is announced.

use std::time::Duration;

use super::Publications;
use crate::domain::ids::InstallationName;
use crate::domain::ports::publications::{DatasetRef, Look, NewPublication, Watched};
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Class, Fault, ProblemCode};
use crate::domain::publication::Source;
use crate::domain::subscription::Edition;

/// Datasets taken at once; few, so that several processes share the work.
const TAKEN: u32 = 10;

/// What does not answer is looked at again after this at the latest, in multiples of the usual interval.
const LONGEST_FAILING: u32 = 8;

/// How long an installation is left alone that asks for it without saying for how long.
const RATE_LIMITED: Duration = Duration::from_secs(60);

/// A restart within this time does not look at everything anew.
const FRESH: Duration = Duration::from_secs(300);

/// Whether an installation may be asked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    /// It does not answer, or limits us.
    Away,
}

impl Publications {
    /// Has everything looked at that was not looked at lately, for a start after a time away.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn catch_up_from_start(&self) -> Result<(), StoreError> {
        let now = self.now();
        let fresh = FRESH.min(self.settings.catch_up_every);
        self.rows.look_again(now.minus(fresh), now).await
    }

    /// Looks at what is due at one installation, one after the other. Returns how many were looked at.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn catch_up(&self, installation: &InstallationName) -> Result<usize, StoreError> {
        let mut looked = 0;
        loop {
            let now = self.now();
            let until = now.plus(self.settings.lease.max(self.settings.catch_up_pause * (2 * TAKEN)));
            let due = self.rows.take_due_looks(installation, now, until, TAKEN).await?;
            if due.is_empty() {
                return Ok(looked);
            }
            for watched in &due {
                if self.look(watched).await? == Mood::Away {
                    return Ok(looked);
                }
                looked += 1;
                tokio::time::sleep(self.settings.catch_up_pause).await;
            }
        }
    }

    async fn look(&self, watched: &Watched) -> Result<Mood, StoreError> {
        let dataset = &watched.dataset;
        match self.latest(dataset).await {
            Ok(edition) => {
                if !self.subscriptions.unserved(dataset, &edition, 1).await?.is_empty() {
                    self.missed(dataset, &edition).await?;
                }
                self.rows.looked(dataset, self.seen(&edition)).await?;
                Ok(Mood::Well)
            }
            Err(fault) if fault.problem.code == ProblemCode::DatasetDeaccessioned => {
                self.note_deaccessioned(dataset).await?;
                Ok(Mood::Well)
            }
            Err(fault) => self.failed(watched, fault).await,
        }
    }

    async fn missed(&self, dataset: &DatasetRef, edition: &Edition) -> Result<(), StoreError> {
        let new = NewPublication {
            dataset: dataset.clone(),
            dataset_id: Some(edition.dataset_id),
            announced: Some(edition.number),
            source: Source::CatchUp,
            invocation: None,
            now: self.now(),
        };
        if self.notice(new).await? {
            metrics::counter!("dataverse_renku_publications_missed_total", "installation" => dataset.installation.to_string())
                .increment(1);
            tracing::info!(installation = %dataset.installation, dataset = %dataset.pid, version = %edition.number, "a version was published that nobody announced");
        }
        Ok(())
    }

    pub(super) async fn note_deaccessioned(&self, dataset: &DatasetRef) -> Result<(), StoreError> {
        let now = self.now();
        tracing::info!(installation = %dataset.installation, dataset = %dataset.pid, "a subscribed dataset is deaccessioned");
        let look = Look {
            edition: None,
            deaccessioned: Some(true),
            problem: None,
            failures: 0,
            next: now.plus(self.settings.catch_up_every),
            now,
        };
        self.rows.looked(dataset, look).await
    }

    async fn failed(&self, watched: &Watched, fault: Fault) -> Result<Mood, StoreError> {
        let now = self.now();
        let dataset = &watched.dataset;
        let failures = watched.failures.saturating_add(1);
        let longer = 1_u32.checked_shl(failures.min(16)).unwrap_or(1).min(LONGEST_FAILING);
        let (mood, next) = match fault.class {
            Class::Outage { after } => {
                let limited = fault.problem.code == ProblemCode::DataverseRateLimited;
                let pause = after.unwrap_or(if limited { RATE_LIMITED } else { self.settings.retry.first });
                let until = now.plus(pause.min(self.settings.catch_up_every));
                // All of them: the installation says stop, or is not there. Their order stays, so that none is looked at twice before
                // the others were once.
                self.rows.put_off_looks(&dataset.installation, until).await?;
                (Mood::Away, until.plus(Duration::from_millis(u64::from(failures))))
            }
            Class::Retryable { .. } | Class::NotYet | Class::User | Class::Permanent | Class::SignIn(_) => {
                (Mood::Well, now.plus(self.settings.catch_up_every * longer))
            }
        };
        tracing::warn!(installation = %dataset.installation, dataset = %dataset.pid, problem = %fault.problem, failures, "a subscribed dataset cannot be looked at");
        metrics::counter!("dataverse_renku_catch_up_failures_total", "installation" => dataset.installation.to_string())
            .increment(1);
        let look =
            Look { edition: None, deaccessioned: None, problem: Some(fault.problem), failures, next, now };
        self.rows.looked(dataset, look).await?;
        Ok(mood)
    }
}
