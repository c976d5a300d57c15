//! The one integration-test binary: conformance suites and whole-application tests, a module a feature.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends by panicking, also in its helpers, and prints what it counted"
)]

mod api_events;
mod architecture;
mod browser;
mod chaos_proxy;
mod dataverse_on_sandbox;
mod deploy;
mod docs;
mod doctor;
mod embedded_queue;
mod engine;
mod engine_world;
mod harness;
mod identity;
mod kill;
mod launch;
mod launch_life;
mod needs_rabbitmq_dashboard;
mod needs_rabbitmq_queue;
mod oidc;
mod page_texts;
mod publications;
mod queue_suite;
mod renku_core_on_sandbox;
mod renku_data_on_sandbox;
mod roles;
mod sandbox_command;
mod sandbox_keycloak;
mod sandbox_sims;
mod store_suite;
mod whole;
