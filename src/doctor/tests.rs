use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::domain::import::{Plan, RemoteJob};
use crate::domain::ports::identity::CredentialState;
use crate::domain::ports::probe::{
    Broker, CodeFlowFacts, DataverseFacts, Gateway, Made, Management, Offered, Realm, ServicePerson,
    SignInFacts,
};
use crate::domain::ports::renku::{AccessToken, Arrived, Capabilities, JobStatus, SubmitFailure};
use crate::domain::project::Project;
use crate::domain::time::Timestamp;

/// Everything around us: what it tells, and how long it takes over each question.
#[derive(Debug, Default)]
struct Around {
    takes: Duration,
    at_work: bool,
    nobody: bool,
    version: &'static str,
    tools: Vec<Value>,
    broker: Mutex<Option<Broker>>,
    management: Mutex<Option<(Management, String)>>,
    service_person: Mutex<Option<ServicePerson>>,
}

impl Around {
    async fn answers<T>(&self, answer: T) -> T {
        tokio::time::sleep(self.takes).await;
        answer
    }
}

#[async_trait]
impl Ground for Around {
    async fn key(&self) -> Result<Made, Fault> {
        self.answers(Ok(Made::There)).await
    }

    async fn store(&self) -> Result<Made, Fault> {
        self.answers(Ok(Made::There)).await
    }

    async fn broker(&self) -> Result<Broker, Fault> {
        let told = self.broker.lock().unwrap().clone().unwrap_or(Broker::Embedded);
        self.answers(Ok(told)).await
    }

    async fn management(&self) -> Option<(Management, String)> {
        let told = self.management.lock().unwrap().clone();
        self.answers(told).await
    }

    async fn at_work(&self, _: &ProjectAddress) -> Result<bool, Fault> {
        Ok(self.at_work)
    }

    async fn service_person(&self, _: &RenkuName) -> Result<ServicePerson, Fault> {
        let told = self.service_person.lock().unwrap().clone();
        self.answers(Ok(told.unwrap_or(ServicePerson::NotNeeded))).await
    }

    async fn sign_ins(&self, _: &RenkuName, _: u32) -> Result<Vec<StoredSignIn>, Fault> {
        if self.nobody {
            return Ok(Vec::new());
        }
        let alice = StoredSignIn {
            username: "alice".to_owned(),
            access: AccessToken::new(SecretString::from("opaque")),
            access_until: Timestamp::from_millis(0),
            refresh: None,
            state: CredentialState::Active,
        };
        self.answers(Ok(vec![alice])).await
    }
}

#[async_trait]
impl SignInProbe for Around {
    async fn realm(&self) -> Result<Realm, Fault> {
        self.answers(Ok(Realm {
            issuer: "https://renku.example/auth/realms/Renku".to_owned(),
            ahead_ms: None,
        }))
        .await
    }

    async fn issuer_that_answers(&self) -> Option<String> {
        self.answers(None).await
    }

    async fn client(&self, _: &str) -> Result<(), Fault> {
        self.answers(Ok(())).await
    }

    async fn code_flow(&self, _: &str) -> Result<CodeFlowFacts, Fault> {
        self.answers(Ok(CodeFlowFacts { pkce_enforced: true })).await
    }

    async fn device_flow(&self) -> Result<(), Fault> {
        self.answers(Ok(())).await
    }

    async fn sign_in(&self, _: &AccessToken, _: Option<&SecretString>) -> Result<SignInFacts, Fault> {
        self.answers(Ok(SignInFacts::Whole)).await
    }
}

#[async_trait]
impl RenkuProbe for Around {
    async fn offered(&self) -> Result<Offered, Fault> {
        let core = Some("2.9.4".to_owned());
        self.answers(Ok(Offered { core, data: None, gateway: Some(Gateway::Python), ahead_ms: None })).await
    }

    async fn knows(&self, _: &AccessToken, _: bool) -> Result<(), Fault> {
        self.answers(Ok(())).await
    }
}

#[async_trait]
impl DataverseProbe for Around {
    async fn facts(&self) -> Result<DataverseFacts, Fault> {
        self.answers(Ok(DataverseFacts { version: self.version.to_owned(), ahead_ms: None })).await
    }

    async fn tools(&self) -> Result<Vec<Value>, Fault> {
        self.answers(Ok(self.tools.clone())).await
    }
}

fn never<T>() -> Result<T, Fault> {
    Err(Fault::user(ProblemCode::Internal))
}

/// Asked for a project alone.
#[async_trait]
impl renku_port::Renku for Around {
    async fn version(&self) -> Result<Option<String>, Fault> {
        never()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_open_files: false,
            flat: false,
            latest_only: false,
            reads_export: false,
            only_dois: false,
            test_dois: false,
            repeatable: false,
            most_files: 0,
            most_bytes: 0,
            outstanding: 1,
        }
    }

    fn accepts(&self, project: &ProjectAddress) -> Result<ProjectAddress, Fault> {
        Ok(project.clone())
    }

    async fn projects(&self, _: &AccessToken, _: &str, _: u32) -> Result<Vec<Project>, Fault> {
        never()
    }

    async fn check_project(&self, _: &AccessToken, _: &ProjectAddress) -> Result<(), Fault> {
        assert!(!self.at_work, "an import is at work there");
        self.answers(Ok(())).await
    }

    async fn may_write(&self, _: &AccessToken, _: &ProjectAddress) -> Result<(), Fault> {
        self.answers(Ok(())).await
    }

    async fn migrate(&self, _: &AccessToken, _: &ProjectAddress) -> Result<(), Fault> {
        never()
    }

    async fn submit(
        &self,
        _: &AccessToken,
        _: &ProjectAddress,
        _: &Plan,
    ) -> Result<RemoteJob, SubmitFailure> {
        panic!("it only reads")
    }

    async fn submitted_since(
        &self,
        _: &AccessToken,
        _: &ProjectAddress,
        _: &Plan,
        _: Timestamp,
    ) -> Result<Vec<RemoteJob>, Fault> {
        never()
    }

    async fn follow(&self, _: &AccessToken, _: &RemoteJob) -> Result<JobStatus, Fault> {
        never()
    }

    async fn arrived(
        &self,
        _: &AccessToken,
        _: &ProjectAddress,
        _: &Plan,
        _: Option<&str>,
    ) -> Result<Option<Arrived>, Fault> {
        never()
    }

    fn link(&self, _: &ProjectAddress, _: &Plan) -> Option<String> {
        None
    }
}

fn tool() -> Value {
    json!({"displayName": "Import", "toolUrl": "https://c.example/launch/demo", "types": ["explore"]})
}

fn doctor(around: Around, https: bool, announces: bool) -> Doctor {
    let around = Arc::new(around);
    let place = Place {
        program: Program::default(),
        renku: "main".parse().unwrap(),
        issuer: "https://renku.example/auth/realms/Renku".to_owned(),
        realm: "Renku".to_owned(),
        client_id: "dataverse-connector".to_owned(),
        redirect_uri: "https://c.example/sign-in/callback".to_owned(),
        audience: "renku".to_owned(),
        username: None,
    };
    Doctor {
        ground: Arc::<Around>::clone(&around),
        renkus: vec![Renku {
            name: "main".parse().unwrap(),
            probe: Arc::<Around>::clone(&around),
            keycloak: Arc::<Around>::clone(&around),
            flow: Flow::Code,
            place,
            accepted_clients: Vec::new(),
            core_wanted: true,
            data_wanted: true,
            services: vec![Arc::<Around>::clone(&around)],
        }],
        installations: vec![Installation {
            name: "demo".parse().unwrap(),
            probe: around,
            https,
            tool: tool(),
            announces,
        }],
        program: Program::default(),
        present: Vec::new(),
        project: Some("https://renku.example/gitlab/alice/one".parse().unwrap()),
        patience: PATIENCE,
    }
}

async fn of_the_dataverse(version: &'static str, https: bool, announces: bool) -> Vec<Finding> {
    let around = Around { version, tools: vec![tool()], ..Around::default() };
    let doctor = doctor(around, https, announces);
    doctor.installation(&doctor.installations[0]).await
}

#[tokio::test]
async fn each_dataverse_is_told_with_its_version_what_that_lacks_and_where_to_look() {
    use Check as C;
    use Note as N;
    let table = [
        (
            "5.3",
            vec![
                (C::Tool, N::ToolsTooOld),
                (C::SignedAddresses, N::ProxyBefore),
                (C::Workflow, N::WorkflowsTooOld),
            ],
        ),
        (
            "5.13",
            vec![
                (C::Dataverse, N::AnnouncesEarly),
                (C::Tool, N::ToolsTooOld),
                (C::SignedAddresses, N::ProxyBefore),
                (C::Workflow, N::WorkflowUnseen),
                (C::ResumeAddresses, N::ResumeUnseen),
            ],
        ),
        (
            "6.5",
            vec![
                (C::Dataverse, N::AnnouncesEarly),
                (C::Tool, N::ToolsHidden),
                (C::SignedAddresses, N::ProxyBefore),
                (C::Workflow, N::WorkflowUnseen),
                (C::ResumeAddresses, N::ResumeUnseen),
            ],
        ),
        (
            "6.9",
            vec![
                (C::Dataverse, N::AnnouncesEarly),
                (C::SignedAddresses, N::ProxyBefore),
                (C::Workflow, N::WorkflowUnseen),
                (C::ResumeAddresses, N::ResumeUnseen),
            ],
        ),
        (
            "6.11",
            vec![
                (C::Dataverse, N::SignsWrongly),
                (C::SignedAddresses, N::ProxyHeader),
                (C::Workflow, N::WorkflowUnseen),
                (C::ResumeAddresses, N::ResumeUnseen),
            ],
        ),
        (
            "6.12",
            vec![
                (C::SignedAddresses, N::ProxyHeader),
                (C::Workflow, N::WorkflowUnseen),
                (C::ResumeAddresses, N::ResumeUnseen),
            ],
        ),
    ];
    for (version, wanted) in table {
        let findings = of_the_dataverse(version, true, true).await;
        let noted: Vec<_> =
            findings.iter().filter_map(|finding| Some((finding.check, finding.note?))).collect();
        assert_eq!(noted, wanted, "{version}");
        assert_eq!(findings[0].seen, version);
        for finding in &findings {
            assert_ne!(finding.mark, Mark::Broken, "{version}: {finding:?}");
            // What cannot be seen from here comes with the command that shows it.
            let unseen = matches!(
                finding.note,
                Some(N::ToolsHidden | N::ProxyBefore | N::ProxyHeader | N::WorkflowUnseen | N::ResumeUnseen)
            );
            assert_eq!(!finding.commands.is_empty(), unseen, "{version}: {finding:?}");
        }
    }
    let plain = of_the_dataverse("6.12", false, false).await;
    let noted: Vec<_> = plain.iter().filter_map(|finding| Some((finding.check, finding.note?))).collect();
    assert_eq!(noted, [(C::Workflow, N::NoWorkflowSecret)], "no TLS, no proxy; no secret, no workflow");
    let of = |check| plain.iter().find(|finding| finding.check == check).unwrap();
    assert_eq!((of(C::Tool).mark, of(C::Tool).seen.as_str()), (Mark::Fine, "https://c.example/launch/demo"));
}

#[tokio::test]
async fn the_commands_to_look_ask_for_the_button_the_workflow_and_its_addresses() {
    let findings = of_the_dataverse("6.5", true, true).await;
    let commands =
        |check| findings.iter().find(|finding| finding.check == check).unwrap().commands.join("\n");
    for (check, part) in [
        (Check::Tool, "curl -s http://localhost:8080/api/admin/externalTools"),
        (Check::Workflow, "curl -s http://localhost:8080/api/admin/workflows/default/PostPublishDataset"),
        (Check::Workflow, "dataverse-renku register --installation demo --admin-url http://localhost:8080"),
        (Check::ResumeAddresses, "curl -s http://localhost:8080/api/admin/workflows/ip-whitelist"),
    ] {
        assert!(commands(check).contains(part), "{check:?}: {}", commands(check));
    }
}

#[tokio::test]
async fn a_button_that_was_changed_is_shown_as_a_diff() {
    let mut theirs = tool();
    theirs["displayName"] = json!("Other");
    theirs.as_object_mut().unwrap().remove("types");
    for (tools, code, diff) in [
        (vec![], "tool-not-registered", vec![]),
        (vec![json!({"toolUrl": "https://other.example/"})], "tool-not-registered", vec![]),
        (
            vec![theirs],
            "tool-differs",
            vec!["- displayName: \"Other\"", "+ displayName: \"Import\"", "+ types: [\"explore\"]"],
        ),
    ] {
        let doctor = doctor(Around { version: "6.11", tools, ..Around::default() }, true, true);
        let findings = doctor.installation(&doctor.installations[0]).await;
        let finding = findings.iter().find(|finding| finding.check == Check::Tool).unwrap();
        assert_eq!(finding.problem.as_ref().unwrap().code.as_str(), code);
        assert_eq!(finding.diff, diff);
        assert_eq!(finding.commands, ["dataverse-renku register --installation demo"]);
    }
}

#[tokio::test]
async fn the_broker_is_told_with_its_version_its_queues_and_its_management() {
    let reached = |version: &str, missing: &[&str]| Broker::Reached {
        product: "RabbitMQ".to_owned(),
        version: version.to_owned(),
        missing: missing.iter().map(|&queue| queue.to_owned()).collect(),
    };
    let at = |management| Some((management, "https://broker.example:15671".to_owned()));
    let version = || Management::Answers { version: "4.1.0".to_owned() };
    let refused = || Management::Refused { user: "the connector".to_owned() };
    let silent = || Management::Silent { words: "no connection".to_owned() };
    let table = [
        (Broker::Embedded, None, vec![(Check::Broker, None, "embedded:", "")]),
        (
            reached("4.1.0", &[]),
            at(version()),
            vec![
                (Check::Broker, None, "RabbitMQ 4.1.0", ""),
                (Check::Management, None, "https://broker.example:15671, 4.1.0", ""),
            ],
        ),
        (
            reached("3.10.8", &["x.submit", "x.follow"]),
            Some((Management::NotNamed, String::new())),
            vec![
                (Check::Broker, Some(Note::QueuesMissing), "RabbitMQ 3.10.8: x.submit, x.follow", ""),
                (
                    Check::Management,
                    Some(Note::ManagementUnseen),
                    "",
                    "rabbitmq-plugins list -e rabbitmq_management",
                ),
            ],
        ),
        (
            reached("3.9.27", &["x.submit"]),
            at(refused()),
            vec![
                (Check::Broker, Some(Note::BrokerOld), "RabbitMQ 3.9.27", ""),
                (
                    Check::Management,
                    Some(Note::ManagementRefused),
                    "https://broker.example:15671, the connector",
                    "rabbitmqctl set_user_tags 'the connector' management",
                ),
            ],
        ),
        (
            reached("", &[]),
            at(silent()),
            vec![
                (Check::Broker, None, "RabbitMQ", ""),
                (
                    Check::Management,
                    Some(Note::ManagementSilent),
                    "https://broker.example:15671: no connection",
                    "rabbitmq-plugins enable rabbitmq_management",
                ),
            ],
        ),
    ];
    for (broker, management, wanted) in table {
        let around = Around {
            broker: Mutex::new(Some(broker)),
            management: Mutex::new(management),
            ..Around::default()
        };
        let findings = doctor(around, true, true).here().await;
        let told: Vec<_> = findings
            .iter()
            .skip(2)
            .map(|finding| {
                let command = finding.commands.first().map_or("", String::as_str);
                (finding.check, finding.note, finding.seen.as_str(), command)
            })
            .collect();
        assert_eq!(told, wanted);
        assert!(findings.iter().all(|finding| finding.mark != Mark::Broken), "nothing depends on it");
    }
}

/// The longest chain there is: each answer comes at the last moment at which it counts, down to the person's project.
#[tokio::test(start_paused = true)]
async fn even_when_each_answer_comes_at_the_last_moment_it_ends_within_half_a_minute() {
    let takes = PATIENCE.saturating_sub(Duration::from_millis(1));
    let around = Around { takes, version: "6.11", tools: vec![tool()], ..Around::default() };
    let began = Instant::now();
    let findings = doctor(around, true, true).examine().await;
    let project = findings.iter().find(|finding| finding.check == Check::Project).unwrap();
    assert_eq!(project.mark, Mark::Fine, "the chain was gone to its end: {findings:#?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_project_in_which_an_import_is_at_work_is_left_alone() {
    for (at_work, mark, note) in [(false, Mark::Fine, None), (true, Mark::Look, Some(Note::ProjectAtWork))] {
        let findings =
            doctor(Around { at_work, version: "6.11", ..Around::default() }, true, true).examine().await;
        let project = findings.iter().find(|finding| finding.check == Check::Project).unwrap();
        assert_eq!((project.mark, project.note), (mark, note));
        assert_eq!(project.seen, "alice, https://renku.example/gitlab/alice/one");
    }
}

#[tokio::test]
async fn a_project_about_which_nobody_can_be_asked_is_told_all_the_same() {
    let around = Around { nobody: true, version: "6.11", ..Around::default() };
    let findings = doctor(around, true, true).examine().await;
    let project = findings.iter().find(|finding| finding.check == Check::Project).unwrap();
    assert_eq!((project.mark, project.note), (Mark::Look, Some(Note::ProjectUnasked)));
    assert_eq!(project.seen, "https://renku.example/gitlab/alice/one");
}

#[tokio::test(start_paused = true)]
async fn when_nobody_ever_answers_each_is_named_and_it_ends_within_half_a_minute() {
    let around = Around { takes: Duration::from_hours(1), ..Around::default() };
    let began = Instant::now();
    let findings = doctor(around, true, true).examine().await;
    let broken: Vec<_> = findings
        .iter()
        .filter_map(|finding| Some((finding.check, finding.problem.as_ref()?.code.as_str())))
        .collect();
    assert_eq!(
        broken,
        [
            (Check::Key, "vault-key-wrong"),
            (Check::Store, "store-unavailable"),
            (Check::Broker, "queue-unavailable"),
            (Check::Renku, "renku-unreachable"),
            (Check::Discovery, "keycloak-unreachable"),
            (Check::Dataverse, "dataverse-unreachable"),
        ]
    );
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_serves_what_administrators_keep_up_to_date_is_told_where_something_is_to_be_served() {
    let named = |signed_in| ServicePerson::Named { username: "robot".to_owned(), signed_in };
    let missing = Some("service-sign-in-needed");
    for (told, wanted) in [
        (ServicePerson::NotNeeded, None),
        (ServicePerson::Missing, Some((Mark::Broken, "", missing))),
        (named(false), Some((Mark::Broken, "robot", missing))),
        (named(true), Some((Mark::Fine, "robot", None))),
    ] {
        let around = Around { service_person: Mutex::new(Some(told)), ..Around::default() };
        let doctor = doctor(around, true, true);
        let findings = doctor.renku(&doctor.renkus[0]).await;
        let found = findings.iter().find(|finding| finding.check == Check::ServicePerson);
        let seen = found.map(|finding| {
            let words = finding.problem.as_ref().and_then(|problem| problem.words.as_deref());
            let code = finding.problem.as_ref().map(|problem| problem.code.as_str());
            (finding.mark, words.unwrap_or(&finding.seen), code)
        });
        assert_eq!(seen, wanted);
        let broken = found.filter(|finding| finding.mark == Mark::Broken);
        assert!(broken.is_none_or(|finding| {
            finding.commands == ["dataverse-renku token get --store --service --renku main"]
        }));
    }
}
