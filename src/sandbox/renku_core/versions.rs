//! What each release of the core service offers: API versions, routes, fields (`renku/ui/service/views/api_versions.py` by tag).
//! Only numbers; answers are made elsewhere.

/// Two or three numbers of a release.
fn release(text: &str) -> (u64, u64) {
    let mut numbers = text.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// A release of the core service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Core(u64, u64);

impl Core {
    pub(super) fn of(version: &str) -> Self {
        let (major, minor) = release(version);
        Self(major, minor)
    }

    /// The oldest and the newest API version it serves.
    pub(super) fn api(self) -> ((u64, u64), (u64, u64)) {
        let newest = match self {
            Self(2, 8..) | Self(3.., _) => (2, 2),
            Self(2, 7) => (2, 1),
            Self(2, 3..=6) => (2, 0),
            Self(2, _) | Self(1, 10..) => (1, 5),
            Self(1, 9) => (1, 4),
            Self(1, 8) => (1, 3),
            Self(1, 3..=7) => (1, 2),
            Self(1, 1..=2) => (1, 1),
            Self(1 | 0, _) => (1, 0),
        };
        let oldest = if self >= Self(2, 3) { (1, 0) } else { (0, 9) };
        (oldest, newest)
    }

    /// Errors as `{code, reason}` with negative numbers.
    pub(super) fn old_errors(self) -> bool {
        self < Self(1, 2)
    }

    /// The `apiversion` route; before, `version` tells the same.
    pub(super) fn has_apiversion(self) -> bool {
        self >= Self(1, 2)
    }

    /// The `versions` route.
    pub(super) fn has_versions(self) -> bool {
        self >= Self(2, 6)
    }

    /// `git_url` is required and `project_id` gone; clones are kept by branch.
    pub(super) fn by_git_url(self) -> bool {
        self >= Self(2, 7)
    }

    /// `branch` is heeded.
    pub(super) fn heeds_branch(self) -> bool {
        self >= Self(2, 5)
    }

    /// Looking for a migration reads through GitLab's API; before, it worked on the clone.
    pub(super) fn checks_without_clone(self) -> bool {
        self >= Self(1, 2)
    }

    /// The project metadata version it works with.
    pub(super) fn metadata(self) -> u64 {
        if self >= Self(2, 0) { 10 } else { 9 }
    }

    /// The fields `datasets.import` takes at an API version.
    pub(super) fn import_fields(self, api: (u64, u64)) -> Vec<&'static str> {
        let mut fields = vec!["dataset_uri", "git_url", "branch", "extract", "is_delayed", "migrate_project"];
        fields.push(if api >= (2, 2) { "slug" } else { "name" });
        if self >= Self(1, 4) {
            fields.push("tag");
        }
        if self >= Self(1, 8) {
            fields.push("data_directory");
        }
        if self >= Self(2, 5) {
            fields.push("ref");
        }
        if !self.by_git_url() {
            fields.push("project_id");
        }
        fields
    }
}

/// Whether gateway `version` is at least 0.`minor`.
pub(super) fn gateway_at_least(version: &str, minor: u64) -> bool {
    release(version) >= (0, minor)
}

#[cfg(test)]
mod tests {
    use super::Core;

    #[test]
    fn releases_serve_the_api_versions_of_their_time() {
        for (core, newest) in [
            ("1.0.5", (1, 0)),
            ("1.4.0", (1, 2)),
            ("1.10.0", (1, 5)),
            ("2.2.0", (1, 5)),
            ("2.5.0", (2, 0)),
            ("2.7.0", (2, 1)),
            ("2.9.4", (2, 2)),
        ] {
            assert_eq!(Core::of(core).api().1, newest, "{core}");
        }
    }

    #[test]
    fn the_name_of_the_dataset_is_a_slug_from_api_2_2_on() {
        let core = Core::of("2.9.4");
        assert!(core.import_fields((2, 2)).contains(&"slug"));
        assert!(core.import_fields((1, 0)).contains(&"name"));
        assert!(!core.import_fields((1, 0)).contains(&"client_extras"));
        assert!(!core.import_fields((2, 2)).contains(&"project_id"));
        assert!(Core::of("2.6.2").import_fields((2, 0)).contains(&"project_id"));
    }
}
