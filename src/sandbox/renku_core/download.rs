//! How core gets a dataset out of a Dataverse: recognise the host, read the export, fetch every file
//! (`renku/core/dataset/providers/{doi,dataverse,web}.py`). Texts of failures are those of core 2.9.4.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use md5::Md5;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::Sim;
use super::projects::Stat;

/// What ends a job before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// FAILED, with this text in `extras.error`.
    Failed(String),
    /// An exception nobody catches: the job stays as it is for ever.
    Stuck,
}

/// What the export tells.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) files: Vec<Remote>,
}

/// A file to fetch.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) size: u64,
}

const NETWORK: &str = "renku operation failed due to network connection failure";
/// Statuses `requests` is told to retry.
const RETRIED: [u16; 5] = [429, 500, 502, 503, 504];
/// Pauses between the tries, in seconds.
const PAUSES: [f64; 5] = [0.2, 0.4, 0.8, 1.6, 3.2];
/// Keys of a `distribution` entry core knows; another one is an exception.
const KNOWN: [&str; 9] = [
    "@type",
    "@id",
    "identifier",
    "name",
    "fileFormat",
    "encodingFormat",
    "contentSize",
    "description",
    "contentUrl",
];

fn failed(text: impl Into<String>) -> Trouble {
    Trouble::Failed(text.into())
}

fn no_provider(what: &str) -> Trouble {
    failed(format!(
        "Invalid parameter value - Provider not found: {what}\nHint: Supported providers are: Zenodo, Renku, Dataverse"
    ))
}

fn not_processed(uri: &str, reason: &str) -> Trouble {
    failed(format!("Invalid parameter value - Could not process '{uri}'.\n{reason}"))
}

/// The DOI in a `dataset_uri`, in any of the forms core takes for one.
fn doi(uri: &str) -> Option<&str> {
    let lower = uri.to_ascii_lowercase();
    let mut start = 0;
    for prefix in ["https://", "http://", "doi:", " ", "dx.doi.org/", "www.doi.org/", "doi.org/"] {
        if lower.get(start..).is_some_and(|rest| rest.starts_with(prefix)) {
            start += prefix.len();
        }
    }
    uri.get(start..).filter(|rest| rest.starts_with("10.") && rest.contains('/'))
}

impl Sim {
    /// Everything about the dataset, or why not.
    pub(super) async fn metadata(&self, uri: &str) -> Result<Metadata, Trouble> {
        let landing = match doi(uri) {
            Some(doi) => self.landing_page(doi).await?,
            None => uri.to_owned(),
        };
        let Ok(page) = Url::parse(&landing) else {
            return Err(failed(format!("Invalid parameter value - Cannot parse URL '{landing}'")));
        };
        if !page.scheme().starts_with("http") {
            return Err(no_provider(uri));
        }
        let base = page.origin().ascii_serialization();
        self.recognise(&base, uri).await?;
        let Some((_, pid)) = page.query_pairs().find(|(key, _)| key == "persistentId") else {
            return Err(not_processed(uri, "Unable to fetch metadata: 'persistentId'"));
        };
        let export =
            self.read(&format!("{base}/api/v1/datasets/export"), &pid, Some("schema.org"), uri).await?;
        let versions =
            self.read(&format!("{base}/api/v1/datasets/:persistentId/versions"), &pid, None, uri).await?;
        let newest = versions.pointer("/data/0").unwrap_or(&Value::Null);
        let number = |name: &str| newest.get(name).and_then(Value::as_u64).unwrap_or_default();
        let text = |name: &str| export.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Metadata {
            title: text("name"),
            version: format!("{}.{}", number("versionNumber"), number("versionMinorNumber")),
            description: text("description"),
            files: remotes(&export, uri)?,
        })
    }

    async fn landing_page(&self, doi: &str) -> Result<String, Trouble> {
        let unknown = || no_provider(doi.split('/').nth(1).unwrap_or(doi));
        if self.options.doi_resolver.is_empty() {
            return Err(unknown());
        }
        let request = self.client.get(format!("{}{doi}", self.options.doi_resolver));
        let accept = "application/vnd.citationstyles.csl+json";
        let answer = request.header("Accept", accept).send().await.map_err(|_error| failed(NETWORK))?;
        let csl: Value = answer.json().await.map_err(|_not_json| unknown())?;
        csl.get("URL").and_then(Value::as_str).map(str::to_owned).ok_or_else(unknown)
    }

    /// Whether there is a Dataverse at the root of that host.
    async fn recognise(&self, base: &str, uri: &str) -> Result<(), Trouble> {
        let url = format!("{base}/api/v1/info/version");
        let answer = self.retrying(|| self.client.get(&url)).await;
        let Ok(answer) = answer else {
            return Err(failed(format!(
                "Invalid parameter value - Couldn't test provider <class 'renku.core.dataset.providers.dataverse.DataverseProvider'>: {NETWORK}\nProvider not found: {uri}\nHint: Supported providers are: Zenodo, Renku, Dataverse"
            )));
        };
        let good = answer.status().is_success();
        let body: Value = answer.json().await.unwrap_or(Value::Null);
        let told = |pointer: &str| body.pointer(pointer).is_some();
        let known = good && told("/status") && told("/data/version") && told("/data/build");
        if known { Ok(()) } else { Err(no_provider(uri)) }
    }

    async fn read(&self, url: &str, pid: &str, exporter: Option<&str>, uri: &str) -> Result<Value, Trouble> {
        let request = || {
            let request = self.client.get(url).query(&[("persistentId", pid)]);
            exporter.into_iter().fold(request, |request, name| request.query(&[("exporter", name)]))
        };
        let answer = self.retrying(request).await.map_err(|_error| failed(NETWORK))?;
        let status = answer.status();
        if RETRIED.contains(&status.as_u16()) {
            return Err(failed(NETWORK));
        }
        if !status.is_success() {
            let reason = format!("Reason: record not found. Status: {}", status.as_u16());
            return Err(not_processed(uri, &reason));
        }
        // A body that is no JSON is an exception nobody catches.
        answer.json().await.map_err(|_not_json| Trouble::Stuck)
    }

    /// Sends, and tries again as `requests` is told to: on some statuses and on connection errors.
    async fn retrying(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, reqwest::Error> {
        for pause in PAUSES {
            match request().send().await {
                Ok(answer) if !RETRIED.contains(&answer.status().as_u16()) => return Ok(answer),
                Ok(_) | Err(_) => tokio::time::sleep(self.seconds(pause)).await,
            }
        }
        request().send().await
    }

    /// Fetches one file: two HEADs, one GET. A body cut off is kept as far as it came, and nobody notices.
    pub(super) async fn fetch(&self, file: &Remote, progress: impl Fn(u64)) -> Result<Stat, Trouble> {
        let refused = || failed(format!("Cannot download from {}", file.url));
        for _ in 0..2 {
            let head = self.file_request(|| self.client.head(&file.url)).await?;
            if RETRIED.contains(&head.status().as_u16()) {
                return Err(refused());
            }
        }
        let answer = self.file_request(|| self.client.get(&file.url)).await?;
        if !answer.status().is_success() {
            return Err(refused());
        }
        let (mut md5, mut sha256, mut size) = (Md5::new(), Sha256::new(), 0);
        let mut body = answer.bytes_stream();
        while let Some(Ok(chunk)) = body.next().await {
            md5.update(&chunk);
            sha256.update(&chunk);
            size += chunk.len() as u64;
            progress(chunk.len() as u64);
        }
        Ok(Stat { size, md5: format!("{:x}", md5.finalize()), sha256: format!("{:x}", sha256.finalize()) })
    }

    /// Statuses are tried again; a lost connection is an exception nobody catches.
    async fn file_request(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Trouble> {
        for pause in PAUSES {
            let answer = request().send().await.map_err(|_lost| Trouble::Stuck)?;
            if !RETRIED.contains(&answer.status().as_u16()) {
                return Ok(answer);
            }
            tokio::time::sleep(self.seconds(pause)).await;
        }
        request().send().await.map_err(|_lost| Trouble::Stuck)
    }

    /// The same, remembered: for load tests, where nothing is downloaded.
    pub(super) async fn known_metadata(&self, uri: &str) -> Result<Arc<Metadata>, Trouble> {
        let known = self.state().known.get(uri).cloned();
        if let Some(metadata) = known {
            return Ok(metadata);
        }
        let metadata = Arc::new(self.metadata(uri).await?);
        self.state().known.insert(uri.to_owned(), Arc::clone(&metadata));
        Ok(metadata)
    }

    /// How long a thread is busy with one file at least, once there are more files than threads: about one file a second.
    pub(super) fn file_pace(&self, files: usize) -> Duration {
        if files > THREADS { self.seconds(1.0) * u32::try_from(THREADS).unwrap_or(1) } else { Duration::ZERO }
    }
}

/// Threads that download at the same time.
pub(super) const THREADS: usize = 8;

fn remotes(export: &Value, uri: &str) -> Result<Vec<Remote>, Trouble> {
    let Some(entries) = export.get("distribution").and_then(Value::as_array) else {
        return Err(not_processed(uri, "Unable to fetch metadata: 'distribution'"));
    };
    if entries.is_empty() {
        return Err(not_processed(uri, "Reason: no files have been found - deposit is empty or protected"));
    }
    let remote = |entry: &Value| {
        let known = entry.as_object().is_some_and(|map| map.keys().all(|key| KNOWN.contains(&key.as_str())));
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        match (known, text("name"), text("contentUrl")) {
            (true, Some(name), Some(url)) => {
                let size = entry.get("contentSize").and_then(Value::as_u64).unwrap_or_default();
                Ok(Remote { name: name.to_owned(), url: url.to_owned(), size })
            }
            _ => Err(Trouble::Stuck),
        }
    };
    entries.iter().map(remote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dois_are_known_in_all_the_forms_core_takes() {
        for uri in [
            "10.7910/DVN/XYZ",
            "doi:10.7910/DVN/XYZ",
            "DOI: 10.7910/DVN/XYZ",
            "doi.org/10.7910/DVN/XYZ",
            "https://doi.org/10.7910/DVN/XYZ",
            "http://dx.doi.org/10.7910/DVN/XYZ",
            "https://www.doi.org/10.7910/DVN/XYZ",
        ] {
            assert_eq!(doi(uri), Some("10.7910/DVN/XYZ"), "{uri}");
        }
        for uri in
            ["hdl:1902.1/X", "hello", "https://demo.dataverse.example/dataset.xhtml?persistentId=doi:10.1/X"]
        {
            assert_eq!(doi(uri), None, "{uri}");
        }
    }

    #[test]
    fn an_unknown_key_in_the_export_is_an_exception_and_no_failure() {
        let export = |entry: Value| serde_json::json!({ "distribution": [entry] });
        let good = serde_json::json!({ "@type": "DataDownload", "name": "a", "contentSize": 1, "contentUrl": "http://x/1" });
        assert_eq!(remotes(&export(good.clone()), "u").map(|files| files.len()), Ok(1));
        let mut odd = good;
        odd["sha256"] = "0".into();
        assert_eq!(remotes(&export(odd), "u").map(|files| files.len()), Err(Trouble::Stuck));
    }
}
