//! What only a Renku that links datasets offers: looking whether it recognises one, taking a link away, and making a project for it.
//!
//! Linking itself is the submit of every Renku.

use async_trait::async_trait;

use super::renku::AccessToken;
use crate::domain::import::Plan;
use crate::domain::pid::Pid;
use crate::domain::problem::Fault;
use crate::domain::project::{Project, ProjectAddress, Visibility};

/// Whose place a project can be made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceKind {
    /// The person's own.
    Own,
    /// A group's.
    Group,
}

/// A place in which the person may make projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its short name, the first part of its projects' addresses.
    pub slug: String,
    /// What people call it.
    pub title: String,
    /// Whose it is.
    pub kind: NamespaceKind,
}

/// A project that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    /// What people call it, 1 to 99 characters.
    pub title: String,
    /// The short name of the place.
    pub namespace: String,
    /// Who may see it: `Public` or `Private`.
    pub visibility: Visibility,
}

/// A Renku that links.
#[async_trait]
pub trait Linking: Send + Sync {
    /// Whether Renku recognises and can list the dataset now, in its own view of the world.
    ///
    /// # Errors
    /// `doi-not-resolvable`, `dataset-not-recognised-by-renku`, `renku-cannot-reach-dataverse`, or a fault of Renku.
    async fn recognises(&self, token: &AccessToken, pid: &Pid) -> Result<(), Fault>;

    /// Whether Renku links the dataset, as it shows to anybody: what is linked to it follows each new version by itself.
    ///
    /// # Errors
    /// A fault of Renku.
    async fn follows(&self, pid: &Pid) -> Result<bool, Fault>;

    /// Takes the link to the dataset out of the project; `false` if there was none. What Renku knows of the dataset stays, since
    /// other projects may use it.
    ///
    /// # Errors
    /// A named problem of the project or a fault of Renku.
    async fn unlink(&self, token: &AccessToken, project: &ProjectAddress, plan: &Plan)
    -> Result<bool, Fault>;

    /// Places in which the person may make projects, their own first.
    ///
    /// # Errors
    /// A fault of Renku.
    async fn namespaces(&self, token: &AccessToken) -> Result<Vec<Namespace>, Fault>;

    /// Whether a project could be called so; asks nobody.
    ///
    /// # Errors
    /// `project-name-invalid`, about `title`; `project-creation-refused`, about `namespace`.
    fn can_be_made(&self, new: &NewProject) -> Result<(), Fault>;

    /// Makes a project. It is looked for before it is made and after an answer that was lost, so that there is never a second one.
    ///
    /// # Errors
    /// `project-name-taken`, `project-name-invalid`, `project-creation-refused`, or a fault of Renku.
    async fn create_project(&self, token: &AccessToken, new: &NewProject) -> Result<Project, Fault>;
}
