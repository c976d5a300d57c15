//! The concrete neighbours behind the ports: HTTP services, databases, brokers.
//!
//! Each adapter uses the domain, `http` and `exchange`, never another adapter; only `app` names them.

pub mod dataverse;
pub mod embedded_queue;
pub mod exchange;
pub mod http;
pub mod mail;
pub mod oidc;
pub mod probe;
pub mod rabbitmq;
pub mod registration;
pub mod renku_core;
pub mod renku_data;
pub mod store;
