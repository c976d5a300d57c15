//! What we ask of a Dataverse: always anonymously, since Renku reads anonymously too.

use async_trait::async_trait;

use crate::domain::dataset::{DatasetVersion, WhichVersion};
use crate::domain::pid::Pid;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::publication::ResumeAnswer;
use crate::domain::subscription::Edition;

/// Whether the export that Renku 1 reads shows a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// It lists the version's files, each with its address.
    Shows,
    /// It shows another (older) version still.
    Behind,
    /// It shows the version, and leaves out the addresses of files, so that Renku cannot fetch them.
    WithoutAddresses,
}

/// What a file's address answers to everyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAnswer {
    /// It can be fetched.
    Fetchable,
    /// 401 or 403: closed.
    Closed,
    /// 400: a guestbook stands before it (Dataverse ≥ 6.10).
    Guestbook,
    /// 404: listed, and not there.
    Missing,
}

/// One Dataverse installation.
#[async_trait]
pub trait Dataverse: Send + Sync {
    /// The version with all its files.
    ///
    /// # Errors
    /// `dataset-unknown`, `dataset-not-published`, `dataset-deaccessioned`, `version-unknown`, or a fault of the installation.
    async fn version(&self, pid: &Pid, which: WhichVersion) -> Result<DatasetVersion, Fault>;

    /// The latest published version without its files: one small request.
    ///
    /// # Errors
    /// As `version`.
    async fn latest(&self, pid: &Pid) -> Result<Edition, Fault> {
        let version = self.version(pid, WhichVersion::LatestPublished).await?;
        Ok(Edition::of(&version))
    }

    /// Resumes a workflow of this installation that waits for us. Sent once and never repeated here: two resumes in quick
    /// succession would run the rest of the workflow twice (Dataverse: `api/Workflows.java`).
    async fn resume(&self, _invocation: &str) -> ResumeAnswer {
        ResumeAnswer::Refused(Problem::new(ProblemCode::DataverseRefused).saying("it has no workflows"))
    }

    /// Whether a workflow has locked the dataset; asked for without authentication.
    ///
    /// # Errors
    /// A fault of the installation: then nothing is known of the lock.
    async fn is_locked_by_workflow(&self, _pid: &Pid, _dataset_id: Option<i64>) -> Result<bool, Fault> {
        Err(Fault::new(
            Class::Permanent,
            Problem::new(ProblemCode::DataverseRefused).saying("it has no locks"),
        ))
    }

    /// Whether the schema.org export shows this version.
    ///
    /// # Errors
    /// A fault of the installation.
    async fn export(&self, version: &DatasetVersion) -> Result<ExportState, Fault>;

    /// Asks for a file as everyone would, without reading it.
    ///
    /// # Errors
    /// A fault of the installation: then nothing is known of the file.
    async fn file(&self, file_id: i64) -> Result<FileAnswer, Fault>;

    /// The dataset that a file belongs to whose PID this is; `None` if it is no file's.
    ///
    /// # Errors
    /// A fault of the installation.
    async fn dataset_of_file(&self, pid: &Pid) -> Result<Option<Pid>, Fault>;

    /// The address of the dataset's page, the form in which Renku 1 takes datasets (`/dataset.xhtml?persistentId=…`).
    fn landing_page(&self, pid: &Pid) -> String;
}
