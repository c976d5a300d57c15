//! `import`: asks for one import, through a running service or with the local store, and follows it to its end.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::api::Api;
use super::args::{Connection, ImportArgs};
use super::local::{Local, refused, shown};
use super::{out, sandbox::drive};
use crate::config::environment;
use crate::domain::ports::store::Created;
use crate::imports::start::Request;

/// A followed import that has not ended by then is left to itself.
const PATIENCE: Duration = Duration::from_secs(2 * 3_600);

pub(super) async fn run(file: Option<&Path>, args: ImportArgs) -> anyhow::Result<ExitCode> {
    match &args.connection.server {
        Some(server) => through_server(server, &args).await,
        None => with_local_store(file, args).await,
    }
}

async fn through_server(server: &str, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let api = api(server, &args.connection)?;
    let order = json!({
        "dataset": args.what.dataset, "project": args.what.project, "installation": args.what.installation, "renku": args.what.renku, "api": args.what.api,
        "version": args.version, "name": args.name, "migrate": args.migrate,
    });
    let import = api.post("/imports", Some(&order)).await?;
    let id = import.get("id").and_then(Value::as_str).context("the answer has no import in it")?.to_owned();
    let tell = !args.connection.json;
    if tell {
        out::line(format!("import {id}"));
    }
    let import = if args.no_wait { import } else { drive::follow(&api, &id, PATIENCE, true, tell).await? };
    ending(&import, args.connection.json, args.no_wait)
}

async fn with_local_store(file: Option<&Path>, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let local = Local::open(file).await?;
    let person = local.person(args.what.person.as_deref(), args.what.renku.as_deref()).await?;
    let request = Request {
        dataset: args.what.dataset,
        installation: args.what.installation,
        version: args.version,
        api: args.what.api,
        project: args.what.project,
        name: args.name,
        migrate: args.migrate,
    };
    let started =
        local.parts.engine.start(person.id, &person.renku, &request, None).await.map_err(refused)?;
    let (Created::New(import) | Created::Existing(import)) = started else {
        anyhow::bail!("the import was not stored")
    };
    if !args.connection.json {
        out::line(format!("import {}", import.id));
    }
    let import = if args.no_wait { import } else { local.follow(import.id, args.connection.json).await? };
    let view = shown(&import)?;
    local.close().await;
    ending(&view, args.connection.json, args.no_wait)
}

/// The API's client for these options.
///
/// # Errors
/// When no token is given, or its file cannot be read.
pub(super) fn api(server: &str, connection: &Connection) -> anyhow::Result<Api> {
    let token = if let Some(file) = &connection.token_file {
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
    } else {
        let found = environment().into_iter().find(|(name, _)| name == "DATAVERSE_RENKU_TOKEN");
        found.map(|(_, value)| value).context("say who asks: --token-file FILE, or DATAVERSE_RENKU_TOKEN")?
    };
    Api::new(server, SecretString::from(token.trim().to_owned()))
}

/// Prints how it ended; the exit status says whether it arrived completely.
pub(super) fn ending(import: &Value, json: bool, still_open: bool) -> anyhow::Result<ExitCode> {
    let text = |name: &str| import.get(name).and_then(Value::as_str);
    if json {
        out::json(import)?;
    } else if let Some(problem) = import.get("problem") {
        let part = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or("");
        out::line(format!("{}: {} – {}", text("phase").unwrap_or("?"), part("code"), part("title")));
        out::line(format!("  {}", part("remedy")));
    } else {
        let outcome = text("outcome")
            .map(|outcome| format!(" ({outcome}, compared by {})", text("compared").unwrap_or("?")));
        out::line(format!("{}{}", text("phase").unwrap_or("?"), outcome.unwrap_or_default()));
    }
    let arrived = text("phase") == Some("succeeded") && text("outcome") != Some("incomplete");
    Ok(if arrived || still_open { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
