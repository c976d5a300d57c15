//! Data connectors and links of the simulated Renku 2: one connector per DOI for everybody, one link per connector and project.
//! What a DOI leads to is in `doi`.

use serde_json::Value;

use super::Sim;
use super::api::{Answered, Caller, Reply, empty, invalid, not_found, object, ok, refused};
use super::doi::{Described, bare, slugified};
use super::state::{Connector, Link, Project, time};
use crate::sandbox::http::Ask;

const NOT_SUPPORTED: &str = "The provided DOI is not supported.";
const NOT_WORKING: &str = "The provided storage configuration is not currently working";

/// What a configuration asks for.
struct Wanted {
    given: String,
    bare: String,
    resolver: Option<String>,
}

fn wanted(configuration: &Value) -> Result<Wanted, Reply> {
    let allowed = ["provider", "doi_resolver_api_url", "description"];
    let map = object(configuration, &["type", "doi"], &allowed, "storage.configuration.")?;
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    if text("type") != Some("doi") {
        return Err(refused(422, "Only DOI storage is supported here."));
    }
    let given = text("doi").unwrap_or_default();
    let bare = bare(given).ok_or_else(|| refused(422, NOT_SUPPORTED))?;
    let resolver = text("doi_resolver_api_url").map(str::to_owned);
    Ok(Wanted { given: given.to_owned(), bare, resolver })
}

impl Sim {
    pub(super) fn connector(&self, slug: &str) -> Answered {
        let slug = slug.to_lowercase();
        let state = self.state();
        state
            .connector(&slug)
            .map(|found| ok(200, found.json()))
            .ok_or_else(|| not_found("The data connector"))
    }

    pub(super) async fn make_connector(&self, ask: &Ask, caller: &Caller) -> Answered {
        let body = object(&ask.json(), &["storage"], &[], "")?;
        let storage = body.get("storage").cloned().unwrap_or_default();
        let required = ["configuration", "source_path", "target_path"];
        let storage = object(&storage, &required, &["readonly"], "storage.")?;
        if storage.get("readonly") == Some(&Value::Bool(false)) {
            return Err(refused(422, "Global data connectors must be read-only."));
        }
        let wanted = wanted(storage.get("configuration").unwrap_or(&Value::Null))?;
        self.must_have_entry(caller)?;
        let slow = self.state().plays("doi_slow");
        if let Some(slow) = slow {
            self.wait(slow.seconds.unwrap_or(30.0)).await;
        }
        let described = self.described(&wanted.bare, wanted.resolver.as_deref()).await;
        // Asked even if the connector is there: without the resolver and Dataverse nothing goes.
        let described = described.map_err(|_words| refused(422, NOT_SUPPORTED))?;
        let slug = slugified(&format!("doi:{}", wanted.bare));
        if let Some(found) = self.state().connector(&slug) {
            return Ok(ok(200, found.json()));
        }
        let not_listable = self.state().plays("not_listable");
        if not_listable.is_some() {
            return Err(invalid(NOT_WORKING, "dial tcp 127.0.0.1:443: connect: connection refused"));
        }
        // Between the look and the insertion Renku lists the dataset and reads its metadata: time enough for somebody else.
        self.wait(0.05).await;
        let lost_race = self.state().plays("lost_race");
        let made = self.insert(&wanted, &slug, &described, &caller.id);
        match (made, lost_race) {
            (Some(_), Some(_)) => {
                Err(refused(500, "Database error occurred: unique constraint (entity_slugs)"))
            }
            (Some(made), None) => Ok(ok(201, made.json())),
            (None, _) => Err(refused(409, &format!("An entity with the slug '{slug}' already exists."))),
        }
    }

    fn insert(&self, wanted: &Wanted, slug: &str, described: &Described, by: &str) -> Option<Connector> {
        let cut = |text: &String, most: usize| text.chars().take(most).collect::<String>();
        let mut state = self.state();
        if state.connector(slug).is_some() {
            return None;
        }
        let made = Connector {
            id: state.ulid(),
            name: described
                .title
                .as_ref()
                .map_or_else(|| format!("doi:{}", wanted.bare), |title| cut(title, 99)),
            slug: slug.to_owned(),
            given: wanted.given.clone(),
            doi: Some(wanted.bare.clone()),
            resolver: wanted.resolver.clone(),
            description: described.description.as_ref().map(|text| cut(text, 500)),
            created_by: by.to_owned(),
            created_at: time(),
        };
        state.connectors.push(made.clone());
        Some(made)
    }

    /// As an administrator or an earlier time left it.
    pub(super) fn plant(&self, doi: &str, slug: Option<&str>, old: bool) -> Connector {
        let mut state = self.state();
        let planted = Connector {
            id: state.ulid(),
            name: format!("doi:{doi}"),
            slug: slug.map_or_else(|| slugified(&format!("doi:{doi}")), str::to_owned),
            given: if old { format!("https://doi.org/{doi}") } else { doi.to_owned() },
            doi: (!old).then(|| doi.to_owned()),
            resolver: None,
            description: None,
            created_by: "somebody-else".to_owned(),
            created_at: time(),
        };
        state.connectors.push(planted.clone());
        planted
    }

    /// Works for everybody, also anonymously, and has rclone's words in its refusal.
    pub(super) async fn test_connection(&self, ask: &Ask) -> Answered {
        let body = object(&ask.json(), &["configuration", "source_path"], &[], "")?;
        let wanted = wanted(body.get("configuration").unwrap_or(&Value::Null))?;
        let described = self.described(&wanted.bare, wanted.resolver.as_deref()).await;
        described.map(|_| empty()).map_err(|words| invalid(NOT_WORKING, &words))
    }

    pub(super) fn links_of(&self, project: &str, caller: Option<&Caller>) -> Answered {
        let name = caller.map(|caller| caller.name.as_str());
        let state = self.state();
        if !state.projects.iter().any(|one| one.id == project && one.may_read(name)) {
            return Err(not_found("The project"));
        }
        let links = state.links.iter().filter(|link| link.project == project).map(Link::json).collect();
        Ok(ok(200, Value::Array(links)))
    }

    pub(super) fn make_link(&self, connector: &str, ask: &Ask, caller: &Caller) -> Answered {
        let body = object(&ask.json(), &["project_id"], &[], "")?;
        let project = body.get("project_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.must_have_entry(caller)?;
        let mut state = self.state();
        let writes = |one: &Project| one.id == project && one.may_write(&caller.name);
        if !state.connectors.iter().any(|one| one.id == connector) || !state.projects.iter().any(writes) {
            return Err(not_found("The project or the data connector"));
        }
        if state.links.iter().any(|link| link.connector == connector && link.project == project) {
            let message =
                format!("A link from data connector {connector} to project {project} already exists.");
            return Err(refused(409, &message));
        }
        let link = Link {
            id: state.ulid(),
            connector: connector.to_owned(),
            project,
            created_by: caller.id.clone(),
            created_at: time(),
        };
        state.links.push(link.clone());
        Ok(ok(201, link.json()))
    }

    pub(super) fn delete_link(&self, connector: &str, link: &str, caller: &Caller) -> Answered {
        let mut state = self.state();
        let found = state.links.iter().position(|one| one.id == link && one.connector == connector);
        let Some(at) = found else { return Ok(empty()) };
        let project = state.links.get(at).map(|link| link.project.clone()).unwrap_or_default();
        if !state.projects.iter().any(|one| one.id == project && one.may_write(&caller.name)) {
            return Err(not_found("The link"));
        }
        state.links.remove(at);
        Ok(empty())
    }
}
