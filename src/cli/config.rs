//! `config check` and `config show`: the configuration without asking any other system.

use std::path::Path;
use std::process::ExitCode;

use super::args::ConfigCommand;
use super::{configuration, out};

pub(super) fn run(file: Option<&Path>, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    match command {
        ConfigCommand::Check => {
            let dataverses = config.dataverse.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let renkus = config.renku.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let named = |names: String| if names.is_empty() { "none".to_owned() } else { names };
            out::line(format!(
                "The configuration is sound. Dataverse: {}. Renku: {}.",
                named(dataverses),
                named(renkus)
            ));
        }
        ConfigCommand::Show { json: true } => out::json(&config)?,
        ConfigCommand::Show { json: false } => out::line(config.show().trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}
