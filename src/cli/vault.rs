//! `vault rotate`: seals stored sign-ins with the newest key, so that an older one can go.
//!
//! What is sealed and how is `identity`'s.

use std::path::Path;
use std::process::ExitCode;

use super::args::VaultCommand;
use super::{Named, configuration, out};
use crate::app::{Access, Parts};

pub(super) async fn run(file: Option<&Path>, command: &VaultCommand) -> anyhow::Result<ExitCode> {
    let VaultCommand::Rotate = command;
    let config = configuration(file)?;
    let parts = Parts::connect(&config, Access::Tool, None).await?;
    let rotated = parts.identity.rotate_vault().await;
    parts.close().await;
    let rotation = rotated.map_err(|fault| Named(fault.problem))?;
    out::line(format!(
        "{} sign-ins sealed anew, {} were sealed with the newest key already, {} left.",
        rotation.resealed, rotation.unchanged, rotation.left
    ));
    if rotation.left > 0 {
        out::note(
            "Keep the older key and run it again in a minute; what is then still left was sealed with a key that is gone.",
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
