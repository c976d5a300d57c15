//! `sandbox`: the service against simulated systems on loopback. Everything after the start is the real code path, over HTTP.
//!
//! This is the only place beside the tests that may start simulators.

pub(super) mod drive;
mod faults;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use secrecy::ExposeSecret as _;

use self::drive::{Addresses, Driver, Ending};
use self::faults::{Simulator, Trap};
use super::api::{Api, Refused};
use super::args::{SandboxArgs, SandboxFlow, SandboxRenku};
use super::{configuration, out};
use crate::app::{self, Access, Parts, Serving};
use crate::config::Config;
use crate::lifecycle::Shutdown;
use crate::sandbox::{dataverse, keycloak, renku_core, renku_data};
use crate::telemetry;

/// The project that imports go to.
const PROJECT: &str = "alice/first-project";
/// Real time would make people wait; the simulators' jobs live this much faster.
const PACE: f64 = 0.1;
/// The default dataset of a driven import.
const DATASET: &str = "doi:10.5072/FK2/GLACIER";

struct Simulators {
    dataverse: dataverse::Running,
    keycloak: keycloak::Running,
    renku: renku_core::Running,
}

pub(super) async fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let trap = match args.fault.as_deref() {
        None => None,
        Some("list") => {
            for trap in faults::all() {
                out::line(format!("{:<20} {:<32} {}", trap.name, trap.problem.as_str(), trap.story));
            }
            return Ok(ExitCode::SUCCESS);
        }
        Some(name) => {
            Some(faults::find(name).with_context(|| format!("there is no trap “{name}”; see --fault list"))?)
        }
    };
    let simulators = start_simulators(args.port, args.flow, trap.as_ref()).await?;
    if args.simulators {
        out::json(&serde_json::json!({
            "dataverse": simulators.dataverse.site_url,
            "issuer": simulators.keycloak.issuer,
            "keycloak": simulators.keycloak.base_url,
            "renku": simulators.renku.url,
            "git": simulators.renku.git_url,
        }))?;
        tokio::signal::ctrl_c().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = Folder::new()?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = format!("http://{}", listener.local_addr()?);
    let file = folder.0.join("sandbox.toml");
    let secret = format!("{}{}", uuid::Uuid::now_v7().simple(), uuid::Uuid::now_v7().simple());
    let mut text = configuration_text(&address, &simulators, &folder.0, trap.is_some());
    text.push_str(client_text(args.flow));
    text.push_str(&publications_text(&simulators.dataverse.site_url, &secret));
    std::fs::write(&file, text)?;
    let config = configuration(Some(&file))?;
    let at = Addresses {
        connector: address,
        dataverse: simulators.dataverse.site_url.clone(),
        issuer: simulators.keycloak.issuer.clone(),
        keycloak: simulators.keycloak.base_url.clone(),
        renku: simulators.renku.url.clone(),
        git: simulators.renku.git_url.clone(),
        configuration: file,
    };
    let drives = args.import.is_some() || trap.is_some();
    telemetry::start_logs(&log_settings(&config, drives, trap.is_some()))?;

    let shutdown = Shutdown::default();
    let parts = Parts::connect(&config, Access::Serve, None).await?;
    let serving = Serving { listener: Some(listener), ..Serving::default() };
    let served = app::serve(parts, &config, serving, shutdown.clone());
    let code = if drives {
        let dataset = args.import.as_deref().unwrap_or(DATASET);
        let driving = async {
            let code = drive_one(&at, dataset, args.renku, trap.as_ref()).await;
            shutdown.begin();
            code
        };
        let (code, served) = tokio::join!(driving, served);
        served?;
        code?
    } else {
        let introducing = async {
            let introduced = introduce(&at, &secret, args.json).await;
            if introduced.is_err() {
                shutdown.begin();
            }
            introduced
        };
        let (introduced, served) = tokio::join!(introducing, served);
        introduced?;
        served?
    };
    simulators.renku.stop().await;
    simulators.keycloak.stop().await;
    simulators.dataverse.stop().await;
    Ok(code)
}

async fn drive_one(
    at: &Addresses,
    dataset: &str,
    renku: SandboxRenku,
    trap: Option<&Trap>,
) -> anyhow::Result<ExitCode> {
    let driver = Driver::new(at.clone())?;
    driver.sign_in("alice").await.context("alice could not sign in")?;
    out::line("alice signed in by the Authorization Code flow with PKCE");
    let api = Api::new(&at.connector, driver.program_token("alice").await?)?;
    let dataset = trap.and_then(|trap| trap.dataset).unwrap_or(dataset);
    let project = trap.and_then(|trap| trap.project).unwrap_or(PROJECT);
    if let Some(trap) = trap {
        out::line(format!("trap: {}", trap.story));
        if let Some((simulator, path, body)) = trap.before {
            let base = match simulator {
                Simulator::Keycloak => &at.keycloak,
                Simulator::Renku => &at.renku,
            };
            driver.tell(base, path, &body()).await?;
        }
    }
    let renku = trap.map_or(renku, |trap| trap.renku);
    let address = match renku {
        SandboxRenku::Core => format!("{}/{project}", at.git),
        SandboxRenku::Data => format!("{}/p/{project}", at.renku),
    };
    out::line(format!("importing {dataset} into {address}"));
    let ending = match driver.import(&api, dataset, &address, renku.api()).await {
        Ok(ending) => ending,
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) => return trapped(trap, &refused.code, &refused.title),
            Err(error) => return Err(error),
        },
    };
    match (trap, ending.problem()) {
        (_, Some(code)) => {
            let title =
                ending.import.pointer("/problem/title").and_then(serde_json::Value::as_str).unwrap_or("");
            trapped(trap, code, title)
        }
        (Some(trap), None) => bail!("the trap “{}” was not met: the import {}", trap.name, ending.phase()),
        (None, None) => match renku {
            SandboxRenku::Core => arrived(&driver, &ending, project).await,
            SandboxRenku::Data => linked(&driver, &ending, project).await,
        },
    }
}

async fn arrived(driver: &Driver, ending: &Ending, project: &str) -> anyhow::Result<ExitCode> {
    let text =
        |pointer: &str| ending.import.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or("?");
    let (outcome, compared) = (text("/outcome"), text("/compared"));
    out::line(format!(
        "{}: {outcome}, compared by {compared}; now compared with Dataverse's checksums:",
        ending.phase()
    ));
    let files = driver.compare(ending, project, true).await?;
    out::line(format!("all {files} files are in the repository, each with Dataverse's checksum"));
    Ok(if ending.phase() == "succeeded" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn linked(driver: &Driver, ending: &Ending, project: &str) -> anyhow::Result<ExitCode> {
    let text =
        |pointer: &str| ending.import.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or("?");
    out::line(format!("{}: {}, compared by {}", ending.phase(), text("/outcome"), text("/compared")));
    let connector = driver.linked(ending, project).await?;
    out::line(format!("the project has one link, to the data connector {connector}; nothing was copied"));
    out::line(format!(
        "a session started from now on has version {} in the folder {}: {}",
        text("/result/version"),
        text("/result/folder"),
        text("/result/link")
    ));
    Ok(if ending.phase() == "succeeded" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An import that met a problem ends the command with 1; an unexpected one is said to be so.
fn trapped(trap: Option<&Trap>, code: &str, title: &str) -> anyhow::Result<ExitCode> {
    out::line(format!("{code}: {title}"));
    match trap {
        Some(trap) if trap.problem.as_str() != code => bail!("expected was {}", trap.problem),
        Some(_) | None => Ok(ExitCode::FAILURE),
    }
}

/// Sets up what people and scripts begin with, and tells them where.
async fn introduce(at: &Addresses, secret: &str, for_programs: bool) -> anyhow::Result<()> {
    let driver = Driver::new(at.clone())?;
    driver.register_button().await.context("the button cannot be registered")?;
    driver.register_workflow(secret).await.context("the workflow cannot be registered")?;
    if for_programs {
        return tell_programs(at, &driver).await;
    }
    tell_addresses(at);
    Ok(())
}

/// For scripts: they begin when the line is there.
async fn tell_programs(at: &Addresses, driver: &Driver) -> anyhow::Result<()> {
    driver.sign_in("alice").await.context("alice could not sign in")?;
    let token = driver.program_token("alice").await?;
    let line = serde_json::json!({
        "connector": at.connector,
        "dataverse": at.dataverse,
        "issuer": at.issuer,
        "renku": at.renku,
        "git": at.git,
        "project": format!("{}/{PROJECT}", at.git),
        "configuration": at.configuration,
        "token": token.expose_secret(),
    });
    out::line(line.to_string());
    Ok(())
}

fn tell_addresses(at: &Addresses) {
    out::line(format!("Open  {}/   and choose a dataset, then “Import into Renku”", at.dataverse));
    out::line(
        "      A dataset's page also publishes a new version, which comes into projects that are kept up to date.",
    );
    out::line(format!("  connector            {}", at.connector));
    out::line(format!("  simulated Dataverse  {}", at.dataverse));
    out::line(format!("  simulated Keycloak   {}   (people: alice, bob, carol, dave)", at.issuer));
    out::line(format!("  simulated Renku      {}   (Renku 1 and Renku 2)", at.renku));
    out::line(format!("  git host of Renku 1  {}", at.git));
    out::line(format!("  project of Renku 1   {}/{PROJECT}", at.git));
    out::line(format!("  project of Renku 2   {}/p/{PROJECT}", at.renku));
    out::line(format!(
        "  configuration        {}   (for other commands: --config)",
        at.configuration.display()
    ));
    out::line("End it with Ctrl-C.");
}

async fn start_simulators(port: u16, flow: SandboxFlow, trap: Option<&Trap>) -> anyhow::Result<Simulators> {
    let next = |offset: u16| if port == 0 { 0 } else { port.saturating_add(offset) };
    let dataverse =
        dataverse::start(dataverse::Options { port: next(0), pace: PACE, ..Default::default() }).await?;
    let mut keycloak = keycloak::Options { port: next(1), ..Default::default() };
    if trap.is_some_and(|trap| trap.short_tokens) {
        keycloak.access_ttl_s = 30;
    }
    let keycloak = keycloak::start(keycloak).await?;
    let data = renku_data::Options { issuer: keycloak.issuer.clone(), pace: PACE, ..Default::default() };
    let renku = renku_core::Options {
        beside: Some(renku_data::Services::new(data)?),
        port: next(2),
        git_port: next(3),
        issuer: keycloak.issuer.clone(),
        gateway: match flow {
            SandboxFlow::Code => renku_core::Gateway::Python,
            SandboxFlow::Device => renku_core::Gateway::Go,
        },
        pace: PACE,
        sticky: true,
        ..Default::default()
    };
    let renku = renku_core::start(renku).await?;
    Ok(Simulators { dataverse, keycloak, renku })
}

/// Short deadlines where a trap is played: nobody wants to wait 35 minutes for a job that never ends.
fn configuration_text(address: &str, simulators: &Simulators, folder: &Path, hurried: bool) -> String {
    let git = simulators.renku.git_url.trim_start_matches("http://");
    let (waiting, running, settle) = if hurried { ("8s", "8s", "1s") } else { ("5m", "5m", "4s") };
    format!(
        r#"public_url = "{address}"
[store]
url = "sqlite://{folder}/sandbox.db"
[vault]
key_file = "{folder}/vault.key"
[worker]
poll_first = "300ms"
poll_later = "1s"
waiting_deadline = "{waiting}"
running_deadline = "{running}"
settle = "{settle}"
unclear = "5s"
dirty_clone = "6s"
sweep_every = "1s"
sweep_grace = "2s"
dataset_recheck = "2s"
[worker.retry]
first = "500ms"
longest = "5s"
[renku.sandbox]
url = "{renku}"
title = "Simulated Renku"
api = "auto"
doi_resolver = "{dataverse}/_doi/api"
git_hosts = ["{git}"]
[renku.sandbox.oidc]
issuer = "{issuer}"
docs_client_id = "dataverse-connector-docs"
"#,
        folder = folder.display(),
        dataverse = simulators.dataverse.site_url,
        renku = simulators.renku.url,
        issuer = simulators.keycloak.issuer,
    )
}

/// The simulated Dataverse, and how fast its workflow is resumed: nobody wants to wait as long as a real one needs.
fn publications_text(site_url: &str, secret: &str) -> String {
    format!(
        r#"[publications]
resume_first = "300ms"
resume_longest = "2s"
catch_up_every = "1m"
[dataverse.demo]
site_url = "{site_url}"
title = "Simulated Dataverse"
workflow_secrets = ["{secret}"]
"#
    )
}

/// Our client at the simulated Keycloak: the rest of the section that [`configuration_text`] ends with.
const fn client_text(flow: SandboxFlow) -> &'static str {
    match flow {
        SandboxFlow::Code => "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n",
        SandboxFlow::Device => {
            "client_id = \"renku-cli\"\nflow = \"device\"\naccepted_clients = [\"renku\", \"renku-cli\"]\n"
        }
    }
}

/// A driven import prints its own story; logs would only stand between.
fn log_settings(config: &Config, driven: bool, trapped: bool) -> crate::config::LogConfig {
    let mut log = config.log.clone();
    if driven {
        // What a trap provokes is told by the story, too.
        if trapped { "off" } else { "error" }.clone_into(&mut log.filter);
    }
    log
}

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path =
            std::env::temp_dir().join(format!("dataverse-renku-sandbox-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
