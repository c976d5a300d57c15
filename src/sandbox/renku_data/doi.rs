//! What rclone's DOI backend and Renku make of a DOI: its spellings, where it leads, whether a Dataverse is there, its short name.
//! Which refusal follows is the connectors' business.

use serde_json::Value;

use super::Sim;

/// The spellings that Renku takes; not `DOI:` in capitals, not `dx.doi.org`, no handle and no page of a Dataverse.
pub(super) fn bare(given: &str) -> Option<String> {
    let text = given.trim();
    let starts =
        ["doi:", "https://doi.org/", "http://doi.org/", "https://www.doi.org/", "http://www.doi.org/"];
    let text = starts.iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text);
    let (registrant, suffix) = text.strip_prefix("10.")?.split_once('/')?;
    let digits = (4..=9).contains(&registrant.len()) && registrant.bytes().all(|b| b.is_ascii_digit());
    (digits && !suffix.is_empty() && !suffix.contains(char::is_whitespace)).then(|| text.to_owned())
}

/// Renku's short name of a text; what has no ASCII form is left out.
pub(super) fn slugified(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        let c = match c {
            c if c.is_whitespace() => '-',
            c if !c.is_ascii() => continue,
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') => c,
            _ => '-',
        };
        if !(matches!(c, '.' | '_' | '-') && out.ends_with(['.', '_', '-'])) {
            out.push(c);
        }
    }
    let out = out.strip_prefix(['.', '_', '-']).unwrap_or(&out);
    out.strip_suffix(['.', '_', '-']).unwrap_or(out).to_owned()
}

/// What Dataverse says of a dataset.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
}

impl Sim {
    /// As rclone does it, with rclone's words where it fails.
    pub(super) async fn described(&self, doi: &str, resolver: Option<&str>) -> Result<Described, String> {
        if self.state().plays("doi_unresolvable").is_some() {
            return Err(unknown(doi));
        }
        if self.state().plays("doi_elsewhere").is_some() {
            return Err("provider 'catalogue.example' is not supported".to_owned());
        }
        let resolver = resolver.unwrap_or(&self.options.doi_resolver).trim_end_matches('/');
        if resolver.is_empty() {
            return Err(unknown(doi));
        }
        let told = self.json(&format!("{resolver}/handles/{doi}?index=1")).await?;
        let landing = told.pointer("/values/0/data/value").and_then(Value::as_str).unwrap_or_default();
        let url = url::Url::parse(landing).map_err(|error| error.to_string())?;
        let pid = url.query_pairs().find(|(key, value)| key == "persistentId" && !value.is_empty());
        let Some((_, pid)) = pid else {
            return Err(format!("provider '{}' is not supported", url.host_str().unwrap_or_default()));
        };
        let root = url.origin().ascii_serialization();
        let told = self.json(&format!("{root}/api/datasets/:persistentId/?persistentId={pid}")).await?;
        let fields =
            told.pointer("/data/latestVersion/metadataBlocks/citation/fields").and_then(Value::as_array);
        let value = |name: &str| {
            let field =
                fields?.iter().find(|field| field.get("typeName").and_then(Value::as_str) == Some(name))?;
            field.get("value").cloned()
        };
        let title = value("title").and_then(|title| title.as_str().map(str::to_owned));
        let description = value("dsDescription").and_then(|first| {
            first.pointer("/0/dsDescriptionValue/value").and_then(Value::as_str).map(str::to_owned)
        });
        Ok(Described { title, description })
    }

    async fn json(&self, url: &str) -> Result<Value, String> {
        let answer = self.client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
        let status = answer.status();
        let body = answer.text().await.map_err(|error| error.without_url().to_string())?;
        if !status.is_success() {
            return Err(format!("HTTP error {} ({status}) returned body: {body:?}", status.as_u16()));
        }
        serde_json::from_str(&body).map_err(|error| error.to_string())
    }
}

fn unknown(doi: &str) -> String {
    format!(
        "HTTP error 404 (404 Not Found) returned body: \"{{\\\"responseCode\\\":100,\\\"handle\\\":\\\"{doi}\\\"}}\""
    )
}
