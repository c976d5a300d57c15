//! What people do at a Renku that links, beside importing: make a project to import into, and have Renku look at a dataset.
//!
//! Taking a link away again is in `retry`, with what else can be done with an import.

use super::Engine;
use super::breaker::Upstream;
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::pid::Pid;
use crate::domain::ports::linking::{Linking, Namespace, NewProject};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::{Project, RenkuApi};

impl Engine {
    /// The places in which the person may make projects at this Renku.
    ///
    /// # Errors
    /// `renku-api-not-offered` where Renku 2 is not there; a sign-in that is needed; a fault of Renku.
    pub async fn namespaces(&self, person: PersonId, renku: &RenkuName) -> Result<Vec<Namespace>, Fault> {
        let (linking, token) = self.linking(person, renku).await?;
        self.guarded(upstream(renku), linking.namespaces(&token)).await
    }

    /// Makes a project at this Renku.
    ///
    /// # Errors
    /// As [`Engine::namespaces`]; `project-name-taken`, `project-name-invalid`, `project-creation-refused`.
    pub async fn create_project(
        &self,
        person: PersonId,
        renku: &RenkuName,
        new: &NewProject,
    ) -> Result<Project, Fault> {
        let (linking, token) = self.linking(person, renku).await?;
        let project = self.guarded(upstream(renku), linking.create_project(&token, new)).await?;
        tracing::info!(person.id = %person, project = %project.address, "a project was made");
        Ok(project)
    }

    /// Whether a project of this name could be made at this Renku, as far as the name itself tells.
    ///
    /// # Errors
    /// `project-name-invalid`; `renku-api-not-offered` where Renku 2 is not there.
    pub(super) fn can_be_made(&self, renku: &RenkuName, new: &NewProject) -> Result<(), Fault> {
        self.linker(renku)?.can_be_made(new)
    }

    /// Whether this Renku recognises the dataset as it sees it now; for a look before the click.
    ///
    /// # Errors
    /// `doi-not-resolvable`, `dataset-not-recognised-by-renku`, `renku-cannot-reach-dataverse`; as [`Engine::namespaces`].
    pub async fn recognised(&self, person: PersonId, renku: &RenkuName, pid: &Pid) -> Result<(), Fault> {
        let (linking, token) = self.linking(person, renku).await?;
        self.guarded(upstream(renku), linking.recognises(&token, pid)).await
    }

    /// Whether this Renku links the dataset, as anybody may see: what links to it follows each new version by itself.
    ///
    /// # Errors
    /// `renku-api-not-offered` where Renku 2 is not there; a fault of Renku.
    pub async fn follows(&self, renku: &RenkuName, pid: &Pid) -> Result<bool, Fault> {
        self.guarded(upstream(renku), self.linker(renku)?.follows(pid)).await
    }

    async fn linking(
        &self,
        person: PersonId,
        renku: &RenkuName,
    ) -> Result<(&dyn Linking, AccessToken), Fault> {
        Ok((self.linker(renku)?, self.token_of(person, renku).await?))
    }

    fn linker(&self, renku: &RenkuName) -> Result<&dyn Linking, Fault> {
        self.service(renku, RenkuApi::Data)?.linking().ok_or_else(|| not_offered(renku))
    }

    async fn token_of(&self, person: PersonId, renku: &RenkuName) -> Result<AccessToken, Fault> {
        self.guarded(Upstream::Keycloak(renku.clone()), self.tokens.access_token(person)).await
    }
}

fn not_offered(renku: &RenkuName) -> Fault {
    Fault::new(Class::Permanent, Problem::new(ProblemCode::RenkuApiNotOffered).saying(renku.as_str()))
}

fn upstream(renku: &RenkuName) -> Upstream {
    Upstream::Renku(renku.clone(), RenkuApi::Data)
}
