//! The reader of Dataverse keeps its promises at the simulated Dataverse.

use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::dataverse::{HttpDataverse, ReadLimits};
use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::domain::dataset::{Closed, WhichVersion};
use dataverse_renku::domain::pid::Pid;
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::dataverse::{Dataverse as _, ExportState, FileAnswer};
use dataverse_renku::domain::problem::Class;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::sandbox::dataverse::{self as dv, Running};
use serde_json::{Value, json};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-24T12:00:00Z").unwrap()
    }
}

struct Place {
    sim: Running,
    reader: HttpDataverse,
}

impl Place {
    async fn start() -> Self {
        let sim = dv::start(dv::Options { pace: 0.05, ..dv::Options::default() }).await.unwrap();
        let settings = HttpSettings { total_timeout: Duration::from_secs(20), ..HttpSettings::default() };
        let http = client(&settings).unwrap();
        let reader = HttpDataverse::new(&sim.site_url, http, ReadLimits::default(), Arc::new(Noon));
        Self { sim, reader }
    }

    async fn tell(&self, what: &str, order: Value) {
        let url = format!("{}/_sim/{what}", self.sim.site_url);
        let answer = client(&HttpSettings::default()).unwrap().post(url).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what} {order}");
    }

    async fn latest(
        &self,
        name: &str,
    ) -> Result<dataverse_renku::domain::dataset::DatasetVersion, dataverse_renku::domain::problem::Fault>
    {
        self.reader.version(&pid(name), WhichVersion::LatestPublished).await
    }
}

fn pid(name: &str) -> Pid {
    format!("doi:10.5072/FK2/{name}").parse().unwrap()
}

fn number(text: &str) -> WhichVersion {
    WhichVersion::Number(text.parse().unwrap())
}

#[tokio::test]
async fn a_dataset_is_read_with_folders_sizes_and_sums() {
    let place = Place::start().await;
    let version = place.latest("GLACIER").await.unwrap();
    assert_eq!((version.number.to_string().as_str(), version.files.len()), ("1.0", 5));
    assert!(version.title.contains("lacier") && !version.authors.is_empty(), "{version:?}");
    assert_eq!(version.licence.as_deref(), Some("CC0 1.0"));
    let picture = version.files.iter().find(|file| file.path() == "figures/overview.png").unwrap();
    assert_eq!(picture.size, 48_211);
    assert_eq!(
        picture.checksum.as_ref().map(|sum| (sum.kind.as_str(), sum.hex.len())),
        Some(("SHA-256", 64))
    );
    let table = place.latest("TABULR").await.unwrap();
    assert!(table.files.iter().any(|file| file.name == "beaks.tab" && file.tabular));
    assert_eq!(place.reader.version(&pid("GLACIER"), number("1.0")).await.unwrap(), version);
    assert_eq!(place.latest("OWNTRM").await.unwrap().licence, None);
    place.sim.stop().await;
}

#[tokio::test]
async fn thousands_of_files_come_page_by_page() {
    let place = Place::start().await;
    let version = place.latest("MANYBIG").await.unwrap();
    assert_eq!(version.files.len(), 2_500);
    place.sim.stop().await;
}

#[tokio::test]
async fn closed_files_and_guestbooks_are_seen() {
    let place = Place::start().await;
    for (name, why) in
        [("RESTRD", Closed::Restricted), ("EMBARG", Closed::Embargoed), ("RETENT", Closed::RetentionOver)]
    {
        let version = place.latest(name).await.unwrap();
        let (closed, reason) = version.closed_files().next().unwrap();
        assert_eq!(reason, why);
        assert_eq!(place.reader.file(closed.id).await.unwrap(), FileAnswer::Closed, "{name}");
        assert!(!version.guestbook);
    }
    let version = place.latest("GUESTB").await.unwrap();
    assert!(version.guestbook);
    assert_eq!(place.reader.file(version.files[0].id).await.unwrap(), FileAnswer::Guestbook);
    for (name, want) in [("S3REDIR", FileAnswer::Fetchable), ("SMALL3", FileAnswer::Fetchable)] {
        let version = place.latest(name).await.unwrap();
        for file in version.files {
            assert_eq!(place.reader.file(file.id).await.unwrap(), want, "{name}");
        }
    }
    let mut answers = Vec::new();
    for file in place.latest("MISSNG").await.unwrap().files {
        answers.push(place.reader.file(file.id).await.unwrap());
    }
    assert!(answers.contains(&FileAnswer::Missing), "{answers:?}");
    place.sim.stop().await;
}

#[tokio::test]
async fn what_is_not_public_is_told_apart() {
    let place = Place::start().await;
    let code = async |name: &str, which| {
        place.reader.version(&pid(name), which).await.unwrap_err().problem.code.as_str()
    };
    assert_eq!(code("NOSUCH", WhichVersion::LatestPublished).await, "dataset-unknown");
    assert_eq!(code("DRAFT1", WhichVersion::LatestPublished).await, "dataset-not-published");
    assert_eq!(code("SMALL3", number("7.0")).await, "version-unknown");
    assert_eq!(place.latest("DRAFT2").await.unwrap().number.to_string(), "1.0");
    place.tell("deaccession", json!({ "pid": "doi:10.5072/FK2/SMALL3", "version": "1.0" })).await;
    assert_eq!(code("SMALL3", number("1.0")).await, "dataset-deaccessioned");
    place.sim.stop().await;
}

#[tokio::test]
async fn a_files_own_pid_leads_to_its_dataset() {
    let place = Place::start().await;
    let file = pid("FILPID/PARAMS");
    let code = place.reader.version(&file, WhichVersion::LatestPublished).await.unwrap_err().problem.code;
    assert_eq!(code.as_str(), "dataset-unknown", "it is no dataset's");
    assert_eq!(place.reader.dataset_of_file(&file).await.unwrap(), Some(pid("FILPID")));
    assert_eq!(place.reader.dataset_of_file(&pid("FILPID")).await.unwrap(), None);
    assert_eq!(place.reader.dataset_of_file(&pid("NOSUCH/FILE")).await.unwrap(), None);
    place.sim.stop().await;
}

#[tokio::test]
async fn an_export_is_waited_for_until_it_shows_the_version() {
    let place = Place::start().await;
    for (name, want) in [
        ("GLACIER", ExportState::Shows),
        ("UTF8", ExportState::Shows),
        ("DUPNAM", ExportState::Shows),
        ("EXTRAK", ExportState::Shows),
        ("NOURLS", ExportState::WithoutAddresses),
        ("LAGGED", ExportState::Behind),
    ] {
        let version = place.latest(name).await.unwrap();
        assert_eq!(place.reader.export(&version).await.unwrap(), want, "{name}");
    }
    place.tell("export", json!({ "pid": "doi:10.5072/FK2/LAGGED" })).await;
    let version = place.latest("LAGGED").await.unwrap();
    assert_eq!(place.reader.export(&version).await.unwrap(), ExportState::Shows);
    let publish = json!({ "pid": "doi:10.5072/FK2/SMALL3", "major": true, "export_lag_ms": 3_600_000,
        "files": [{ "name": "new.txt", "text": "n" }] });
    place.tell("publish", publish).await;
    let version = place.latest("SMALL3").await.unwrap();
    assert_eq!(version.number.to_string(), "2.0");
    assert_eq!(place.reader.export(&version).await.unwrap(), ExportState::Behind);
    place.sim.stop().await;
}

#[tokio::test]
async fn trouble_at_dataverse_is_told_by_its_kind() {
    for (fault, code, class) in [
        ("down", "dataverse-unreachable", Class::Outage { after: None }),
        ("rate_limited", "dataverse-rate-limited", Class::Outage { after: None }),
        ("malformed", "dataverse-answer-not-understood", Class::Permanent),
        ("huge", "dataverse-answer-too-large", Class::Permanent),
    ] {
        let place = Place::start().await;
        place.tell("faults", json!({ "name": fault, "times": 1 })).await;
        let got = place.latest("SMALL3").await.unwrap_err();
        assert_eq!((got.problem.code.as_str(), got.class), (code, class), "{fault}");
        place.latest("SMALL3").await.unwrap();
        place.sim.stop().await;
    }
}
