//! The sentences of the pages: in every language, with the same placeholders, each used, none alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn messages(language: &str) -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language).join("pages.ftl");
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines
        .filter(|(name, _)| !name.starts_with('#'))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split("{ $")
        .skip(1)
        .filter_map(|rest| rest.split_once(" }"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_sentence_is_there_in_every_language_and_used() {
    let english = messages("en");
    assert!(english.len() >= 10, "{english:?}");
    for language in ["fr", "de"] {
        let other = messages(language);
        assert_eq!(english.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{language}");
        for (name, text) in &english {
            assert_eq!(placeholders(text), placeholders(&other[name]), "{language} {name}");
            assert_ne!(*text, other[name], "{language} {name}");
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let sources =
        ["pages.rs", "routes/sign_in.rs"].map(|file| fs::read_to_string(root.join(file)).unwrap()).concat();
    for name in english.keys() {
        assert!(sources.contains(&format!("\"{name}\"")), "{name} is used nowhere");
    }
}
