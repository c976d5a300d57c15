//! `imports list|show|retry|cancel`, through a running service or on the local store.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{Connection, ImportsCommand};
use super::import::api;
use super::local::{Local, named_problem, refused, shown};
use super::{out, sandbox::drive};
use crate::domain::ids::ImportId;
use crate::domain::import::Phase;
use crate::domain::ports::store::ImportFilter;
use crate::domain::problem::ProblemCode;
use crate::texts::Language;
use crate::web::view::timeline_view;

pub(super) async fn run(file: Option<&Path>, command: ImportsCommand) -> anyhow::Result<ExitCode> {
    match command {
        ImportsCommand::List { phase, limit, connection } => list(file, phase, limit, &connection).await,
        ImportsCommand::Show { id, connection } => show(file, &id, &connection).await,
        ImportsCommand::Retry { id, connection } => act(file, &id, &connection, "retry").await,
        ImportsCommand::Cancel { id, connection } => act(file, &id, &connection, "cancel").await,
    }
}

async fn list(
    file: Option<&Path>,
    phase: Option<String>,
    limit: u32,
    connection: &Connection,
) -> anyhow::Result<ExitCode> {
    let imports = if let Some(server) = &connection.server {
        let phase = phase.map(|phase| format!("&phase={phase}")).unwrap_or_default();
        let answer = api(server, connection)?.get(&format!("/imports?limit={limit}{phase}")).await?;
        answer.get("imports").and_then(Value::as_array).cloned().unwrap_or_default()
    } else {
        let phase = match phase.as_deref() {
            None => None,
            Some(text) => {
                let known = Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
                Some(known.ok_or_else(|| {
                    named_problem(ProblemCode::RequestInvalid, "--phase", "there is no such phase")
                })?)
            }
        };
        let local = Local::beside(file).await?;
        let imports = local
            .parts
            .engine
            .store()
            .imports(&ImportFilter { phase, limit, ..ImportFilter::default() })
            .await?;
        let shown = imports.iter().map(shown).collect::<anyhow::Result<Vec<_>>>()?;
        local.close().await;
        shown
    };
    if connection.json {
        out::json(&json!({"imports": imports}))?;
    } else if imports.is_empty() {
        out::line("There are no imports.");
    } else {
        for import in &imports {
            let text = |name: &str| import.get(name).and_then(Value::as_str).unwrap_or("");
            let problem = import.pointer("/problem/code").and_then(Value::as_str).unwrap_or("");
            out::line(format!(
                "{}  {:<10} {:<9} {}  →  {}  {problem}",
                text("id"),
                text("phase"),
                text("condition"),
                text("dataset"),
                text("project")
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(file: Option<&Path>, id: &str, connection: &Connection) -> anyhow::Result<ExitCode> {
    let id: ImportId =
        id.parse().map_err(|_not_an_id| named_problem(ProblemCode::ImportUnknown, "ID", id))?;
    let (import, entries) = if let Some(server) = &connection.server {
        let api = api(server, connection)?;
        let import = api.get(&format!("/imports/{id}")).await?;
        let timeline = api.get(&format!("/imports/{id}/timeline")).await?;
        (import, timeline.get("entries").and_then(Value::as_array).cloned().unwrap_or_default())
    } else {
        let local = Local::beside(file).await?;
        let store = local.parts.engine.store();
        let import = store
            .import(id)
            .await?
            .ok_or_else(|| named_problem(ProblemCode::ImportUnknown, "ID", &id.to_string()))?;
        let timeline = store.timeline(id, 0, 100).await?;
        let entries = timeline.iter().map(|entry| serde_json::to_value(timeline_view(entry, Language::En)));
        let shown = (shown(&import)?, entries.collect::<Result<Vec<_>, _>>()?);
        local.close().await;
        shown
    };
    if connection.json {
        out::json(&json!({"import": import, "timeline": entries}))?;
    } else {
        out::line(serde_json::to_string_pretty(&import)?);
        for entry in &entries {
            out::line(drive::timeline_line(entry));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn act(
    file: Option<&Path>,
    id: &str,
    connection: &Connection,
    action: &str,
) -> anyhow::Result<ExitCode> {
    let id: ImportId =
        id.parse().map_err(|_not_an_id| named_problem(ProblemCode::ImportUnknown, "ID", id))?;
    let import = if let Some(server) = &connection.server {
        api(server, connection)?.post(&format!("/imports/{id}/{action}"), None).await?
    } else {
        let local = Local::beside(file).await?;
        let engine = &local.parts.engine;
        let import = if action == "cancel" { engine.cancel(id).await } else { engine.retry(id).await };
        let shown = shown(&import.map_err(refused)?)?;
        local.close().await;
        shown
    };
    if connection.json {
        out::json(&import)?;
    } else {
        let text = |name: &str| import.get(name).and_then(Value::as_str).unwrap_or("");
        out::line(format!("import {} is {}", text("id"), text("phase")));
    }
    Ok(ExitCode::SUCCESS)
}
