//! Connecting a dataset with a project: the connector of the DOI, of which one Renku has one for everybody, and the link to the
//! project. Everything here may be repeated and leaves one connector and one link.

use super::RenkuData;
use super::client::Call;
use super::error::RenkuDataError as Error;
use super::reason::reason;
use super::{slug, wire};
use crate::adapters::exchange::Transport;
use crate::domain::pid::Pid;
use crate::domain::ports::renku::AccessToken;
use crate::domain::project::ProjectAddress;

/// Why a link did not come about: whether it may be there all the same, and the error.
pub(super) struct NotLinked {
    pub(super) may_be_there: bool,
    pub(super) error: Error,
}

impl From<Error> for NotLinked {
    fn from(error: Error) -> Self {
        Self { may_be_there: false, error }
    }
}

impl RenkuData {
    /// The person, asked for first of all: elsewhere a token that does not count makes its holder anonymous instead of being refused.
    /// The call also makes Renku's own entry of somebody who comes for the first time.
    pub(super) async fn known(&self, token: &AccessToken) -> Result<wire::User, Error> {
        self.client.ask(Call::get("user").by(token), self.settings.ask_timeout).await
    }

    pub(super) async fn project(
        &self,
        token: &AccessToken,
        address: &ProjectAddress,
    ) -> Result<wire::Project, Error> {
        let (namespace, name) = self.place(address)?;
        self.project_at(token, namespace, name).await?.ok_or(Error::ProjectNotFound)
    }

    pub(super) async fn project_at(
        &self,
        token: &AccessToken,
        namespace: &str,
        name: &str,
    ) -> Result<Option<wire::Project>, Error> {
        let call = Call::get(format!("namespaces/{namespace}/projects/{name}")).by(token);
        let project: Option<wire::Project> = found(self.client.ask(call, self.settings.ask_timeout).await)?;
        match project {
            Some(project) if !is_plain(&project.id) => {
                Err(Error::unexpected("a project without a usable id"))
            }
            project => Ok(project),
        }
    }

    pub(super) async fn check_writable(
        &self,
        token: &AccessToken,
        project: &wire::Project,
    ) -> Result<(), Error> {
        let call = Call::get(format!("projects/{}/permissions", project.id)).by(token);
        let told: Option<wire::Permissions> = found(self.client.ask(call, self.settings.ask_timeout).await)?;
        match told {
            Some(permissions) if permissions.write => Ok(()),
            Some(_) => Err(Error::ProjectNotWritable),
            None => Err(Error::ProjectNotFound),
        }
    }

    /// The connector of this DOI, if Renku has one. Never kept: when an administrator deletes it the next one has another id.
    pub(super) async fn connector(
        &self,
        token: &AccessToken,
        pid: &Pid,
    ) -> Result<Option<wire::Connector>, Error> {
        let name = slug::of_doi(&pid.bare());
        let call = Call::get(format!("data_connectors/global/{name}")).by(token);
        let connector: Option<wire::Connector> =
            found(self.client.ask(call, self.settings.ask_timeout).await)?;
        connector.map(|connector| of_this_doi(connector, pid)).transpose()
    }

    /// The same, asked for in nobody's name: connectors of DOIs are shown to everybody.
    pub(super) async fn connector_for_anybody(&self, pid: &Pid) -> Result<Option<wire::Connector>, Error> {
        let call = Call::get(format!("data_connectors/global/{}", slug::of_doi(&pid.bare())));
        let connector: Option<wire::Connector> =
            found(self.client.ask(call, self.settings.ask_timeout).await)?;
        connector.map(|connector| of_this_doi(connector, pid)).transpose()
    }

    /// The connector of this DOI, made if it is not there.
    async fn connector_made(&self, token: &AccessToken, pid: &Pid) -> Result<wire::Connector, Error> {
        if let Some(connector) = self.connector(token, pid).await? {
            return Ok(connector);
        }
        let doi = pid.bare();
        let storage = wire::NewStorage {
            configuration: self.configuration(&doi),
            source_path: "/",
            target_path: "/",
            readonly: true,
        };
        let call = Call::post("data_connectors/global", &wire::NewConnector { storage })?.by(token);
        let error = match self.client.ask(call, self.settings.connect_timeout).await {
            Ok(connector) => return of_this_doi(connector, pid),
            Err(Error::Invalid { words }) => return Err(self.why_not(token, &doi, words).await),
            Err(error) => error,
        };
        if error.may_have_worked() {
            // Somebody else made it at the same time, or it was made and the answer got lost.
            if let Some(connector) = self.connector(token, pid).await? {
                return Ok(connector);
            }
        }
        Err(error)
    }

    pub(super) fn configuration<'a>(&'a self, doi: &'a str) -> wire::Configuration<'a> {
        let doi_resolver_api_url = self.settings.doi_resolver.as_deref();
        wire::Configuration { kind: "doi", doi, doi_resolver_api_url }
    }

    /// Has Renku list the dataset now. The refusal has rclone's own words, which making a connector keeps to itself.
    pub(super) async fn test(&self, token: &AccessToken, doi: &str) -> Result<(), Error> {
        let body = wire::TestConnection { configuration: self.configuration(doi), source_path: "/" };
        let call = Call::post("storage_schema/test_connection", &body)?.by(token);
        match self.client.call(call, self.settings.test_timeout).await {
            Ok(_) => Ok(()),
            Err(Error::Invalid { words }) => Err(reason(words)),
            Err(error) => Err(error),
        }
    }

    async fn why_not(&self, token: &AccessToken, doi: &str, words: String) -> Error {
        match self.test(token, doi).await {
            // It can be listed after all: what was in the way has passed.
            Ok(()) => Error::CannotList { words },
            Err(error) => error,
        }
    }

    pub(super) async fn links(
        &self,
        token: &AccessToken,
        project: &wire::Project,
    ) -> Result<Vec<wire::Link>, Error> {
        let call = Call::get(format!("projects/{}/data_connector_links", project.id)).by(token);
        let links: Option<Vec<wire::Link>> = found(self.client.ask(call, self.settings.ask_timeout).await)?;
        links.ok_or(Error::ProjectNotFound)
    }

    /// Links the dataset to the project; a link that is there is as good.
    pub(super) async fn linked(
        &self,
        token: &AccessToken,
        address: &ProjectAddress,
        pid: &Pid,
    ) -> Result<wire::Connector, NotLinked> {
        let project = self.project(token, address).await?;
        let connector = self.connector_made(token, pid).await?;
        if self.links(token, &project).await?.iter().any(|link| link.data_connector_id == connector.id) {
            return Ok(connector);
        }
        let body = wire::NewLink { project_id: &project.id };
        let call = Call::post(format!("data_connectors/{}/project_links", connector.id), &body)?.by(token);
        match self.client.call(call, self.settings.ask_timeout).await {
            Ok(_) | Err(Error::Conflict { .. }) => Ok(connector),
            Err(Error::NotFound { words }) => {
                self.check_writable(token, &project).await?;
                // The project is there and may be written to: it was the connector that has just been deleted.
                Err(Error::Failing { status: 404, after: None, words }.into())
            }
            Err(error) => Err(NotLinked { may_be_there: error.may_have_worked(), error }),
        }
    }

    /// The connector of this DOI if the project has a link to it, and the link.
    pub(super) async fn link_of(
        &self,
        token: &AccessToken,
        project: &wire::Project,
        pid: &Pid,
    ) -> Result<Option<(wire::Connector, wire::Link)>, Error> {
        let Some(connector) = self.connector(token, pid).await? else { return Ok(None) };
        let links = self.links(token, project).await?;
        let link = links.into_iter().find(|link| link.data_connector_id == connector.id);
        Ok(link.map(|link| (connector, link)))
    }

    pub(super) async fn unlinked(
        &self,
        token: &AccessToken,
        address: &ProjectAddress,
        pid: &Pid,
    ) -> Result<bool, Error> {
        self.known(token).await?;
        let project = self.project(token, address).await?;
        let Some((connector, link)) = self.link_of(token, &project, pid).await? else { return Ok(false) };
        if !is_plain(&link.id) {
            return Err(Error::unexpected("a link without a usable id"));
        }
        let call =
            Call::delete(format!("data_connectors/{}/project_links/{}", connector.id, link.id)).by(token);
        match self.client.call(call, self.settings.ask_timeout).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => {
                self.check_writable(token, &project).await?;
                Ok(false)
            }
            Err(
                error @ (Error::Failing { .. }
                | Error::Unreachable(Transport::Timeout(_) | Transport::Broken(_))),
            ) => match self.link_of(token, &project, pid).await? {
                Some(_) => Err(error),
                None => Ok(true),
            },
            Err(error) => Err(error),
        }
    }
}

/// Different DOIs can have one short name, and the first that came has the connector.
fn of_this_doi(connector: wire::Connector, pid: &Pid) -> Result<wire::Connector, Error> {
    if !is_plain(&connector.id) {
        return Err(Error::unexpected("a data connector without a usable id"));
    }
    match connector.doi() {
        Some(doi) if doi == *pid => Ok(connector),
        other => Err(Error::AnotherDoi {
            other: other.map_or_else(|| "no DOI".to_owned(), |doi| doi.to_string()),
            slug: connector.slug,
        }),
    }
}

/// Not there is an answer too.
pub(super) fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fit for a path of ours; Renku's ids are ULIDs.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
}
