//! The built-in datasets, all under `doi:10.5072/FK2/`, each named for the trap it holds; `GLACIER` is the friendly one.
//! How a dataset behaves stands in its description here, never as a name looked up elsewhere.

use serde_json::{Map, json};

use super::model::{DatasetSpec, FileSpec, OriginalSpec};

/// What every built-in identifier begins with.
pub(super) const PREFIX: &str = "doi:10.5072/FK2/";

fn file(name: &str, text: &str, content_type: &str) -> FileSpec {
    FileSpec {
        name: name.into(),
        text: Some(text.into()),
        content_type: Some(content_type.into()),
        ..FileSpec::default()
    }
}

fn text_file(name: &str, text: &str) -> FileSpec {
    file(name, text, "text/plain")
}

fn inside(dir: &str, file: FileSpec) -> FileSpec {
    FileSpec { dir: Some(dir.into()), ..file }
}

/// Three small files; `change` makes the third one special.
fn three(change: impl FnOnce(&mut FileSpec)) -> Vec<FileSpec> {
    let mut last = file("params.json", "{\"alpha\": 0.5}\n", "application/json");
    change(&mut last);
    vec![
        file("readings.csv", "t,v\n1,10\n2,20\n", "text/csv"),
        text_file("notes.txt", "hello from a fake dataverse\n"),
        last,
    ]
}

fn plain() -> Vec<FileSpec> {
    three(|_| {})
}

fn delayed(delays: [f64; 3]) -> Vec<FileSpec> {
    plain().into_iter().zip(delays).map(|(file, delay)| FileSpec { delay, ..file }).collect()
}

fn dataset(name: &str, files: Vec<FileSpec>) -> DatasetSpec {
    DatasetSpec { pid: format!("{PREFIX}{name}"), files, ..DatasetSpec::default() }
}

/// `count` tiny files.
fn many(count: usize, width: usize) -> Vec<FileSpec> {
    (0..count).map(|i| text_file(&format!("f{i:0width$}.txt"), &format!("file {i}\n"))).collect()
}

fn glacier() -> DatasetSpec {
    DatasetSpec {
        title: Some("Glacier mass balance measurements, Rhône basin, 2010–2023".into()),
        description: Some(
            "Yearly mass balance of twelve glaciers, with the stake readings behind it.".into(),
        ),
        ..dataset(
            "GLACIER",
            vec![
                text_file("README.md", "# Glacier mass balance\n\nUnits: metres water equivalent.\n"),
                inside(
                    "data",
                    file(
                        "balance.csv",
                        "glacier,year,balance\nRhone,2010,-0.82\nRhone,2011,-1.34\n",
                        "text/csv",
                    ),
                ),
                inside(
                    "data",
                    file(
                        "stakes.csv",
                        "stake,date,height\nA1,2010-09-30,2.41\nA2,2010-09-30,1.97\n",
                        "text/csv",
                    ),
                ),
                inside(
                    "figures",
                    FileSpec { size: 48_211, sha256: true, ..untexted("overview.png", "image/png") },
                ),
                inside("figures", text_file("legend.txt", "blue: gain, red: loss\n")),
            ],
        )
    }
}

fn untexted(name: &str, content_type: &str) -> FileSpec {
    FileSpec { name: name.into(), content_type: Some(content_type.into()), ..FileSpec::default() }
}

fn tabular() -> DatasetSpec {
    let table = FileSpec {
        original: Some(OriginalSpec {
            name: "beaks.csv".into(),
            text: "species,length\nfortis,10.3\n".into(),
            content_type: "text/csv".into(),
            label: "Comma Separated Values".into(),
        }),
        name: "beaks.tab".into(),
        text: Some("species\tlength\n\"fortis\"\t10.3\n".into()),
        ..FileSpec::default()
    };
    dataset("TABULR", vec![table, text_file("notes.txt", "measured in millimetres\n")])
}

fn duplicate_names() -> Vec<FileSpec> {
    vec![
        inside("a", file("data.csv", "from,a\n", "text/csv")),
        inside("b", file("data.csv", "from,b\n", "text/csv")),
        inside("deep/er", text_file("x.txt", "x\n")),
    ]
}

/// Everything that is there from the start.
pub(super) fn built_in() -> Vec<DatasetSpec> {
    let zeroes = "0".repeat(64);
    let extra: Map<_, _> = json!({ "sha256": zeroes }).as_object().cloned().unwrap_or_default();
    vec![
        glacier(),
        dataset("SMALL3", plain()),
        dataset("SLOW3", delayed([1.0, 3.0, 6.0])),
        dataset("MISSNG", three(|f| f.missing = true)),
        dataset(
            "MISS1ST",
            three(|f| {
                f.missing = true;
                f.delay = 4.0;
            }),
        ),
        dataset("RESTRD", three(|f| f.restricted = true)),
        dataset(
            "DROPPD",
            three(|f| {
                f.text = None;
                f.size = 200_000;
                f.drop = true;
            }),
        ),
        dataset("FLAKY", three(|f| f.status = Some(503))),
        dataset("NOFILE", vec![]),
        DatasetSpec { no_distribution: true, ..dataset("NODIST", vec![]) },
        DatasetSpec { unpublished: true, ..dataset("DRAFT1", plain()) },
        DatasetSpec { export_status: Some(500), ..dataset("EXP500", plain()) },
        DatasetSpec { versions_status: Some(500), ..dataset("VERS500", plain()) },
        dataset("DUPNAM", duplicate_names()),
        dataset("MANY20", many(20, 2)),
        dataset(
            "BIGLFS",
            vec![FileSpec { size: 300_000, ..untexted("big.bin", "application/octet-stream") }, text_file("small.txt", "s\n")],
        ),
        DatasetSpec {
            title: Some("Zürich glaciers — 氷河".into()),
            ..dataset("UTF8", vec![text_file("Messung Zürich (1).csv", "ü\n")])
        },
        dataset("RESET", three(|f| f.reset = true)),
        dataset("S3REDIR", plain().into_iter().map(|f| FileSpec { s3: true, ..f }).collect()),
        DatasetSpec { extra, ..dataset("EXTRAK", plain()) },
        DatasetSpec {
            title: Some("A title that is much longer than most: glacier mass balance measurements in the canton of Zürich".into()),
            ..dataset("HUGEN", plain())
        },
        DatasetSpec { no_doi: true, ..dataset("NODOI", plain()) },
        dataset("EMBARG", three(|f| f.embargo = Some("2099-01-01".into()))),
        dataset("RETENT", three(|f| f.retention = Some("2020-01-01".into()))),
        DatasetSpec { guestbook: Some(3), ..dataset("GUESTB", plain()) },
        DatasetSpec { hide_urls: true, ..dataset("NOURLS", plain()) },
        DatasetSpec { lagging: true, ..dataset("LAGGED", plain()) },
        DatasetSpec { with_draft: true, ..dataset("DRAFT2", plain()) },
        DatasetSpec { terms: Some("Ask the authors.".into()), ..dataset("OWNTRM", plain()) },
        dataset("FILPID", three(|f| f.pid = Some(format!("{PREFIX}FILPID/PARAMS")))),
        tabular(),
    ]
}

/// Datasets too big to make at every start; made when first asked for.
pub(super) fn on_demand(pid: &str) -> Option<DatasetSpec> {
    let name = pid.strip_prefix(PREFIX)?;
    name.eq_ignore_ascii_case("MANYBIG").then(|| dataset("MANYBIG", many(2500, 4)))
}
