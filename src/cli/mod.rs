//! The command line: parse, delegate, and turn what came of it into an exit status.
//!
//! A subcommand's work is in its own file; what it prints goes through `out`.

mod api;
mod args;
mod config;
mod doctor;
mod health;
mod import;
mod imports;
mod local;
mod migrate;
mod out;
mod password;
mod register;
mod sandbox;
mod serve;
mod subscriptions;
mod token;
mod vault;

use std::path::Path;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::config::{Config, environment};
use crate::doctor::Program;
use crate::domain::problem::{Problem, ProblemCode};
use crate::texts::{Language, problem_remedy, problem_title};
use args::{Cli, Command};

/// Wrong usage, as clap ends with.
const USAGE: u8 = 2;

/// A problem that was named; the exit status is 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Named(Problem);

/// Wrong usage that the parser cannot tell; the exit status is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(&'static str);

/// The person, or whoever runs this, broke it off by this signal.
#[derive(Debug, thiserror::Error)]
#[error("broken off by {0}")]
struct Interrupted(&'static str);

impl Interrupted {
    /// The exit status that a shell gives what a signal ended.
    fn status(&self) -> u8 {
        if self.0 == "SIGTERM" { 143 } else { 130 }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // Fails only when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (cli, program) = match parsed() {
        Ok(parsed) => parsed,
        Err(error) => {
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::note(format!("the runtime does not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    // On a thread of its own the future may be as large as it is.
    match runtime.block_on(Box::pin(run(cli, program))) {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            if error.is::<Usage>() {
                return ExitCode::from(USAGE);
            }
            error.downcast_ref::<Interrupted>().map_or(ExitCode::FAILURE, |by| ExitCode::from(by.status()))
        }
    }
}

/// What was typed, and how commands that are printed call this program so that they read the same configuration.
fn parsed() -> Result<(Cli, Program), clap::Error> {
    let matches = Cli::command().try_get_matches()?;
    // A file that the environment names is named for the next command as well.
    let typed = matches.value_source("config") == Some(ValueSource::CommandLine);
    let cli = Cli::from_arg_matches(&matches)?;
    let file = cli.config.as_deref().filter(|_| typed);
    let program = file.map(Program::with_config).unwrap_or_default();
    Ok((cli, program))
}

async fn run(cli: Cli, program: Program) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve(args) => serve::run(file, args).await,
        Command::Sandbox(args) => sandbox::run(args).await,
        Command::Import(args) => import::run(file, args).await,
        Command::Imports(command) => imports::run(file, command).await,
        Command::Subscriptions(command) => subscriptions::run(file, command).await,
        Command::Register(args) => register::run(file, program, args).await,
        Command::Token(command) => token::run(file, &program, command).await,
        Command::Doctor(args) => doctor::run(file, &program, args).await,
        Command::Config(command) => config::run(file, &command),
        Command::Health(args) => health::run(file, &args).await,
        Command::Vault(command) => vault::run(file, &command).await,
        Command::Migrate => migrate::run(file).await,
    }
}

/// A name that was typed after `option`, or left out, does not say which one is meant: the words list the configured ones.
fn not_configured<N: std::fmt::Display>(
    code: ProblemCode,
    option: &str,
    typed: Option<&str>,
    known: impl Iterator<Item = N>,
) -> Named {
    let known: Vec<_> = known.map(|name| name.to_string()).collect();
    let known = if known.is_empty() {
        "none is configured".to_owned()
    } else {
        format!("configured are: {}", known.join(", "))
    };
    let words = typed.map_or_else(|| known.clone(), |typed| format!("there is no {typed:?}; {known}"));
    Named(Problem::new(code).about(option).saying(words))
}

/// The configuration, or every fault of it at once.
fn configuration(file: Option<&Path>) -> anyhow::Result<Config> {
    match Config::load(file, environment()) {
        Ok((config, warnings)) => {
            for warning in warnings {
                out::note(format!("warning: {warning}"));
            }
            Ok(config)
        }
        Err(faults) => {
            for fault in &faults {
                out::note(format!("{fault}"));
            }
            let problem =
                Problem::new(ProblemCode::ConfigurationInvalid).saying(format!("{} faults", faults.len()));
            Err(Named(problem).into())
        }
    }
}

/// Tells a failure: a named problem with its sentence and remedy, anything else with its causes.
fn tell(error: &anyhow::Error) {
    if let Some(Named(problem)) = error.downcast_ref::<Named>() {
        tell_problem(problem);
    } else if let Some(refused) = error.downcast_ref::<api::Refused>() {
        out::note(refused.to_string());
        if let Some(remedy) = refused.body.get("remedy").and_then(serde_json::Value::as_str) {
            out::note(remedy);
        }
    } else {
        out::note(format!("{error:#}"));
    }
}

fn tell_problem(problem: &Problem) {
    let field = problem.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    out::note(format!("{}{field}: {}", problem.code, problem_title(Language::En, problem.code)));
    if let Some(words) = &problem.words {
        out::note(format!("  {words}"));
    }
    out::note(format!("  {}", problem_remedy(Language::En, problem.code)));
}
