//! The pages a person sees: a list of datasets, a dataset page with its tool buttons.
//! Plain HTML; what a button does is in `tools.rs`.

use std::sync::Arc;

use actix_web::HttpResponse;
use serde_json::Value;

use super::model::{Dataset, File};
use super::{Sim, json as shapes};
use crate::sandbox::http::{self, Ask, html_escaped, now};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#222}\
    a.button{display:inline-block;background:#c55b28;color:#fff;padding:.5rem 1rem;border-radius:4px;text-decoration:none;margin-right:.5rem}\
    table{border-collapse:collapse}td,th{padding:.2rem 1rem .2rem 0;text-align:left}header{border-bottom:3px solid #c55b28;margin-bottom:1rem}";

fn page(title: &str, body: &str) -> HttpResponse {
    let title = html_escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><header>Sandbox Dataverse (simulated)</header>{body}</body></html>"
    );
    http::text(200, "text/html; charset=utf-8", html)
}

impl Sim {
    pub(super) fn front_page(&self) -> HttpResponse {
        let state = self.state();
        let item = |d: &Dataset| {
            let (pid, title) = (html_escaped(&d.spec.pid), html_escaped(&d.title()));
            let page = format!("/dataset.xhtml?persistentId={pid}");
            format!(
                "<li><a href=\"{page}&amp;as=fiona\">{title}</a> <small>{pid} · <a href=\"{page}\">as a guest</a></small></li>"
            )
        };
        let items: String = state.datasets.iter().map(item).collect();
        page(
            "Sandbox Dataverse",
            &format!(
                "<h1>Datasets</h1><p>Each link logs you in as fiona; “as a guest” does not.</p><ul>{items}</ul>"
            ),
        )
    }

    pub(super) fn dataset_page(&self, ask: &Ask) -> HttpResponse {
        let mut state = self.state();
        let tools = state.tools.clone();
        // Dataverse's page takes its own number of the dataset, too.
        let number: Option<u64> = ask.query("id").and_then(|id| id.parse().ok());
        let of_number = state.datasets.iter().find(|dataset| Some(dataset.id) == number);
        let pid = of_number.map(|dataset| dataset.spec.pid.clone());
        let pid = pid.or_else(|| ask.query("persistentId").map(str::to_owned));
        let found = pid.and_then(|pid| state.by_pid(&pid));
        let person = ask.query("as").and_then(super::state::user);
        let version = found.as_ref().and_then(|d| {
            d.draft.as_ref().filter(|_| person.is_some()).or_else(|| d.newest_released()).cloned()
        });
        let (Some(dataset), Some(version)) = (found, version) else {
            return http::text(
                404,
                "text/html",
                "<html><title>Page Not Found - Sandbox Dataverse</title></html>",
            );
        };
        let today = shapes::day(now());
        // Dataverse shows tools only to whoever can download at least one file.
        let open = version.files.iter().any(|f| person.is_some() || f.access(&today) == "Public");
        let buttons: String =
            tools.iter().filter(|_| open).map(|(id, tool)| button(*id, tool, dataset, ask)).collect();
        let rows: String = version.files.iter().map(|file| row(file, &today)).collect();
        // Whoever may edit publishes; a new major version, with its workflow.
        let publish = person.map_or_else(String::new, |user| {
            let pid = html_escaped(&dataset.spec.pid);
            let waits = if dataset.locks.is_empty() { "" } else { " <small>locked: a workflow is running</small>" };
            format!(
                "<form method=\"post\" action=\"/publish\"><input type=\"hidden\" name=\"pid\" value=\"{pid}\">\
                 <input type=\"hidden\" name=\"as\" value=\"{}\"><button>Publish a new version</button>{waits}</form>",
                user.name
            )
        });
        let who = person.map_or("not logged in", |user| user.name);
        let body = format!(
            "<h1>{}</h1><p>{} · version {} · {who}</p><p>{}</p><p>{buttons}</p>{publish}\
             <table><tr><th>File</th><th>Size</th><th>Access</th></tr>{rows}</table>",
            html_escaped(&dataset.title()),
            html_escaped(&dataset.spec.pid),
            version.name(),
            html_escaped(dataset.description()),
        );
        page(&dataset.title(), &body)
    }
}

impl Sim {
    /// The button of a dataset's page: what a curator does with it in Dataverse.
    pub(super) fn publish_from_page(self: &Arc<Self>, ask: &Ask) -> HttpResponse {
        let form: std::collections::HashMap<_, _> =
            url::form_urlencoded::parse(&ask.body).into_owned().collect();
        let (pid, who) = (form.get("pid").cloned().unwrap_or_default(), form.get("as"));
        let who = who.and_then(|name| super::state::user(name));
        let Some(who) = who else {
            return http::text(403, "text/html", "<html><title>Forbidden</title></html>");
        };
        let released = self.state().release(&pid, true, None, std::time::Duration::ZERO);
        let Some((dataset, major, minor)) = released else {
            return http::text(
                404,
                "text/html",
                "<html><title>Page Not Found - Sandbox Dataverse</title></html>",
            );
        };
        self.start_workflow(dataset, &pid, (major, minor));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("persistentId", &pid)
            .append_pair("as", who.name)
            .finish();
        HttpResponse::SeeOther().insert_header(("location", format!("/dataset.xhtml?{query}"))).finish()
    }
}

fn row(file: &File, today: &str) -> String {
    let name = &file.spec.name;
    let path = file.spec.dir.as_ref().map_or_else(|| name.clone(), |dir| format!("{dir}/{name}"));
    let (path, access) = (html_escaped(&path), file.access(today));
    format!("<tr><td>{path}</td><td>{} bytes</td><td>{access}</td></tr>", file.bytes.len())
}

fn button(id: u64, tool: &Value, dataset: &Dataset, ask: &Ask) -> String {
    let name = tool.get("displayName").and_then(Value::as_str).unwrap_or_default();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("pid", &dataset.spec.pid)
        .append_pair("tool", &id.to_string())
        .append_pair("as", ask.query("as").unwrap_or_default())
        .finish();
    let (query, name) = (html_escaped(&query), html_escaped(name));
    format!("<a class=\"button\" target=\"_blank\" rel=\"opener\" href=\"/_sim/launch?{query}\">{name}</a>")
}
