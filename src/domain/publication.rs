//! A publication (Dataverse said, or we noticed, that a version is out) and an invocation (its workflow waits for us).
//!
//! What is to be done next, and what an answer means, is decided here and asks nobody; sending and storing is the use cases'.

use std::time::Duration;

use super::dataset::VersionNumber;
use super::ids::{InstallationName, InvocationId, PublicationId};
use super::pid::Pid;
use super::problem::{Problem, ProblemCode};
use super::retry::RetryPolicy;
use super::time::Timestamp;

/// How we heard of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Dataverse's workflow called us.
    Workflow,
    /// Nobody called; a look at the dataset showed it.
    CatchUp,
    /// Somebody subscribed, or let a paused subscription go on: what is there now counts as just published.
    Subscription,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Workflow, Self::CatchUp, Self::Subscription];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::CatchUp => "catch_up",
            Self::Subscription => "subscription",
        }
    }
}

/// Where a publication stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicationState {
    /// Its dataset is still to be looked at, and its subscriptions to be served.
    Open,
    /// Every subscription has its import, or none needed one.
    Done,
    /// What it said cannot be confirmed at Dataverse, or not in time; nothing was imported because of it.
    Refused,
}

impl PublicationState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::Refused];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// Dataverse said, or we noticed, that a version of a dataset is out. A hint: what is imported is what Dataverse shows when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Our number for it.
    pub id: PublicationId,
    /// Where.
    pub installation: InstallationName,
    /// Which dataset.
    pub pid: Pid,
    /// Dataverse's number of the dataset, as it was announced.
    pub dataset_id: Option<i64>,
    /// The version that was announced.
    pub announced: Option<VersionNumber>,
    /// How we heard of it.
    pub source: Source,
    /// The name of the workflow's invocation that announced it.
    pub invocation: Option<String>,
    /// Where it stands.
    pub state: PublicationState,
    /// What it waits for, or why it was refused.
    pub problem: Option<Problem>,
    /// The version that was found and handed on.
    pub found: Option<VersionNumber>,
    /// Imports that were started because of it.
    pub imports: u32,
    /// Grows by one with each change.
    pub revision: i64,
    /// Failed attempts.
    pub attempts: u32,
    /// When it is looked at next; `None` at its end.
    pub due_at: Option<Timestamp>,
    /// When we heard of it.
    pub received_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

/// Where an invocation stands. `Waiting → Resuming → Resumed`, and back to `Waiting` or `Refused` while Dataverse does not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvocationState {
    /// To be resumed when it is due.
    Waiting,
    /// A resume was or is being sent. Found so later, whether it arrived is unknown: the dataset's lock tells.
    Resuming,
    /// Dataverse does not let us resume; its administrator has to do something. It is tried again.
    Refused,
    /// Dataverse took it, or its lock is gone: nothing is ever sent again.
    Resumed,
    /// Tried for too long; the dataset may still be locked.
    GivenUp,
}

impl InvocationState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Resuming, Self::Refused, Self::Resumed, Self::GivenUp];

    /// The name in the store, the API and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Resuming => "resuming",
            Self::Refused => "refused",
            Self::Resumed => "resumed",
            Self::GivenUp => "given_up",
        }
    }

    /// Whether nothing follows.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Resumed | Self::GivenUp)
    }
}

/// A run of a Dataverse's workflow that waits for us, with its dataset locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Our number for it.
    pub id: InvocationId,
    /// Where.
    pub installation: InstallationName,
    /// Dataverse's name for it, a UUID.
    pub name: String,
    /// Which dataset is locked.
    pub pid: Pid,
    /// Dataverse's number of that dataset, if it told.
    pub dataset_id: Option<i64>,
    /// Where it stands.
    pub state: InvocationState,
    /// Why it has not been resumed yet, or was not at all.
    pub problem: Option<Problem>,
    /// Grows by one with each change; the compare-and-set runs on it.
    pub revision: i64,
    /// How often a resume was sent in vain.
    pub attempts: u32,
    /// When the last resume was sent that may have arrived.
    pub sent_at: Option<Timestamp>,
    /// When something is to be done next.
    pub due_at: Option<Timestamp>,
    /// When Dataverse called.
    pub received_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

/// What is to be done about an invocation that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeAction {
    /// Send the resume.
    Send,
    /// A resume may have arrived: look at the dataset's lock before anything is sent again.
    LookAtLock,
    /// Nothing any more.
    Nothing,
    /// Its time is over.
    GiveUp,
}

/// What Dataverse answered to a resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResumeAnswer {
    /// 202: it goes on with its workflow.
    Accepted,
    /// 404: it does not know the invocation yet (its transaction is not committed before our answer was processed), or not any more.
    Unknown,
    /// 401, 503 or another refusal: it surely did not resume, and somebody has to do something.
    Refused(Problem),
    /// It was surely not reached.
    NotSent(Problem),
    /// It may have been resumed: no answer, or one of something in between.
    Unclear(Problem),
}

/// How patient we are with a workflow that does not take its resume.
#[derive(Clone, Copy, Debug)]
pub struct ResumePatience {
    /// The pause between the callback and the first resume: earlier Dataverse does not know its own invocation.
    pub first: Duration,
    /// Pauses between further ones.
    pub retry: RetryPolicy,
    /// Longer than any request of ours lasts: found `Resuming` after this, it was cut off.
    pub request: Duration,
    /// So long after a resume that may have arrived a lock means that the rest of the workflow runs: Dataverse accepts a second
    /// resume until then, and runs the rest twice (Dataverse: `WorkflowServiceBean.resume`, whose deletion shows at its end).
    pub unclear: Duration,
    /// So long after the callback a missing lock means that the workflow is over, not that it has not begun to wait.
    pub settled: Duration,
    /// After this it is given up.
    pub give_up_after: Duration,
}

/// A change of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationChange {
    /// The new state.
    pub state: InvocationState,
    /// Why it is not resumed yet.
    pub problem: Option<Problem>,
    /// Resumes that were in vain.
    pub attempts: u32,
    /// When the last resume was sent that may have arrived.
    pub sent_at: Option<Timestamp>,
    /// When something is to be done next; `None` at the end.
    pub due_at: Option<Timestamp>,
}

impl Invocation {
    /// What is to be done now.
    pub fn action(&self, now: Timestamp, patience: &ResumePatience) -> ResumeAction {
        match self.state {
            InvocationState::Resumed | InvocationState::GivenUp => ResumeAction::Nothing,
            // Whether the last one arrived is worth a look even after the time is over.
            InvocationState::Resuming => ResumeAction::LookAtLock,
            InvocationState::Waiting | InvocationState::Refused => {
                if now >= self.received_at.plus(patience.give_up_after) {
                    ResumeAction::GiveUp
                } else {
                    ResumeAction::Send
                }
            }
        }
    }

    /// The change before a resume is sent: stored first, so that a death in between is seen.
    pub fn begins(&self, now: Timestamp, patience: &ResumePatience) -> InvocationChange {
        InvocationChange {
            state: InvocationState::Resuming,
            problem: self.problem.clone(),
            attempts: self.attempts,
            sent_at: Some(now),
            due_at: Some(now.plus(patience.request)),
        }
    }

    /// What an answer to a resume means.
    pub fn answered(
        &self,
        answer: ResumeAnswer,
        now: Timestamp,
        patience: &ResumePatience,
        chance: f64,
    ) -> InvocationChange {
        let attempts = self.attempts.saturating_add(1);
        let later = now.plus(patience.retry.pause(attempts, None, chance));
        // Of all others it is known that they did not count.
        let unclear = matches!(answer, ResumeAnswer::Unclear(_));
        let sent_at = self.sent_at.filter(|_| unclear);
        let tries = |state, problem, due_at| InvocationChange {
            state,
            problem,
            attempts,
            sent_at,
            due_at: Some(due_at),
        };
        match answer {
            ResumeAnswer::Accepted => self.is_over(),
            // Young, it is not visible yet. Old, it may be over: somebody else resumed it, or our call never counted for Dataverse.
            ResumeAnswer::Unknown if self.is_settled(now, patience) => {
                tries(InvocationState::Resuming, self.problem.clone(), now)
            }
            ResumeAnswer::Unknown => tries(InvocationState::Waiting, None, later),
            ResumeAnswer::Refused(problem) => tries(InvocationState::Refused, Some(problem), later),
            ResumeAnswer::NotSent(problem) => tries(InvocationState::Waiting, Some(problem), later),
            ResumeAnswer::Unclear(problem) => tries(InvocationState::Resuming, Some(problem), later),
        }
    }

    /// What the dataset's lock means after an unclear resume; `None` when it could not be looked at.
    pub fn looked(
        &self,
        locked: Option<bool>,
        now: Timestamp,
        patience: &ResumePatience,
        chance: f64,
    ) -> InvocationChange {
        let later = now.plus(patience.retry.pause(self.attempts.max(1), None, chance));
        let over = now >= self.received_at.plus(patience.give_up_after);
        let (state, due_at) = match locked {
            Some(false) if self.is_settled(now, patience) => return self.is_over(),
            // No lock may also mean: not locked yet.
            Some(false) => (InvocationState::Resuming, self.received_at.plus(patience.settled)),
            Some(true) | None if over => return self.given_up(),
            Some(true) => match self.sent_at.map(|at| at.plus(patience.unclear)).filter(|until| *until > now)
            {
                // The rest of the workflow may be running.
                Some(until) => (InvocationState::Resuming, later.min(until)),
                // Locked after all this time: the resume did not count. It is sent again, and 404 brings us back here after a pause.
                None => (InvocationState::Waiting, if self.attempts < 2 { now } else { later }),
            },
            None => (InvocationState::Resuming, later),
        };
        InvocationChange {
            state,
            problem: self.problem.clone(),
            attempts: self.attempts,
            sent_at: self.sent_at,
            due_at: Some(due_at),
        }
    }

    /// Its time is over. What was last in the way is kept as the words.
    pub fn given_up(&self) -> InvocationChange {
        let why = self.problem.as_ref().map(ToString::to_string).unwrap_or_default();
        let problem =
            Problem::new(ProblemCode::ResumeGivenUp).saying(format!("invocation {} {why}", self.name));
        InvocationChange {
            state: InvocationState::GivenUp,
            problem: Some(problem),
            attempts: self.attempts,
            sent_at: self.sent_at,
            due_at: None,
        }
    }

    fn is_settled(&self, now: Timestamp, patience: &ResumePatience) -> bool {
        now >= self.received_at.plus(patience.settled)
    }

    const fn is_over(&self) -> InvocationChange {
        InvocationChange {
            state: InvocationState::Resumed,
            problem: None,
            attempts: self.attempts,
            sent_at: self.sent_at,
            due_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: ResumePatience = ResumePatience {
        first: Duration::from_secs(2),
        retry: RetryPolicy {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(600),
            attempts: u32::MAX,
        },
        request: Duration::from_secs(60),
        unclear: Duration::from_secs(90),
        settled: Duration::from_secs(120),
        give_up_after: Duration::from_secs(86_400),
    };
    const CALLED: Timestamp = Timestamp::from_millis(1_000_000);

    fn invocation(state: InvocationState) -> Invocation {
        Invocation {
            id: InvocationId::new(CALLED),
            installation: "demo".parse().unwrap(),
            name: "2d1a6e1e-5b0f-4a5b-9a34-0c7f3d9b8e21".to_owned(),
            pid: "doi:10.5072/FK2/GLACIER".parse().unwrap(),
            dataset_id: Some(42),
            state,
            problem: None,
            revision: 1,
            attempts: 0,
            sent_at: None,
            due_at: Some(CALLED),
            received_at: CALLED,
            ended_at: None,
        }
    }

    fn after(seconds: u64) -> Timestamp {
        CALLED.plus(Duration::from_secs(seconds))
    }

    fn problem() -> Problem {
        Problem::new(ProblemCode::DataverseUnreachable)
    }

    #[test]
    fn each_answer_has_its_change() {
        use InvocationState as S;
        let table = [
            (ResumeAnswer::Accepted, 3, S::Resumed, None),
            (ResumeAnswer::Unknown, 3, S::Waiting, Some(5)),
            (ResumeAnswer::Unknown, 200, S::Resuming, Some(200)),
            (ResumeAnswer::Refused(problem()), 3, S::Refused, Some(5)),
            (ResumeAnswer::NotSent(problem()), 3, S::Waiting, Some(5)),
            (ResumeAnswer::Unclear(problem()), 3, S::Resuming, Some(5)),
        ];
        for (answer, now, state, due) in table {
            let change = invocation(S::Resuming).answered(answer.clone(), after(now), &PATIENCE, 1.0);
            assert_eq!((change.state, change.due_at), (state, due.map(after)), "{answer:?}");
        }
    }

    #[test]
    fn a_lock_that_is_gone_ends_it_only_when_it_must_have_been_there() {
        use InvocationState as S;
        let looked = |locked, now| invocation(S::Resuming).looked(locked, after(now), &PATIENCE, 1.0);
        assert_eq!(looked(Some(false), 200).state, S::Resumed);
        assert_eq!(
            (looked(Some(false), 5).state, looked(Some(false), 5).due_at),
            (S::Resuming, Some(after(120)))
        );
        assert_eq!(
            (looked(Some(true), 200).state, looked(Some(true), 200).due_at),
            (S::Waiting, Some(after(200)))
        );
        assert_eq!(looked(None, 200).state, S::Resuming);
        assert_eq!(looked(Some(true), 90_000).state, S::GivenUp);
        assert_eq!(looked(None, 90_000).state, S::GivenUp);
        assert_eq!(looked(Some(false), 90_000).state, S::Resumed);
    }

    #[test]
    fn a_lock_soon_after_an_unclear_resume_is_the_rest_of_the_workflow() {
        use InvocationState as S;
        let begins = invocation(S::Waiting).begins(after(3), &PATIENCE);
        let begun = Invocation { state: begins.state, sent_at: begins.sent_at, ..invocation(S::Resuming) };
        let unclear = begun.answered(ResumeAnswer::Unclear(problem()), after(13), &PATIENCE, 1.0);
        let unclear = Invocation { sent_at: unclear.sent_at, attempts: unclear.attempts, ..begun.clone() };
        let looked = |now| unclear.looked(Some(true), after(now), &PATIENCE, 1.0);
        for early in [15, 50, 92] {
            assert_eq!(looked(early).state, S::Resuming, "{early}");
            assert!(looked(early).due_at <= Some(after(93)), "{early}");
        }
        assert_eq!((looked(93).state, looked(93).due_at), (S::Waiting, Some(after(93))));
        // What surely did not count is not waited for.
        let refused = begun.answered(ResumeAnswer::Refused(problem()), after(13), &PATIENCE, 1.0);
        assert_eq!(refused.sent_at, None);
    }

    #[test]
    fn what_was_begun_is_looked_at_before_it_is_sent_again() {
        use InvocationState as S;
        let action = |state, now| invocation(state).action(after(now), &PATIENCE);
        assert_eq!(action(S::Waiting, 2), ResumeAction::Send);
        assert_eq!(action(S::Refused, 2), ResumeAction::Send);
        assert_eq!(action(S::Waiting, 90_000), ResumeAction::GiveUp);
        for late in [2, 90_000] {
            assert_eq!(action(S::Resuming, late), ResumeAction::LookAtLock);
            assert_eq!(action(S::Resumed, late), ResumeAction::Nothing);
            assert_eq!(action(S::GivenUp, late), ResumeAction::Nothing);
        }
    }

    proptest! {
        #[test]
        fn an_invocation_that_has_not_ended_always_has_something_due_within_the_longest_pause(
            now in 0_u64..200_000, attempts in 0_u32..1_000, chance in 0.0_f64..1.0, which in 0_usize..8,
        ) {
            let invocation = Invocation { attempts, ..invocation(InvocationState::Resuming) };
            let now = after(now);
            let change = match which {
                0 => invocation.answered(ResumeAnswer::Accepted, now, &PATIENCE, chance),
                1 => invocation.answered(ResumeAnswer::Unknown, now, &PATIENCE, chance),
                2 => invocation.answered(ResumeAnswer::Refused(problem()), now, &PATIENCE, chance),
                3 => invocation.answered(ResumeAnswer::NotSent(problem()), now, &PATIENCE, chance),
                4 => invocation.answered(ResumeAnswer::Unclear(problem()), now, &PATIENCE, chance),
                5 => invocation.looked(Some(true), now, &PATIENCE, chance),
                6 => invocation.looked(Some(false), now, &PATIENCE, chance),
                _ => invocation.looked(None, now, &PATIENCE, chance),
            };
            prop_assert_eq!(change.due_at.is_none(), change.state.is_end());
            if let Some(due) = change.due_at {
                prop_assert!(due <= now.plus(PATIENCE.retry.longest));
            }
        }
    }
}
