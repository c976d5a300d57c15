//! What the simulated Dataverse keeps in memory, and how things are looked up in it.
//! Only data and look-ups: HTTP belongs to its neighbours.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fixtures;
use super::model::{Dataset, DatasetSpec, File, FileSpec, Version};
use super::workflow::{Definition, Invocation};
use crate::sandbox::http::now;

/// A person with an account.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) superuser: bool,
    pub(super) api_token: &'static str,
}

/// The people of the simulated Dataverse.
pub(super) const USERS: [User; 2] = [
    User {
        id: 5,
        name: "fiona",
        first: "Fiona",
        last: "Finch",
        superuser: false,
        api_token: "11111111-2222-3333-4444-555555555555",
    },
    User {
        id: 1,
        name: "dataverseAdmin",
        first: "Dataverse",
        last: "Admin",
        superuser: true,
        api_token: super::ADMIN_API_TOKEN,
    },
];

pub(super) fn user(name: &str) -> Option<&'static User> {
    USERS.iter().find(|user| user.name == name)
}

/// Who may do everything.
pub(super) fn administrator() -> &'static User {
    USERS.iter().find(|user| user.superuser).unwrap_or(&USERS[0])
}

/// Requests remembered one by one; older ones are only counted.
const HITS_KEPT: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) datasets: Vec<Dataset>,
    files: HashMap<u64, (usize, Arc<File>)>,
    pub(super) tools: Vec<(u64, Value)>,
    pub(super) workflow: Option<Definition>,
    pub(super) registered: super::admin::Registered,
    pub(super) invocations: Vec<Invocation>,
    /// Fault name to the number of times it still plays; `u64::MAX` = until cleared.
    pub(super) faults: HashMap<String, u64>,
    pub(super) hits: VecDeque<Value>,
    pub(super) hit_count: u64,
    last_id: u64,
}

impl State {
    pub(super) fn with_built_in() -> Self {
        let mut state = Self { last_id: 40, ..Self::default() };
        for spec in fixtures::built_in() {
            state.add(spec);
        }
        state
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn store_files(&mut self, dataset: usize, specs: Vec<FileSpec>) -> Vec<Arc<File>> {
        let mut stored = Vec::with_capacity(specs.len());
        for spec in specs {
            let file = Arc::new(File::new(self.next_id(), spec));
            self.files.insert(file.id, (dataset, Arc::clone(&file)));
            stored.push(file);
        }
        stored
    }

    /// Adds a dataset, version 1.0 released yesterday unless it says otherwise; replaces one with the same identifier.
    pub(super) fn add(&mut self, spec: DatasetSpec) -> u64 {
        let index = self.position(&spec.pid).unwrap_or(self.datasets.len());
        let files = self.store_files(index, spec.files.clone());
        let created = now() - TimeDelta::days(1);
        let version = Version {
            id: self.next_id(),
            number: None,
            deaccessioned: false,
            files: files.clone(),
            created,
            released: None,
            updated: None,
        };
        let release = |number| Version { number: Some(number), released: Some(created), ..version.clone() };
        // The version before had one file less, so that an export that lags can be told from one that does not.
        let fewer = files.split_last().map(|(_, before)| before.to_vec()).unwrap_or_default();
        let (versions, draft) = match (spec.unpublished, spec.lagging) {
            (true, _) => (vec![], Some(version)),
            (false, true) => {
                let newest = Version { id: self.next_id(), released: Some(now()), ..release((1, 1)) };
                (vec![Version { files: fewer, ..release((1, 0)) }, newest], None)
            }
            (false, false) => (vec![release((1, 0))], spec.with_draft.then_some(version)),
        };
        let exported = if spec.lagging { 1 } else { versions.len() };
        let id = self.next_id();
        let dataset = Dataset { id, spec, versions, draft, locks: vec![], exported, export_due: None };
        match self.datasets.get_mut(index) {
            Some(old) => *old = dataset,
            None => self.datasets.push(dataset),
        }
        id
    }

    fn position(&self, pid: &str) -> Option<usize> {
        self.datasets.iter().position(|d| d.spec.pid.eq_ignore_ascii_case(pid))
    }

    /// The dataset with that persistent identifier, in any of its spellings.
    pub(super) fn by_pid(&mut self, pid: &str) -> Option<&mut Dataset> {
        let bare = ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/"]
            .iter()
            .find_map(|prefix| pid.strip_prefix(prefix));
        let pid = bare.map_or_else(|| pid.to_owned(), |rest| format!("doi:{rest}"));
        if self.position(&pid).is_none()
            && let Some(spec) = fixtures::on_demand(&pid)
        {
            self.add(spec);
        }
        let index = self.position(&pid)?;
        self.datasets.get_mut(index)
    }

    pub(super) fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.iter()
    }

    pub(super) fn by_id(&mut self, id: u64) -> Option<&mut Dataset> {
        self.datasets.iter_mut().find(|d| d.id == id)
    }

    pub(super) fn file(&self, id: u64) -> Option<(&Dataset, Arc<File>)> {
        let (index, file) = self.files.get(&id)?;
        self.datasets.get(*index).map(|dataset| (dataset, Arc::clone(file)))
    }

    /// Plays a fault once if it is on.
    pub(super) fn plays(&mut self, fault: &str) -> bool {
        let Some(left) = self.faults.get_mut(fault) else { return false };
        if *left != u64::MAX {
            *left -= 1;
        }
        if *left == 0 {
            self.faults.remove(fault);
        }
        true
    }

    pub(super) fn note_hit(&mut self, hit: Value) {
        self.hit_count += 1;
        if self.hits.len() == HITS_KEPT {
            self.hits.pop_front();
        }
        self.hits.push_back(hit);
    }

    /// Releases a new version of a dataset; its export follows after `export_lag`.
    pub(super) fn release(
        &mut self,
        pid: &str,
        major: bool,
        files: Option<Vec<FileSpec>>,
        export_lag: Duration,
    ) -> Option<(u64, u64, u64)> {
        self.by_pid(pid)?;
        let index = self.datasets.iter().position(|d| d.spec.pid.eq_ignore_ascii_case(pid))?;
        let stored = files.map(|specs| self.store_files(index, specs));
        let version_id = self.next_id();
        let dataset = self.datasets.get_mut(index)?;
        let before = dataset.draft.take().or_else(|| dataset.versions.last().cloned())?;
        let number = match dataset.versions.last().and_then(|v| v.number) {
            None => (1, 0),
            Some((last, _)) if major => (last + 1, 0),
            Some((last, minor)) => (last, minor + 1),
        };
        let at = now();
        dataset.versions.push(Version {
            id: version_id,
            number: Some(number),
            deaccessioned: false,
            files: stored.unwrap_or(before.files),
            created: before.created,
            released: Some(at),
            updated: None,
        });
        dataset.export_due = Some(Instant::now() + export_lag);
        Some((dataset.id, number.0, number.1))
    }

    pub(super) fn summary(&self) -> Value {
        let item = |d: &Dataset| {
            json!({ "id": d.id, "pid": d.spec.pid, "title": d.title(),
                "versions": d.versions.iter().map(Version::name).collect::<Vec<_>>(), "draft": d.draft.is_some() })
        };
        self.datasets.iter().map(item).collect()
    }
}
