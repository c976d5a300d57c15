//! The one integration-test binary: conformance suites and whole-application tests, a module a feature.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::large_futures,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test ends by panicking, also in its helpers, prints what it counted, and may hold a whole world or a long table"
)]

mod api;
mod api_events;
mod architecture;
mod browser;
mod chaos_proxy;
mod dataverse_on_sandbox;
mod deploy;
mod docs;
mod doctor;
mod doctor_cases;
mod doctor_catalogue;
mod doctor_failures;
mod doctor_keycloak;
mod doctor_report;
mod doctor_world;
mod embedded_queue;
mod engine;
mod engine_world;
mod first_steps;
mod harness;
mod identity;
mod kill;
mod launch;
mod launch_life;
mod needs_rabbitmq_dashboard;
mod needs_rabbitmq_queue;
mod oidc;
mod page_texts;
mod pages;
mod pages_safety;
mod pages_sign_in;
mod publications;
mod queue_suite;
mod register;
mod renku_core_on_sandbox;
mod renku_data_on_sandbox;
mod roles;
mod sandbox_command;
mod sandbox_keycloak;
mod sandbox_sims;
mod store_suite;
mod token_command;
mod token_life;
mod whole;
