//! What the simulated Renku 2 keeps in memory: users, places, projects, connectors, links, faults, and the calls so far.
//! Only data and look-ups; what a call does is in the other files.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::http::now;

/// So many calls are kept.
const EXCHANGES: usize = 20_000;

/// The alphabet of ULIDs.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The Keycloak id of whoever made what is there from the start.
const FOUNDER: &str = "5b5c1e6a-0000-4000-8000-000000000001";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub(super) name: String,
    pub(super) times: Option<u64>,
    pub(super) seconds: Option<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) slug: String,
    pub(super) public: bool,
    pub(super) created_by: String,
    pub(super) created_at: String,
    pub(super) description: Option<String>,
    pub(super) owner: String,
    pub(super) editors: BTreeSet<String>,
}

impl Project {
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.slug)
    }

    pub(super) fn may_write(&self, name: &str) -> bool {
        self.owner == name || self.editors.contains(name)
    }

    pub(super) fn may_read(&self, name: Option<&str>) -> bool {
        self.public || name.is_some_and(|name| self.may_write(name))
    }

    pub(super) fn json(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "name": self.name, "namespace": self.namespace, "slug": self.slug,
            "creation_date": self.created_at, "created_by": self.created_by, "updated_at": self.created_at,
            "repositories": [], "visibility": if self.public { "public" } else { "private" },
            "etag": format!("\"{}\"", self.id), "keywords": [], "is_template": false,
            "secrets_mount_directory": "/secrets",
        });
        if let (Some(description), Some(map)) = (&self.description, shown.as_object_mut()) {
            map.insert("description".into(), json!(description));
        }
        shown
    }
}

#[derive(Debug, Clone)]
pub(super) struct Connector {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) slug: String,
    /// As its first user wrote it.
    pub(super) given: String,
    /// Bare; connectors from before data-services 0.65.0 do not have it.
    pub(super) doi: Option<String>,
    pub(super) resolver: Option<String>,
    pub(super) description: Option<String>,
    pub(super) created_by: String,
    pub(super) created_at: String,
}

impl Connector {
    pub(super) fn json(&self) -> Value {
        let mut configuration = json!({ "type": "doi", "doi": self.given, "provider": "dataverse" });
        if let (Some(resolver), Some(map)) = (&self.resolver, configuration.as_object_mut()) {
            map.insert("doi_resolver_api_url".into(), json!(resolver));
        }
        let start: String = super::doi::slugified(&self.name).chars().take(30).collect();
        let mut shown = json!({
            "id": self.id, "name": self.name, "slug": self.slug,
            "storage": {
                "storage_type": "doi", "configuration": configuration, "source_path": "/",
                "target_path": super::doi::slugified(&format!("{start}-{}", self.slug)),
                "readonly": true, "sensitive_fields": [],
            },
            "creation_date": self.created_at, "created_by": self.created_by, "visibility": "public",
            "etag": format!("\"{}\"", self.id), "keywords": [],
        });
        if let Some(map) = shown.as_object_mut() {
            let more = [("description", &self.description), ("doi", &self.doi)];
            map.extend(
                more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?)))),
            );
            if self.doi.is_some() {
                map.insert("publisher_name".into(), json!("Sandbox Dataverse"));
            }
        }
        shown
    }
}

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) connector: String,
    pub(super) project: String,
    pub(super) created_by: String,
    pub(super) created_at: String,
}

impl Link {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "data_connector_id": self.connector, "project_id": self.project,
            "creation_date": self.created_at, "created_by": self.created_by,
        })
    }
}

#[derive(Debug)]
pub(super) struct State {
    made: u64,
    /// Names of people by Keycloak id, since they first asked for themselves.
    pub(super) users: BTreeMap<String, String>,
    /// Groups and their editors.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    pub(super) projects: Vec<Project>,
    pub(super) connectors: Vec<Connector>,
    pub(super) links: Vec<Link>,
    pub(super) exchanges: VecDeque<Value>,
    faults: HashMap<String, Fault>,
}

impl State {
    pub(super) fn with_built_in() -> Self {
        let mut state = Self {
            made: 0,
            users: BTreeMap::new(),
            groups: BTreeMap::from([("glaciology".to_owned(), BTreeSet::from(["alice".to_owned()]))]),
            projects: Vec::new(),
            connectors: Vec::new(),
            links: Vec::new(),
            exchanges: VecDeque::new(),
            faults: HashMap::new(),
        };
        state.add_project("alice/first-project", "alice", &[], false);
        state.add_project("bob/shared", "bob", &["alice"], false);
        state.add_project("bob/public-notes", "bob", &[], true);
        state.add_project("glaciology/fieldwork", "bob", &[], true);
        state
    }

    /// A new ULID; they grow.
    pub(super) fn ulid(&mut self) -> String {
        self.made += 1;
        let mut rest = self.made;
        let mut tail = [b'0'; 20];
        for place in tail.iter_mut().rev() {
            let digit = usize::try_from(rest % 32).unwrap_or(0);
            *place = CROCKFORD.get(digit).copied().unwrap_or(b'0');
            rest /= 32;
        }
        format!("01JSIM{}", String::from_utf8_lossy(&tail)).replace('I', "J")
    }

    pub(super) fn add_project(&mut self, path: &str, owner: &str, editors: &[&str], public: bool) -> Project {
        let (namespace, slug) = path.split_once('/').unwrap_or((owner, path));
        let project = Project {
            id: self.ulid(),
            name: slug.to_owned(),
            namespace: namespace.to_owned(),
            slug: slug.to_owned(),
            public,
            created_by: FOUNDER.to_owned(),
            created_at: time(),
            description: None,
            owner: owner.to_owned(),
            editors: editors.iter().map(|&editor| editor.to_owned()).collect(),
        };
        self.projects.retain(|other| other.path() != project.path());
        self.projects.push(project.clone());
        project
    }

    pub(super) fn connector(&self, slug: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.slug == slug)
    }

    pub(super) fn order_fault(&mut self, fault: Fault) {
        self.faults.insert(fault.name.clone(), fault);
    }

    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Plays a fault once if it is on.
    pub(super) fn plays(&mut self, name: &str) -> Option<Fault> {
        let fault = self.faults.get_mut(name)?;
        let played = fault.clone();
        if let Some(left) = &mut fault.times {
            *left = left.saturating_sub(1);
        }
        if fault.times == Some(0) {
            self.faults.remove(name);
        }
        Some(played)
    }

    pub(super) fn note(&mut self, exchange: Value) {
        if self.exchanges.len() == EXCHANGES {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back(exchange);
    }
}

/// Now, as Renku writes it.
pub(super) fn time() -> String {
    now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
