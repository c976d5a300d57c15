//! `[http]`: where and how requests are taken.

use std::net::SocketAddr;

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
}

impl HttpConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let bind = section.required("bind");
        let trusted_proxies: Option<Vec<IpRange>> = section.required("trusted_proxies");
        let workers = section.required("workers");
        let max_body = section.at_least("max_body", &Bytes(1_024), "\"1KiB\"");
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
        Some(Self { bind: bind?, trusted_proxies: trusted_proxies?, workers: workers?, max_body: max_body? })
    }
}
