//! Projects: who may read and push, branches with what lies on them, and the clones core keeps of them.
//! Jobs are elsewhere; here is only what they leave behind.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Sim;
use super::state::hex_id;
use crate::sandbox::http::{self, Ask, html_escaped};

/// What kind of repository it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Template {
    Renku,
    /// A repository, not a Renku project.
    Plain,
    /// Needs a migration first.
    Outdated,
    /// Asks for a newer renku.
    TooNew,
    /// Its metadata are of a later version.
    Future,
}

/// A file in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Stat {
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) sha256: String,
}

/// A dataset in a project.
#[derive(Debug, Clone)]
pub(super) struct Imported {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) created_at: String,
    pub(super) data_directory: String,
    /// Path in the repository to the file.
    pub(super) files: BTreeMap<String, Stat>,
}

/// A branch.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<String, Stat>,
    pub(super) datasets: BTreeMap<String, Imported>,
}

impl Tree {
    fn add(&mut self, imported: Imported) {
        self.files.extend(imported.files.clone());
        self.datasets.insert(imported.slug.clone(), imported);
    }
}

/// Core's working copy for one person and branch.
#[derive(Debug)]
pub(super) struct WorkingCopy {
    pub(super) project_id: String,
    last_fetch: Instant,
    /// Commits whose push failed; they stay until the next reset.
    unpushed: Vec<Imported>,
}

/// A project on the git host.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) path: String,
    pub(super) template: Template,
    /// None = everybody.
    pub(super) readers: Option<Vec<String>>,
    pub(super) writers: Vec<String>,
    /// Protected branches; `*` = all.
    pub(super) protected: Vec<String>,
    /// Seconds a clone takes.
    pub(super) delay: f64,
    pub(super) default_branch: String,
    pub(super) branches: BTreeMap<String, Tree>,
    pub(super) copies: HashMap<(String, String), WorkingCopy>,
}

impl Project {
    pub(super) fn new(path: &str) -> Self {
        let owner = path.split_once('/').map_or(path, |(owner, _)| owner);
        Self {
            path: path.to_owned(),
            template: Template::Renku,
            readers: None,
            writers: vec![owner.to_owned()],
            protected: vec![],
            delay: 0.0,
            default_branch: "master".into(),
            branches: [("master".to_owned(), Tree::default())].into(),
            copies: HashMap::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// When something was last imported, as GitLab writes times; otherwise long ago, the same time for each.
    pub(super) fn last_activity(&self) -> String {
        let datasets = self.branches.values().flat_map(|tree| tree.datasets.values());
        let last = datasets.map(|dataset| dataset.created_at.as_str()).max().filter(|at| !at.is_empty());
        last.map_or_else(|| "2026-01-05T08:00:00.000Z".to_owned(), |at| format!("{at}Z"))
    }

    pub(super) fn may_push(&self, user: &str) -> bool {
        self.writers.iter().any(|writer| writer == user)
    }

    pub(super) fn may_read(&self, user: &str) -> bool {
        self.may_push(user)
            || self.readers.as_ref().is_none_or(|readers| readers.iter().any(|reader| reader == user))
    }

    fn is_protected(&self, branch: &str) -> bool {
        self.protected.iter().any(|name| name == branch || name == "*")
    }

    /// Brings a person's working copy up to date as core does before it works on a project: a new clone the first time,
    /// later a fetch with hard reset when the last one is older than `stale`. Tells whether a copy was reset.
    pub(super) fn bring_up_to_date(&mut self, user: &str, branch: &str, stale: Duration) -> bool {
        let key = (user.to_owned(), branch.to_owned());
        match self.copies.get_mut(&key) {
            None => {
                let copy = WorkingCopy { project_id: hex_id(), last_fetch: Instant::now(), unpushed: vec![] };
                self.copies.insert(key, copy);
                false
            }
            Some(copy) if copy.last_fetch.elapsed() <= stale => false,
            Some(copy) => {
                copy.last_fetch = Instant::now();
                copy.unpushed.clear();
                true
            }
        }
    }

    pub(super) fn copy(&self, user: &str, branch: &str) -> Option<&WorkingCopy> {
        self.copies.get(&(user.to_owned(), branch.to_owned()))
    }

    /// What core sees in a person's working copy: the branch, and commits that never were pushed.
    pub(super) fn datasets_seen_by(&self, user: &str, branch: &str) -> impl Iterator<Item = &Imported> {
        let pushed = self.branches.get(branch).into_iter().flat_map(|tree| tree.datasets.values());
        pushed.chain(self.copy(user, branch).into_iter().flat_map(|copy| &copy.unpushed))
    }

    /// Whether a slug is taken there.
    pub(super) fn has_dataset(&self, user: &str, branch: &str, slug: &str) -> bool {
        self.datasets_seen_by(user, branch).any(|dataset| dataset.slug == slug)
    }

    /// Commits to the working copy and pushes everything that lies there. Tells the branch it went to.
    pub(super) fn push(
        &mut self,
        user: &str,
        branch: &str,
        imported: Imported,
    ) -> Result<String, &'static str> {
        let refused = !self.may_push(user) || (self.is_protected(branch) && self.is_protected("*"));
        let key = (user.to_owned(), branch.to_owned());
        let Some(copy) = self.copies.get_mut(&key) else { return Err("Cannot push changes") };
        copy.unpushed.push(imported);
        if refused {
            return Err("Cannot push changes");
        }
        let commits = std::mem::take(&mut copy.unpushed);
        let start = self.branches.get(branch).cloned().unwrap_or_default();
        let target = if self.is_protected(branch) {
            let id = hex_id();
            let sha = id.get(id.len() - 8..).unwrap_or_default();
            format!("renku/autobranch/{branch}/{sha}")
        } else {
            branch.to_owned()
        };
        let tree = self.branches.entry(target.clone()).or_insert(start);
        for commit in commits {
            tree.add(commit);
        }
        Ok(target)
    }

    /// What lies on each branch.
    pub(super) fn contents(&self) -> Value {
        let branches: BTreeMap<_, _> = self.branches.iter().map(|(name, tree)| (name, &tree.files)).collect();
        json!({ "path": self.path, "default_branch": self.default_branch, "branches": branches })
    }
}

/// A project asked for over `/_sim/projects`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectSpec {
    path: String,
    template: Option<Template>,
    readers: Option<Vec<String>>,
    writers: Option<Vec<String>>,
    #[serde(default)]
    protected: Vec<String>,
    #[serde(default)]
    delay: f64,
    #[serde(default)]
    branches: Vec<String>,
}

impl From<ProjectSpec> for Project {
    fn from(spec: ProjectSpec) -> Self {
        let mut project = Self::new(&spec.path);
        project.template = spec.template.unwrap_or(Template::Renku);
        project.readers = spec.readers;
        project.writers = spec.writers.unwrap_or(project.writers);
        project.protected = spec.protected;
        project.delay = spec.delay;
        project.branches.extend(spec.branches.into_iter().map(|name| (name, Tree::default())));
        project
    }
}

impl Sim {
    /// A person's look at a repository.
    pub(super) fn repository_page(&self, ask: &Ask) -> HttpResponse {
        let path = ask.path.trim_matches('/').trim_end_matches(".git").to_owned();
        let state = self.state();
        let Some(project) = state.projects.get(&path) else {
            return http::text(
                404,
                "text/html",
                "<html><title>Not Found</title><h1>404: not found</h1></html>",
            );
        };
        let branch = |(name, tree): (&String, &Tree)| {
            let item = |(path, stat): (&String, &Stat)| {
                format!("<li>{} ({} bytes)</li>", html_escaped(path), stat.size)
            };
            let files: String = tree.files.iter().map(item).collect();
            format!("<h2>{}</h2><ul>{files}</ul>", html_escaped(name))
        };
        let branches: String = project.branches.iter().map(branch).collect();
        let title = html_escaped(&project.path);
        let page = format!(
            "<!doctype html><title>{title}</title><h1>{title}</h1><p>GitLab (simulated)</p>{branches}"
        );
        http::text(200, "text/html; charset=utf-8", page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Duration = Duration::from_secs(30);

    fn dataset(slug: &str) -> Imported {
        let stat = Stat { size: 1, md5: String::new(), sha256: String::new() };
        Imported {
            slug: slug.into(),
            title: slug.into(),
            version: "1.0".into(),
            description: String::new(),
            created_at: String::new(),
            data_directory: format!("data/{slug}"),
            files: [(format!("data/{slug}/a.txt"), stat)].into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_push_stays_in_the_working_copy_until_it_is_reset() {
        let mut project = Project::new("alice/p");
        project.bring_up_to_date("bob", "master", STALE);
        assert!(project.push("bob", "master", dataset("one")).is_err());
        assert!(project.has_dataset("bob", "master", "one"));
        assert!(!project.has_dataset("alice", "master", "one"));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(project.bring_up_to_date("bob", "master", STALE));
        assert!(!project.has_dataset("bob", "master", "one"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_push_takes_the_failed_one_along() {
        let mut project = Project::new("alice/p");
        project.bring_up_to_date("bob", "master", STALE);
        assert!(project.push("bob", "master", dataset("one")).is_err());
        project.writers.push("bob".into());
        assert_eq!(project.push("bob", "master", dataset("two")).as_deref(), Ok("master"));
        let files: Vec<_> = project.branches["master"].files.keys().collect();
        assert_eq!(files, ["data/one/a.txt", "data/two/a.txt"]);
    }

    #[tokio::test]
    async fn a_protected_branch_gets_a_branch_beside_it() {
        let mut project = Project { protected: vec!["master".into()], ..Project::new("alice/p") };
        project.bring_up_to_date("alice", "master", STALE);
        let branch = project.push("alice", "master", dataset("one")).unwrap();
        assert_eq!(branch.strip_prefix("renku/autobranch/master/").map(str::len), Some(8));
        assert!(project.branches["master"].files.is_empty());
        assert_eq!(project.branches[&branch].files.len(), 1);
    }
}
