//! The command `sandbox` as a newcomer runs it: a whole import, and each trap with its problem's code.

use std::process::{Command, Output};

fn sandbox(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    command.arg("sandbox").args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_whole_import_ends_with_every_file_and_its_checksum() {
    let ended = sandbox(&["--import", "--renku", "core"]);
    let said = text(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", text(&ended.stderr));
    for line in
        ["alice signed in", "verified", "all 5 files are in the repository, each with Dataverse's checksum"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn a_whole_import_into_renku_2_ends_with_one_link() {
    let ended = sandbox(&["--import", "--renku", "data"]);
    let said = text(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", text(&ended.stderr));
    for line in [
        "verified",
        "compared by link",
        "one link, to the data connector doi-10.5072-fk2-glacier",
        "nothing was copied",
        "in the folder glacier-mass-balance",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn a_file_that_was_cut_on_the_way_is_told_by_its_checksum() {
    let ended = sandbox(&["--import", "doi:10.5072/FK2/DROPPD"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).contains("in the repository and"), "{}", text(&ended.stderr));
}

#[test]
fn each_trap_ends_with_one_and_its_problem() {
    let listed = sandbox(&["--fault", "list"]);
    assert!(listed.status.success());
    let traps: Vec<(String, String)> = text(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect();
    assert!(traps.len() >= 15, "{traps:?}");
    for (trap, code) in traps {
        let ended = sandbox(&["--fault", &trap]);
        let (said, complained) = (text(&ended.stdout), text(&ended.stderr));
        assert_eq!(ended.status.code(), Some(1), "{trap}: {said}{complained}");
        assert!(
            said.lines().last().unwrap_or("").starts_with(&format!("{code}: ")),
            "{trap}: {said}{complained}"
        );
        assert!(complained.is_empty(), "{trap}: {complained}");
    }
}

#[test]
fn an_unknown_trap_is_refused() {
    let ended = sandbox(&["--fault", "nope"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).contains("--fault list"));
}
