//! Endpoints of the core service that tell about it, about projects and about their datasets.
//! What looks at datasets works on the person's working copy, and resets it when it is old, as in the real one.

use serde_json::{Value, json};

use super::Sim;
use super::errors::{self, ServiceError};
use super::gateway::Identity;
use super::projects::Template;
use crate::sandbox::http::Ask;

type Outcome = Result<Value, ServiceError>;

fn text((major, minor): (u64, u64)) -> String {
    format!("{major}.{minor}")
}

impl Sim {
    pub(super) fn api_version_info(&self) -> Value {
        let (oldest, newest) = self.release().api();
        json!({
            "latest_version": self.options.core_version, "cli_version": self.options.core_version,
            "supported_project_version": self.release().metadata(),
            "minimum_api_version": text(oldest), "maximum_api_version": text(newest),
        })
    }

    pub(super) fn versions_info(&self) -> Value {
        let metadata = self.release().metadata().to_string();
        let version = format!("v{}", self.options.core_version);
        json!({ "name": "renku-core", "versions": [{ "version": version, "data": { "metadata_version": metadata } }] })
    }

    pub(super) async fn migrations_check(
        &self,
        api: (u64, u64),
        ask: &Ask,
        identity: Option<&Identity>,
    ) -> Outcome {
        let git_url = required(ask, "git_url")?;
        let person = identity.ok_or_else(errors::anonymous)?;
        let branch = ask.query("branch");
        let path = if self.release().checks_without_clone() {
            self.look_up(git_url, branch, person).await?.path
        } else {
            self.open(git_url, branch, person).await?.path
        };
        let template = self.state().projects.get(&path).map(|project| project.template);
        let current = self.release().metadata();
        let (metadata, supported) = match template {
            Some(Template::Outdated) => (current - 1, true),
            Some(Template::Future) => (current + 1, false),
            Some(Template::TooNew) => (current, false),
            Some(Template::Renku | Template::Plain) | None => (current, true),
        };
        let mut out = json!({
            "project_supported": supported, "git_url": git_url,
            "core_renku_version": self.options.core_version, "project_renku_version": self.options.core_version,
            "core_compatibility_status": {
                "project_metadata_version": metadata.to_string(), "current_metadata_version": current.to_string(),
                "migration_required": template == Some(Template::Outdated),
            },
            "dockerfile_renku_status": {
                "newer_renku_available": false, "automated_dockerfile_update": true,
                "latest_renku_version": self.options.core_version, "dockerfile_renku_version": self.options.core_version,
            },
            "template_status": {
                "automated_template_update": true, "newer_template_available": false, "template_source": "renku",
                "template_ref": null, "template_id": "python-minimal", "project_template_version": "0.6.0",
                "latest_template_version": "0.6.0", "ssh_supported": true,
            },
        });
        if api >= (2, 0) {
            for part in ["core_compatibility_status", "dockerfile_renku_status", "template_status"] {
                if let Some(map) = out.get_mut(part).and_then(Value::as_object_mut) {
                    map.insert("type".into(), "detail".into());
                }
            }
        }
        Ok(out)
    }

    pub(super) async fn migrate(&self, ask: &Ask, identity: Option<&Identity>) -> Outcome {
        let body = Self::json_body(ask)?;
        let person = identity.ok_or_else(errors::anonymous)?;
        let git_url = body.get("git_url").and_then(Value::as_str);
        let missing = || errors::wrong_values("'git_url': Missing data for required field.");
        let git_url = git_url.ok_or_else(missing)?;
        let opened = self.open(git_url, body.get("branch").and_then(Value::as_str), person).await?;
        let mut state = self.state();
        let outdated = state.projects.get_mut(&opened.path).filter(|p| p.template == Template::Outdated);
        let allowed = outdated.as_ref().is_none_or(|p| p.may_push(&person.name));
        let migrated = allowed && outdated.is_some();
        if let (true, Some(project)) = (migrated, outdated) {
            project.template = Template::Renku;
        }
        let errors: &[&str] = if allowed { &[] } else { &["Cannot push changes"] };
        Ok(json!({
            "was_migrated": migrated, "template_migrated": false, "docker_migrated": false,
            "messages": [], "warnings": [], "errors": errors, "remote_branch": opened.branch, "git_url": git_url,
        }))
    }

    pub(super) async fn datasets(&self, api: (u64, u64), ask: &Ask, identity: Option<&Identity>) -> Outcome {
        let git_url = required(ask, "git_url")?;
        let person = identity.ok_or_else(errors::anonymous)?;
        let opened = self.open(git_url, ask.query("branch"), person).await?;
        let (named, titled) = if api >= (2, 2) { ("slug", "name") } else { ("name", "title") };
        let state = self.state();
        let project = state.projects.get(&opened.path);
        let seen =
            project.into_iter().flat_map(|project| project.datasets_seen_by(&person.name, &opened.branch));
        let item = |dataset: &super::projects::Imported| {
            json!({
                named: dataset.slug, titled: dataset.title, "version": dataset.version,
                "created_at": dataset.created_at, "date_published": null, "description": dataset.description,
                "creators": [{ "name": "Finch, Fiona", "email": null, "affiliation": "Birds Inc." }],
                "keywords": [], "identifier": format!("{:032x}", u128::from(dataset.title.len() as u64)),
                "storage": null, "annotations": [], "data_directory": dataset.data_directory, "images": [],
            })
        };
        let datasets: Vec<Value> = seen.map(item).collect();
        Ok(json!({ "datasets": datasets, "git_url": git_url }))
    }

    pub(super) async fn dataset_files(
        &self,
        api: (u64, u64),
        ask: &Ask,
        identity: Option<&Identity>,
    ) -> Outcome {
        let git_url = required(ask, "git_url")?;
        let slug = required(ask, if api >= (2, 2) { "slug" } else { "name" })?;
        let person = identity.ok_or_else(errors::anonymous)?;
        let opened = self.open(git_url, ask.query("branch"), person).await?;
        let state = self.state();
        let project = state.projects.get(&opened.path);
        let mut seen =
            project.into_iter().flat_map(|project| project.datasets_seen_by(&person.name, &opened.branch));
        let dataset = seen.find(|dataset| dataset.slug == slug).ok_or_else(errors::no_such_dataset)?;
        let item = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or_default();
            json!({ "name": name, "path": path, "created": dataset.created_at, "added": dataset.created_at })
        };
        let files: Vec<Value> = dataset.files.keys().map(item).collect();
        let named = if api >= (2, 2) { "slug" } else { "name" };
        Ok(json!({ named: slug, "files": files, "git_url": git_url }))
    }
}

fn required<'a>(ask: &'a Ask, name: &str) -> Result<&'a str, ServiceError> {
    ask.query(name)
        .ok_or_else(|| errors::wrong_values(&format!("'{name}': Missing data for required field.")))
}
