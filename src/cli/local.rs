//! Imports without a server: with the local configuration's store, in this process.
//!
//! Where a service runs on the same SQLite file, the row is stored and the service takes it up.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use tokio_util::sync::CancellationToken;

use super::{Named, configuration, out};
use crate::app::{self, Access, Parts};
use crate::config::Config;
use crate::domain::ids::{ImportId, RenkuName};
use crate::domain::import::{Condition, Import};
use crate::domain::ports::identity::Person;
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::texts::Language;
use crate::web::view::{import_view, timeline_view};

/// An open local store, and whether this process does the work.
pub(super) struct Local {
    pub(super) parts: Parts,
    pub(super) config: Config,
    works_here: bool,
}

/// How often the row is looked at.
const LOOK: Duration = Duration::from_millis(300);

impl Local {
    pub(super) async fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        let config = configuration(file)?;
        let (parts, works_here) = match Parts::connect(&config, Access::Serve, None).await {
            Ok(parts) => (parts, app::works_in_this_process(&config)),
            Err(error) if app::is_in_use(&error) => {
                (Parts::connect(&config, Access::Tool, None).await?, false)
            }
            Err(error) => return Err(error),
        };
        Ok(Self { parts, config, works_here })
    }

    /// Opens the store to read or change rows; the work is a running service's.
    pub(super) async fn beside(file: Option<&Path>) -> anyhow::Result<Self> {
        let config = configuration(file)?;
        let parts = Parts::connect(&config, Access::Tool, None).await?;
        Ok(Self { parts, config, works_here: false })
    }

    /// The person by user name, or the only one who ever signed in.
    pub(super) async fn person(&self, named: Option<&str>, renku: Option<&str>) -> anyhow::Result<Person> {
        let renku: Option<RenkuName> = match renku {
            Some(text) => Some(
                text.parse()
                    .map_err(|_not_a_name| named_problem(ProblemCode::RenkuUnknown, "--renku", text))?,
            ),
            None => None,
        };
        let people = self.parts.people.people(1_000).await?;
        let mut fitting = people
            .into_iter()
            .filter(|person| named.is_none_or(|named| person.username == named || person.subject == named))
            .filter(|person| renku.as_ref().is_none_or(|renku| person.renku == *renku));
        match (fitting.next(), fitting.next()) {
            (Some(person), None) => Ok(person),
            (Some(_), Some(_)) => bail!(
                "several people have signed in: say for whom with --person, and at which Renku with --renku"
            ),
            (None, _) => {
                let words = format!("sign in once at {}/sign-in", self.config.public_url.as_str());
                Err(Named(Problem::new(ProblemCode::SignInNeeded).saying(words)).into())
            }
        }
    }

    /// Whether the configuration makes the person an operator.
    pub(super) async fn is_operator(&self, person: &Person) -> bool {
        let admin = &self.config.admin;
        if admin.names(&person.renku, &person.subject) {
            return true;
        }
        let Some(role) = &admin.role else { return false };
        self.parts.identity.roles(person.id).await.contains(role)
    }

    /// Follows an import to its end, doing the work here if nobody else does.
    pub(super) async fn follow(&self, id: ImportId, json: bool) -> anyhow::Result<Import> {
        let stop = CancellationToken::new();
        let workers = if self.works_here {
            Some(app::work(&self.parts, &self.config, &stop).await?)
        } else {
            if !json {
                out::note("A running service takes it up (within a minute); this only watches.");
            }
            None
        };
        let ended = self.watch(id, json).await;
        stop.cancel();
        if let Some(workers) = workers {
            workers.drain().await;
        }
        ended
    }

    async fn watch(&self, id: ImportId, json: bool) -> anyhow::Result<Import> {
        let store = self.parts.engine.store();
        let mut seen = 0;
        loop {
            for entry in store.timeline(id, seen, 100).await? {
                seen = entry.seq;
                if !json {
                    let view = serde_json::to_value(timeline_view(&entry, Language::En))?;
                    out::line(super::sandbox::drive::timeline_line(&view));
                }
            }
            let Some(import) = store.import(id).await? else {
                return Err(Named(Problem::new(ProblemCode::ImportUnknown)).into());
            };
            let waits_for_person = matches!(import.state.condition(), Condition::SignIn { .. });
            if import.state.phase().is_end() || waits_for_person {
                return Ok(import);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn close(self) {
        self.parts.close().await;
    }
}

/// The import as the API shows it.
pub(super) fn shown(import: &Import) -> anyhow::Result<serde_json::Value> {
    Ok(serde_json::to_value(import_view(import, Language::En))?)
}

pub(super) fn refused(fault: Fault) -> anyhow::Error {
    Named(fault.problem).into()
}

pub(super) fn named_problem(code: ProblemCode, field: &str, words: &str) -> anyhow::Error {
    Named(Problem::new(code).about(field).saying(words)).into()
}
