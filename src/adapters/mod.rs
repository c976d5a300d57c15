//! The concrete neighbours behind the ports: HTTP services, databases, brokers.
//!
//! Each adapter uses the domain and `http`, never another adapter; only `app` names them.

pub mod embedded_queue;
pub mod http;
pub mod oidc;
