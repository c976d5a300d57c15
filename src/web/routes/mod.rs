//! The endpoints, a file for each resource; handlers are thin: who asks (a type), one use case, the answer.

pub(crate) mod account;
pub(crate) mod dataverse;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod imports;
pub(crate) mod launch;
pub(crate) mod preflight;
mod preflight_page;
pub(crate) mod problems;
pub(crate) mod publications;
pub(crate) mod sign_in;
pub(crate) mod subscription_pages;
pub(crate) mod subscriptions;
