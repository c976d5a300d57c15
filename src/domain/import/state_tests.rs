use proptest::prelude::*;

use super::*;
use crate::domain::import::{Compared, Linked};
use crate::domain::problem::ProblemCode;

fn plan() -> Plan {
    Plan {
        version: VersionNumber { major: 1, minor: 0 },
        version_id: 7,
        last_update: None,
        title: "Title".into(),
        name: "name".parse().unwrap(),
        dataset_uri: "https://dv.example/dataset.xhtml?persistentId=doi:10.5072/X".into(),
        files: 3,
        bytes: 9,
    }
}

fn job() -> RemoteJob {
    RemoteJob {
        id: "j".into(),
        base: None,
        sticky: None,
        accepted_at: Timestamp::from_millis(1),
        working_since: None,
    }
}

fn result() -> ImportResult {
    ImportResult {
        outcome: Outcome::Complete,
        compared: Compared::Names,
        expected: 3,
        found: 3,
        missing: vec![],
        version: VersionNumber { major: 1, minor: 0 },
        branch: None,
        link: None,
        linked: Some(Linked { folder: None, readable: None, undone_at: None }),
    }
}

fn problem() -> Problem {
    Problem::new(ProblemCode::RenkuUnreachable)
}

fn events() -> impl Strategy<Value = Event> {
    let at = Timestamp::from_millis(5);
    prop::sample::select(vec![
        Event::Planned(plan()),
        Event::Begun(at),
        Event::LeftNothing,
        Event::StoodBack,
        Event::Submitted(job()),
        Event::SeenAtWork(at),
        Event::TriesAgain,
        Event::Landed(Landed { branch: None, aside: false }),
        Event::Verified(result()),
        Event::Waits(Condition::None),
        Event::Waits(Condition::RetryAt { at, problem: problem() }),
        Event::Waits(Condition::SignIn { at: SignInAt::Renku, problem: problem() }),
        Event::Failed(problem()),
        Event::Parked(problem()),
        Event::Cancelled,
        Event::LeftJob(job()),
        Event::LeftIsOver,
        Event::Superseded(ImportId::new(at)),
        Event::SentOn,
        Event::Undone(at),
    ])
}

proptest! {
    #[test]
    fn every_event_and_condition_is_listed_by_name(event in events()) {
        prop_assert!(Event::NAMES.contains(&event.as_str()));
        if let Event::Waits(condition) = event {
            prop_assert!(Condition::NAMES.contains(&condition.as_str()));
        }
    }

    #[test]
    fn no_event_leads_over_an_illegal_edge(sequence in prop::collection::vec(events(), 0..60)) {
        let mut state = State::new();
        for event in sequence {
            if let Ok(next) = state.after(event) {
                prop_assert!(state.phase().may_become(next.phase()), "{} -> {}", state.phase(), next.phase());
                state = next;
            }
        }
    }

    #[test]
    fn ends_stay_ends(sequence in prop::collection::vec(events(), 0..60)) {
        let mut state = State::new();
        for event in sequence {
            let was = state.phase();
            let sent_on = event == Event::SentOn;
            if let Ok(next) = state.after(event) {
                if was.is_end() && !(was == Phase::Parked && (sent_on || next.phase() == Phase::Cancelled)) {
                    prop_assert_eq!(was, next.phase());
                }
                state = next;
            }
        }
    }

    #[test]
    fn a_job_is_submitted_again_at_most_once(sequence in prop::collection::vec(events(), 0..200)) {
        let mut state = State::new();
        let mut again = 0;
        for event in sequence {
            let is_again = event == Event::TriesAgain;
            if let Ok(next) = state.after(event) {
                again += u32::from(is_again);
                state = next;
            }
        }
        prop_assert!(again <= 1);
    }

    #[test]
    fn a_state_survives_its_stored_form(sequence in prop::collection::vec(events(), 0..30)) {
        let mut state = State::new();
        for event in sequence {
            state = state.after(event).unwrap_or(state);
            let stored = serde_json::to_string(&state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&stored).unwrap(), &state);
        }
    }
}

#[test]
fn an_import_that_may_run_at_renku_keeps_what_it_left_when_cancelled() {
    let begun = State::new()
        .after(Event::Planned(plan()))
        .unwrap()
        .after(Event::Begun(Timestamp::from_millis(2)))
        .unwrap();
    let cancelled = begun.after(Event::Cancelled).unwrap();
    assert!(matches!(
        &cancelled,
        State::Ended { end: End::Cancelled { left: Some(Stage::Submitting { .. }) } }
    ));
    let found = cancelled.after(Event::LeftJob(job())).unwrap();
    assert_eq!(found.job().unwrap().id, "j");
    assert_eq!(found.after(Event::LeftIsOver).unwrap(), State::Ended { end: End::Cancelled { left: None } });
}

#[test]
fn a_parked_import_goes_on_where_it_stood() {
    let running = State::new()
        .after(Event::Planned(plan()))
        .unwrap()
        .after(Event::Begun(Timestamp::from_millis(2)))
        .unwrap()
        .after(Event::Submitted(job()))
        .unwrap();
    let parked = running.after(Event::Parked(problem())).unwrap();
    assert_eq!(parked.after(Event::SentOn).unwrap(), running);
}
