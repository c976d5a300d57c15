//! Drives one import through a running sandbox as a person and a program would, by HTTP only: signs in, asks for the import,
//! follows it, and compares what lies in the simulated repository with Dataverse's checksums.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::adapters::http::{self, HttpSettings};
use crate::cli::api::Api;
use crate::cli::out;
use crate::publications::definition;
use crate::sandbox::dataverse::ADMIN_API_TOKEN;

/// Answers larger than this are not read.
const LARGEST_ANSWER: usize = 32 << 20;

/// The addresses of everything that runs in a sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The connector.
    pub(crate) connector: String,
    /// The simulated Dataverse.
    pub(crate) dataverse: String,
    /// The simulated Keycloak's realm.
    pub(crate) issuer: String,
    /// The simulated Keycloak's controls.
    pub(crate) keycloak: String,
    /// The simulated Renku 1.
    pub(crate) renku: String,
    /// Its git host.
    pub(crate) git: String,
    /// The connector's configuration file.
    pub(crate) configuration: PathBuf,
}

/// Somebody who uses the sandbox.
#[derive(Debug)]
pub(crate) struct Driver {
    at: Addresses,
    http: reqwest::Client,
}

/// How a driven import ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// The import as the API shows it.
    pub(crate) import: Value,
}

impl Ending {
    /// The phase.
    pub(crate) fn phase(&self) -> &str {
        self.import.get("phase").and_then(Value::as_str).unwrap_or("?")
    }

    /// The code of the problem that it ended with or waits because of.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.import.get("problem")?.get("code")?.as_str()
    }
}

impl Driver {
    /// A driver for the sandbox at these addresses.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub(crate) fn new(at: Addresses) -> anyhow::Result<Self> {
        Ok(Self { at, http: http::client(&HttpSettings::default())? })
    }

    /// Tells a simulator something.
    ///
    /// # Errors
    /// When it refuses.
    pub(crate) async fn tell(&self, simulator: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.http.post(format!("{simulator}{path}")).json(body).send().await?;
        if !answer.status().is_success() {
            bail!("the simulator answered {} to {path}", answer.status());
        }
        json_of(answer).await
    }

    /// Registers the connector's button at Dataverse as an administrator would: fetches the manifest here and posts it there.
    ///
    /// # Errors
    /// When the connector does not give it or Dataverse does not take it.
    pub(crate) async fn register_button(&self) -> anyhow::Result<()> {
        let manifest = format!("{}/dataverse/demo/external-tool.json", self.at.connector);
        let manifest = json_of(self.http.get(manifest).send().await?).await?;
        let tools = self.http.post(format!("{}/api/externalTools", self.at.dataverse));
        let answer = tools.header("X-Dataverse-key", ADMIN_API_TOKEN).json(&manifest).send().await?;
        let status = answer.status();
        let said = json_of(answer).await?;
        if !status.is_success() {
            bail!("Dataverse did not take the button: {status} {said}");
        }
        Ok(())
    }

    /// Registers the connector's workflow at Dataverse, as an administrator would on its own machine.
    ///
    /// # Errors
    /// When Dataverse does not take it.
    pub(crate) async fn register_workflow(&self, secret: &str) -> anyhow::Result<()> {
        let ours = definition::workflow(&self.at.connector, &"demo".parse()?, secret);
        let part = |name: &str| ours.pointer(&format!("/steps/0/parameters/{name}")).cloned();
        let workflow = json!({
            "url": part("url"), "body": part("body"), "content_type": part("contentType"),
            "expected_response": part("expectedResponse"),
        });
        self.tell(&self.at.dataverse, "/_sim/workflow", &workflow).await.map(drop)
    }

    /// Signs a person in at the connector as a browser would, by the Authorization Code flow.
    ///
    /// # Errors
    /// When one of the steps does not lead on.
    pub(crate) async fn sign_in(&self, person: &str) -> anyhow::Result<()> {
        let begun = self.http.get(format!("{}/sign-in?next=/", self.at.connector)).send().await?;
        let cookies: Vec<_> = begun
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| Some(value.to_str().ok()?.split(';').next()?.to_owned()))
            .collect();
        let to_keycloak = location(&begun).context("the connector does not lead to Keycloak")?;
        let at_keycloak =
            self.http.get(format!("{to_keycloak}&login_hint={person}&sandbox_auto=1")).send().await?;
        let back = location(&at_keycloak).context("Keycloak does not lead back")?;
        let done = self.http.get(back).header(COOKIE, cookies.join("; ")).send().await?;
        if !done.status().is_redirection() {
            let status = done.status();
            let page = http::body(done, LARGEST_ANSWER).await?;
            bail!("the sign-in ended with {status}: {}", String::from_utf8_lossy(&page));
        }
        Ok(())
    }

    /// A token of the kind that `renku login` gets, by the device flow.
    ///
    /// # Errors
    /// When Keycloak refuses.
    pub(crate) async fn program_token(&self, person: &str) -> anyhow::Result<SecretString> {
        let oidc = format!("{}/protocol/openid-connect", self.at.issuer);
        let begin = [("client_id", "renku-cli"), ("scope", "openid profile email")];
        let device =
            json_of(self.http.post(format!("{oidc}/auth/device")).form(&begin).send().await?).await?;
        let field = |name: &str| device.get(name).and_then(Value::as_str).context("no device code");
        let approve = json!({"user_code": field("user_code")?, "user": person});
        self.tell(&self.at.keycloak, "/_sim/device/approve", &approve).await?;
        let poll = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "renku-cli"),
            ("device_code", field("device_code")?),
        ];
        let tokens = json_of(self.http.post(format!("{oidc}/token")).form(&poll).send().await?).await?;
        let token = tokens.get("access_token").and_then(Value::as_str).context("no access token")?;
        Ok(SecretString::from(token.to_owned()))
    }

    /// Asks for an import and follows it until it has ended, or waits for a person.
    ///
    /// # Errors
    /// A refusal of the connector ([`crate::cli::api::Refused`]), or no end in time.
    pub(crate) async fn import(
        &self,
        api: &Api,
        dataset: &str,
        project: &str,
        service: &str,
    ) -> anyhow::Result<Ending> {
        let order = json!({"dataset": dataset, "project": project, "api": service});
        let import = api.post("/imports", Some(&order)).await?;
        let id = import.get("id").and_then(Value::as_str).context("the import has no number")?.to_owned();
        follow(api, &id, Duration::from_secs(300), true, true).await.map(|import| Ending { import })
    }

    /// The one data connector that the project of Renku 2 is linked to: the dataset's.
    ///
    /// # Errors
    /// When the project has no link, another one, or more than one.
    pub(crate) async fn linked(&self, ending: &Ending, project: &str) -> anyhow::Result<String> {
        let state =
            json_of(self.http.get(format!("{}/_sim/data/state", self.at.renku)).send().await?).await?;
        let list = |name: &str| state.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let text =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let wanted = list("projects")
            .iter()
            .find(|one| format!("{}/{}", text(one, "namespace"), text(one, "slug")) == project)
            .map(|one| text(one, "id"))
            .context("no such project")?;
        let links: Vec<Value> =
            list("links").into_iter().filter(|link| text(link, "project_id") == wanted).collect();
        let [link] = links.as_slice() else { bail!("the project has {} links", links.len()) };
        let connectors = list("connectors");
        let connector = connectors.iter().find(|one| text(one, "id") == text(link, "data_connector_id"));
        let connector = connector.context("the link leads nowhere")?;
        let dataset = ending.import.get("dataset").and_then(Value::as_str).unwrap_or("");
        if format!("doi:{}", text(connector, "doi")) != dataset {
            bail!("the project is linked to {} and not to {dataset}", text(connector, "doi"));
        }
        Ok(text(connector, "slug"))
    }

    /// Compares the repository with Dataverse's list, file by file.
    ///
    /// # Errors
    /// Names the first file that is missing or other than Dataverse has it.
    pub(crate) async fn compare(&self, ending: &Ending, project: &str, tell: bool) -> anyhow::Result<usize> {
        let text = |name: &str| {
            ending.import.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))
        };
        let result = ending.import.get("result").context("no result")?;
        let branch = result.get("branch").and_then(Value::as_str).context("no branch")?;
        let folder = format!("data/{}/", text("name")?);
        let repository =
            json_of(self.http.get(format!("{}/_sim/repos/{project}", self.at.git)).send().await?).await?;
        let files =
            repository.get("branches").and_then(|branches| branches.get(branch)).and_then(Value::as_object);
        let there: BTreeMap<_, _> = files
            .context("the branch is not in the repository")?
            .iter()
            .filter_map(|(path, stat)| Some((path.strip_prefix(&folder)?, stat)))
            .collect();
        let version = format!(
            "{}/api/v1/datasets/:persistentId/versions/{}?persistentId={}",
            self.at.dataverse,
            text("version")?,
            text("dataset")?
        );
        let version = json_of(self.http.get(version).send().await?).await?;
        let listed =
            version.pointer("/data/files").and_then(Value::as_array).context("Dataverse lists no files")?;
        for file in listed {
            let name = file.get("label").and_then(Value::as_str).context("a file without a name")?;
            let part =
                |name: &str| file.pointer(&format!("/dataFile/checksum/{name}")).and_then(Value::as_str);
            let (Some(kind), Some(sum)) = (part("type"), part("value")) else {
                bail!("{name} has no checksum")
            };
            let found = there.get(name).with_context(|| format!("{name} is not in the repository"))?;
            let found =
                found.get(kind.replace('-', "").to_lowercase()).and_then(Value::as_str).unwrap_or("none");
            if found != sum {
                bail!("{name} has {kind} {found} in the repository and {sum} in Dataverse");
            }
            if tell {
                out::line(format!("  = {name}  {kind} {sum}"));
            }
        }
        Ok(listed.len())
    }
}

/// Follows an import through the API until it has ended, or (`stop_when_waiting`) waits for a person.
///
/// # Errors
/// When the service cannot be asked, or no end came in time.
pub(crate) async fn follow(
    api: &Api,
    id: &str,
    patience: Duration,
    stop_when_waiting: bool,
    tell: bool,
) -> anyhow::Result<Value> {
    let started = tokio::time::Instant::now();
    let mut seen = 0;
    loop {
        let timeline = api.get(&format!("/imports/{id}/timeline?after={seen}")).await?;
        for entry in timeline.get("entries").and_then(Value::as_array).into_iter().flatten() {
            seen = entry.get("seq").and_then(Value::as_i64).unwrap_or(seen).max(seen);
            if tell {
                out::line(timeline_line(entry));
            }
        }
        let import = api.get(&format!("/imports/{id}")).await?;
        let ended = import.get("ended").and_then(Value::as_bool) == Some(true);
        let waits = import.get("condition").and_then(Value::as_str) == Some("sign_in");
        if ended || (waits && stop_when_waiting) {
            let last = api.get(&format!("/imports/{id}/timeline?after={seen}")).await?;
            for entry in last.get("entries").and_then(Value::as_array).into_iter().flatten().filter(|_| tell)
            {
                out::line(timeline_line(entry));
            }
            return Ok(import);
        }
        if started.elapsed() > patience {
            bail!("the import has not ended after {} s: {import}", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A line of the timeline for people.
pub(crate) fn timeline_line(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or("");
    let problem = entry.get("problem").map_or_else(String::new, |problem| {
        let part = |name: &str| problem.get(name).and_then(Value::as_str);
        let words = part("words").map(|words| format!(" – “{words}”")).unwrap_or_default();
        format!("  {}: {}{words}", part("code").unwrap_or("?"), part("title").unwrap_or(""))
    });
    let condition = match text("condition") {
        "none" | "" => String::new(),
        condition => format!(" ({condition})"),
    };
    format!("{}  {:<12} {}{condition}{problem}", text("at"), text("event"), text("phase"))
}

fn location(answer: &reqwest::Response) -> Option<String> {
    answer.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

async fn json_of(answer: reqwest::Response) -> anyhow::Result<Value> {
    let (status, url) = (answer.status(), answer.url().path().to_owned());
    let body = http::body(answer, LARGEST_ANSWER).await?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body)
        .with_context(|| format!("{url} answered {status} with something that is not JSON"))
}
