//! The confirmation of a launch: what is wrong with it is said all at once, and in whichever process it comes, how often, and whoever
//! dies over it, it makes one project at most and starts one import.
//!
//! What is shown before it is in `preflight`.

use std::time::Duration;

use secrecy::SecretString;

use super::launch::{Launches, Opened, hash, hex};
use super::preflight::better_named;
use super::run_step::store_fault;
use super::start::{Keep, Request, about};
use crate::domain::ids::{ImportId, PersonId, RenkuName};
use crate::domain::launch::Launch;
use crate::domain::ports::launch::Choice;
use crate::domain::ports::linking::NewProject;
use crate::domain::ports::renku::objections;
use crate::domain::ports::store::Created;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use crate::domain::project::{DatasetName, InvalidAddress, InvalidDatasetName, ProjectAddress, RenkuApi};

/// So long one confirmation of a launch has its turn; where it died meanwhile, the next may go on afterwards.
const TURN: Duration = Duration::from_secs(60);

/// A confirmation that takes longer is given up, well before its turn is over, so that no two are at work at the same time.
const LONGEST: Duration = Duration::from_secs(50);

/// How often, and how many times, the second half of a double click looks whether the first is done.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: usize = 200;

/// Where an import goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// The project at this address, as it was typed.
    Address(String),
    /// One that is made for it; only where datasets are linked.
    New(NewProject),
}

/// A confirmation as it was typed.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Who confirms.
    pub person: PersonId,
    /// Which Renku.
    pub renku: RenkuName,
    /// Which of its services.
    pub api: RenkuApi,
    /// Into which project.
    pub target: Target,
    /// The wished name; empty makes one.
    pub name: String,
    /// Whether the project may be migrated.
    pub migrate: bool,
    /// Whether the project is to be kept up to date from now on.
    pub keep: Option<Keep>,
}

impl Launches {
    /// What is wrong with what was typed, each with its field, as far as it can be said without reading the dataset or making anything.
    /// Without a target, what is wrong beside it.
    pub async fn mistakes(
        &self,
        renku: &RenkuName,
        api: RenkuApi,
        target: Option<&Target>,
        name: &str,
    ) -> Vec<Fault> {
        let target = match target {
            None => Ok(()),
            Some(Target::Address(address)) => self.reachable(renku, api, address).await,
            Some(Target::New(new)) => self.engine.can_be_made(renku, new),
        };
        // What is not the person's mistake is met, and told by itself, when the confirmation is carried out.
        let target = target.err().filter(|fault| fault.class == Class::User);
        target.into_iter().chain(checked_name(name).err()).collect()
    }

    async fn reachable(&self, renku: &RenkuName, api: RenkuApi, address: &str) -> Result<(), Fault> {
        let address: ProjectAddress = address.parse().map_err(|why: InvalidAddress| {
            about(Fault::user(ProblemCode::ProjectAddressInvalid).saying(why.to_string()), "project")
        })?;
        self.engine.choose(renku, Some(api), &address).await.map_err(|fault| about(fault, "project"))?;
        Ok(())
    }

    /// Starts the import of a launch, once: confirmed twice, the same import is given.
    ///
    /// # Errors
    /// The first thing that forbids it, with the field; a sign-in that is needed; `launch-unknown`, `launch-used`; `launch-busy` while
    /// another confirmation of it is being carried out.
    pub async fn confirm(&self, handle: &SecretString, confirmed: Confirmation) -> Result<ImportId, Fault> {
        let row = hash(handle);
        for _ in 0..LOOKS {
            let launch = match self.open(handle).await? {
                Opened::Used { person, import } if person == confirmed.person => return Ok(import),
                Opened::Used { .. } => return Err(Fault::user(ProblemCode::LaunchUsed)),
                Opened::Fresh(launch) => launch,
            };
            let now = self.engine.clock.now();
            let until = now.plus(TURN);
            if self.store.claim_launch(&row, now, until).await.map_err(store_fault)? {
                let done = tokio::time::timeout(LONGEST, self.carried_out(&row, launch, confirmed)).await;
                if let Err(error) = self.store.release_launch(&row, until).await {
                    tracing::warn!(error = %error, "a launch keeps its turn until it ends by itself");
                }
                return done.unwrap_or_else(|_elapsed| {
                    let problem = Problem::new(ProblemCode::RenkuUnreachable);
                    Err(Fault::new(Class::Outage { after: None }, problem))
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Fault::new(Class::Retryable { after: None }, Problem::new(ProblemCode::LaunchBusy)))
    }

    async fn carried_out(
        &self,
        row: &[u8; 32],
        launch: Launch,
        confirmed: Confirmation,
    ) -> Result<ImportId, Fault> {
        let person = confirmed.person;
        let key = format!("launch-{}", hex(row));
        // A process may have died after it stored the import and before it noted so here.
        let earlier = self.engine.store.import_of_key(person, &key).await.map_err(store_fault)?;
        if let Some(import) = earlier {
            self.store.use_launch(row, person, import.id).await.map_err(store_fault)?;
            return Ok(import.id);
        }
        // An import without a sign-in would only wait for one; an outage of Keycloak passes.
        if let Err(fault) = self.engine.tokens.access_token(confirmed.person).await
            && fault.class == Class::SignIn(SignInAt::Connector)
        {
            return Err(fault);
        }
        let project = match &confirmed.target {
            Target::Address(address) => address.clone(),
            Target::New(new) => self.made(&launch, &confirmed, new).await?,
        };
        let request = Request {
            dataset: launch.pid.to_string(),
            installation: Some(launch.installation.to_string()),
            version: None,
            api: Some(confirmed.api.to_string()),
            project,
            name: Some(confirmed.name),
            migrate: confirmed.migrate,
        };
        let started =
            self.engine.start_and_keep(person, &confirmed.renku, &request, Some(key), confirmed.keep).await?;
        let import = match started {
            Created::New(import) | Created::Existing(import) => import,
            Created::KeyReused => return Err(Fault::user(ProblemCode::IdempotencyKeyReused)),
        };
        self.store.use_launch(row, person, import.id).await.map_err(store_fault)?;
        let choice = Choice {
            person,
            installation: launch.installation,
            renku: confirmed.renku,
            api: import.order.api,
            project: import.order.project.clone(),
            at: self.engine.clock.now(),
        };
        if let Err(error) = self.store.remember_choice(&choice).await {
            tracing::warn!(error = %error, "the choice cannot be remembered");
        }
        Ok(import.id)
    }

    /// Makes the project that was asked for, after everything else that can be refused.
    async fn made(
        &self,
        launch: &Launch,
        confirmed: &Confirmation,
        new: &NewProject,
    ) -> Result<String, Fault> {
        checked_name(&confirmed.name)?;
        let version = self.version(launch).await.map_err(|fault| better_named(fault, launch))?;
        let can = self.engine.service(&confirmed.renku, confirmed.api)?.capabilities();
        if let Some(objection) = objections(&version, None, &can).into_iter().find(|found| found.forbids) {
            return Err(Fault::new(Class::User, objection.problem));
        }
        let project = self.engine.create_project(confirmed.person, &confirmed.renku, new).await?;
        Ok(project.address.to_string())
    }
}

/// The wished name of the dataset; an empty one is made later.
fn checked_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Ok(());
    }
    let invalid = |why: InvalidDatasetName| {
        let problem = Problem::new(ProblemCode::DatasetNameInvalid).about("name").saying(why.to_string());
        Fault::new(Class::User, problem)
    };
    name.parse::<DatasetName>().map(|_fits| ()).map_err(invalid)
}
