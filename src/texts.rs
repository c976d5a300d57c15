//! What people read, in their language: the sentences of `locales/`, looked up by what the program knows.
//!
//! Which page or command says what is decided there; the sentences themselves are in the `.ftl` files.

pub mod amounts;

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use serde::{Deserialize, Serialize};
use unic_langid::{LanguageIdentifier, langid};

use crate::domain::import::{Compared, Condition, Outcome, Phase};
use crate::domain::ports::mail::{Links, MailKind, Outgoing};
use crate::domain::problem::{ProblemCode, SignInAt, Turn};

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // The marks around inserted words are for mixed writing directions, which none of these languages has.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language that people are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
    /// German.
    De,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::En, Self::Fr, Self::De];

    /// The tag, as in `<html lang>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
        }
    }

    /// The language's own name for itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
            Self::De => "Deutsch",
        }
    }

    /// The language of a tag or locale such as `de`, `fr-CH`, `de_AT.UTF-8`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.as_str().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` header likes best among ours; English if it likes none.
    pub fn of_header(header: &str) -> Self {
        let mut best = (Self::default(), 0.0_f32);
        for wish in header.split(',') {
            let mut parts = wish.split(';');
            let language = parts.next().and_then(Self::of_tag);
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            if let Some(language) = language
                && weight > best.1
            {
                best = (language, weight);
            }
        }
        best.0
    }
}

const fn id(language: Language) -> LanguageIdentifier {
    match language {
        Language::En => langid!("en"),
        Language::Fr => langid!("fr"),
        Language::De => langid!("de"),
    }
}

/// The sentence of this name, with these values put into it.
///
/// A name that does not exist gives the name itself: ugly on a page, and never an empty one.
pub fn text(language: Language, name: &str, values: &[(&'static str, FluentValue<'_>)]) -> String {
    let values: HashMap<Cow<'static, str>, FluentValue<'_>> =
        values.iter().map(|(key, value)| (Cow::Borrowed(*key), value.clone())).collect();
    let found = LOCALES.lookup_single_language(&id(language), name, Some(&values));
    found.unwrap_or_else(|_missing| name.to_owned())
}

fn word(language: Language, kind: &str, name: &str) -> String {
    text(language, &format!("{kind}-{}", name.replace('_', "-")), &[])
}

/// What happened, in one sentence.
pub fn problem_title(language: Language, code: ProblemCode) -> String {
    text(language, code.as_str(), &[])
}

/// What to do about it, and by whom.
pub fn problem_remedy(language: Language, code: ProblemCode) -> String {
    text(language, &format!("{code}-remedy"), &[])
}

/// Subject and text of a mail.
pub fn mail(mail: &Outgoing, links: &Links) -> (String, String) {
    let language = Language::of_tag(&mail.language).unwrap_or_default();
    let waits_for = mail.letter.problem.as_ref().map(|problem| problem.code);
    let for_service =
        matches!(waits_for, Some(ProblemCode::ServiceSignInNeeded | ProblemCode::ServiceRenkuSignInNeeded));
    let (subject, says) = match mail.kind {
        MailKind::SignIn if for_service => ("mail-service-sign-in-subject", "mail-service-sign-in"),
        MailKind::SignIn => ("mail-sign-in-subject", "mail-sign-in"),
        MailKind::Paused => ("mail-paused-subject", "mail-paused"),
        MailKind::Failed => ("mail-failed-subject", "mail-failed"),
        MailKind::Arrived => ("mail-arrived-subject", "mail-arrived"),
    };
    let letter = &mail.letter;
    let values = [
        ("dataset", FluentValue::from(letter.dataset.as_str())),
        ("project", FluentValue::from(letter.project.as_str())),
        ("version", FluentValue::from(letter.version.as_deref().unwrap_or("?"))),
        ("page", FluentValue::from(links.page.as_str())),
        ("subscriptions", FluentValue::from(links.subscriptions.as_str())),
        ("unsubscribe", FluentValue::from(links.unsubscribe.as_str())),
    ];
    let say = |name: &str| text(language, name, &values);
    let mut paragraphs = vec![say("mail-greeting"), say(says)];
    if let Some(problem) = &letter.problem {
        paragraphs.push(format!(
            "{}\n{}",
            problem_title(language, problem.code),
            problem_remedy(language, problem.code)
        ));
    }
    paragraphs.push(say("mail-look"));
    paragraphs.push(say("mail-why"));
    (say(subject), paragraphs.join("\n\n") + "\n")
}

/// The phase of an import.
pub fn phase(language: Language, phase: Phase) -> String {
    word(language, "phase", phase.as_str())
}

/// What an import waits for.
pub fn condition(language: Language, condition: &Condition) -> String {
    word(language, "condition", condition.as_str())
}

/// How well an import succeeded.
pub fn outcome(language: Language, outcome: Outcome) -> String {
    word(language, "outcome", outcome.as_str())
}

/// What was compared, to be put into a sentence.
pub fn compared(language: Language, compared: Compared) -> String {
    word(language, "compared", compared.as_str())
}

/// Whose turn it is.
pub fn turn(language: Language, turn: Turn) -> String {
    word(language, "turn", turn.as_str())
}

/// Where to sign in.
pub fn sign_in_at(language: Language, at: SignInAt) -> String {
    word(language, "sign-in-at", at.as_str())
}

/// A line of an import's timeline, by the name under which the store keeps it (`Event::as_str`, `Event::CREATED`).
pub fn event(language: Language, name: &str) -> String {
    word(language, "event", name)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::import::Event;

    /// Words that are the same in more than one language.
    const SHARED: [&str; 0] = [];

    fn files(language: Language) -> [(&'static str, String); 2] {
        ["problems", "words"].map(|file| {
            let path = format!("{}/locales/{}/{file}.ftl", env!("CARGO_MANIFEST_DIR"), language.as_str());
            (file, std::fs::read_to_string(path).unwrap())
        })
    }

    fn messages(language: Language) -> BTreeMap<String, String> {
        let mut messages = BTreeMap::new();
        for (file, text) in files(language) {
            for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                let (name, sentence) = line.split_once(" = ").unwrap_or_else(|| panic!("{file}: {line}"));
                let before = messages.insert(name.to_owned(), sentence.to_owned());
                assert_eq!(before, None, "{name} stands twice");
            }
        }
        messages
    }

    fn names_of(kind: &str, names: impl IntoIterator<Item = &'static str>) -> Vec<String> {
        names.into_iter().map(|name| format!("{kind}-{}", name.replace('_', "-"))).collect()
    }

    fn wanted() -> BTreeSet<String> {
        let codes = ProblemCode::ALL.iter().map(|code| code.as_str());
        let mut wanted: BTreeSet<String> =
            codes.flat_map(|code| [code.to_owned(), format!("{code}-remedy")]).collect();
        for (kind, names) in [
            ("phase", Phase::ALL.map(Phase::as_str).to_vec()),
            ("condition", Condition::NAMES.to_vec()),
            ("outcome", Outcome::ALL.map(Outcome::as_str).to_vec()),
            ("compared", Compared::ALL.map(Compared::as_str).to_vec()),
            ("turn", Turn::ALL.map(Turn::as_str).to_vec()),
            ("sign-in-at", SignInAt::ALL.map(SignInAt::as_str).to_vec()),
            ("event", [Event::NAMES.as_slice(), &[Event::CREATED, Event::RETRIED]].concat()),
        ] {
            wanted.extend(names_of(kind, names));
        }
        wanted
    }

    #[test]
    fn every_problem_and_every_word_has_its_sentence_in_every_language_and_none_is_left_over() {
        for language in Language::ALL {
            let there: BTreeSet<String> = messages(language).into_keys().collect();
            let wanted = wanted();
            let missing: Vec<_> = wanted.difference(&there).collect();
            let unused: Vec<_> = there.difference(&wanted).collect();
            assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
            assert!(unused.is_empty(), "{language:?} has and nobody says {unused:?}");
        }
    }

    #[test]
    fn the_program_says_the_sentences_as_they_are_written() {
        for language in Language::ALL {
            for (name, sentence) in messages(language) {
                assert_eq!(text(language, &name, &[]), sentence, "{language:?} {name}");
            }
        }
        assert_eq!(text(Language::De, "no-such-name", &[]), "no-such-name");
    }

    #[test]
    fn sentences_end_as_sentences_do_and_are_short_enough_to_be_read() {
        for language in Language::ALL {
            for (name, sentence) in messages(language) {
                let is_word = wanted_words().contains(&name);
                if !is_word && !name.ends_with("export-without-files-remedy") {
                    assert!(sentence.ends_with('.'), "{language:?} {name}: {sentence}");
                }
                let longest = if name.ends_with("-remedy") { 700 } else { 170 };
                assert!(sentence.chars().count() <= longest, "{language:?} {name} is too long");
                assert!(!sentence.contains("  "), "{language:?} {name} has two spaces");
            }
        }
    }

    fn wanted_words() -> BTreeSet<String> {
        let codes: BTreeSet<String> = ProblemCode::ALL
            .iter()
            .flat_map(|code| [code.as_str().to_owned(), format!("{code}-remedy")])
            .collect();
        wanted().difference(&codes).cloned().collect()
    }

    /// What a translation must keep letter by letter: placeholders, code, keys, paths in a console.
    fn kept(sentence: &str) -> BTreeSet<String> {
        let mut kept = BTreeSet::new();
        let mut inside = sentence.split('`');
        while let (Some(_), Some(code)) = (inside.next(), inside.next()) {
            kept.insert(code.to_owned());
        }
        for part in sentence.split(|c: char| c.is_whitespace() || "();,".contains(c)) {
            let part = part.trim_matches(['.', ':', '“', '„', '«', '»', '"', '`']);
            let technical = part.starts_with('$')
                || part.starts_with("https://")
                || part.starts_with("/api")
                || part.starts_with('[')
                || (part.contains('_') && !part.is_empty());
            if technical {
                kept.insert(part.to_owned());
            }
        }
        if let Some(command) = sentence.find("kcadm.sh").and_then(|at| sentence.get(at..)) {
            kept.insert(command.split(". ").next().unwrap_or_default().to_owned());
        }
        kept
    }

    #[test]
    fn translations_keep_placeholders_code_and_addresses() {
        let english = messages(Language::En);
        for language in [Language::Fr, Language::De] {
            for (name, sentence) in messages(language) {
                assert_eq!(kept(&sentence), kept(&english[&name]), "{language:?} {name}");
            }
        }
    }

    #[test]
    fn translations_are_translations() {
        let english = messages(Language::En);
        let (french, german) = (messages(Language::Fr), messages(Language::De));
        for (name, sentence) in &english {
            if !SHARED.contains(&name.as_str()) {
                assert_ne!(sentence, &french[name], "{name}");
                assert_ne!(sentence, &german[name], "{name}");
                assert_ne!(french[name], german[name], "{name}");
            }
        }
        for (messages, familiar) in [
            (&french, [" tu ", " ton ", " ta ", " tes "]),
            (&german, [" du ", " dich ", " dein ", " deine "]),
        ] {
            for (name, sentence) in messages {
                assert!(
                    !familiar.iter().any(|word| sentence.contains(word)),
                    "{name} is too familiar: {sentence}"
                );
            }
        }
    }

    #[test]
    fn whose_turn_it_is_and_the_first_words_of_a_problem_come_in_the_readers_language() {
        assert_eq!(problem_title(Language::De, ProblemCode::TokenExpired), "Das Token ist abgelaufen.");
        assert_eq!(turn(Language::Fr, ProblemCode::TokenExpired.turn()), "C'est à vous d'agir");
        assert_eq!(event(Language::En, "left_is_over"), "Renku has stopped working on it");
        assert_eq!(phase(Language::De, Phase::Parked), "Zurückgestellt");
        assert_eq!(condition(Language::En, &Condition::None), "Going on by itself");
        assert_eq!(outcome(Language::Fr, Outcome::Complete), "Complète");
        assert_eq!(compared(Language::En, Compared::Names), "the names of the files");
        assert_eq!(sign_in_at(Language::De, SignInAt::Renku), "Melden Sie sich in Renku an");
    }

    #[test]
    fn the_readers_language_is_found_in_headers_and_locales() {
        for (header, language) in [
            ("de-CH,de;q=0.9,en;q=0.8", Language::De),
            ("fr;q=0.4, en;q=0.5", Language::En),
            ("it, fr;q=0.3", Language::Fr),
            ("en;q=0, de;q=0.1", Language::De),
            ("ja", Language::En),
            ("de;q=nonsense", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of_header(header), language, "{header}");
        }
        assert_eq!(Language::of_tag("de_AT.UTF-8"), Some(Language::De));
        assert_eq!(Language::of_tag("C"), None);
    }
}
