//! Renku 2's short names of things, made as Renku makes them, since the global connector of a DOI is looked up by its name.
//! What the names stand for is the parent module's.

use unicode_normalization::UnicodeNormalization as _;

/// The most characters of a short name (renku-data-services: `components/renku_data_services/base_models/core.py`).
pub(super) const LONGEST: usize = 99;

/// Renku's `Slug.from_name`: lower case, blanks to hyphens, letters without their accents, everything else to hyphens, one
/// separator of each run, none at the ends, no `.git` or `.atom` behind.
pub(super) fn slugified(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut blank = false;
    for c in name.to_lowercase().chars() {
        if c.is_whitespace() {
            if !blank {
                plain.push('-');
            }
            blank = true;
        } else {
            blank = false;
            plain.extend(c.nfkd().filter(char::is_ascii));
        }
    }
    let mut slug = String::with_capacity(plain.len());
    for c in plain.chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '-' };
        let repeated = is_separator(c) && slug.ends_with(is_separator);
        if !repeated {
            slug.push(c);
        }
    }
    let slug = slug.strip_prefix(is_separator).unwrap_or(&slug);
    let slug = slug.strip_suffix(is_separator).unwrap_or(slug);
    let slug = slug.strip_suffix(".git").unwrap_or(slug);
    slug.strip_suffix(".atom").unwrap_or(slug).to_owned()
}

/// The short name of the global connector of a bare DOI. Different DOIs can have one.
pub(super) fn of_doi(bare: &str) -> String {
    slugified(&format!("doi:{bare}"))
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dois_get_the_names_that_renku_gives_them() {
        for (doi, slug) in [
            ("10.7910/DVN/2SA6SN", "doi-10.7910-dvn-2sa6sn"),
            ("10.48804/ABC123", "doi-10.48804-abc123"),
            ("10.1234/a-b", "doi-10.1234-a-b"),
            ("10.1234/a/b", "doi-10.1234-a-b"),
            ("10.1234/A--B", "doi-10.1234-a-b"),
        ] {
            assert_eq!(of_doi(doi), slug, "{doi}");
        }
    }

    #[test]
    fn names_get_the_short_names_that_renku_gives_them() {
        for (name, slug) in [
            ("My Project", "my-project"),
            ("Zürich  glaciers — 氷河", "zurich-glaciers"),
            ("a.-_b", "a.b"),
            ("-x-", "x"),
            ("data.git", "data"),
            ("feed.atom", "feed"),
            ("氷河", ""),
        ] {
            assert_eq!(slugified(name), slug, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_short_name_has_no_two_separators_in_a_row(name in ".{0,120}") {
            let slug = slugified(&name);
            // Renku makes letters small before it takes them apart: what becomes a capital only then stays one ("𝓐").
            prop_assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || is_separator(c)), "{}", slug);
            prop_assert!(!slug.as_bytes().windows(2).any(|two| two.iter().all(|b| is_separator(char::from(*b)))), "{}", slug);
        }
    }
}
