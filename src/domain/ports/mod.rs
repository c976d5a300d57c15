//! What the rules need from outside, as traits: store, queue, Dataverse, Renku, identity provider, launches, clock.
//!
//! The implementations are in `adapters`; only `app` knows which are in use.

pub mod dataverse;
pub mod identity;
pub mod launch;
pub mod linking;
pub mod mail;
pub mod probe;
pub mod publications;
pub mod queue;
pub mod renku;
pub mod store;
pub mod subscriptions;

use crate::domain::time::Timestamp;

/// The time, so that tests can turn it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Chance, so that tests can fix it.
pub trait Chance: Send + Sync {
    /// A number in 0..1.
    fn share(&self) -> f64;
    /// Thirty-two bytes that nobody can guess.
    fn secret_bytes(&self) -> [u8; 32];
}
