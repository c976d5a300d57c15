//! Jobs of the core service: their wire shape, when one is really over, and what the prose of a failed one means.
//! Asking for them is the client's.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::import::{Landed, RemoteJob};
use crate::domain::ports::renku::{JobStatus, Remedy};
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::project::ProjectAddress;
use crate::domain::time::Timestamp;

/// How far Renku's clock may be behind or before ours.
const SKEW: Duration = Duration::from_secs(60);

/// A job (renku-python: `serializers/jobs.py`). Absent and null both occur.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    #[serde(rename = "job_id")]
    pub(super) id: String,
    state: String,
    renku_op: Option<String>,
    created_at: Option<String>,
    extras: Option<Extras>,
    project: Option<Project>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Extras {
    remote_branch: Option<String>,
    error: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Project {
    owner: Option<String>,
    name: Option<String>,
}

/// `GET jobs`
#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
}

/// The answer to `datasets.import`.
#[derive(Debug, Deserialize)]
pub(super) struct Accepted {
    pub(super) job_id: String,
}

/// Whether the id may stand in a path: the core makes 32 hex digits.
pub(super) fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The project's path as Renku knows it: the `GitLab` of Renku's own chart lies below `/gitlab` of Renku's address.
pub(super) fn path_in_gitlab(project: &ProjectAddress) -> &str {
    let path = project.path();
    path.strip_prefix("gitlab/").filter(|rest| rest.contains('/')).unwrap_or(path)
}

impl Job {
    /// How the job is doing; `None` for a state that the core does not have.
    ///
    /// `COMPLETED` is set after the first downloaded file, before commit and push, and may still turn into `FAILED`; only with
    /// `remote_branch` it is over (renku-python: `utils/callback.py`, `jobs/datasets.py`; renku-python#1630).
    pub(super) fn status(&self) -> Option<JobStatus> {
        let extras = self.extras.clone().unwrap_or_default();
        Some(match self.state.as_str() {
            "ENQUEUED" => JobStatus::Waiting,
            "IN_PROGRESS" => JobStatus::AtWork,
            "COMPLETED" => match extras.remote_branch.filter(|branch| !branch.is_empty()) {
                Some(branch) => {
                    let aside = branch.starts_with("renku/autobranch/");
                    JobStatus::Landed(Landed { branch: Some(branch), aside })
                }
                None => JobStatus::AtWork,
            },
            "FAILED" => {
                let (problem, remedy) = failure(&extras.error.unwrap_or_default());
                JobStatus::Failed { problem, remedy }
            }
            _ => return None,
        })
    }

    /// When the job was made, by Renku's clock.
    pub(super) fn created(&self) -> Option<Timestamp> {
        time(self.created_at.as_deref()?)
    }

    /// Whether it may be an import that was begun then for this project.
    pub(super) fn may_be(&self, project: &ProjectAddress, begun: Timestamp) -> bool {
        let of_project = self.project.as_ref().is_some_and(|its| match (&its.owner, &its.name) {
            (Some(owner), Some(name)) => {
                let path = format!("{owner}/{name}");
                [project.path(), path_in_gitlab(project)].iter().any(|own| own.eq_ignore_ascii_case(&path))
            }
            _ => false,
        });
        self.renku_op.as_deref() == Some("dataset_import")
            && of_project
            && self.created().is_some_and(|created| created >= begun.minus(SKEW))
            && is_plain(&self.id)
    }

    pub(super) fn into_remote(self, base: &str, sticky: Option<String>, begun: Timestamp) -> RemoteJob {
        let accepted_at = self.created().unwrap_or(begun).max(begun);
        RemoteJob { id: self.id, base: Some(base.to_owned()), sticky, accepted_at, working_since: None }
    }
}

/// Renku writes UTC without saying so: `2026-11-24T00:52:32.091305`.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z")))
}

/// The words of failed jobs and what they mean, the first that fits (renku-python: `core/errors.py`, `core/dataset/*`, `core/util/git.py`).
const WORDS: &[(&str, ProblemCode, Remedy)] = &[
    ("dataset exists", ProblemCode::DatasetNameTaken, Remedy::None),
    ("uncommitted changes", ProblemCode::ProjectCloneDirty, Remedy::OnceLater),
    ("cannot pull changes", ProblemCode::PushFailed, Remedy::OnceLater),
    ("cannot push changes", ProblemCode::PushFailed, Remedy::None),
    ("cannot download from", ProblemCode::FileNotDownloadable, Remedy::AskDataverse { file: None }),
    ("cannot lock", ProblemCode::ProjectBusy, Remedy::OnceLater),
    ("migration is required", ProblemCode::ProjectNeedsMigration, Remedy::None),
    ("not supported by this version of renku", ProblemCode::ProjectTooNew, Remedy::None),
    ("requires at least version", ProblemCode::ProjectTooNew, Remedy::None),
    ("network connection failure", ProblemCode::RenkuCannotReachDataverse, Remedy::None),
    ("provider not found", ProblemCode::DatasetNotRecognised, Remedy::None),
    ("record not found. status: 404", ProblemCode::DatasetUnknown, Remedy::None),
    ("record not found. status: 400", ProblemCode::DatasetNotPublished, Remedy::None),
    ("has no files", ProblemCode::DatasetEmpty, Remedy::None),
    ("no files have been found", ProblemCode::DatasetEmpty, Remedy::None),
    ("unable to fetch metadata: 'distribution'", ProblemCode::ExportWithoutFiles, Remedy::None),
    ("could not process '", ProblemCode::DatasetNotRecognised, Remedy::None),
    ("unable to fetch metadata", ProblemCode::DatasetNotRecognised, Remedy::None),
    ("cannot parse url", ProblemCode::DatasetNotRecognised, Remedy::None),
    ("doi metadata could not be serialized", ProblemCode::DatasetNotRecognised, Remedy::None),
    ("dataset slug", ProblemCode::DatasetNameInvalid, Remedy::None),
    ("dataset name", ProblemCode::DatasetNameInvalid, Remedy::None),
    ("insufficient disk space", ProblemCode::RenkuOutOfSpace, Remedy::None),
    ("no space left", ProblemCode::RenkuOutOfSpace, Remedy::None),
    ("non renku project", ProblemCode::ProjectNotRenku, Remedy::None),
    ("not a renku project", ProblemCode::ProjectNotRenku, Remedy::None),
    ("cannot checkout reference", ProblemCode::ProjectNotFound, Remedy::None),
];

fn row(words: &str) -> Option<(ProblemCode, Remedy)> {
    let words = words.to_lowercase();
    WORDS.iter().find(|(part, ..)| words.contains(part)).map(|(_, code, remedy)| (*code, *remedy))
}

/// The problem that such words name, if they are known.
pub(super) fn named(words: &str) -> Option<ProblemCode> {
    row(words).map(|(code, _)| code)
}

fn failure(words: &str) -> (Problem, Remedy) {
    let (code, remedy) = row(words).unwrap_or((ProblemCode::RenkuImportFailed, Remedy::None));
    let remedy = match remedy {
        Remedy::AskDataverse { .. } => Remedy::AskDataverse { file: file_number(words) },
        Remedy::None | Remedy::OnceLater => remedy,
    };
    (Problem::new(code).saying(words), remedy)
}

/// `Cannot download from https://…/api/access/datafile/1020`
fn file_number(words: &str) -> Option<i64> {
    let (_, rest) = words.split_once("/datafile/")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(value: Value) -> Job {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_job_is_over_only_with_a_branch() {
        let landed = |branch: &str, aside| JobStatus::Landed(Landed { branch: Some(branch.into()), aside });
        for (state, extras, want) in [
            ("ENQUEUED", Value::Null, Some(JobStatus::Waiting)),
            ("IN_PROGRESS", Value::Null, Some(JobStatus::AtWork)),
            ("COMPLETED", Value::Null, Some(JobStatus::AtWork)),
            ("COMPLETED", json!({ "description": "a", "progress_size": 3 }), Some(JobStatus::AtWork)),
            ("COMPLETED", json!({ "remote_branch": "" }), Some(JobStatus::AtWork)),
            ("COMPLETED", json!({ "remote_branch": "master" }), Some(landed("master", false))),
            (
                "COMPLETED",
                json!({ "remote_branch": "renku/autobranch/master/be268abb" }),
                Some(landed("renku/autobranch/master/be268abb", true)),
            ),
            ("STRANGE", Value::Null, None),
        ] {
            let job = job(json!({ "job_id": "a", "state": state, "extras": extras }));
            assert_eq!(job.status(), want, "{state}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table")]
    fn each_text_of_a_failed_job_is_understood() {
        let uri = "https://demo.dataverse.example/dataset.xhtml?persistentId=doi:10.5072/FK2/X";
        let once = Remedy::OnceLater;
        let ask = |file| Remedy::AskDataverse { file };
        let unfit = |rest: &str| format!("Invalid parameter value - Could not process '{uri}'.\n{rest}");
        let hint = "Hint: Supported providers are: Zenodo, Renku, Dataverse";
        let table = [
            ("Cannot push changes".to_owned(), "push-failed", Remedy::None),
            ("Cannot pull changes from remote".to_owned(), "push-failed", once),
            ("Dataset exists: 'fake_dataset_sm_1.0'".to_owned(), "dataset-name-taken", Remedy::None),
            (
                "The renku directory /x contains uncommitted changes.".to_owned(),
                "project-clone-dirty",
                once,
            ),
            (
                "Cannot download from https://demo.dataverse.example/api/access/datafile/1020".to_owned(),
                "file-not-downloadable",
                ask(Some(1020)),
            ),
            ("Cannot download from https://s3.example/x".to_owned(), "file-not-downloadable", ask(None)),
            ("Cannot lock LockException".to_owned(), "project-busy", once),
            (
                "Project version is outdated and a migration is required.\nRun `renku migrate` command to fix the issue.".to_owned(),
                "project-needs-migration",
                Remedy::None,
            ),
            (
                "Project is not supported by this version of Renku.\nUpgrade to the latest version of Renku.".to_owned(),
                "project-too-new",
                Remedy::None,
            ),
            (
                "You are using renku version 2.9.4 but this project requires at least version 99.0.0. Please upgrade renku to work on this project.".to_owned(),
                "project-too-new",
                Remedy::None,
            ),
            (
                format!("Invalid parameter value - Couldn't test provider <class 'x'>: renku operation failed due to network connection failure\nProvider not found: {uri}\n{hint}"),
                "renku-cannot-reach-dataverse",
                Remedy::None,
            ),
            (
                "renku operation failed due to network connection failure".to_owned(),
                "renku-cannot-reach-dataverse",
                Remedy::None,
            ),
            (
                format!("Invalid parameter value - Provider not found: FK2\n{hint}"),
                "dataset-not-recognised-by-renku",
                Remedy::None,
            ),
            (unfit("Reason: record not found. Status: 404"), "dataset-unknown", Remedy::None),
            (unfit("Reason: record not found. Status: 400"), "dataset-not-published", Remedy::None),
            (
                unfit("Reason: no files have been found - deposit is empty or protected"),
                "dataset-empty",
                Remedy::None,
            ),
            (format!("Dataset '{uri}' has no files."), "dataset-empty", Remedy::None),
            (unfit("Unable to fetch metadata: 'distribution'"), "export-without-files", Remedy::None),
            (
                unfit("Unable to fetch metadata: 'persistentId'"),
                "dataset-not-recognised-by-renku",
                Remedy::None,
            ),
            (
                "Invalid parameter value - Cannot parse URL 'hello'".to_owned(),
                "dataset-not-recognised-by-renku",
                Remedy::None,
            ),
            (
                "Invalid parameter value - Dataset slug 'Bad Slug!' is not valid (Hint: 'Bad_Slug' is valid).".to_owned(),
                "dataset-name-invalid",
                Remedy::None,
            ),
            ("Insufficient disk space (required 5 GB)".to_owned(), "renku-out-of-space", Remedy::None),
            (
                "Invalid parameter value - Datadir must be inside repository.".to_owned(),
                "renku-import-failed",
                Remedy::None,
            ),
            (String::new(), "renku-import-failed", Remedy::None),
        ];
        for (words, code, remedy) in table {
            let job = job(json!({ "job_id": "a", "state": "FAILED", "extras": { "error": words } }));
            let Some(JobStatus::Failed { problem, remedy: got }) = job.status() else { panic!("{words}") };
            assert_eq!((problem.code.as_str(), got), (code, remedy), "{words}");
            assert_eq!(problem.words.unwrap_or_default(), words);
        }
    }

    #[test]
    fn only_imports_into_the_project_since_then_may_be_ours() {
        let begun = Timestamp::parse_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let address: ProjectAddress = "https://git.example/group/sub/demo".parse().unwrap();
        for (op, owner, name, created, want) in [
            ("dataset_import", "group/sub", "demo", "2026-11-24T10:00:03.5", true),
            ("dataset_import", "group/sub", "demo", "2026-11-24T09:59:10.123456", true),
            ("dataset_import", "group/sub", "demo", "2026-11-24T09:58:50", false),
            ("dataset_import", "group", "demo", "2026-11-24T10:00:03", false),
            ("dataset_import", "group/sub", "other", "2026-11-24T10:00:03", false),
            ("dataset_add_file", "group/sub", "demo", "2026-11-24T10:00:03", false),
            ("dataset_import", "group/sub", "demo", "yesterday", false),
        ] {
            let job = job(json!({
                "job_id": "a", "state": "ENQUEUED", "renku_op": op, "created_at": created,
                "project": { "owner": owner, "name": name },
            }));
            assert_eq!(job.may_be(&address, begun), want, "{op} {owner}/{name} {created}");
        }
        let bare = job(json!({ "job_id": "a", "state": "ENQUEUED" }));
        assert!(!bare.may_be(&address, begun));
    }

    #[test]
    fn an_id_that_would_change_the_path_is_none() {
        assert!(is_plain("c7fc4f94c14040a3a4db092c74e35413"));
        for bad in ["", "../x", "a/b", "a?b", &"a".repeat(65)] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
