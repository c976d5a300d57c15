//! Simulated neighbours for trying out and for tests: a Dataverse, a Keycloak, a Renku, each a server of its own.
//! Nothing of the connector is used in here: the service meets them by HTTP alone.

pub mod dataverse;
pub mod http;
pub mod keycloak;
pub mod renku_core;
pub mod renku_data;
mod tokens;
