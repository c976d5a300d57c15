//! The command `dataverse-renku`.
fn main() {}
