//! How often one address may launch, sign in and send forms: whoever asks more often waits a moment, and everybody else does not.
//!
//! Callbacks of repositories and the API are not limited here: a publication is never held up, and programs are known by their tokens.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Context;
use super::problem::ApiProblem;
use crate::domain::problem::ProblemCode;

/// From so many addresses on, those that asked long ago are forgotten.
const MANY: usize = 10_000;

/// Requests a minute from one address.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Launches from dataset pages.
    pub launches: NonZeroU32,
    /// Pages of the sign-in; a device flow looks a dozen times a minute.
    pub sign_ins: NonZeroU32,
    /// Forms.
    pub forms: NonZeroU32,
}

/// Counts requests by address.
#[derive(Debug)]
pub struct Gates {
    launches: DefaultKeyedRateLimiter<IpAddr>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    forms: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Gates {
    /// Gates with these rates.
    pub fn new(rates: Rates) -> Self {
        let gate = |number| RateLimiter::keyed(Quota::per_minute(number));
        Self {
            launches: gate(rates.launches),
            sign_ins: gate(rates.sign_ins),
            forms: gate(rates.forms),
            clock: DefaultClock::default(),
        }
    }

    fn of(&self, request: &HttpRequest) -> Option<&DefaultKeyedRateLimiter<IpAddr>> {
        let path = request.path();
        if path.starts_with("/api/") || path.starts_with("/dataverse/") {
            None
        } else if path.starts_with("/launch") {
            Some(&self.launches)
        } else if path.starts_with("/sign-in") {
            Some(&self.sign_ins)
        } else {
            (*request.method() == Method::POST).then_some(&self.forms)
        }
    }

    /// How long this request has to wait; `None` lets it pass.
    fn wait(&self, request: &HttpRequest, from: IpAddr) -> Option<Duration> {
        let gate = self.of(request)?;
        if gate.len() > MANY {
            gate.retain_recent();
        }
        gate.check_key(&key(from)).err().map(|not_yet| not_yet.wait_time_from(self.clock.now()))
    }
}

/// One subscriber with IPv6 has a whole network of 64 bits.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
        four @ IpAddr::V4(_) => four,
    }
}

/// Where a request comes from: the last address of `X-Forwarded-For` that is none of our own proxies.
fn address(peer: IpAddr, forwarded: &[&str], is_proxy: &(dyn Fn(IpAddr) -> bool + Send + Sync)) -> IpAddr {
    let mut address = peer;
    for hop in forwarded.iter().flat_map(|line| line.split(',')).rev() {
        if !is_proxy(address) {
            break;
        }
        // What a proxy of ours did not write, or not as an address, is nobody's word.
        let Ok(before) = hop.trim().parse() else { break };
        address = before;
    }
    address
}

/// Refuses what comes too often.
pub(super) async fn limited(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let context = request.app_data::<web::Data<Context>>().cloned();
    let peer = request.peer_addr().map(|address| address.ip());
    if let (Some(context), Some(peer)) = (context, peer) {
        let headers = request.headers().get_all("x-forwarded-for");
        let forwarded: Vec<_> = headers.filter_map(|value| value.to_str().ok()).collect();
        let from = address(peer, &forwarded, &context.is_proxy);
        if let Some(wait) = context.gates.wait(request.request(), from) {
            metrics::counter!("dataverse_renku_http_requests_limited_total").increment(1);
            let problem = ApiProblem::from(ProblemCode::TooManyRequests).again_after(wait);
            return Ok(request.error_response(problem));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let is_proxy: &(dyn Fn(IpAddr) -> bool + Send + Sync) =
            &|address| address.to_string().starts_with("10.");
        for (peer, forwarded, expected) in [
            ("203.0.113.7", &[][..], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(address(ip(peer), forwarded, is_proxy), ip(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        assert_eq!(key(ip("2001:db8:1:2:3:4:5:6")), key(ip("2001:db8:1:2::9")));
        assert_ne!(key(ip("2001:db8:1:2::1")), key(ip("2001:db8:1:3::1")));
        assert_eq!(key(ip("::ffff:203.0.113.7")), ip("203.0.113.7"));
    }
}
