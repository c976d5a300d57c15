//! The rules, pure: what a dataset, an import, a verdict and a problem are, and what the rules need from outside.
//!
//! No runtime, web framework, database, broker or HTTP client belongs here; the adapters bring those.

pub mod dataset;
pub mod ids;
pub mod import;
pub mod launch;
pub mod manifest;
pub mod pid;
pub mod ports;
pub mod problem;
pub mod project;
pub mod publication;
pub mod registered;
pub mod retry;
pub mod secret_words;
pub mod subscription;
pub mod time;
