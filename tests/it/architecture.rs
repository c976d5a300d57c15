//! The direction of dependencies, read from the `use crate::…` and `crate::…` paths of the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom. A room that is not named here may know nothing of ours.
const MAY_KNOW: [(&str, &[&str]); 16] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app",
            "adapters",
            "config",
            "doctor",
            "domain",
            "imports",
            "lifecycle",
            "publications",
            "sandbox",
            "telemetry",
            "texts",
            "web",
        ],
    ),
    (
        "app",
        &[
            "adapters",
            "config",
            "doctor",
            "domain",
            "identity",
            "imports",
            "lifecycle",
            "publications",
            "telemetry",
            "texts",
            "web",
            "worker",
        ],
    ),
    ("web", &["domain", "identity", "imports", "lifecycle", "publications", "texts"]),
    ("worker", &["domain", "imports", "publications"]),
    ("imports", &["domain"]),
    ("publications", &["domain", "imports"]),
    ("identity", &["domain"]),
    ("doctor", &["domain"]),
    ("domain", &[]),
    ("adapters", &["domain"]),
    ("config", &["domain"]),
    ("telemetry", &["config", "domain"]),
    ("lifecycle", &["domain"]),
    ("texts", &["domain"]),
    ("sandbox", &[]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The first names after `crate::` and `dataverse_renku::` in code; comments do not count.
fn rooms_used(text: &str) -> BTreeSet<String> {
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut rooms = BTreeSet::new();
    for prefix in ["crate::", "dataverse_renku::"] {
        for (at, _) in code.match_indices(prefix) {
            let before = code.get(..at).and_then(|before| before.chars().next_back());
            if before.is_some_and(|c| c == '$' || c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = code.get(at + prefix.len()..).unwrap_or("");
            rooms.insert(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

fn room_of(file: &Path, src: &Path) -> String {
    let inside = file.strip_prefix(src).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn every_room_knows_only_whom_it_may_know() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 80, "the sources were found");
    let mut faults = Vec::new();
    for file in &files {
        let room = room_of(file, &src);
        if room == "lib" {
            continue;
        }
        let (_, allowed) = MAY_KNOW
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("the room {room} is new: say whom it may know"));
        for used in rooms_used(&fs::read_to_string(file).unwrap()) {
            if used != room && !allowed.contains(&used.as_str()) {
                faults.push(format!("{} knows {used}", file.strip_prefix(&src).unwrap().display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_domain_is_pure() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for foreign in ["tokio::", "actix_web::", "sqlx::", "lapin::", "reqwest::"] {
            assert!(!text.contains(foreign), "{} knows {foreign}", file.display());
        }
    }
}

#[test]
fn adapters_do_not_know_each_other() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapters");
    let shared = ["http", "exchange"];
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut faults = Vec::new();
    for file in files {
        let own = room_of(&file, &src);
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("crate::adapters::") {
            let rest = text.get(at + "crate::adapters::".len()..).unwrap_or("");
            let used: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if used != own && !shared.contains(&used.as_str()) {
                faults.push(format!("{own} knows {used}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
