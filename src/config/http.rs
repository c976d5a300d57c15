//! `[http]`: where and how requests are taken.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;
use super::values::{Bytes, IpRange};

/// `[http]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HttpConfig {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpRange>,
    /// Threads that answer requests; 0 is one for each processor.
    pub workers: u32,
    /// The largest request body that is read.
    pub max_body: Bytes,
    /// Imports that are shown live at the same time by this process.
    pub live_streams: u32,
    /// How many of them to one person.
    pub live_streams_per_person: u32,
    /// How often a live stream says that it is alive.
    #[serde(with = "humantime_serde")]
    pub live_heartbeat: Duration,
    /// Where a process answers to monitoring apart from the pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<SocketAddr>,
    /// Launches from dataset pages that one address may make in a minute.
    pub launches_per_minute: u32,
    /// Pages of the sign-in that one address may load in a minute.
    pub sign_ins_per_minute: u32,
    /// Forms that one address may send in a minute.
    pub forms_per_minute: u32,
}

impl HttpConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let bind = section.required("bind");
        let trusted_proxies: Option<Vec<IpRange>> = section.required("trusted_proxies");
        let workers = section.required("workers");
        let monitor = section.optional("monitor");
        let max_body = section.at_least("max_body", &Bytes(1_024), "\"1KiB\"");
        let live_streams = section.at_least("live_streams", &1, "1");
        let live_streams_per_person = section.at_least("live_streams_per_person", &1, "1");
        let live_heartbeat = section.at_least("live_heartbeat", &Duration::from_millis(100), "\"100ms\"");
        let launches_per_minute = section.at_least("launches_per_minute", &1, "1");
        let sign_ins_per_minute = section.at_least("sign_ins_per_minute", &1, "1");
        let forms_per_minute = section.at_least("forms_per_minute", &1, "1");
        if let Some(proxies) = &trusted_proxies
            && proxies.iter().any(|range| {
                let text = range.to_string();
                text.ends_with("/0")
            })
        {
            section.fault(
                "trusted_proxies",
                Unfit::new(
                    "It trusts every address, so that anybody can pretend to be anybody",
                    "Name the reverse proxy's own address.",
                ),
            );
        }
        section.finish();
        Some(Self {
            bind: bind?,
            trusted_proxies: trusted_proxies?,
            workers: workers?,
            max_body: max_body?,
            live_streams: live_streams?,
            live_streams_per_person: live_streams_per_person?,
            live_heartbeat: live_heartbeat?,
            monitor: monitor?,
            launches_per_minute: launches_per_minute?,
            sign_ins_per_minute: sign_ins_per_minute?,
            forms_per_minute: forms_per_minute?,
        })
    }
}
