//! External tools: registering them, launching them, answering their callbacks (`ExternalToolHandler`, `URLTokenUtil`).
//! How a URL is signed is in `signing.rs`; the buttons are in `pages.rs`.

use actix_web::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::json::{self as shapes, Refused, broken, refused};
use super::signing::{self, Key};
use super::{Caller, Sim};
use crate::sandbox::http::{self, Ask, now};

/// Minutes a signed callback lives. Not configurable in Dataverse either.
const CALLBACK_MINUTES: i64 = 5;
/// The database column of `toolParameters`.
const PARAMETERS_MAX: usize = 255;
const WORDS: [&str; 9] = [
    "{siteUrl}",
    "{datasetId}",
    "{datasetPid}",
    "{datasetVersion}",
    "{fileId}",
    "{filePid}",
    "{fileMetadataId}",
    "{apiToken}",
    "{localeCode}",
];

/// What a reserved word stands for at one launch of a dataset tool.
#[derive(Debug)]
struct Values<'a> {
    site_url: &'a str,
    dataset: (u64, &'a str, &'a str),
    locale: Option<&'a str>,
    api_token: Option<&'a str>,
}

impl Values<'_> {
    /// The value of a word; none when it has none here. File words are an error at dataset scope.
    fn of(&self, word: &str) -> Result<Option<String>, Refused> {
        let (id, pid, version) = self.dataset;
        Ok(match word {
            "{siteUrl}" => Some(self.site_url.to_owned()),
            "{datasetId}" => Some(id.to_string()),
            "{datasetPid}" => Some(pid.to_owned()),
            "{datasetVersion}" => Some(version.to_owned()),
            "{localeCode}" => self.locale.map(str::to_owned),
            "{apiToken}" => self.api_token.map(str::to_owned),
            _ => {
                return Err(broken());
            }
        })
    }
}

impl Sim {
    pub(super) fn external_tools(&self, rest: &[&str], ask: &Ask, caller: Caller) -> HttpResponse {
        let mut state = self.state();
        let id: Option<u64> = rest.first().and_then(|id| id.parse().ok());
        if ask.method == "GET" {
            let all = || Value::from(state.tools.iter().map(|(_, tool)| tool.clone()).collect::<Vec<_>>());
            let one = |id| state.tools.iter().find(|(tool, _)| *tool == id).map(|(_, tool)| tool.clone());
            let found = if rest.is_empty() { Some(all()) } else { id.and_then(one) };
            return found.map_or_else(|| no_tool(rest), |data| shapes::ok(&data));
        }
        if !caller.person().is_some_and(|user| user.superuser) {
            return shapes::error(403, "Superusers only.");
        }
        if ask.method == "DELETE" {
            let before = state.tools.len();
            state.tools.retain(|(tool, _)| Some(*tool) != id);
            let gone = before != state.tools.len();
            return if gone {
                shapes::ok(&json!({ "message": "Deleted external tool." }))
            } else {
                no_tool(rest)
            };
        }
        match checked(&ask.json()) {
            Err(reason) => shapes::error(400, &reason),
            Ok(mut tool) => {
                let id = state.next_id();
                tool.insert("id".into(), id.into());
                let tool = Value::Object(tool);
                state.tools.push((id, tool.clone()));
                shapes::ok(&tool)
            }
        }
    }

    /// The address a click opens. Logged-in people get a signed callback, guests a plain one.
    pub(super) fn launch_url(&self, tool: &Value, pid: &str, caller: Caller) -> Result<String, Refused> {
        let (id, version) = {
            let mut state = self.state();
            let dataset = state.by_pid(pid).ok_or_else(|| refused(404, "Dataset not found."))?;
            let draft = dataset.draft.as_ref().filter(|_| caller.person().is_some());
            (
                dataset.id,
                draft
                    .or_else(|| dataset.newest_released())
                    .map(super::model::Version::name)
                    .unwrap_or_default(),
            )
        };
        let target = tool.get("toolUrl").and_then(Value::as_str).unwrap_or_default();
        let number = tool.get("id").and_then(Value::as_u64).unwrap_or_default();
        if tool.get("allowedApiCalls").is_none() {
            let values = self.values((id, pid, &version), Some("en"), caller);
            let pairs = parameters(tool, &values)?;
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let query: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}={}", text(v))).collect();
            return Ok(format!("{target}?{}", query.join("&")));
        }
        let callback = format!("{}/api/v1/datasets/{id}/versions/:latest/toolparams/{number}", self.site_url);
        let callback = match caller.person() {
            Some(user) => {
                let key =
                    Key { secret: &self.options.signing_secret, user: user.name, api_token: user.api_token };
                signing::sign(&callback, "GET", CALLBACK_MINUTES, now(), key)
            }
            None => callback,
        };
        Ok(format!("{target}?callback={}&locale=en", STANDARD.encode(callback)))
    }

    fn values<'a>(
        &'a self,
        dataset: (u64, &'a str, &'a str),
        locale: Option<&'a str>,
        caller: Caller,
    ) -> Values<'a> {
        let api_token = caller.person().map(|user| user.api_token);
        Values { site_url: &self.site_url, dataset, locale, api_token }
    }

    /// The answer of a callback: the parameters, and a fresh signed URL for each allowed call.
    pub(super) fn tool_parameters(
        &self,
        tool: &Value,
        dataset: (u64, &str, &str),
        ask: &Ask,
        caller: Caller,
    ) -> HttpResponse {
        let values = self.values(dataset, ask.query("locale"), caller);
        let answered = parameters(tool, &values).and_then(|pairs| {
            let calls = tool.get("allowedApiCalls").and_then(Value::as_array).cloned().unwrap_or_default();
            let urls = calls
                .iter()
                .map(|call| self.signed_call(call, &values, caller))
                .collect::<Result<Vec<_>, _>>()?;
            let mut data = json!({ "queryParameters": pairs });
            if let (false, Some(map)) = (urls.is_empty(), data.as_object_mut()) {
                map.insert("signedUrls".into(), urls.into());
            }
            Ok(shapes::ok(&data))
        });
        answered.unwrap_or_else(|refused| *refused.0)
    }

    fn signed_call(&self, call: &Value, values: &Values<'_>, caller: Caller) -> Result<Value, Refused> {
        let text = |key: &str| call.get(key).and_then(Value::as_str).ok_or_else(broken);
        let minutes = call.get("timeOut").and_then(Value::as_i64).ok_or_else(broken)?;
        let (name, method) = (text("name")?, text("httpMethod")?);
        let mut path = text("urlTemplate")?.to_owned();
        for word in WORDS.iter().filter(|word| text("urlTemplate").is_ok_and(|t| t.contains(*word))) {
            path = path.replace(word, &values.of(word)?.ok_or_else(broken)?);
        }
        let plain = format!("{}{path}", self.site_url);
        let url = match caller.person() {
            Some(user) => {
                let key =
                    Key { secret: &self.options.signing_secret, user: user.name, api_token: user.api_token };
                let twice = ["6.10", "6.10.1", "6.11"].contains(&self.options.version.as_str());
                let base = if twice { signing::encoded_before_signing(&plain) } else { plain };
                signing::sign(&base, method, minutes, now(), key)
            }
            None => plain,
        };
        Ok(json!({ "name": name, "httpMethod": method, "signedUrl": url, "timeOut": minutes }))
    }

    pub(super) fn launch(&self, ask: &Ask) -> HttpResponse {
        let pid = ask.query("pid").unwrap_or_default();
        let wanted: Option<u64> = ask.query("tool").and_then(|id| id.parse().ok());
        let found = {
            let state = self.state();
            let mut tools = state.tools.iter();
            tools.find(|(id, _)| wanted.is_none_or(|wanted| wanted == *id)).map(|(_, tool)| tool.clone())
        };
        let Some(tool) = found else { return shapes::error(404, "External tool not found.") };
        let caller = ask.query("as").and_then(super::state::user).map_or(Caller::Guest, Caller::Person);
        match self.launch_url(&tool, pid, caller) {
            Err(refused) => *refused.0,
            Ok(url) if ask.query("answer") == Some("json") => http::json(200, &json!({ "url": url })),
            Ok(url) => http::redirect(303, &url),
        }
    }
}

fn no_tool(rest: &[&str]) -> HttpResponse {
    shapes::error(400, &format!("Could not find external tool with id of {}.", rest.first().unwrap_or(&"")))
}

/// The query parameters with their values; numbers are JSON numbers, words without value are left out.
fn parameters(tool: &Value, values: &Values<'_>) -> Result<Map<String, Value>, Refused> {
    let mut out = Map::new();
    let items = tool.pointer("/toolParameters/queryParameters").and_then(Value::as_array);
    for (key, word) in items.into_iter().flatten().filter_map(Value::as_object).flatten() {
        if let Some(text) = values.of(word.as_str().unwrap_or_default())? {
            let value = text.parse::<i32>().map_or_else(|_| Value::from(text), Value::from);
            out.insert(key.clone(), value);
        }
    }
    Ok(out)
}

/// A manifest as Dataverse takes it, or its reason not to (`ExternalToolServiceBean`).
fn checked(manifest: &Value) -> Result<Map<String, Value>, String> {
    let required = |key: &str| manifest.get(key).ok_or_else(|| format!("{key} is required."));
    for key in ["displayName", "description"] {
        required(key)?;
    }
    let scope = required("scope")?.as_str().unwrap_or_default();
    if !["dataset", "file"].contains(&scope) {
        return Err("scope must be one of [dataset, file].".into());
    }
    if manifest.get("types").is_none() && manifest.get("type").is_none() {
        return Err("types is required.".into());
    }
    required("toolUrl")?;
    let parameters = required("toolParameters")?;
    let query =
        parameters.get("queryParameters").and_then(Value::as_array).ok_or("queryParameters is required.")?;
    let words: Vec<_> =
        query.iter().filter_map(Value::as_object).flat_map(|o| o.values()).map(Value::as_str).collect();
    if let Some(wrong) = words.iter().find(|word| !word.is_some_and(|w| WORDS.contains(&w))) {
        return Err(format!("Unknown reserved word: {}", wrong.unwrap_or_default()));
    }
    let needed = if scope == "dataset" { ["{datasetId}", "{datasetPid}"] } else { ["{fileId}", "{filePid}"] };
    if !words.iter().flatten().any(|word| needed.contains(word)) {
        return Err(format!(
            "One of the following reserved words is required: {}, {}.",
            needed[0], needed[1]
        ));
    }
    if parameters.to_string().len() > PARAMETERS_MAX {
        return Err("Error saving external tool.".into());
    }
    manifest.as_object().cloned().ok_or_else(|| "Not a JSON object.".into())
}
