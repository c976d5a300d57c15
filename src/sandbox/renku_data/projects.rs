//! People, places and projects of the simulated Renku 2.
//! What is linked to projects is in `connectors`.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::Sim;
use super::api::{Answered, Caller, Reply, not_found, object, ok, paged, paging, pairs, refused};
use super::doi::slugified;
use super::state::{Project, time};
use crate::sandbox::http::{self, Ask};

impl Sim {
    pub(super) fn user(&self, caller: &Caller) -> Reply {
        self.state().users.insert(caller.id.clone(), caller.name.clone());
        ok(200, json!({ "id": caller.id, "username": caller.name, "email": caller.email, "is_admin": false }))
    }

    pub(super) fn namespaces(&self, ask: &Ask, caller: &Caller) -> Answered {
        let page = paging(ask, &["page", "per_page", "kinds", "minimum_role"])?;
        let mut kinds: Vec<String> =
            pairs(ask).into_iter().filter(|(key, _)| key == "kinds").map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            kinds = vec!["user".into(), "group".into()];
        }
        if kinds.iter().any(|kind| !["user", "group", "project"].contains(&kind.as_str())) {
            return Err(refused(422, "There are errors in the following fields, kinds"));
        }
        let writes = matches!(ask.query("minimum_role"), Some("editor" | "owner"));
        let asked = |kind: &str| kinds.iter().any(|asked| asked == kind);
        let mut state = self.state();
        let mut found = Vec::new();
        if asked("user") {
            let id = state.ulid();
            found.push(place(&id, &caller.name, &caller.name, "user", &caller.id));
        }
        if asked("group") {
            let groups: Vec<String> = state
                .groups
                .iter()
                .filter(|(_, editors)| !writes || editors.contains(&caller.name))
                .map(|(group, _)| group.clone())
                .collect();
            for group in groups {
                let id = state.ulid();
                found.push(place(&id, &group, &group, "group", &caller.id));
            }
        }
        if asked("project") {
            let projects: Vec<Project> = state
                .projects
                .iter()
                .filter(|project| {
                    if writes {
                        project.may_write(&caller.name)
                    } else {
                        project.may_read(Some(&caller.name))
                    }
                })
                .cloned()
                .collect();
            for project in projects {
                // The id of the place around it, not that of the project.
                let id = state.ulid();
                let mut item = place(&id, &project.name, &project.path(), "project", &project.created_by);
                if let Some(map) = item.as_object_mut() {
                    map.insert("slug".into(), json!(project.slug));
                }
                found.push(item);
            }
        }
        Ok(paged(found, page))
    }

    pub(super) fn projects(&self, ask: &Ask, caller: Option<&Caller>) -> Answered {
        let page = paging(ask, &["page", "per_page", "namespace", "direct_member"])?;
        let direct = ask.query("direct_member") == Some("true");
        let name = caller.map(|caller| caller.name.as_str());
        let state = self.state();
        let mine = |project: &&Project| {
            if direct { name.is_some_and(|name| project.may_write(name)) } else { project.may_read(name) }
        };
        Ok(paged(state.projects.iter().rev().filter(mine).map(Project::json).collect(), page))
    }

    pub(super) fn make_project(&self, ask: &Ask, caller: &Caller) -> Answered {
        let allowed = ["slug", "repositories", "visibility", "description", "keywords", "documentation"];
        let wanted = object(&ask.json(), &["name", "namespace"], &allowed, "")?;
        let text = |key: &str| wanted.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(name), Some(namespace)) = (text("name"), text("namespace")) else {
            return Err(refused(422, "There are errors in the following fields, name"));
        };
        let slug = text("slug").unwrap_or_else(|| slugified(&name));
        if name.is_empty() || name.chars().count() > 99 || slug.is_empty() || slugified(&slug) != slug {
            return Err(refused(422, "There are errors in the following fields, name, slug"));
        }
        self.must_have_entry(caller)?;
        let mut state = self.state();
        let own = namespace == caller.name;
        match state.groups.get(&namespace) {
            Some(editors) if editors.contains(&caller.name) => {}
            Some(_) => {
                return Err(refused(
                    403,
                    "The project cannot be created because you do not have sufficient permissions with the namespace",
                ));
            }
            None if own => {}
            None if state.users.values().any(|user| *user == namespace) || namespace == "bob" => {
                return Err(refused(
                    403,
                    "The project cannot be created because you do not have sufficient permissions with the namespace",
                ));
            }
            None => return Err(not_found("The namespace")),
        }
        if state.projects.iter().any(|project| project.namespace == namespace && project.slug == slug) {
            return Err(refused(
                409,
                &format!("An entity with the slug '{namespace}/{slug}' already exists."),
            ));
        }
        let project = Project {
            id: state.ulid(),
            name,
            namespace,
            slug,
            public: text("visibility").as_deref() == Some("public"),
            created_by: caller.id.clone(),
            created_at: time(),
            description: text("description"),
            owner: caller.name.clone(),
            editors: std::collections::BTreeSet::new(),
        };
        state.projects.push(project.clone());
        Ok(ok(201, project.json()))
    }

    pub(super) fn project(&self, namespace: &str, slug: &str, caller: Option<&Caller>) -> Answered {
        let name = caller.map(|caller| caller.name.as_str());
        let state = self.state();
        let found = state
            .projects
            .iter()
            .find(|project| project.namespace == namespace && project.slug == slug && project.may_read(name));
        found.map(|project| ok(200, project.json())).ok_or_else(|| not_found("The project"))
    }

    pub(super) fn permissions(&self, id: &str, caller: Option<&Caller>) -> Answered {
        let name = caller.map(|caller| caller.name.as_str());
        let state = self.state();
        let found = state.projects.iter().find(|project| project.id == id && project.may_read(name));
        let project = found.ok_or_else(|| not_found("The project"))?;
        let write = name.is_some_and(|name| project.may_write(name));
        let owns = name == Some(project.owner.as_str());
        Ok(ok(200, json!({ "write": write, "delete": owns, "change_membership": owns })))
    }

    /// What a person sees of a project: its name and what is linked to it.
    pub(super) fn project_page(&self, place: &str) -> HttpResponse {
        let state = self.state();
        let Some(project) = state.projects.iter().find(|project| project.path() == place) else {
            return http::text(404, "text/html", "<html><title>Project not found</title></html>");
        };
        let linked = state.links.iter().filter(|link| link.project == project.id);
        let rows: Vec<String> = linked
            .filter_map(|link| state.connectors.iter().find(|connector| connector.id == link.connector))
            .map(|connector| {
                let name = http::html_escaped(&connector.name);
                format!(
                    "<li id=\"data-connector-{}\">{name} <small>{}</small></li>",
                    connector.id, connector.slug
                )
            })
            .collect();
        let title = http::html_escaped(&project.name);
        let page = format!(
            "<!doctype html><html lang=\"en\"><title>{title} – simulated Renku 2</title><h1>{title}</h1><h2>Data</h2><ul>{}</ul></html>",
            rows.concat()
        );
        http::text(200, "text/html; charset=utf-8", page)
    }
}

fn place(id: &str, name: &str, path: &str, kind: &str, created_by: &str) -> Value {
    json!({
        "id": id, "name": name, "slug": path, "created_by": created_by, "creation_date": time(),
        "namespace_kind": kind, "path": path,
    })
}
