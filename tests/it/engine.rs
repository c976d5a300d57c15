//! The engine, step by step: what an import goes through, and that a death at any place loses and doubles nothing.

use std::time::Duration;

use dataverse_renku::domain::ids::PersonId;
use dataverse_renku::domain::import::{End, Outcome, Phase, State};
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::dataverse::{ExportState, FileAnswer};
use dataverse_renku::domain::ports::queue::When;
use dataverse_renku::domain::ports::renku::{JobStatus, Remedy};
use dataverse_renku::domain::problem::{Class, Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::imports::breakpoints::Point;

use crate::engine_world::{SubmitAnswer, World};

fn outcome(state: &State) -> Option<Outcome> {
    match state {
        State::Ended { end: End::Succeeded { result, .. } } => Some(result.outcome),
        State::Open { .. } | State::Ended { .. } => None,
    }
}

fn code(state: &State) -> Option<ProblemCode> {
    state.problem().map(|problem| problem.code)
}

#[tokio::test]
async fn an_import_goes_through_its_phases_and_ends_complete() {
    let world = World::new().await;
    let import = world.start(&World::request("one")).await;
    let end = world.run(&import).await;
    assert_eq!(outcome(&end.state), Some(Outcome::Complete), "{end:?}");
    let events = world.events(&import).await;
    assert_eq!(events, ["created", "planned", "begun", "submitted", "seen_at_work", "landed", "verified"]);
    assert_eq!(world.jobs(), 1);
    assert!(!end.has_slot);
}

#[tokio::test]
async fn a_death_at_any_place_of_any_phase_leads_to_one_submit_and_one_end() {
    let phases = [Phase::Queued, Phase::Submitting, Phase::Running, Phase::Verifying];
    let points = [Point::BeforeEffect, Point::AfterEffect, Point::AfterCommit, Point::AfterPublish];
    for phase in phases {
        for point in points {
            let world = World::new().await;
            *world.deaths.place.lock().unwrap() = Some((phase, point));
            let import = world.start(&World::request("one")).await;
            let end = world.run(&import).await;
            assert_eq!(outcome(&end.state), Some(Outcome::Complete), "{phase} {point:?}: {end:?}");
            assert_eq!(world.jobs(), 1, "{phase} {point:?}");
            let reached = world.deaths.place.lock().unwrap().is_none();
            assert!(reached, "{phase} {point:?} was never reached");
        }
    }
}

#[tokio::test]
async fn a_message_delivered_twice_or_late_changes_nothing() {
    let world = World::new().await;
    let import = world.start(&World::request("one")).await;
    let mut kept = Vec::new();
    loop {
        kept.extend(world.queue.messages.lock().unwrap().iter().cloned());
        if !world.deliver().await {
            break;
        }
    }
    let end = world.import(&import).await;
    for (message, _) in kept {
        world.engine.run_step(&message).await.unwrap();
    }
    assert_eq!(world.import(&import).await, end);
    assert_eq!(world.jobs(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_after_acceptance_is_found_again() {
    let world = World::new().await;
    world.renku.state.lock().unwrap().answers.push_back(SubmitAnswer::Lost);
    let import = world.start(&World::request("one")).await;
    let end = world.run(&import).await;
    assert_eq!(outcome(&end.state), Some(Outcome::Complete));
    assert_eq!(world.jobs(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_before_acceptance_is_asked_for_again_after_a_look() {
    let world = World::new().await;
    world.renku.state.lock().unwrap().answers.push_back(SubmitAnswer::LostBefore);
    let import = world.start(&World::request("one")).await;
    let end = world.run(&import).await;
    assert_eq!(outcome(&end.state), Some(Outcome::Complete));
    assert_eq!(world.jobs(), 1);
    assert!(world.events(&import).await.contains(&"left_nothing".to_owned()));
}

#[tokio::test]
async fn calls_that_never_clear_up_are_given_up_after_some() {
    let world = World::new().await;
    world.renku.state.lock().unwrap().answers.extend([SubmitAnswer::LostBefore; 20]);
    let import = world.start(&World::request("one")).await;
    let end = world.run(&import).await;
    assert_eq!(end.state.phase(), Phase::Parked, "{end:?}");
    assert_eq!(world.queue.parked.lock().unwrap().len(), 1);
    let sent_on = world.engine.retry(import.id).await.unwrap();
    assert_eq!(sent_on.state.phase(), Phase::Submitting);
}

#[tokio::test]
async fn a_parked_message_moved_back_by_hand_sends_the_import_on() {
    let world = World::new().await;
    world
        .renku
        .state
        .lock()
        .unwrap()
        .answers
        .extend([SubmitAnswer::Refused(ProblemCode::ProjectBusy, Class::Retryable { after: None }); 3]);
    let import = world.start(&World::request("one")).await;
    assert_eq!(world.run(&import).await.state.phase(), Phase::Parked);
    let (message, problem) = world.queue.parked.lock().unwrap().remove(0);
    assert_eq!(problem.code, ProblemCode::ProjectBusy);
    world.queue.messages.lock().unwrap().push_back((message, When::Now));
    let end = world.run(&import).await;
    assert_eq!(outcome(&end.state), Some(Outcome::Complete), "{end:?} {:?}", world.events(&import).await);
}

#[tokio::test]
async fn an_outage_of_hours_burns_no_attempt() {
    let world = World::new().await;
    let import = world.start(&World::request("one")).await;
    world.renku.state.lock().unwrap().down = true;
    for _ in 0..60 {
        world.deliver().await;
    }
    let waiting = world.import(&import).await;
    assert_eq!((waiting.attempts, waiting.state.condition().as_str()), (0, "retry_at"), "{waiting:?}");
    let events = world.events(&import).await;
    assert!(events.len() < 12, "an outage fills no timeline: {events:?}");
    world.renku.state.lock().unwrap().down = false;
    assert_eq!(outcome(&world.run(&import).await.state), Some(Outcome::Complete));
}

#[tokio::test]
async fn an_outage_while_a_job_runs_loses_nothing() {
    let world = World::new().await;
    let import = world.start(&World::request("one")).await;
    while world.import(&import).await.state.phase() != Phase::Running {
        world.deliver().await;
    }
    world.renku.state.lock().unwrap().down = true;
    for _ in 0..8 {
        world.deliver().await;
    }
    assert_eq!(world.import(&import).await.state.phase(), Phase::Running);
    world.renku.state.lock().unwrap().down = false;
    assert_eq!(outcome(&world.run(&import).await.state), Some(Outcome::Complete));
    assert_eq!(world.jobs(), 1);
}

#[tokio::test]
async fn a_dead_sign_in_pauses_without_holding_the_project_and_goes_on_when_woken() {
    let world = World::new().await;
    let import = world.start(&World::request("one")).await;
    *world.tokens.0.lock().unwrap() = Some(Class::SignIn(SignInAt::Connector));
    world.deliver().await;
    let waiting = world.import(&import).await;
    assert_eq!(
        (waiting.state.condition().as_str(), waiting.attempts, waiting.has_slot),
        ("sign_in", 0, false)
    );
    *world.tokens.0.lock().unwrap() = None;
    world.queue.messages.lock().unwrap().clear();
    let woken = world.store.wake(world.person, world.clock.now()).await.unwrap();
    assert_eq!(woken.len(), 1);
    assert_eq!(outcome(&world.run(&import).await.state), Some(Outcome::Complete));
}

/// Renku's answers to a token that Keycloak vouched for a moment ago.
const REFUSED: [SubmitAnswer; 2] = [
    SubmitAnswer::Refused(ProblemCode::TokenExpired, Class::SignIn(SignInAt::Connector)),
    SubmitAnswer::Refused(ProblemCode::TokenRefusedByRenku, Class::SignIn(SignInAt::Connector)),
];

#[tokio::test]
async fn a_token_that_ended_on_its_way_is_replaced_without_asking_anybody_to_sign_in() {
    for answer in REFUSED {
        let world = World::new().await;
        world.renku.state.lock().unwrap().answers.push_back(answer);
        let import = world.start(&World::request("one")).await;
        while world.renku.state.lock().unwrap().answers.len() == 1 {
            assert!(world.deliver().await);
        }
        let waiting = world.import(&import).await;
        assert_eq!((waiting.state.condition().as_str(), waiting.attempts), ("retry_at", 1), "{waiting:?}");
        assert_eq!(outcome(&world.run(&import).await.state), Some(Outcome::Complete));
    }
}

#[tokio::test]
async fn a_token_that_renku_alone_refuses_uses_up_the_budget_and_is_not_sent_without_end() {
    for answer in REFUSED {
        let world = World::new().await;
        world.renku.state.lock().unwrap().answers.extend([answer; 50]);
        let import = world.start(&World::request("one")).await;
        let end = world.run(&import).await;
        assert_eq!(end.state.phase(), Phase::Parked, "{end:?}");
        let SubmitAnswer::Refused(refused, _) = answer else { panic!("{answer:?}") };
        assert_eq!((code(&end.state), world.renku.state.lock().unwrap().answers.len()), (Some(refused), 47));
    }
}

#[tokio::test]
async fn what_ended_with_the_session_at_keycloak_is_told_as_that() {
    for answer in REFUSED {
        let world = World::new().await;
        world.renku.state.lock().unwrap().answers.push_back(answer);
        // One for the plan, one for the submit.
        *world.tokens.2.lock().unwrap() = Some(2);
        let import = world.start(&World::request("one")).await;
        while world.renku.state.lock().unwrap().answers.len() == 1 {
            assert!(world.deliver().await);
        }
        let waiting = world.import(&import).await;
        let told = (waiting.state.condition().as_str(), code(&waiting.state), waiting.attempts);
        assert_eq!(told, ("sign_in", Some(ProblemCode::SignInNeeded), 0), "{waiting:?}");
    }
}

#[tokio::test]
async fn an_export_that_lags_behind_is_waited_for() {
    let world = World::new().await;
    *world.dataverse.export.lock().unwrap() = ExportState::Behind;
    let import = world.start(&World::request("one")).await;
    world.deliver().await;
    let waiting = world.import(&import).await;
    assert_eq!(
        (waiting.state.condition().as_str(), code(&waiting.state)),
        ("dataset", Some(ProblemCode::ExportBehind))
    );
    *world.dataverse.export.lock().unwrap() = ExportState::Shows;
    assert_eq!(outcome(&world.run(&import).await.state), Some(Outcome::Complete));
}

#[tokio::test]
async fn one_project_has_one_import_at_a_time_and_one_renku_only_so_many() {
    let world = World::with_outstanding(2).await;
    world.renku.state.lock().unwrap().status = Some(JobStatus::AtWork);
    let one = world.start(&World::request("one")).await;
    world.clock.turn(Duration::from_millis(2));
    let same = world.start(&World::request("one")).await;
    let two = world.start(&World::request("two")).await;
    let three = world.start(&World::request("three")).await;
    for _ in 0..30 {
        world.deliver().await;
    }
    let phases = [&one, &same, &two, &three].map(Clone::clone);
    let mut at_renku = 0;
    for import in &phases {
        at_renku += u32::from(world.import(import).await.has_slot);
    }
    assert_eq!((at_renku, world.jobs()), (2, 2));
    assert_eq!(world.import(&same).await.state.phase(), Phase::Queued);
    world.renku.state.lock().unwrap().status = None;
    for import in &phases {
        assert_eq!(outcome(&world.run(import).await.state), Some(Outcome::Complete));
    }
    assert_eq!(world.jobs(), 4);
}

#[tokio::test]
async fn whoever_has_many_imports_does_not_keep_others_waiting() {
    let world = World::with_outstanding(1).await;
    world.renku.state.lock().unwrap().status = Some(JobStatus::AtWork);
    let mut first = Vec::new();
    for at in 0..4 {
        first.push(world.start(&World::request(&format!("p{at}"))).await);
        world.clock.turn(Duration::from_millis(2));
    }
    world.deliver().await;
    world.deliver().await;
    let other = PersonId::new(Timestamp::from_millis(5));
    let late = world.start_for(other, &World::request("other")).await;
    world.renku.state.lock().unwrap().status = None;
    let end = world.run(&late).await;
    assert_eq!(outcome(&end.state), Some(Outcome::Complete));
    let mut ended = 0;
    for import in &first {
        ended += u32::from(world.import(import).await.state.phase().is_end());
    }
    assert_eq!(ended, 1, "the other person comes after the one that was running");
}

#[tokio::test]
async fn what_dataverse_can_explain_is_explained() {
    for (answer, want) in [
        (FileAnswer::Closed, ProblemCode::DatasetHasClosedFiles),
        (FileAnswer::Guestbook, ProblemCode::DatasetHasGuestbook),
        (FileAnswer::Missing, ProblemCode::FileNotDownloadable),
    ] {
        let world = World::new().await;
        *world.dataverse.file.lock().unwrap() = answer;
        let problem = Problem::new(ProblemCode::FileNotDownloadable)
            .saying("Cannot download from https://dv.example/api/access/datafile/7");
        let remedy = Remedy::AskDataverse { file: Some(7) };
        world.renku.state.lock().unwrap().status = Some(JobStatus::Failed { problem, remedy });
        let import = world.start(&World::request("one")).await;
        let end = world.run(&import).await;
        assert_eq!((end.state.phase(), code(&end.state)), (Phase::Failed, Some(want)));
        assert!(end.state.problem().unwrap().words.as_ref().unwrap().contains("datafile/7"));
    }
}

#[tokio::test]
async fn a_job_that_failed_for_a_passing_reason_is_tried_once_more_and_later_than_the_dirty_clone() {
    let world = World::new().await;
    let problem = Problem::new(ProblemCode::ProjectCloneDirty);
    world.renku.state.lock().unwrap().status = Some(JobStatus::Failed { problem, remedy: Remedy::OnceLater });
    let import = world.start(&World::request("one")).await;
    while world.import(&import).await.state.phase() != Phase::Running {
        world.deliver().await;
    }
    world.deliver().await;
    let waiting = world.import(&import).await;
    assert_eq!((waiting.state.phase(), waiting.state.condition().as_str()), (Phase::Queued, "retry_at"));
    assert!(waiting.due_at.unwrap().since(world.clock.now()) >= Duration::from_secs(2_100));
    let end = world.run(&import).await;
    assert_eq!(
        (end.state.phase(), code(&end.state), world.jobs()),
        (Phase::Failed, Some(ProblemCode::ProjectCloneDirty), 2)
    );
}

#[tokio::test]
async fn a_job_that_never_ends_meets_its_deadline_and_the_project_is_looked_into() {
    for (status, absent, want) in [
        (JobStatus::Waiting, true, Some(ProblemCode::RenkuJobLost)),
        (JobStatus::AtWork, true, Some(ProblemCode::RenkuJobStuck)),
        (JobStatus::NoAnswer, true, Some(ProblemCode::RenkuJobLost)),
        (JobStatus::AtWork, false, None),
    ] {
        let world = World::new().await;
        {
            let mut state = world.renku.state.lock().unwrap();
            state.status = Some(status.clone());
            state.absent = absent;
        }
        let import = world.start(&World::request("one")).await;
        let begun = world.clock.now();
        let end = world.run(&import).await;
        assert_eq!(code(&end.state), want, "{status:?}");
        assert_eq!(outcome(&end.state).is_some(), want.is_none(), "{status:?}");
        let minutes = world.clock.now().since(begun).as_secs() / 60;
        assert!((35..60).contains(&minutes), "{minutes}");
    }
}

#[tokio::test]
async fn a_cancelled_import_keeps_its_project_until_the_remote_job_is_over() {
    let world = World::new().await;
    world.renku.state.lock().unwrap().status = Some(JobStatus::AtWork);
    let import = world.start(&World::request("one")).await;
    while world.import(&import).await.state.phase() != Phase::Running {
        world.deliver().await;
    }
    let cancelled = world.engine.cancel(import.id).await.unwrap();
    assert_eq!(cancelled.state.phase(), Phase::Cancelled);
    assert!(cancelled.has_slot);
    for _ in 0..4 {
        world.deliver().await;
    }
    assert!(world.import(&import).await.has_slot);
    world.renku.state.lock().unwrap().status = None;
    for _ in 0..4 {
        world.deliver().await;
    }
    let over = world.import(&import).await;
    assert_eq!(
        (over.state.clone(), over.has_slot),
        (State::Ended { end: End::Cancelled { left: None } }, false)
    );
    assert!(world.engine.cancel(import.id).await.is_err());
}

#[tokio::test]
async fn migration_happens_only_with_consent() {
    for (consent, want) in [(false, Phase::Failed), (true, Phase::Succeeded)] {
        let world = World::new().await;
        world.renku.state.lock().unwrap().project = Some((ProblemCode::ProjectNeedsMigration, Class::User));
        let mut request = World::request("one");
        request.migrate = consent;
        let import = world.start(&request).await;
        let end = world.run(&import).await;
        assert_eq!(
            (end.state.phase(), world.renku.state.lock().unwrap().migrated),
            (want, u32::from(consent))
        );
    }
}

#[tokio::test]
async fn a_broken_queue_and_lost_messages_cost_time_only() {
    let world = World::new().await;
    *world.queue.broken.lock().unwrap() = true;
    let import = world.start(&World::request("one")).await;
    *world.queue.broken.lock().unwrap() = false;
    for _ in 0..40 {
        world.clock.turn(Duration::from_secs(200));
        world.engine.sweep().await.unwrap();
        let message = world.queue.messages.lock().unwrap().pop_front();
        if let Some((message, _)) = message {
            world.engine.run_step(&message).await.unwrap();
        }
        // Every nudge that a step makes is lost: the broker is wiped again and again.
        world.queue.messages.lock().unwrap().clear();
    }
    assert_eq!(outcome(&world.import(&import).await.state), Some(Outcome::Complete));
    assert_eq!(world.jobs(), 1);
}

#[tokio::test]
async fn bad_orders_are_refused_with_the_field_and_nothing_is_written() {
    let world = World::new().await;
    let with = |change: fn(&mut dataverse_renku::imports::start::Request)| {
        let mut request = World::request("one");
        change(&mut request);
        request
    };
    for (request, want, field) in [
        (with(|r| r.dataset = "hello".into()), ProblemCode::PidInvalid, "dataset"),
        (
            with(|r| r.dataset = "https://other.example/dataset.xhtml?persistentId=doi:10.5072/X".into()),
            ProblemCode::PidOfAnotherInstallation,
            "dataset",
        ),
        (with(|r| r.installation = Some("nope".into())), ProblemCode::InstallationUnknown, "installation"),
        (
            with(|r| r.project = "git@git.example:alice/x.git".into()),
            ProblemCode::ProjectAddressInvalid,
            "project",
        ),
        (
            with(|r| r.project = "https://evil.example/alice/x".into()),
            ProblemCode::ProjectHostNotAllowed,
            "project",
        ),
        (with(|r| r.version = Some(":draft".into())), ProblemCode::DatasetNotPublished, "version"),
        (with(|r| r.version = Some("0.9".into())), ProblemCode::VersionNotLatest, "dataset"),
        (with(|r| r.name = Some("a..b".into())), ProblemCode::DatasetNameInvalid, "name"),
    ] {
        let fault =
            world.engine.start(world.person, &"main".parse().unwrap(), &request, None).await.unwrap_err();
        assert_eq!((fault.problem.code, fault.problem.field.as_deref()), (want, Some(field)), "{request:?}");
    }
    let all = dataverse_renku::domain::ports::store::ImportFilter { limit: 10, ..Default::default() };
    assert!(world.store.imports(&all).await.unwrap().is_empty());
}
