//! `serve`: the service itself.

use std::path::Path;
use std::process::ExitCode;

use super::args::{Role, ServeArgs};
use super::{Named, configuration};
use crate::app::{self, Parts, Serving};
use crate::config;
use crate::domain::problem::{Problem, ProblemCode};
use crate::lifecycle::Shutdown;
use crate::telemetry;

pub(super) async fn run(file: Option<&Path>, args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let role = match args.role {
        Role::All => config::Role::All,
        Role::Web => config::Role::Web,
        Role::Worker => config::Role::Worker,
    };
    config.check_role(role).map_err(|faults| {
        let words = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Named(Problem::new(ProblemCode::ConfigurationInvalid).saying(words))
    })?;
    telemetry::start_logs(&config.log)?;
    let parts = Parts::connect_to_serve(&config, role, args.halt_at).await?;
    app::serve(parts, &config, Serving { role, listener: None }, Shutdown::default()).await
}
