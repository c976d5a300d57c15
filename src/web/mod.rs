//! The HTTP faces: pages for people, the API for programs, what Dataverse calls.
//!
//! Handlers are thin; the rules are in the use cases.

pub mod problem;
