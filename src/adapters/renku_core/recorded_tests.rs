//! The answers that a real core service 2.9.4 gave (`tests/recorded/renku-core`), and what we make of them.

use std::path::Path;

use serde_json::Value;

use super::tests::{IMPORT, JOB, answer, core, job, refused, submit, token, with_release};
use super::*;
use crate::domain::import::Landed;
use crate::domain::ports::renku::Remedy;
use crate::domain::problem::{Problem, ProblemCode as P};

/// One recorded exchange: what the core answered to a submit, and the last answer about its job.
fn recorded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recorded/renku-core/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("\"{total_size}\"", "1").replace("\"{progress_size}\"", "1");
    serde_json::from_str(&text.replace("{job_id}", JOB).replace("{id}", "1020")).unwrap()
}

#[tokio::test]
async fn what_a_real_core_answered_to_a_submit_is_understood() {
    for (name, code) in [
        ("core-no-identity", "renku-sign-in-needed"),
        ("git-host-down", "project-not-found"),
        ("git-token-refused", "renku-sign-in-needed"),
        ("invalid-git-url", "project-not-found"),
        ("missing-dataset-uri", "renku-answer-not-understood"),
        ("missing-git-url", "renku-answer-not-understood"),
        ("no-read-right", "project-not-found"),
        ("not-a-renku-project", "project-not-renku"),
        ("project-id-instead-of-git-url", "renku-internal-error"),
        ("unknown-branch", "project-not-found"),
        ("unknown-endpoint", "renku-answer-not-understood"),
        ("unknown-field", "renku-answer-not-understood"),
        ("unknown-project", "project-not-found"),
        ("wrong-method", "renku-answer-not-understood"),
    ] {
        let mut server = with_release("2.9.4").await;
        answer(&mut server, "POST", IMPORT, 200, &recorded(name)["answer"].to_string()).await;
        let (unclear, fault) = refused(submit(&server).await);
        assert_eq!((unclear, fault.problem.code.as_str()), (false, code), "{name}");
    }
}

#[tokio::test]
async fn what_a_real_core_said_of_its_jobs_is_understood() {
    let landed = |branch: &str, aside| JobStatus::Landed(Landed { branch: Some(branch.into()), aside });
    let failed = |code, remedy| JobStatus::Failed { problem: Problem::new(code), remedy };
    let no = Remedy::None;
    let ask = Remedy::AskDataverse { file: Some(1020) };
    for (name, want) in [
        ("success", landed("master", false)),
        ("success-utf8", landed("master", false)),
        ("file-cut-half-way", landed("master", false)),
        ("file-s3-redirect", landed("master", false)),
        ("same-name-in-two-folders", landed("master", false)),
        ("needs-migration-migrate-project", landed("master", false)),
        ("protected-branch", landed("renku/autobranch/master/{sha8}", true)),
        ("file-connection-reset", JobStatus::AtWork),
        ("unexpected-key-in-distribution", JobStatus::AtWork),
        ("is-delayed", JobStatus::NoAnswer),
        ("all-branches-protected", failed(P::PushFailed, no)),
        ("no-push-right", failed(P::PushFailed, no)),
        ("already-imported", failed(P::DatasetNameTaken, no)),
        ("bad-slug", failed(P::DatasetNameInvalid, no)),
        ("data-directory-outside", failed(P::RenkuImportFailed, no)),
        ("dataverse-unreachable", failed(P::RenkuCannotReachDataverse, no)),
        ("export-500", failed(P::RenkuCannotReachDataverse, no)),
        ("versions-500", failed(P::RenkuCannotReachDataverse, no)),
        ("doi-unknown-to-resolver", failed(P::DatasetNotRecognised, no)),
        ("unknown-doi", failed(P::DatasetNotRecognised, no)),
        ("not-a-dataverse", failed(P::DatasetNotRecognised, no)),
        ("uri-not-a-url", failed(P::DatasetNotRecognised, no)),
        ("landing-url-without-pid", failed(P::DatasetNotRecognised, no)),
        ("unknown-dataset-landing-url", failed(P::DatasetUnknown, no)),
        ("unpublished", failed(P::DatasetNotPublished, no)),
        ("no-files", failed(P::DatasetEmpty, no)),
        ("no-distribution", failed(P::ExportWithoutFiles, no)),
        ("file-503", failed(P::FileNotDownloadable, ask)),
        ("file-missing", failed(P::FileNotDownloadable, ask)),
        ("file-restricted", failed(P::FileNotDownloadable, ask)),
        ("minimum-renku-version", failed(P::ProjectTooNew, no)),
        ("project-metadata-newer", failed(P::ProjectTooNew, no)),
        ("needs-migration", failed(P::ProjectNeedsMigration, no)),
    ] {
        let mut server = with_release("2.9.4").await;
        let body = recorded(name)["job"].to_string();
        answer(&mut server, "GET", &format!("/api/renku/10/1.0/jobs/{JOB}"), 200, &body).await;
        let mut status = core(&server).follow(&token(), &job()).await.unwrap();
        if let JobStatus::Failed { problem, .. } = &mut status {
            assert!(problem.words.take().is_some(), "{name}: the core's words are kept");
        }
        assert_eq!(status, want, "{name}");
    }
}
