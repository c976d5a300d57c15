//! The native API as a reader meets it: info, users, datasets, versions, files, locks, export.
//! Bytes are in `access.rs`, tools in `tools.rs`, the resume of workflows in `workflow.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::json::{self as shapes, Refused, refused};
use super::model::{Dataset, File, Version};
use super::{Caller, Sim};
use crate::sandbox::http::{self, Ask, now};

pub(super) const NO_SUCH_ENDPOINT: &str = "API endpoint does not exist on this server. Please check your code for typos, or consult our API guide at http://guides.dataverse.org.";
const NOT_PERMITTED: &str = "User :guest is not permitted to perform requested action.";

impl Sim {
    /// `rest` is the path below `/api/` or `/api/v1/`.
    pub(super) async fn api(self: &Arc<Self>, rest: &str, ask: &Ask) -> HttpResponse {
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        if let (["workflows", invocation], "POST") = (parts.as_slice(), ask.method.as_str()) {
            return self.resume(invocation, ask);
        }
        let caller = match self.caller(ask) {
            Ok(caller) => caller,
            Err(refused) => return *refused.0,
        };
        let reading = matches!(ask.method.as_str(), "GET" | "HEAD");
        match parts.as_slice() {
            ["admin", rest @ ..] => self.admin(rest, ask),
            ["externalTools", rest @ ..] => self.external_tools(rest, ask, caller),
            _ if !reading => {
                let url = format!("{}{}", self.site_url, ask.path);
                shapes::framework_error(405, "Method Not Allowed", &url, &ask.method)
            }
            ["info", "version"] => {
                shapes::ok(&json!({ "version": self.options.version, "build": "sandbox" }))
            }
            ["info", "server"] => shapes::ok(&json!({ "message": "127.0.0.1" })),
            ["users", ":me"] => me(caller),
            ["datasets", "export"] => self.export(ask),
            ["files", ":persistentId"] => self.file_of(ask),
            ["access", "datafile", id] => self.datafile(id, ask, caller).await,
            ["datasets", id, rest @ ..] => {
                self.dataset_api(id, rest, ask, caller).unwrap_or_else(|refused| *refused.0)
            }
            _ => self.no_such_endpoint(ask),
        }
    }

    fn no_such_endpoint(&self, ask: &Ask) -> HttpResponse {
        let url = format!("{}{}", self.site_url, ask.path);
        shapes::framework_error(404, NO_SUCH_ENDPOINT, &url, &ask.method)
    }

    fn dataset_api(
        &self,
        id: &str,
        rest: &[&str],
        ask: &Ask,
        caller: Caller,
    ) -> Result<HttpResponse, Refused> {
        let wanted = if id == ":persistentId" { ask.query("persistentId").unwrap_or_default() } else { id };
        let mut state = self.state();
        let found = match id {
            ":persistentId" => state.by_pid(wanted),
            number => match number.parse() {
                Ok(number) => state.by_id(number),
                Err(_) => return Err(refused(404, &format!("Dataset with ID {number} not found."))),
            },
        };
        let kind = if id == ":persistentId" { "Persistent ID" } else { "ID" };
        let dataset =
            found.ok_or_else(|| refused(404, &format!("Dataset with {kind} {wanted} not found.")))?;
        match rest {
            [] => dataset_answer(dataset, ask, caller),
            ["locks"] => Ok(shapes::ok(&shapes::locks(dataset))),
            ["versions"] => versions_answer(dataset, ask, caller, &self.site_url),
            ["versions", name, rest @ ..] => {
                let version = resolve(dataset, name, ask, caller)?;
                match rest {
                    [] => Ok(shapes::ok(&shapes::version(dataset, version, with_files(ask)))),
                    ["files"] => files_answer(version, ask),
                    ["files", "counts"] => Ok(shapes::ok(&counts(version))),
                    ["downloadsize"] => {
                        Ok(shapes::ok(&download_size(version, ask.query("mode").unwrap_or("All"))))
                    }
                    ["toolparams", tool] => {
                        let (id, pid, name) = (dataset.id, dataset.spec.pid.clone(), version.name());
                        let tool: u64 = tool.parse().unwrap_or_default();
                        let found =
                            state.tools.iter().find(|(id, _)| *id == tool).map(|(_, body)| body.clone());
                        drop(state);
                        let manifest = found.ok_or_else(|| refused(400, "External tool not found."))?;
                        Ok(self.tool_parameters(&manifest, (id, &pid, &name), ask, caller))
                    }
                    _ => Ok(self.no_such_endpoint(ask)),
                }
            }
            _ => Ok(self.no_such_endpoint(ask)),
        }
    }

    /// A published file by its own persistent identifier, on request with its dataset's version (since 6.2).
    fn file_of(&self, ask: &Ask) -> HttpResponse {
        let pid = ask.query("persistentId").unwrap_or_default();
        let state = self.state();
        let found = state.datasets().find_map(|dataset| {
            let version = dataset.newest_released()?;
            let file = version.files.iter().find(|file| file.has_pid(pid))?;
            Some((dataset, version, file))
        });
        let Some((dataset, version, file)) = found else {
            return shapes::error(404, &format!("File with Persistent ID {pid} not found."));
        };
        let mut out = shapes::file(version, file);
        if ask.query("returnDatasetVersion") == Some("true")
            && let Some(map) = out.as_object_mut()
        {
            map.insert("datasetVersion".into(), shapes::version(dataset, version, false));
        }
        shapes::ok(&out)
    }

    fn export(&self, ask: &Ask) -> HttpResponse {
        let pid = ask.query("persistentId").unwrap_or_default();
        let mut state = self.state();
        let Some(dataset) = state.by_pid(pid) else {
            let message = format!("A dataset with the persistentId {pid} could not be found.");
            return shapes::error(404, &message);
        };
        if let Some(status) = dataset.spec.export_status {
            return shapes::error(status, "Export Failed");
        }
        let exporter = ask.query("exporter").unwrap_or_default();
        let Some(version) = dataset.exported_version().cloned() else {
            let message = "Unable to look up dataset based on version. Try :latest-published or :draft.";
            return shapes::error(400, message);
        };
        match exporter {
            "schema.org" => http::json(200, &shapes::schema_org(dataset, &version, &self.site_url)),
            "dataverse_json" => {
                let mut out = shapes::dataset(dataset, &version, true);
                if let Some(map) = out.as_object_mut()
                    && let Some(latest) = map.remove("latestVersion")
                {
                    map.insert("datasetVersion".into(), latest);
                }
                http::json(200, &out)
            }
            _ => shapes::error(403, "Export Failed"),
        }
    }
}

fn me(caller: Caller) -> HttpResponse {
    let Some(user) = caller.person() else {
        return shapes::error(400, "User with token null not found.");
    };
    shapes::ok(&json!({
        "id": user.id,
        "identifier": format!("@{}", user.name),
        "displayName": format!("{} {}", user.first, user.last),
        "firstName": user.first,
        "lastName": user.last,
        "email": format!("{}@birds.example", user.name),
        "superuser": user.superuser,
        "deactivated": false,
        "affiliation": "Birds Inc.",
        "persistentUserId": user.name,
        "authenticationProviderId": "builtin",
        "createdTime": "2026-01-05T08:00:00Z",
        "lastLoginTime": "2026-07-22T14:40:00Z",
    }))
}

fn with_files(ask: &Ask) -> bool {
    ask.query("excludeFiles") != Some("true")
}

/// The newest version this caller may see.
fn visible(dataset: &Dataset, caller: Caller) -> Option<&Version> {
    let draft = dataset.draft.as_ref().filter(|_| caller.person().is_some());
    draft.or_else(|| dataset.newest_released())
}

fn dataset_answer(dataset: &Dataset, ask: &Ask, caller: Caller) -> Result<HttpResponse, Refused> {
    let latest = visible(dataset, caller).ok_or_else(|| refused(401, NOT_PERMITTED))?;
    Ok(shapes::ok(&shapes::dataset(dataset, latest, with_files(ask))))
}

fn versions_answer(
    dataset: &Dataset,
    ask: &Ask,
    caller: Caller,
    site_url: &str,
) -> Result<HttpResponse, Refused> {
    if let Some(status) = dataset.spec.versions_status {
        let message = "Internal server error. More details available at the server logs.";
        let url = format!("{site_url}{}", ask.path);
        return Err(Refused(Box::new(shapes::framework_error(status, message, &url, &ask.method))));
    }
    let number = |name: &str| ask.query(name).and_then(|v| v.parse::<usize>().ok());
    let draft = dataset.draft.as_ref().filter(|_| caller.person().is_some());
    let released = dataset.versions.iter().rev().filter(|v| !v.deaccessioned);
    let page: Vec<_> = draft
        .into_iter()
        .chain(released)
        .skip(number("offset").unwrap_or(0))
        .take(number("limit").unwrap_or(usize::MAX))
        .map(|version| shapes::version(dataset, version, with_files(ask)))
        .collect();
    Ok(shapes::ok(&Value::Array(page)))
}

fn resolve<'d>(dataset: &'d Dataset, name: &str, ask: &Ask, caller: Caller) -> Result<&'d Version, Refused> {
    let absent = || refused(404, &format!("Dataset version {name} of dataset {} not found", dataset.id));
    match name {
        ":draft" if caller.person().is_none() => Err(refused(401, NOT_PERMITTED)),
        ":draft" => dataset.draft.as_ref().ok_or_else(absent),
        ":latest" => visible(dataset, caller).ok_or_else(absent),
        ":latest-published" => {
            let deaccessioned =
                || dataset.versions.last().filter(|_| ask.query("includeDeaccessioned") == Some("true"));
            dataset.newest_released().or_else(deaccessioned).ok_or_else(absent)
        }
        numbered => {
            let (major, minor) = numbered.split_once('.').unwrap_or((numbered, "0"));
            let (Ok(major), Ok(minor)) = (major.parse(), minor.parse()) else {
                return Err(refused(400, &format!("Illegal version identifier '{name}'")));
            };
            let hidden = ask.query("includeDeaccessioned") != Some("true");
            let mut all = dataset.versions.iter();
            all.find(|v| v.number == Some((major, minor)) && !(v.deaccessioned && hidden)).ok_or_else(absent)
        }
    }
}

fn files_answer(version: &Version, ask: &Ask) -> Result<HttpResponse, Refused> {
    const ACCESS: [&str; 5] =
        ["Public", "Restricted", "EmbargoedThenRestricted", "EmbargoedThenPublic", "RetentionPeriodExpired"];
    let access = ask.query("accessStatus");
    if let Some(wrong) = access.filter(|status| !ACCESS.contains(status)) {
        return Err(refused(400, &format!("Invalid access status: {wrong}")));
    }
    let today = shapes::day(now());
    let mut files: Vec<_> =
        version.files.iter().filter(|f| access.is_none_or(|wanted| f.access(&today) == wanted)).collect();
    files.sort_by_key(|f| f.spec.name.to_lowercase());
    let number = |name: &str| ask.query(name).and_then(|v| v.parse::<usize>().ok());
    let total = files.len();
    let page =
        files.into_iter().skip(number("offset").unwrap_or(0)).take(number("limit").unwrap_or(usize::MAX));
    let data: Vec<_> = page.map(|f| shapes::file(version, f)).collect();
    Ok(http::json(200, &json!({ "status": "OK", "totalCount": total, "data": data })))
}

fn counts(version: &Version) -> Value {
    let today = shapes::day(now());
    let tally = |key: &dyn Fn(&File) -> String| {
        let mut counted = BTreeMap::<String, u64>::new();
        for file in &version.files {
            *counted.entry(key(file)).or_default() += 1;
        }
        counted
    };
    json!({
        "total": version.files.len(),
        "perContentType": tally(&|f| f.content_type().to_owned()),
        "perCategoryName": {},
        "perTabularTagName": {},
        "perAccessStatus": tally(&|f| f.access(&today).to_owned()),
    })
}

fn download_size(version: &Version, mode: &str) -> Value {
    let size = |file: &File| {
        let original = file.spec.original.as_ref().map(|o| o.text.len());
        match (mode, original) {
            ("Original", Some(original)) => original,
            ("All", Some(original)) => original + file.bytes.len(),
            _ => file.bytes.len(),
        }
    };
    let total: usize = version.files.iter().map(|f| size(f)).sum();
    let message = format!(
        "Total size of the files available for download in this version of the dataset: {total} bytes"
    );
    json!({ "message": message, "storageSize": total })
}
