//! `register`: shows how this service has to be known at a Dataverse and at Renku's Keycloak, and applies it where it can.
//!
//! Nothing is changed without `--apply`; what cannot be changed from here is printed as a command.

mod dataverse;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::args::RegisterArgs;
use super::{Named, Usage, configuration, not_configured, out};
use crate::app;
use crate::config::{Config, Flow};
use crate::doctor::{Place, Program};
use crate::domain::ids::RenkuName;
use crate::domain::problem::{Fault, ProblemCode};
use crate::texts::{Language, text};

/// Our client as Keycloak imports it; addresses, names and the secret are put in here.
const CLIENT: &str = include_str!("../../../deploy/keycloak/dataverse-connector.json");

/// The port in the examples of `token get --port`.
const SERVICE_PORT: u16 = 8474;

pub(super) async fn run(
    file: Option<&Path>,
    program: Program,
    args: RegisterArgs,
) -> anyhow::Result<ExitCode> {
    if args.apply && args.installation.is_none() {
        return Err(Usage("--apply works at a Dataverse alone (--installation): at Keycloak, paste what is printed without it").into());
    }
    let config = configuration(file)?;
    match (&args.installation, &args.keycloak) {
        (Some(installation), _) => dataverse::register(&config, program, installation, &args).await,
        (None, Some(renku)) => at_keycloak(&config, program, renku, &args),
        (None, None) => Err(Usage("say where: --installation NAME or --keycloak NAME").into()),
    }
}

fn say(args: &RegisterArgs, name: &str) {
    let language = args.language.as_deref().and_then(Language::of_tag).unwrap_or_default();
    out::line(text(language, &format!("register-{name}"), &[]));
}

fn named(fault: Fault) -> anyhow::Error {
    Named(fault.problem).into()
}

fn at_keycloak(
    config: &Config,
    program: Program,
    name: &str,
    args: &RegisterArgs,
) -> anyhow::Result<ExitCode> {
    let unknown = || not_configured(ProblemCode::RenkuUnknown, "--keycloak", Some(name), config.renku.keys());
    let name: RenkuName = name.parse().map_err(|_not_a_name| unknown())?;
    let renku = config.renku.get(&name).ok_or_else(unknown)?;
    let place = Place { program, ..app::place(config, &name, renku) };
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
        "{} register --keycloak {name} --json --with-secret | kcadm.sh create clients -r {} -f -",
        place.program, place.realm
    ));
    say(args, "client-console");
    say(args, "client-service");
    place.for_service_person(SERVICE_PORT).iter().for_each(out::line);
    Ok(ExitCode::SUCCESS)
}
