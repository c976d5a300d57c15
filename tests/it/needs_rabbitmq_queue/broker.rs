//! Where the broker of this test run is, and how it is stopped and started.
//!
//! What is done to it belongs in the tests.

use std::process::{Command, Stdio};

#[expect(clippy::disallowed_methods, reason = "scripts/test says in the environment where its servers are")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}

/// The broker's address, with user and password.
pub(crate) fn url() -> String {
    variable("TEST_AMQP_URL")
}

/// The address of the broker's management, with user and password.
pub(crate) fn dashboard() -> String {
    variable("TEST_RABBITMQ_DASHBOARD")
}

/// The part of the address that a proxy takes the place of.
pub(crate) fn host_and_port() -> String {
    let url = url::Url::parse(&url()).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672))
}

/// Power over the broker. However a test ends, it leaves the broker running.
pub(crate) struct Ctl;

impl Ctl {
    /// Runs a command of `scripts/rabbitmq-private`.
    pub(crate) async fn run(&self, words: &[&str]) {
        let ctl = variable("TEST_RABBITMQ_CTL");
        let mut command = tokio::process::Command::new(ctl);
        // Its children hold on to inherited pipes, so it gets none.
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().await.unwrap().success(), "{words:?}");
    }
}

impl Drop for Ctl {
    fn drop(&mut self) {
        let start = Command::new(variable("TEST_RABBITMQ_CTL")).arg("start").stdout(Stdio::null()).status();
        assert!(start.unwrap().success(), "the broker does not start again");
    }
}
