//! Takes datasets from Dataverse repositories into Renku projects, on behalf of the person who asked.
//!
//! The library holds everything; the binary `dataverse-renku` only parses its arguments and delegates.
//! Arrows point inward: `cli → app → web, worker → use cases → domain ← adapters`.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod domain;
pub mod identity;
pub mod imports;
pub mod lifecycle;
pub mod publications;
pub mod sandbox;
pub mod telemetry;
pub mod texts;
pub mod web;
pub mod worker;
