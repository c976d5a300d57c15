//! The person's own projects, the places in which they may make some, and making one.
//! What is done with a project is in `connect`.

use std::collections::HashMap;

use super::RenkuData;
use super::client::{Call, PAGE};
use super::error::RenkuDataError as Error;
use super::slug::{LONGEST, slugified};
use super::wire;
use crate::domain::ports::linking::{Namespace, NamespaceKind, NewProject};
use crate::domain::ports::renku::AccessToken;
use crate::domain::project::{Project, Visibility};
use crate::domain::time::Timestamp;

/// So many pages of a list are read; who has more searches.
const PAGES: u32 = 5;

impl RenkuData {
    /// Renku lists what may be written to, oldest first and without times, and what was last changed without telling rights: both
    /// are asked for.
    pub(super) async fn writable(
        &self,
        token: &AccessToken,
        search: &str,
        limit: u32,
    ) -> Result<Vec<Project>, Error> {
        self.known(token).await?;
        let (writable, recent) = tokio::try_join!(self.places(token, &["project"]), self.recent(token))?;
        let order: HashMap<&str, usize> =
            recent.iter().enumerate().map(|(at, (path, _))| (path.as_str(), at)).collect();
        let words = search.trim().to_lowercase();
        let mentioned = |place: &wire::Namespace| {
            place.path.to_lowercase().contains(&words)
                || place.name.as_ref().is_some_and(|name| name.to_lowercase().contains(&words))
        };
        let mut found: Vec<_> = writable.into_iter().rev().filter(mentioned).collect();
        found.sort_by_key(|place| order.get(place.path.as_str()).copied().unwrap_or(usize::MAX));
        let project = |place: wire::Namespace| {
            let more = order.get(place.path.as_str()).and_then(|at| recent.get(*at)).map(|(_, more)| more);
            Some(Project {
                address: format!("{}/p/{}", self.client.url(), place.path).parse().ok()?,
                title: place.name.unwrap_or(place.slug),
                visibility: more.and_then(|more| visibility(more.visibility.as_deref())),
                last_activity: more.and_then(|more| {
                    Timestamp::parse_rfc3339(more.updated_at.as_ref().or(more.creation_date.as_ref())?)
                }),
                path: place.path,
            })
        };
        Ok(found.into_iter().filter_map(project).take(limit.clamp(1, PAGE) as usize).collect())
    }

    async fn recent(&self, token: &AccessToken) -> Result<Vec<(String, wire::Project)>, Error> {
        let call = Call::get("projects").by(token).with("direct_member", "true");
        let call = call.with("page", "1").with("per_page", PAGE.to_string());
        let projects: Vec<wire::Project> = self.client.ask(call, self.settings.ask_timeout).await?;
        Ok(projects.into_iter().map(|p| (format!("{}/{}", p.namespace, p.slug), p)).collect())
    }

    /// Places of these kinds to which the person may write, page by page.
    async fn places(&self, token: &AccessToken, kinds: &[&str]) -> Result<Vec<wire::Namespace>, Error> {
        let mut places = Vec::new();
        for page in 1..=PAGES {
            let mut call = Call::get("namespaces").by(token).with("minimum_role", "editor");
            for kind in kinds {
                call = call.with("kinds", *kind);
            }
            let call = call.with("page", page.to_string()).with("per_page", PAGE.to_string());
            let more: Vec<wire::Namespace> = self.client.ask(call, self.settings.ask_timeout).await?;
            let last = more.len() < PAGE as usize;
            places.extend(more);
            if last {
                break;
            }
        }
        Ok(places)
    }

    pub(super) async fn own_places(&self, token: &AccessToken) -> Result<Vec<Namespace>, Error> {
        self.known(token).await?;
        let kind = |text: &str| match text {
            "user" => Some(NamespaceKind::Own),
            "group" => Some(NamespaceKind::Group),
            _ => None,
        };
        let places = self.places(token, &["user", "group"]).await?.into_iter().filter_map(|place| {
            let kind = kind(&place.kind)?;
            Some(Namespace {
                title: place.name.unwrap_or_else(|| place.slug.clone()),
                slug: place.slug,
                kind,
            })
        });
        let mut places: Vec<_> = places.collect();
        places.sort_by_key(|place| place.kind != NamespaceKind::Own);
        Ok(places)
    }

    /// The title and the short name of a project that is to be made.
    pub(super) fn names_of(new: &NewProject) -> Result<(String, String), Error> {
        // Renku refuses a body with an escaped NUL; control characters have no place in a name anyway.
        let title: String = new.title.trim().chars().filter(|c| !c.is_control()).collect();
        let name = slugified(&title);
        if name.is_empty() || name.len() > LONGEST || title.chars().count() > LONGEST {
            return Err(Error::NameInvalid);
        }
        let namespace = new.namespace.as_str();
        if namespace.is_empty() || slugified(namespace) != namespace {
            return Err(Error::CreationRefused { words: format!("there is no place called {namespace}") });
        }
        Ok((title, name))
    }

    /// Making a project is the one call that Renku does not take twice: so it is looked for before, and after an answer that was lost.
    pub(super) async fn project_made(&self, token: &AccessToken, new: &NewProject) -> Result<Project, Error> {
        let (title, name) = Self::names_of(new)?;
        let namespace = new.namespace.as_str();
        let person = self.known(token).await?;
        let path = format!("{namespace}/{name}");
        if self.project_at(token, namespace, &name).await?.is_some() {
            return Err(Error::NameTaken { path });
        }
        let body = wire::NewProject {
            name: &title,
            namespace,
            slug: &name,
            visibility: match new.visibility {
                Visibility::Public => "public",
                Visibility::Internal | Visibility::Private => "private",
            },
        };
        let call = Call::post("projects", &body)?.by(token);
        let error = match self.client.ask::<wire::Project>(call, self.settings.ask_timeout).await {
            Ok(project) => return self.shown(&project),
            Err(Error::Forbidden { words } | Error::NotFound { words }) => {
                return Err(Error::CreationRefused { words });
            }
            Err(Error::Conflict { .. }) => return Err(Error::NameTaken { path }),
            Err(error) => error,
        };
        if error.may_have_worked()
            && let Some(project) = self.project_at(token, namespace, &name).await?
            && project.created_by.as_ref() == Some(&person.id)
        {
            return self.shown(&project);
        }
        Err(error)
    }

    fn shown(&self, project: &wire::Project) -> Result<Project, Error> {
        let path = format!("{}/{}", project.namespace, project.slug);
        let address = format!("{}/p/{path}", self.client.url());
        Ok(Project {
            address: address.parse().map_err(|_not_one| Error::unexpected("a project without an address"))?,
            title: project.name.clone(),
            path,
            visibility: visibility(project.visibility.as_deref()),
            last_activity: project.creation_date.as_deref().and_then(Timestamp::parse_rfc3339),
        })
    }
}

fn visibility(text: Option<&str>) -> Option<Visibility> {
    Visibility::ALL.into_iter().find(|visibility| Some(visibility.as_str()) == text)
}
