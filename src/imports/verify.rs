//! The action that compares what arrived with what Dataverse lists, as far as Renku lets us look.

use std::collections::HashMap;

use super::Engine;
use super::breaker::Upstream;
use super::breakpoints::Point;
use super::run_step::{Done, store_fault};
use crate::domain::dataset::{DataFile, DatasetVersion, VersionNumber, WhichVersion};
use crate::domain::ids::LeaseId;
use crate::domain::import::verdict::Verdict;
use crate::domain::import::{
    Compared, Event, Import, ImportResult, Landed, Linked, Outcome, Phase, Plan, Stage, State,
};
use crate::domain::ports::renku::{Arrived, ArrivedFiles, ArrivedLink};
use crate::domain::ports::store::{Change, Slot, SlotAnswer};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// At most so many missing paths are kept.
const MISSING_SHOWN: usize = 20;

/// So often a project is asked for a dataset that Renku says is there.
const LOOKS: u32 = 4;

impl Engine {
    pub(super) async fn verify(&self, import: &Import, lease: LeaseId) -> Result<Done, Fault> {
        let State::Open { stage: Stage::Verifying { plan, landed }, .. } = &import.state else {
            return Ok(Done::Overtaken);
        };
        let order = &import.order;
        let renku = self.renku(order)?;
        if !import.has_slot {
            // Looking into the project could disturb another import there.
            return self.take_slot_again(import, lease).await;
        }
        let token = self.token(import).await?;
        // Renku keeps a clone of its own for each branch that is named: the job's is the one for none, unless it pushed aside.
        let branch = landed.branch.as_deref().filter(|_| landed.aside);
        let upstream = Upstream::of_renku(order);
        self.breakpoints.reached(Phase::Verifying, Point::BeforeEffect).await;
        let arrived = self.guarded(upstream, renku.arrived(&token, &order.project, plan, branch)).await?;
        self.breakpoints.reached(Phase::Verifying, Point::AfterEffect).await;
        let Some(arrived) = arrived else {
            let problem = Problem::new(ProblemCode::DatasetNotInProject);
            if import.attempts + 1 >= LOOKS {
                return Ok(Done::Verdict(Verdict::Fail { problem }, Slot::Release));
            }
            return Err(Fault::new(Class::Retryable { after: None }, problem));
        };
        let dataverse = self.dataverse(&order.installation)?;
        let arrived = match arrived {
            Arrived::Files(files) => files,
            Arrived::Link(link) => {
                let read = dataverse.version(&order.pid, WhichVersion::LatestPublished);
                let current = self.guarded(Upstream::Dataverse(order.installation.clone()), read).await;
                let result = match current {
                    Ok(current) => linked(link, plan, current.number, current.files.len()),
                    Err(fault) if fault.class == Class::User => linked(link, plan, plan.version, 0),
                    Err(fault) => return Err(fault),
                };
                let further = Verdict::Further { event: Event::Verified(result), next: None };
                return Ok(Done::Verdict(further, Slot::Release));
            }
        };
        let read = dataverse.version(&order.pid, WhichVersion::Number(plan.version));
        let result = match self.guarded(Upstream::Dataverse(order.installation.clone()), read).await {
            Ok(version) => compared(&version, &arrived, landed, plan, renku.link(&order.project, plan)),
            // The version is gone from Dataverse since: what is in the project cannot be compared any more.
            Err(fault) if fault.class == Class::User => {
                not_comparable(&arrived, landed, plan, renku.link(&order.project, plan))
            }
            Err(fault) => return Err(fault),
        };
        Ok(Done::Verdict(Verdict::Further { event: Event::Verified(result), next: None }, Slot::Release))
    }

    async fn take_slot_again(&self, import: &Import, lease: LeaseId) -> Result<Done, Fault> {
        let outstanding = self.renku(&import.order)?.capabilities().outstanding;
        let now = self.clock.now();
        let change = Change {
            state: import.state.clone(),
            due_at: Some(now),
            attempts: import.attempts,
            slot: Slot::Keep,
            keep_lease: false,
            event: None,
            problem: None,
            now,
        };
        Ok(match self.store.take_slot(import, lease, change, outstanding).await.map_err(store_fault)? {
            SlotAnswer::Taken(import) => Done::Stored(import),
            SlotAnswer::Wait => {
                Done::Verdict(Verdict::Again { at: now.plus(self.settings.line) }, Slot::Keep)
            }
            SlotAnswer::Conflict => Done::Overtaken,
        })
    }
}

/// Of a link no more is said than was looked at; `current` is the version that a session started now would show.
fn linked(link: ArrivedLink, plan: &Plan, current: VersionNumber, files: usize) -> ImportResult {
    ImportResult {
        outcome: Outcome::Complete,
        compared: Compared::Link,
        expected: if files == 0 { plan.files } else { u32::try_from(files).unwrap_or(u32::MAX) },
        found: 0,
        missing: Vec::new(),
        version: current,
        branch: None,
        link: Some(link.address),
        linked: Some(Linked { folder: link.folder, readable: link.readable, undone_at: None }),
    }
}

fn compared(
    version: &DatasetVersion,
    arrived: &ArrivedFiles,
    landed: &Landed,
    plan: &Plan,
    link: Option<String>,
) -> ImportResult {
    let key = |file: &DataFile| if arrived.flat { file.name.clone() } else { file.path() };
    let mut there: HashMap<&str, Vec<Option<u64>>> = HashMap::new();
    for file in &arrived.files {
        there.entry(&file.name).or_default().push(file.size);
    }
    let sizes_known = !arrived.files.is_empty() && arrived.files.iter().all(|file| file.size.is_some());
    let mut missing = Vec::new();
    let mut found = 0_u32;
    for file in &version.files {
        let fits = |size: &Option<u64>| !sizes_known || *size == Some(file.size);
        let candidates = there.get_mut(key(file).as_str());
        let hit = candidates.and_then(|sizes| sizes.iter().position(fits).map(|at| sizes.swap_remove(at)));
        match hit {
            Some(_) => found += 1,
            None => missing.push(file.path()),
        }
    }
    let outcome = match (missing.is_empty(), landed.aside) {
        (false, _) => Outcome::Incomplete,
        (true, true) => Outcome::OnSideBranch,
        (true, false) => Outcome::Complete,
    };
    missing.truncate(MISSING_SHOWN);
    ImportResult {
        outcome,
        compared: if sizes_known { Compared::Sizes } else { Compared::Names },
        expected: u32::try_from(version.files.len()).unwrap_or(u32::MAX),
        found,
        missing,
        version: arrived.version.unwrap_or(plan.version),
        branch: landed.branch.clone(),
        link,
        linked: None,
    }
}

fn not_comparable(
    arrived: &ArrivedFiles,
    landed: &Landed,
    plan: &Plan,
    link: Option<String>,
) -> ImportResult {
    ImportResult {
        outcome: Outcome::Incomplete,
        compared: Compared::Names,
        expected: plan.files,
        found: u32::try_from(arrived.files.len()).unwrap_or(u32::MAX),
        missing: Vec::new(),
        version: arrived.version.unwrap_or(plan.version),
        branch: landed.branch.clone(),
        link,
        linked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ports::renku::ArrivedFile;

    fn version(paths: &[&str]) -> DatasetVersion {
        let file = |path: &&str| {
            let (folder, name) =
                path.rsplit_once('/').map_or((None, *path), |(folder, name)| (Some(folder.to_owned()), name));
            DataFile {
                id: 1,
                name: name.to_owned(),
                folder,
                size: 3,
                checksum: None,
                tabular: false,
                closed: None,
            }
        };
        DatasetVersion {
            pid: "doi:10.5072/X".parse().unwrap(),
            dataset_id: 1,
            version_id: 2,
            number: VersionNumber { major: 1, minor: 0 },
            last_update: None,
            released: None,
            title: "T".into(),
            authors: vec![],
            licence: None,
            guestbook: false,
            files: paths.iter().map(file).collect(),
        }
    }

    fn result(paths: &[&str], names: &[(&str, Option<u64>)], aside: bool) -> ImportResult {
        let plan = Plan {
            version: VersionNumber { major: 1, minor: 0 },
            version_id: 2,
            last_update: None,
            title: "T".into(),
            name: "n".parse().unwrap(),
            dataset_uri: "u".into(),
            files: 0,
            bytes: 0,
        };
        let files =
            names.iter().map(|(name, size)| ArrivedFile { name: (*name).to_owned(), size: *size }).collect();
        let arrived = ArrivedFiles { files, version: None, flat: true };
        compared(&version(paths), &arrived, &Landed { branch: None, aside }, &plan, None)
    }

    #[test]
    fn all_names_there_is_complete_by_names() {
        let result = result(&["a/x.csv", "y.txt"], &[("y.txt", None), ("x.csv", None)], false);
        assert_eq!((result.outcome, result.compared, result.found), (Outcome::Complete, Compared::Names, 2));
    }

    #[test]
    fn one_of_two_equal_names_is_missed() {
        let result = result(&["a/data.csv", "b/data.csv"], &[("data.csv", None)], false);
        assert_eq!(
            (result.outcome, result.found, result.missing),
            (Outcome::Incomplete, 1, vec!["b/data.csv".to_owned()])
        );
    }

    #[test]
    fn a_short_file_is_missed_where_sizes_are_known() {
        let result = result(&["x.csv"], &[("x.csv", Some(1))], false);
        assert_eq!((result.outcome, result.compared), (Outcome::Incomplete, Compared::Sizes));
    }

    #[test]
    fn a_side_branch_is_told_unless_something_is_missing() {
        assert_eq!(result(&["x"], &[("x", None)], true).outcome, Outcome::OnSideBranch);
        assert_eq!(result(&["x", "y"], &[("x", None)], true).outcome, Outcome::Incomplete);
    }
}
