//! Simulated neighbours for trying out and for tests: a Dataverse, a Keycloak, a Renku, each an HTTP server of its own on loopback.
//! Nothing here uses the rest of the crate, and only the command `sandbox` and the tests use this: the service meets it by HTTP alone.

pub mod dataverse;
pub mod http;
