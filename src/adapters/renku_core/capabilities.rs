//! Which release of the core service answers, below which path it is spoken to, and what a Renku 1 can take at all.
//! Asking for it is the parent module's.

use super::codes::CoreError;
use super::error::RenkuCoreError as Error;
use super::wire::Release;

/// What the core service that answers now offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The core's release.
    pub(super) core: (u32, u32),
    /// The path before each endpoint. A version in it is pinned, since the bare path changes its meaning with each release.
    pub(super) base: String,
    /// Whether a dataset's name is called `slug` there (API ≥ 2.2), else `name`.
    pub(super) slug: bool,
}

/// The API that every core from 1.0.0 to 2.9.4 serves with the same shapes (renku-python: `views/api_versions.py`).
const PINNED: (u32, u32) = (1, 0);

impl Offer {
    pub(super) fn of(told: &Release) -> Result<Self, Error> {
        let core = two_numbers(&told.core)
            .ok_or_else(|| Error::unexpected(format!("a release called {}", told.core)))?;
        let read = |text: &Option<String>| text.as_deref().and_then(two_numbers);
        let (base, slug) = match (read(&told.oldest_api), read(&told.newest_api)) {
            (Some(oldest), Some(newest)) if oldest <= PINNED && PINNED <= newest => {
                ("/api/renku/1.0".to_owned(), false)
            }
            (_, Some(newest)) => (format!("/api/renku/{}.{}", newest.0, newest.1), newest >= (2, 2)),
            (_, None) => ("/api/renku".to_owned(), core >= (2, 8)),
        };
        Ok(Self { core, base, slug })
    }

    /// The key of a dataset's name in queries.
    pub(super) fn name_key(&self) -> &'static str {
        if self.slug { "slug" } else { "name" }
    }

    /// Whether this core belongs to a gateway that answers a page with status 500 to people who never signed in to Renku
    /// (renku-gateway ≤ 0.14, delivered with core ≤ 1.7).
    pub(super) fn has_old_gateway(&self) -> bool {
        self.core < (1, 8)
    }

    /// Whether reading a branch disturbs nothing: each branch has a clone of its own there (renku-python 2.7.0).
    pub(super) fn reads_branches(&self) -> bool {
        self.core >= (2, 7)
    }
}

/// Whether the core says that there is no such endpoint.
pub(super) fn is_no_such_route(error: &CoreError) -> bool {
    matches!(error.code, 2404 | -32404)
}

/// `v2.9.4`, `1.0`
fn two_numbers(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_decides_path_and_field() {
        for (core, oldest, newest, base, slug) in [
            ("2.9.4", Some("1.0"), Some("2.2"), "/api/renku/1.0", false),
            ("1.0.5", Some("0.9"), Some("1.0"), "/api/renku/1.0", false),
            ("v1.8.0", Some("0.9"), Some("1.3"), "/api/renku/1.0", false),
            ("3.0.0", Some("2.1"), Some("2.3"), "/api/renku/2.3", true),
            ("3.0.0", Some("2.0"), Some("2.1"), "/api/renku/2.1", false),
            ("0.16.1", Some("0.9"), Some("0.9"), "/api/renku/0.9", false),
            ("0.16.1", None, None, "/api/renku", false),
            ("2.9.4", None, None, "/api/renku", true),
        ] {
            let told = Release {
                core: core.into(),
                oldest_api: oldest.map(Into::into),
                newest_api: newest.map(Into::into),
            };
            let offer = Offer::of(&told).unwrap();
            assert_eq!((offer.base.as_str(), offer.slug), (base, slug), "{core} {newest:?}");
        }
        let odd = Release { core: "new".into(), oldest_api: None, newest_api: None };
        assert!(Offer::of(&odd).is_err());
    }
}
