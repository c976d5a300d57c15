//! The action of a queued import: is it its turn, what exactly will be imported, and the project's slot.
//!
//! Nothing reaches Renku here.

use super::Engine;
use super::breaker::Upstream;
use super::breakpoints::Point;
use super::run_step::{Done, StepFault};
use crate::domain::dataset::{DatasetVersion, WhichVersion};
use crate::domain::ids::LeaseId;
use crate::domain::import::verdict::Verdict;
use crate::domain::import::{Event, Import, Order, Phase, Plan};
use crate::domain::ports::dataverse::ExportState;
use crate::domain::ports::renku::objections;
use crate::domain::ports::store::{Change, Slot, SlotAnswer};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::DatasetName;

impl Engine {
    pub(super) async fn plan(&self, import: &Import, lease: LeaseId) -> Result<Done, StepFault> {
        let order = &import.order;
        let can = self.renku(order)?.capabilities();
        let its_turn = self.store.is_next(import, can.outstanding).await?;
        if !its_turn {
            return Ok(self.stays_in_line());
        }
        self.breakpoints.reached(Phase::Queued, Point::BeforeEffect).await;
        let version = self.readable_version(order).await?;
        self.breakpoints.reached(Phase::Queued, Point::AfterEffect).await;
        // Before the slot is taken, so that nobody is kept waiting by an import that waits for its person.
        self.token(import).await?;
        let state = import.state.after(Event::Planned(self.plan_of(order, &version)?));
        let state = state.map_err(|illegal| {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::Internal)).caused_by(illegal)
        })?;
        let now = self.clock.now();
        let change = Change {
            state,
            due_at: Some(now),
            attempts: import.attempts,
            slot: Slot::Keep,
            keep_lease: false,
            event: Some("planned"),
            problem: None,
            now,
        };
        match self.store.take_slot(import, lease, change, can.outstanding).await? {
            SlotAnswer::Taken(import) => Ok(Done::Stored(import)),
            SlotAnswer::Wait => Ok(self.stays_in_line()),
            SlotAnswer::Conflict => Ok(Done::Overtaken),
        }
    }

    fn stays_in_line(&self) -> Done {
        let at = self.clock.now().plus(self.settings.line.mul_f64(0.75 + 0.5 * self.chance.share()));
        Done::Verdict(Verdict::Again { at }, Slot::Keep)
    }

    /// The version that will be imported, once everyone can see it and nothing forbids it.
    ///
    /// # Errors
    /// The first thing that forbids the import, or a fault of Dataverse.
    pub(super) async fn readable_version(&self, order: &Order) -> Result<DatasetVersion, Fault> {
        let can = self.renku(order)?.capabilities();
        let dataverse = self.dataverse(&order.installation)?;
        let upstream = Upstream::Dataverse(order.installation.clone());
        let which = match order.version {
            Some(number) if !can.latest_only => WhichVersion::Number(number),
            _ => WhichVersion::LatestPublished,
        };
        let version = self.guarded(upstream.clone(), dataverse.version(&order.pid, which)).await?;
        if let Some(objection) =
            objections(&version, order.version, &can).into_iter().find(|objection| objection.forbids)
        {
            return Err(Fault::new(Class::User, objection.problem));
        }
        if can.only_dois {
            self.check_root(order)?;
        }
        if can.reads_export {
            match self.guarded(upstream, dataverse.export(&version)).await? {
                ExportState::Shows => {}
                ExportState::Behind => {
                    let problem =
                        Problem::new(ProblemCode::ExportBehind).saying(format!("version {}", version.number));
                    return Err(Fault::new(Class::NotYet, problem));
                }
                ExportState::WithoutAddresses => return Err(Fault::user(ProblemCode::ExportWithoutFiles)),
            }
        }
        Ok(version)
    }

    /// Renku 2 looks for Dataverse's API at the root of the host that the DOI leads to (rclone: `backend/doi/dataverse.go`).
    fn check_root(&self, order: &Order) -> Result<(), Fault> {
        let Some(site) = self.dataverses.get(&order.installation) else { return Ok(()) };
        match url::Url::parse(&site.site_url) {
            Ok(url) if url.path() != "/" => {
                let words = format!("the API is not at the root of its host but below {}", url.path());
                Err(Fault::user(ProblemCode::DatasetNotRecognised).saying(words))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn plan_of(&self, order: &Order, version: &DatasetVersion) -> Result<Plan, Fault> {
        let name = order
            .name
            .clone()
            .unwrap_or_else(|| DatasetName::derived(&version.title, &order.pid, version.number));
        Ok(Plan {
            version: version.number,
            version_id: version.version_id,
            last_update: version.last_update,
            title: version.title.clone(),
            name,
            dataset_uri: self.dataverse(&order.installation)?.landing_page(&version.pid),
            files: u32::try_from(version.files.len()).unwrap_or(u32::MAX),
            bytes: version.bytes(),
        })
    }
}
