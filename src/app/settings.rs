//! The configuration as each part wants it.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::adapters::http::HttpSettings;
use crate::adapters::oidc::OidcSettings;
use crate::adapters::renku_core::RenkuCoreSettings;
use crate::adapters::renku_data::RenkuDataSettings;
use crate::config::{self, Config, DataverseConfig, RenkuConfig};
use crate::domain::import::verdict::Patience;
use crate::domain::ports::renku::JobPatience;
use crate::domain::project::RenkuApi;
use crate::domain::publication::ResumePatience;
use crate::domain::retry::RetryPolicy;
use crate::identity;
use crate::imports;
use crate::publications;
use crate::web;
use crate::worker;

/// The largest answer of Renku that is read: the list of all of a person's jobs can be long.
const LARGEST_RENKU_ANSWER: usize = 16 << 20;

/// Then a live stream ends and its reader comes back, so that who may see it is asked again.
const LONGEST_LIVE_STREAM: Duration = Duration::from_secs(15 * 60);

/// At most so many imports are nudged in one round of the sweeper.
const SWEEP_BATCH: u32 = 500;

/// An import that waits for its turn looks by itself so often; whoever gives a slot back calls the next at once.
const LINE: Duration = Duration::from_secs(60);

pub(super) fn engine(config: &Config) -> imports::Settings {
    let worker = &config.worker;
    imports::Settings {
        patience: Patience {
            retry: RetryPolicy {
                first: worker.retry.first,
                longest: worker.retry.longest,
                attempts: worker.retry.attempts,
            },
            dataset: worker.dataset_recheck,
            renku_sign_in: worker.renku_sign_in_recheck,
        },
        jobs: JobPatience {
            poll_first: worker.poll_first,
            poll_later: worker.poll_later,
            looks_per_second: worker.looks_per_second,
            young: worker.young,
            waiting: worker.waiting_deadline,
            at_work: worker.running_deadline,
            unclear: worker.unclear,
            dirty_clone: worker.dirty_clone,
            settle: worker.settle,
        },
        lease: worker.lease,
        // A step makes several calls; it is given up in time for its result to be stored under the lease.
        step: worker.lease.mul_f64(0.9),
        give_up_after: worker.give_up_after,
        line: LINE.min(worker.sweep_every.max(Duration::from_secs(1)) * 2),
        sweep_grace: worker.sweep_grace,
        sweep_batch: SWEEP_BATCH,
    }
}

pub(super) fn pool(config: &Config) -> worker::Settings {
    let slots = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    worker::Settings {
        submit_slots: slots(config.worker.submit_slots),
        follow_slots: slots(config.worker.follow_slots),
        fan_out_slots: slots(config.publications.fan_out_slots),
        resume_slots: slots(config.publications.resume_slots),
        sweep_every: config.worker.sweep_every,
    }
}

/// The store is given so long to keep an announcement: Dataverse shall hear soon that we cannot.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);

pub(super) fn publications(config: &Config) -> publications::Settings {
    let (worker, wanted) = (&config.worker, &config.publications);
    let without_end = |first, longest| RetryPolicy { first, longest, attempts: u32::MAX };
    publications::Settings {
        resume: ResumePatience {
            first: wanted.resume_first,
            retry: without_end(wanted.resume_first, wanted.resume_longest),
            request: (worker.dataverse_timeout + worker.connect_timeout).mul_f64(1.5),
            unclear: wanted.resume_unclear,
            settled: wanted.resume_settled,
            give_up_after: wanted.resume_give_up_after,
        },
        retry: without_end(worker.retry.first, worker.retry.longest),
        visible_within: wanted.visible_within,
        lease: worker.lease,
        catch_up_every: wanted.catch_up_every,
        catch_up_pause: wanted.catch_up_pause,
        commit_within: COMMIT_WITHIN,
        sweep_grace: worker.sweep_grace,
        batch: SWEEP_BATCH,
        mails: config.mail.kinds(),
    }
}

pub(super) fn web(config: &Config) -> web::Limits {
    web::Limits {
        workers: usize::try_from(config.http.workers).unwrap_or(0),
        max_body: usize::try_from(config.http.max_body.0).unwrap_or(64 << 10),
    }
}

pub(super) fn live(config: &Config) -> web::events::Limits {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    web::events::Limits {
        altogether: number(config.http.live_streams),
        per_person: number(config.http.live_streams_per_person),
        heartbeat: config.http.live_heartbeat,
        longest: LONGEST_LIVE_STREAM,
    }
}

pub(super) fn rates(config: &Config) -> web::limits::Rates {
    let http = &config.http;
    let rate = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    web::limits::Rates {
        launches: rate(http.launches_per_minute),
        sign_ins: rate(http.sign_ins_per_minute),
        forms: rate(http.forms_per_minute),
    }
}

pub(super) fn identity(config: &Config) -> identity::Settings {
    identity::Settings {
        renewal_deadline: (config.worker.keycloak_timeout + config.worker.connect_timeout) * 2,
        ..identity::Settings::default()
    }
}

pub(super) fn http(config: &Config, answer: Duration, keep_alive: bool) -> HttpSettings {
    HttpSettings {
        connect_timeout: config.worker.connect_timeout,
        read_timeout: answer,
        total_timeout: answer + config.worker.connect_timeout,
        keep_alive,
    }
}

pub(super) const fn fixed_api(renku: &RenkuConfig) -> Option<RenkuApi> {
    match renku.api {
        config::RenkuApi::Auto => None,
        config::RenkuApi::Core => Some(RenkuApi::Core),
        config::RenkuApi::Data => Some(RenkuApi::Data),
    }
}

pub(super) fn oidc(renku: &RenkuConfig) -> OidcSettings {
    let mut settings = OidcSettings::new(renku.url.url().clone(), renku.oidc.client_id.clone());
    settings.issuer = renku.oidc.issuer_given.then(|| renku.oidc.issuer.url().clone());
    settings.client_secret.clone_from(&renku.oidc.client_secret);
    settings.scopes.clone_from(&renku.oidc.scopes);
    settings.audience.clone_from(&renku.oidc.audience);
    settings.accepted_clients =
        Some(renku.oidc.accepted_clients.clone()).filter(|clients| !clients.is_empty());
    settings
}

/// How many imports of ours a Renku 2 has at once: each is some short calls.
const LINKS_AT_ONCE: u32 = 16;

/// Before Renku 2 answers that it keeps a dataset it asks the resolver and Dataverse, and gateways cut it at a minute.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(100);

pub(super) fn renku_data(config: &Config, renku: &RenkuConfig) -> RenkuDataSettings {
    RenkuDataSettings {
        url: renku.url.as_str().trim_end_matches('/').to_owned(),
        max_answer: LARGEST_RENKU_ANSWER,
        ask_timeout: config.worker.renku_timeout.min(Duration::from_secs(30)),
        connect_timeout: config.worker.renku_timeout.min(CONNECT_TIMEOUT),
        test_timeout: config.worker.renku_timeout.min(Duration::from_secs(45)),
        doi_resolver: renku.doi_resolver.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
        outstanding: renku.outstanding.max(LINKS_AT_ONCE),
    }
}

pub(super) fn renku_core(config: &Config, renku: &RenkuConfig) -> RenkuCoreSettings {
    RenkuCoreSettings {
        url: renku.url.as_str().trim_end_matches('/').to_owned(),
        git_hosts: renku.git_hosts.clone(),
        accepted_clients: if renku.oidc.accepted_clients.is_empty() {
            // Those of the chart's Go gateway; no value of the chart adds another.
            ["renku", "renku-cli"].map(str::to_owned).to_vec()
        } else {
            renku.oidc.accepted_clients.clone()
        },
        max_answer: LARGEST_RENKU_ANSWER,
        ask_timeout: config.worker.renku_timeout.min(Duration::from_secs(30)),
        project_timeout: config.worker.renku_timeout,
        most_files: renku.most_files,
        most_bytes: renku.most_bytes.0,
        outstanding: renku.outstanding,
    }
}

/// Who may announce publications of an installation, and how it is told that they are from there.
pub(super) fn door(config: &Config, dataverse: &DataverseConfig) -> web::Door {
    let (allowed, proxies) = (dataverse.allowed_addresses.clone(), config.http.trusted_proxies.clone());
    web::Door {
        secret: dataverse.workflow_secrets.first().cloned(),
        allows: Box::new(move |address| {
            allowed.is_empty() || allowed.iter().any(|range| range.contains(address))
        }),
        is_proxy: Box::new(move |address| proxies.iter().any(|range| range.contains(address))),
    }
}
