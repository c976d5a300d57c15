//! Reads datasets from a Dataverse over its native API, anonymously, since Renku reads them anonymously too.
//!
//! What people bring along who come from there is asked for in `launch`; workflows that wait for us are resumed too. The bytes of
//! files are not read here.

mod client;
mod error;
mod launch;
mod wire;
mod workflow;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde::de::IgnoredAny;
use tokio::sync::Mutex;

use self::client::{Client, Reply};
pub use self::error::DataverseError;
pub use self::launch::HttpLaunchSource;
use super::exchange::Exchange;
use crate::domain::dataset::{DatasetVersion, VersionNumber, WhichVersion};
use crate::domain::pid::Pid;
use crate::domain::ports::Clock;
use crate::domain::ports::dataverse::{Dataverse, ExportState, FileAnswer};
use crate::domain::problem::Fault;
use crate::domain::publication::ResumeAnswer;
use crate::domain::subscription::Edition;
use crate::domain::time::Timestamp;

use DataverseError as Error;

/// For how long the installation's release is taken to be the one it told.
const RELEASE_KEPT: Duration = Duration::from_hours(1);

/// How much we read of one dataset.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// Most bytes of one answer.
    pub answer: usize,
    /// Files asked for at once.
    pub page: usize,
    /// Most files of a version.
    pub files: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { answer: 32 * 1024 * 1024, page: 1_000, files: 100_000 }
    }
}

/// One Dataverse installation over HTTP.
pub struct HttpDataverse {
    client: Client,
    limits: ReadLimits,
    /// Whether a guestbook stands before downloads in the installed release, and until when we believe it.
    guestbooks: Mutex<Option<(bool, Timestamp)>>,
}

impl fmt::Debug for HttpDataverse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDataverse").field("site_url", &self.client.site_url()).finish_non_exhaustive()
    }
}

impl HttpDataverse {
    /// The installation at `site_url`, which is the address that Renku is given too. `http` comes from
    /// [`http::client`](super::http::client).
    pub fn new(site_url: &str, http: reqwest::Client, limits: ReadLimits, clock: Arc<dyn Clock>) -> Self {
        let client = Client::new(site_url, Exchange::new(http, limits.answer), clock);
        Self { client, limits, guestbooks: Mutex::new(None) }
    }

    /// The version without its files, or why there is none.
    async fn edition(&self, pid: &Pid, which: WhichVersion) -> Result<(wire::Edition, VersionNumber), Error> {
        let wanted = match which {
            WhichVersion::LatestPublished => ":latest-published".to_owned(),
            WhichVersion::Number(number) => number.to_string(),
        };
        let id = pid.to_string();
        let path = format!("datasets/:persistentId/versions/{wanted}");
        let query = [("persistentId", id.as_str()), ("excludeFiles", "true")];
        let version = match self.client.ask::<wire::Edition>(&path, &query).await? {
            Reply::Data(envelope) => {
                envelope.data.ok_or_else(|| Error::unexpected("a version without data"))?
            }
            Reply::No(status, refusal) => {
                let words = refusal.message.unwrap_or_else(|| status.to_string());
                return Err(self.why_not(&id, &path, which, words).await?);
            }
        };
        if !version.is_of(pid) {
            let other = &version.dataset_persistent_id;
            return Err(Error::unexpected(format!("asked for {pid}, the answer is about {other}")));
        }
        match version.version_state.as_str() {
            "RELEASED" | "ARCHIVED" => {}
            "DEACCESSIONED" => return Err(Error::Deaccessioned),
            "DRAFT" => return Err(Error::NotPublished),
            other => return Err(Error::unexpected(format!("a version in the state {other}"))),
        }
        let number =
            version.number().ok_or_else(|| Error::unexpected("a published version without a number"))?;
        if let WhichVersion::Number(asked) = which
            && asked != number
        {
            return Err(Error::unexpected(format!(
                "asked for version {asked}, the answer is about {number}"
            )));
        }
        Ok((version, number))
    }

    async fn read(&self, pid: &Pid, which: WhichVersion) -> Result<DatasetVersion, Error> {
        let id = pid.to_string();
        let (mut version, number) = self.edition(pid, which).await?;
        let files = match version.files.take() {
            Some(inline) => inline,
            None => self.files(version.dataset_id, &number.to_string()).await?,
        };
        if files.len() > self.limits.files {
            return Err(self.too_many(files.len()));
        }
        let today = self.client.clock().now().to_string();
        let today = today.get(..10).unwrap_or_default();
        let files: Vec<_> = files.into_iter().map(|file| file.into_domain(today)).collect();
        let open = files.iter().find(|file| file.closed.is_none()).map(|file| file.id);
        let guestbook = match (version.guestbook_id, open) {
            (Some(_), Some(open)) => self.guestbook_stands_before(open).await?,
            _ => false,
        };
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
        Ok(DatasetVersion {
            pid: pid.clone(),
            dataset_id: version.dataset_id,
            version_id: version.id,
            number,
            last_update: time(&version.last_update_time),
            released: time(&version.release_time),
            title: version.title().unwrap_or(&id).to_owned(),
            authors: version.authors(),
            licence: version.license.and_then(|license| license.name),
            guestbook,
            files,
        })
    }

    /// All files of a version, page by page; releases before 6.1 give all at once and before 6.2 do not tell how many there are.
    async fn files(&self, dataset_id: i64, number: &str) -> Result<Vec<wire::Item>, Error> {
        let path = format!("datasets/{dataset_id}/versions/{number}/files");
        let limit = self.limits.page.to_string();
        let (mut files, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let offset = files.len().to_string();
            let query = [("limit", limit.as_str()), ("offset", offset.as_str())];
            let (page, total) = match self.client.ask::<Vec<wire::Item>>(&path, &query).await? {
                Reply::Data(envelope) => (envelope.data.unwrap_or_default(), envelope.total_count),
                Reply::No(status, refusal) => {
                    let words = refusal.message.unwrap_or_default();
                    return Err(Error::unexpected(format!("{path}: {status} {words}")));
                }
            };
            let length = page.len();
            let before = files.len();
            files.extend(page.into_iter().filter(|file| seen.insert(file.id())));
            if files.len() > self.limits.files {
                return Err(self.too_many(total.unwrap_or(files.len())));
            }
            let last = length != self.limits.page || files.len() == before;
            match total {
                Some(total) if files.len() == total => return Ok(files),
                Some(expected) if last => {
                    return Err(Error::ListChanged { found: files.len(), expected });
                }
                None if last => return Ok(files),
                Some(_) | None => {}
            }
        }
    }

    fn too_many(&self, files: usize) -> Error {
        Error::TooLarge { what: format!("{files} files, we read at most {}", self.limits.files) }
    }

    /// The version is not to be had: is it deaccessioned, is the dataset there and not public, or is there nothing at all?
    async fn why_not(
        &self,
        id: &str,
        path: &str,
        which: WhichVersion,
        words: String,
    ) -> Result<Error, Error> {
        let with_deaccessioned =
            [("persistentId", id), ("excludeFiles", "true"), ("includeDeaccessioned", "true")];
        if let Reply::Data(found) = self.client.ask::<wire::Edition>(path, &with_deaccessioned).await?
            && found.data.is_some_and(|version| version.version_state == "DEACCESSIONED")
        {
            return Ok(Error::Deaccessioned);
        }
        let query = [("persistentId", id), ("excludeFiles", "true")];
        let dataset = self.client.ask::<IgnoredAny>("datasets/:persistentId/", &query).await?;
        Ok(match (dataset, which) {
            (Reply::Data(_), WhichVersion::Number(_)) => Error::VersionUnknown { words },
            (Reply::No(StatusCode::NOT_FOUND, refusal), _) => {
                Error::DatasetUnknown { words: refusal.message.unwrap_or(words) }
            }
            // 401 is Dataverse's word for a lacking permission (`AbstractApiBean.java`).
            (Reply::Data(_), WhichVersion::LatestPublished)
            | (Reply::No(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _), _) => Error::NotPublished,
            (Reply::No(status, refusal), _) => {
                Error::unexpected(format!("{status} {}", refusal.message.unwrap_or(words)))
            }
        })
    }

    /// A guestbook only matters since 6.10, and only while it is enabled, which the dataset does not tell: so a file is asked for.
    async fn guestbook_stands_before(&self, file_id: i64) -> Result<bool, Error> {
        Ok(self.release_asks_guestbooks().await? && self.ask_for(file_id).await? == FileAnswer::Guestbook)
    }

    async fn release_asks_guestbooks(&self) -> Result<bool, Error> {
        let now = self.client.clock().now();
        let mut known = self.guestbooks.lock().await;
        if let Some((asks, until)) = *known
            && now < until
        {
            return Ok(asks);
        }
        let release = match self.client.ask::<wire::Info>("info/version", &[]).await? {
            Reply::Data(envelope) => envelope.data.and_then(|info| info.version),
            Reply::No(..) => None,
        };
        let asks = release.as_deref().and_then(major_and_minor).is_none_or(|release| release >= (6, 10));
        *known = Some((asks, now.plus(RELEASE_KEPT)));
        Ok(asks)
    }

    async fn ask_for(&self, file_id: i64) -> Result<FileAnswer, Error> {
        let status = self.client.file(file_id).await?;
        match status.as_u16() {
            // 416: an empty file has no first byte.
            200 | 206 | 300..=399 | 416 => Ok(FileAnswer::Fetchable),
            400 => Ok(FileAnswer::Guestbook),
            401 | 403 => Ok(FileAnswer::Closed),
            404 | 410 => Ok(FileAnswer::Missing),
            _ => Err(Error::unexpected(format!("file {file_id}: status {status}"))),
        }
    }

    async fn locked(&self, pid: &Pid, dataset_id: Option<i64>) -> Result<bool, Error> {
        let id = pid.to_string();
        let (path, query) = match dataset_id {
            Some(number) => (format!("datasets/{number}/locks"), vec![]),
            None => ("datasets/:persistentId/locks".to_owned(), vec![("persistentId", id.as_str())]),
        };
        match self.client.ask::<Vec<wire::Lock>>(&path, &query).await? {
            Reply::Data(envelope) => {
                Ok(envelope.data.unwrap_or_default().iter().any(|lock| lock.lock_type == "Workflow"))
            }
            // A dataset that is gone is not locked.
            Reply::No(StatusCode::NOT_FOUND, _) => Ok(false),
            Reply::No(status, refusal) => {
                Err(Error::unexpected(format!("{path}: {status} {}", refusal.message.unwrap_or_default())))
            }
        }
    }

    /// The version of the answer has its files left out, and is told since 6.2 (Dataverse: release notes of 6.2).
    async fn parent(&self, pid: &Pid) -> Result<Option<Pid>, Error> {
        let id = pid.to_string();
        let query = [("persistentId", id.as_str()), ("returnDatasetVersion", "true")];
        match self.client.ask::<wire::FileOf>("files/:persistentId", &query).await? {
            Reply::Data(envelope) => {
                let version = envelope.data.and_then(|file| file.dataset_version);
                Ok(version.and_then(|version| version.dataset_persistent_id.parse().ok()))
            }
            // Not there, not published, or not even a file's.
            Reply::No(..) => Ok(None),
        }
    }

    async fn exported(&self, version: &DatasetVersion) -> Result<ExportState, Error> {
        let Some(export) = self.client.export::<wire::Export>(&version.pid.to_string()).await? else {
            return Ok(ExportState::Behind);
        };
        if export.major() != Some(version.number.major) {
            return Ok(ExportState::Behind);
        }
        Ok(if version.files.is_empty() {
            ExportState::Shows
        } else if !export.has_list() {
            // Files only change with the major number, so that this is no older list.
            ExportState::WithoutAddresses
        } else if !export.lists(&version.files) {
            ExportState::Behind
        } else if export.all_have_addresses() {
            ExportState::Shows
        } else {
            ExportState::WithoutAddresses
        })
    }
}

/// `6.11`, also with a suffix such as `6.11-SNAPSHOT`.
fn major_and_minor(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next().and_then(|part| part.parse().ok()).unwrap_or(0)))
}

#[async_trait]
impl Dataverse for HttpDataverse {
    async fn version(&self, pid: &Pid, which: WhichVersion) -> Result<DatasetVersion, Fault> {
        Ok(self.read(pid, which).await?)
    }

    async fn latest(&self, pid: &Pid) -> Result<Edition, Fault> {
        let (version, number) = self.edition(pid, WhichVersion::LatestPublished).await?;
        Ok(Edition {
            number,
            dataset_id: version.dataset_id,
            version_id: version.id,
            last_update: version.last_update_time.as_deref().and_then(Timestamp::parse_rfc3339),
            title: version.title().unwrap_or(&pid.to_string()).to_owned(),
        })
    }

    async fn resume(&self, invocation: &str) -> ResumeAnswer {
        workflow::answer(self.client.resume(invocation).await)
    }

    async fn is_locked_by_workflow(&self, pid: &Pid, dataset_id: Option<i64>) -> Result<bool, Fault> {
        Ok(self.locked(pid, dataset_id).await?)
    }

    async fn export(&self, version: &DatasetVersion) -> Result<ExportState, Fault> {
        Ok(self.exported(version).await?)
    }

    async fn file(&self, file_id: i64) -> Result<FileAnswer, Fault> {
        Ok(self.ask_for(file_id).await?)
    }

    async fn dataset_of_file(&self, pid: &Pid) -> Result<Option<Pid>, Fault> {
        Ok(self.parent(pid).await?)
    }

    /// Colon and slashes stay as they are: Renku compares the text.
    fn landing_page(&self, pid: &Pid) -> String {
        format!("{}/dataset.xhtml?persistentId={pid}", self.client.site_url())
    }
}
