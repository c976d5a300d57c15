//! The stages of an import with their times, read from its timeline.

use super::Look;
use crate::domain::import::{Condition, Import, Phase, State};
use crate::domain::ports::store::TimelineEntry;
use crate::domain::time::Timestamp;
use crate::texts::amounts::moment_near;
use crate::texts::text;

/// The work in its order.
const ORDER: [Phase; 4] = [Phase::Queued, Phase::Submitting, Phase::Running, Phase::Verifying];

/// What became of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Done,
    Now,
    Stopped,
    Later,
    Never,
}

/// A stage as it is shown.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// In words, with the time: a colour alone says nothing to many.
    pub(crate) status: String,
    pub(crate) iso: Option<String>,
    mark: Mark,
}

impl Stage {
    pub(crate) const fn class(&self) -> &'static str {
        match self.mark {
            Mark::Done => "done",
            Mark::Now => "now",
            Mark::Stopped => "stopped",
            Mark::Later | Mark::Never => "later",
        }
    }

    pub(crate) fn is_current(&self) -> bool {
        self.mark == Mark::Now
    }
}

/// When each stage was entered the last time, for the try that counts; the last entry tells when the import ended.
fn entered(timeline: &[TimelineEntry]) -> Vec<(Phase, Timestamp)> {
    let mut entered: Vec<(Phase, Timestamp)> = Vec::new();
    for line in timeline {
        if entered.last().is_some_and(|(phase, _)| *phase == line.phase) {
            continue;
        }
        // Sent back to the line, or sent on after it was parked: what came later in an earlier try does not count.
        if let Some(earlier) = entered.iter().position(|(phase, _)| *phase == line.phase) {
            entered.truncate(earlier + 1);
            if line.phase == Phase::Queued {
                entered.truncate(earlier);
                entered.push((line.phase, line.at));
            }
            continue;
        }
        entered.retain(|(phase, _)| !phase.is_end());
        entered.push((line.phase, line.at));
    }
    entered
}

/// After this a stage is said to take longer than usual, in seconds.
const fn usual_s(phase: Phase) -> u64 {
    match phase {
        Phase::Queued | Phase::Running => 10 * 60,
        Phase::Submitting => 4 * 60,
        Phase::Verifying => 3 * 60,
        Phase::Succeeded | Phase::Failed | Phase::Cancelled | Phase::Superseded | Phase::Parked => u64::MAX,
    }
}

/// Whether the import is at work on its stage for longer than usual, waiting for nothing in particular.
pub(super) fn is_slow(import: &Import, timeline: &[TimelineEntry], now: Timestamp) -> bool {
    let State::Open { condition: Condition::None, .. } = &import.state else { return false };
    let phase = import.state.phase();
    let since = entered(timeline).iter().rev().find(|(entered, _)| *entered == phase).map(|(_, at)| *at);
    now.since(since.unwrap_or(import.created_at)).as_secs() > usual_s(phase)
}

impl Look<'_> {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let entered = entered(self.timeline);
        let at = |phase: Phase| entered.iter().find(|(entered, _)| *entered == phase).map(|(_, at)| *at);
        let phase = self.import.state.phase();
        let last_open = entered.iter().rev().map(|(phase, _)| *phase).find(|phase| !phase.is_end());
        let last_open = last_open.unwrap_or(Phase::Queued);
        let ended_at = entered.iter().find(|(phase, _)| phase.is_end()).map(|(_, at)| *at);
        let place = |phase: Phase| ORDER.iter().position(|known| *known == phase).unwrap_or(0);
        // What only links is there as soon as it is asked for: such an import need never run at Renku.
        let skipped = |stage: Phase| self.is_data() && stage == Phase::Running && at(stage).is_none();
        let shown = ORDER.into_iter().filter(|stage| !skipped(*stage));
        shown
            .map(|stage| {
                let after = entered.iter().find(|(later, _)| later.is_end() || place(*later) > place(stage));
                let (mark, time) = if phase == Phase::Succeeded || place(stage) < place(last_open) {
                    (Mark::Done, after.map(|(_, at)| *at))
                } else if stage == last_open && !phase.is_end() {
                    (Mark::Now, at(stage))
                } else if stage == last_open {
                    (Mark::Stopped, ended_at)
                } else if phase.is_end() {
                    (Mark::Never, None)
                } else {
                    (Mark::Later, None)
                };
                self.stage(stage, mark, time)
            })
            .collect()
    }

    fn stage(&self, stage: Phase, mark: Mark, time: Option<Timestamp>) -> Stage {
        let status = match mark {
            Mark::Done => "stage-done",
            Mark::Now => "stage-since",
            Mark::Stopped => "stage-stopped",
            Mark::Later => "stage-later",
            Mark::Never => "stage-never",
        };
        let at = time.map(|at| moment_near(self.language, at, self.now)).unwrap_or_default();
        Stage {
            name: self.say(name(stage, self.is_data())),
            status: text(self.language, status, &[("time", at.into())]),
            iso: time.map(|at| at.to_string()),
            mark,
        }
    }
}

const fn name(stage: Phase, links: bool) -> &'static str {
    match stage {
        Phase::Submitting => "stage-submitting",
        Phase::Running if links => "stage-running-link",
        Phase::Running => "stage-running",
        Phase::Verifying if links => "stage-verifying-link",
        Phase::Verifying => "stage-verifying",
        Phase::Queued
        | Phase::Succeeded
        | Phase::Failed
        | Phase::Cancelled
        | Phase::Superseded
        | Phase::Parked => "stage-queued",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(phases: &[(Phase, i64)]) -> Vec<TimelineEntry> {
        let line = |(seq, (phase, at)): (i64, &(Phase, i64))| TimelineEntry {
            seq,
            at: Timestamp::from_millis(*at),
            event: "waits".to_owned(),
            phase: *phase,
            condition: "none".to_owned(),
            problem: None,
        };
        (1..).zip(phases).map(line).collect()
    }

    fn times(phases: &[(Phase, i64)]) -> Vec<(Phase, i64)> {
        entered(&lines(phases)).into_iter().map(|(phase, at)| (phase, at.as_millis())).collect()
    }

    #[test]
    fn a_stage_has_the_time_at_which_it_was_entered() {
        use Phase::{Queued, Running, Submitting, Succeeded};
        assert_eq!(
            times(&[(Queued, 1), (Queued, 2), (Submitting, 3), (Running, 4), (Running, 5), (Succeeded, 6)]),
            [(Queued, 1), (Submitting, 3), (Running, 4), (Succeeded, 6)]
        );
    }

    #[test]
    fn an_earlier_try_does_not_count() {
        use Phase::{Parked, Queued, Running, Submitting};
        assert_eq!(
            times(&[(Queued, 1), (Submitting, 2), (Running, 3), (Queued, 4), (Submitting, 5)]),
            [(Queued, 4), (Submitting, 5)]
        );
        assert_eq!(
            times(&[(Queued, 1), (Submitting, 2), (Parked, 3), (Submitting, 4), (Running, 5)]),
            [(Queued, 1), (Submitting, 2), (Running, 5)]
        );
    }
}
