//! What a valid dataset slug is and what Renku makes of a title (`renku/core/util/urls.py`, `renku/domain_model/dataset.py`).
//! Pure; whether a slug is taken is the project's business.

/// A slug is valid when normalising leaves it as it is.
pub(super) fn is_valid(slug: &str) -> bool {
    let separator = |c: char| matches!(c, '.' | '_' | '-');
    let letters = slug.chars().all(|c| c.is_ascii_alphanumeric() || separator(c));
    let edges = slug.starts_with(separator) || slug.ends_with(separator);
    let doubled = slug.chars().zip(slug.chars().skip(1)).any(|(a, b)| separator(a) && separator(b));
    !slug.is_empty() && letters && !edges && !doubled && slug.strip_suffix(".lock").is_none()
}

/// The valid slug nearest to a text: the hint of the refusal.
pub(super) fn normalised(text: &str) -> String {
    let mut out = String::new();
    for c in folded(text).chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
        match (c, out.chars().last()) {
            ('.' | '_' | '-', None | Some('.' | '_' | '-')) => {}
            _ => out.push(c),
        }
    }
    let trimmed = out.trim_end_matches(['.', '_', '-']);
    trimmed.strip_suffix(".lock").map_or_else(|| trimmed.to_owned(), |start| format!("{start}_lock"))
}

/// What the title becomes when no slug is given: at most 24 characters, of which the version takes its share.
pub(super) fn from_title(title: &str, version: &str) -> String {
    if is_valid(title) {
        return title.to_owned();
    }
    let version: String = normalised(&version.to_lowercase()).chars().take(10).collect();
    let slug: String = normalised(&title.to_lowercase()).chars().take(24).collect();
    let kept = slug.len().saturating_sub(version.len() + 1);
    normalised(&format!("{}_{version}", slug.get(..kept).unwrap_or_default()))
}

/// Letters with marks become the letter; what has no ASCII form is left out.
fn folded(text: &str) -> String {
    let fold = |c: char| match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => Some('a'),
        'è' | 'é' | 'ê' | 'ë' => Some('e'),
        'ì' | 'í' | 'î' | 'ï' => Some('i'),
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => Some('o'),
        'ù' | 'ú' | 'û' | 'ü' => Some('u'),
        'ç' => Some('c'),
        'ñ' => Some('n'),
        'Ä' | 'À' | 'Á' | 'Â' => Some('A'),
        'É' | 'È' | 'Ê' => Some('E'),
        'Ö' | 'Ó' => Some('O'),
        'Ü' => Some('U'),
        c if c.is_ascii() => Some(c),
        _ => None,
    };
    text.chars().filter_map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_valid_when_nothing_has_to_be_changed() {
        for good in ["doi_10.7910_DVN_TJCLKP", "10.7910-dvn-tjclkp", "my-slug", "a"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "a..b", "a__b", "a._b", ".a", "a-", "x.lock", "Ärger", "Bad Slug!", "a/b"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn the_hint_for_a_bad_slug_is_the_one_renku_gives() {
        for (bad, hint) in [
            ("a..b", "a.b"),
            ("a__b", "a_b"),
            ("x.lock", "x_lock"),
            ("Ärger", "Arger"),
            ("Bad Slug!", "Bad_Slug"),
        ] {
            assert_eq!(normalised(bad), hint);
            assert!(is_valid(&normalised(bad)));
        }
    }

    #[test]
    fn long_titles_are_cut_so_that_different_ones_collide() {
        for (title, version, slug) in [
            ("Replication data for: Foo bar", "1.0", "replication_data_for_1.0"),
            ("Replication data for: Foo baz", "1.0", "replication_data_for_1.0"),
            ("My Data!", "1.0", "my_1.0"),
            ("Zürich weather 2020", "2.13", "zurich_weather_2.13"),
            ("weather-2020", "1.0", "weather-2020"),
            ("氷河", "1.0", "1.0"),
            ("Fake dataset SMALL3", "1.0", "fake_dataset_sm_1.0"),
            ("Zürich glaciers — 氷河", "1.0", "zurich_glac_1.0"),
        ] {
            assert_eq!(from_title(title, version), slug, "{title}");
        }
    }
}
