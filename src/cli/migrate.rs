//! `migrate`: brings the database to this version's form. `serve` does it too, unless another process of a newer version did.

use std::path::Path;
use std::process::ExitCode;

use super::{configuration, out};
use crate::app;

pub(super) async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let store = app::open_store(&config, app::Access::Tool).await?;
    store.migrate().await?;
    store.close().await;
    out::line("The database has this version's form.");
    Ok(ExitCode::SUCCESS)
}
