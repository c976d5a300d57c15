//! The one integration-test binary: conformance suites and whole-application tests, a module a feature.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends by panicking, also in its helpers"
)]

mod sandbox_keycloak;
