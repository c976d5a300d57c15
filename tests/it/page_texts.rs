//! The sentences of pages and mails: in every language, with the same placeholders, each used, none alike; and none beside them.
//!
//! Problems and words are held to the program's own names where they are looked up (`src/texts.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Sentences that are the same in more than one language, rightly.
const ALIKE: [&str; 16] = [
    "day",
    "decimal",
    "import-renku",
    "import-version",
    "launch-version",
    "moment",
    "month-april",
    "month-august",
    "month-november",
    "month-september",
    "size-gigabytes",
    "size-kilobytes",
    "size-megabytes",
    "size-terabytes",
    "subscriptions-version",
    "time-of-day",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

fn text_below(folder: &str, ending: &str) -> String {
    let files = files_below(&root().join(folder), ending);
    assert!(!files.is_empty(), "{folder}");
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// Every message of the language by name, with the lines that continue it.
fn messages(language: &str) -> BTreeMap<String, String> {
    let mut messages: BTreeMap<String, String> = BTreeMap::new();
    for file in files_below(&root().join("locales").join(language), "ftl") {
        if ["problems.ftl", "words.ftl"].iter().any(|name| file.ends_with(name)) {
            continue;
        }
        let mut last = None;
        for line in fs::read_to_string(&file).unwrap().lines() {
            match line.split_once(" =") {
                Some((name, text)) if line.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    let before = messages.insert(name.to_owned(), text.trim().to_owned());
                    assert_eq!(before, None, "{name} stands twice");
                    last = Some(name.to_owned());
                }
                _ if line.starts_with([' ', '}', '*', '[']) => {
                    let name = last.as_ref().unwrap_or_else(|| panic!("{}: {line}", file.display()));
                    let sentence = messages.get_mut(name).unwrap();
                    sentence.push('\n');
                    sentence.push_str(line);
                }
                _ => assert!(line.is_empty() || line.starts_with('#'), "{}: {line}", file.display()),
            }
        }
    }
    messages
}

fn placeholders(text: &str) -> BTreeSet<String> {
    let names = text.split('$').skip(1);
    names.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn every_sentence_is_there_in_every_language_with_the_same_placeholders() {
    let english = messages("en");
    assert!(english.len() >= 25, "{english:?}");
    for language in ["fr", "de"] {
        let other = messages(language);
        assert_eq!(english.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{language}");
        for (name, text) in &english {
            assert_eq!(placeholders(text), placeholders(&other[name]), "{language} {name}");
            if !ALIKE.contains(&name.as_str()) {
                assert_ne!(*text, other[name], "{language} {name}");
            }
        }
    }
}

#[test]
fn every_sentence_is_said_somewhere() {
    let code = text_below("src", "rs") + &text_below("templates", "html");
    let composed = ["doctor-check-", "doctor-note-", "register-", "at-token-door-", "at-token-"];
    for name in messages("en").keys() {
        let rest = composed.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
        let said = [name.as_str(), rest].iter().any(|name| code.contains(&format!("\"{name}\"")));
        assert!(said, "{name} is used nowhere");
    }
}

/// What stands between tags, without expressions and attributes.
fn words_of(template: &str) -> String {
    let mut words = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        words.push_str(&rest[..at]);
        words.push(' ');
        rest = &rest[at..];
        let end = ["{{", "{%", "{#", "<"].iter().zip(["}}", "%}", "#}", ">"]);
        let (_, end) = end.into_iter().find(|(begin, _)| rest.starts_with(**begin)).unwrap_or((&"", " "));
        // An attribute may hold expressions with a `>` of their own.
        let mut skip = rest.find(end).map_or(rest.len(), |at| at + end.len());
        if end == ">" {
            while rest[..skip].matches("{{").count() > rest[..skip].matches("}}").count()
                || rest[..skip].matches("{%").count() > rest[..skip].matches("%}").count()
            {
                skip += rest[skip..].find('>').map_or(rest.len() - skip, |at| at + 1);
            }
        }
        rest = &rest[skip..];
    }
    words + rest
}

#[test]
fn templates_hold_no_words_of_their_own() {
    assert_eq!(
        words_of("<p class=\"{{ a > b }}\">Hello {{ name }}</p>").split_whitespace().collect::<String>(),
        "Hello"
    );
    for file in files_below(&root().join("templates"), "html") {
        let template = fs::read_to_string(&file).unwrap();
        let words = words_of(&template).replace("&nbsp;", " ");
        let letters: String = words.chars().filter(|c| c.is_alphabetic()).collect();
        assert!(
            letters.is_empty(),
            "{} says “{}”",
            file.display(),
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        );
        for attribute in ["title=\"", "alt=\"", "aria-label=\"", "placeholder=\""] {
            for value in template.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let own = value.split("{{").next().unwrap();
                assert!(!own.contains(char::is_alphabetic), "{}: {attribute}{value}", file.display());
            }
        }
    }
}
