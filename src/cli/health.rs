//! `health`: asks the service of this configuration on this machine, so that a container's check needs no other program.
//!
//! What alive and ready mean is said by `web/routes/health.rs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::args::HealthArgs;
use super::{configuration, out};
use crate::adapters::http::{self, HttpSettings};

/// A service that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most that is read of the answer, in bytes.
const MOST: usize = 64 << 10;

pub(super) async fn run(file: Option<&Path>, args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let setting = if config.http.monitor.is_some() { "http.monitor" } else { "http.bind" };
    let address = here(config.http.monitor.unwrap_or(config.http.bind));
    let path = if args.ready { "readyz" } else { "healthz" };
    let settings = HttpSettings {
        connect_timeout: PATIENCE,
        read_timeout: PATIENCE,
        total_timeout: PATIENCE,
        keep_alive: false,
    };
    let answer = http::client(&settings)?.get(format!("http://{address}/{path}")).send().await;
    let answer = answer.map_err(|error| silent(&error, address, setting))?;
    let well = answer.status().is_success();
    let body = http::body(answer, MOST).await?;
    out::line(String::from_utf8_lossy(&body));
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn silent(error: &reqwest::Error, address: SocketAddr, setting: &str) -> anyhow::Error {
    let what = if error.is_timeout() {
        format!("the service at {address} does not answer within {} s", PATIENCE.as_secs())
    } else {
        format!("no service answers at {address}")
    };
    anyhow::anyhow!("{what}: is it started, with the same address in its configuration ({setting})?")
}

/// Who listens on every address is asked on this machine's own.
const fn here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => address.ip(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_on_all_addresses_is_asked_on_this_machine() {
        for (bound, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.7:81", "192.0.2.7:81"),
        ] {
            assert_eq!(here(bound.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
