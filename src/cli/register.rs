//! `register`: shows how this service has to be known at a Dataverse and at Renku's Keycloak, and applies it where it can.
//!
//! Nothing is changed without `--apply` or `--remove`; what cannot be changed from here is printed as a command.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::args::RegisterArgs;
use super::{Named, configuration, out};
use crate::adapters::registration::ToolRegistry;
use crate::app;
use crate::config::{Config, DataverseConfig, Flow};
use crate::doctor::drift;
use crate::domain::ids::{InstallationName, RenkuName};
use crate::domain::manifest;
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::texts::{Language, text};

/// Our client as Keycloak imports it; addresses, names and the secret are put in here.
const CLIENT: &str = include_str!("../../deploy/keycloak/dataverse-connector.json");

pub(super) async fn run(file: Option<&Path>, args: RegisterArgs) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    match (&args.installation, &args.keycloak) {
        (Some(installation), _) => at_dataverse(&config, installation, &args).await,
        (None, Some(renku)) => at_keycloak(&config, renku, &args),
        (None, None) => bail!("say where: --installation NAME or --keycloak NAME"),
    }
}

fn say(args: &RegisterArgs, name: &str) {
    let language = args.language.as_deref().and_then(Language::of_tag).unwrap_or_default();
    out::line(text(language, &format!("register-{name}"), &[]));
}

fn named(fault: Fault) -> anyhow::Error {
    Named(fault.problem).into()
}

async fn at_dataverse(config: &Config, name: &str, args: &RegisterArgs) -> anyhow::Result<ExitCode> {
    let unknown = || Named(Problem::new(ProblemCode::InstallationUnknown).saying(name));
    let name: InstallationName = name.parse().map_err(|_not_a_name| unknown())?;
    let dataverse = config.dataverse.get(&name).ok_or_else(unknown)?;
    let tool = manifest::external_tool(config.public_url.as_str(), &name);
    if args.json {
        out::json(&tool)?;
        return Ok(ExitCode::SUCCESS);
    }
    let doctor = app::doctor(config)?;
    let probe = doctor.installations.iter().find(|installation| installation.name == name);
    let probe = &probe.context("the installation is configured")?.probe;
    let facts = probe.facts().await.map_err(named)?;
    if !facts.at_least(6, 6) {
        say(args, "old-dataverse");
        on_the_host(&tool);
        return Ok(ExitCode::SUCCESS);
    }
    let there = ours(probe.tools().await.map_err(named)?, &tool);
    if args.remove {
        return remove(config, dataverse, &there, args).await;
    }
    match drift(&there, &tool) {
        None => say(args, "tool-missing"),
        Some(differs) if differs.is_empty() && there.len() == 1 => {
            say(args, "tool-there");
            return Ok(ExitCode::SUCCESS);
        }
        Some(differs) => {
            say(args, "tool-differs");
            for difference in differs {
                out::line(format!("  {difference}"));
            }
        }
    }
    let Some(registry) = registry(config, dataverse).filter(|_| args.apply) else {
        say(args, "by-hand");
        out::line(curl_post(dataverse, &tool));
        there.iter().filter_map(id).for_each(|id| out::line(curl_delete(dataverse, id)));
        say(args, "on-the-host");
        on_the_host(&tool);
        return Ok(if args.apply { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    };
    // The new one first: nobody finds the page without a button, and after a crash in between the next run takes the old one away.
    let registry = registry?;
    registry.add(&tool).await.map_err(named)?;
    for old in there.iter().filter_map(id) {
        registry.remove(old).await.map_err(named)?;
    }
    say(args, "tool-applied");
    out::line(format!("dataverse-renku register --installation {name} --remove"));
    Ok(ExitCode::SUCCESS)
}

async fn remove(
    config: &Config,
    dataverse: &DataverseConfig,
    there: &[Value],
    args: &RegisterArgs,
) -> anyhow::Result<ExitCode> {
    if there.is_empty() {
        say(args, "tool-none");
        return Ok(ExitCode::SUCCESS);
    }
    let Some(registry) = registry(config, dataverse) else {
        say(args, "by-hand");
        there.iter().filter_map(id).for_each(|id| out::line(curl_delete(dataverse, id)));
        return Ok(ExitCode::FAILURE);
    };
    let registry = registry?;
    for old in there.iter().filter_map(id) {
        registry.remove(old).await.map_err(named)?;
    }
    say(args, "tool-removed");
    Ok(ExitCode::SUCCESS)
}

/// The tools that lead to us, whatever else is in them; those of others are left alone.
fn ours(tools: Vec<Value>, tool: &Value) -> Vec<Value> {
    tools.into_iter().filter(|there| there.get("toolUrl") == tool.get("toolUrl")).collect()
}

fn id(tool: &Value) -> Option<i64> {
    tool.get("id").and_then(Value::as_i64)
}

fn registry(config: &Config, dataverse: &DataverseConfig) -> Option<anyhow::Result<ToolRegistry>> {
    let token = dataverse.api_token.clone()?;
    Some(app::http_client(config).map(|http| ToolRegistry::new(dataverse.site_url.as_str(), token, http)))
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn curl_post(dataverse: &DataverseConfig, tool: &Value) -> String {
    format!(
        "curl -X POST -H \"X-Dataverse-key: $API_TOKEN\" -H 'Content-Type: application/json' --data {} {}/api/externalTools",
        in_quotes(&tool.to_string()),
        dataverse.site_url.as_str().trim_end_matches('/'),
    )
}

fn curl_delete(dataverse: &DataverseConfig, id: i64) -> String {
    let site = dataverse.site_url.as_str().trim_end_matches('/');
    format!("curl -X DELETE -H \"X-Dataverse-key: $API_TOKEN\" {site}/api/externalTools/{id}")
}

fn on_the_host(tool: &Value) {
    out::line(format!(
        "curl -X POST -H 'Content-Type: application/json' --data {} http://localhost:8080/api/admin/externalTools",
        in_quotes(&tool.to_string()),
    ));
}

fn at_keycloak(config: &Config, name: &str, args: &RegisterArgs) -> anyhow::Result<ExitCode> {
    let unknown = || Named(Problem::new(ProblemCode::RenkuUnknown).saying(name));
    let name: RenkuName = name.parse().map_err(|_not_a_name| unknown())?;
    let renku = config.renku.get(&name).ok_or_else(unknown)?;
    let place = app::place(config, &name, renku);
    let mut client: Value = serde_json::from_str(CLIENT)?;
    let fields = client.as_object_mut().context("the client is an object")?;
    fields.insert("clientId".to_owned(), json!(place.client_id));
    fields.insert("redirectUris".to_owned(), json!([place.redirect_uri]));
    if let Some(secret) = renku.oidc.client_secret.as_ref().filter(|_| args.with_secret) {
        fields.insert("secret".to_owned(), json!(secret.expose_secret()));
    }
    if let Some(audience) = client.pointer_mut("/protocolMappers/0/config/included.client.audience") {
        *audience = json!(place.audience);
    }
    if args.json {
        out::json(&client)?;
        return Ok(ExitCode::SUCCESS);
    }
    if renku.oidc.flow == Flow::Device {
        say(args, "device-client");
        return Ok(ExitCode::SUCCESS);
    }
    say(args, "client-json");
    out::json(&client)?;
    say(args, "client-kcadm");
    let issuer = renku.oidc.issuer.as_str();
    let server = issuer.split_once("/realms/").map_or(issuer, |(server, _)| server);
    out::line(format!("kcadm.sh config credentials --server {server} --realm master --user ADMIN"));
    out::line(format!(
        "dataverse-renku register --keycloak {name} --json --with-secret | kcadm.sh create clients -r {} -f -",
        place.realm
    ));
    say(args, "client-console");
    Ok(ExitCode::SUCCESS)
}
