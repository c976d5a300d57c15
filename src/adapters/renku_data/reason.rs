//! Why Renku cannot take a DOI, read from the words of rclone, which are the only reason that it gives.
//! Asking for the words is the parent module's.

use super::error::RenkuDataError as Error;

/// What rclone's words mean (rclone: `backend/doi/doi.go`, `backend/doi/dataverse.go`).
pub(super) fn reason(words: String) -> Error {
    let lower = words.to_lowercase();
    let missing = lower.contains("http error 404");
    // The resolver answers 404 to a DOI that it does not know, with a body that has its own code for that.
    if lower.contains("could not resolve doi") || missing && lower.contains("responsecode") {
        Error::NotResolvable { words }
    } else if missing || (lower.contains("provider") && lower.contains("not supported")) {
        // It leads to somewhere else, or to a Dataverse that has no dataset of this DOI at the root of its host.
        Error::NotRecognised { words }
    } else if lower.contains("there are errors in the following fields") {
        Error::Invalid { words }
    } else {
        Error::CannotList { words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_rclone_have_their_meanings() {
        for (words, meaning) in [
            ("Failed to lsf: could not resolve DOI (error code 100)", "not-resolvable"),
            (
                "HTTP error 404 (404 Not Found) returned body: {\"responseCode\":100,\"handle\":\"10.1/X\"}",
                "not-resolvable",
            ),
            ("provider 'catalogue.example' is not supported", "not-recognised"),
            (
                "HTTP error 404 (404 Not Found) returned body: {\"status\":\"ERROR\",\"message\":\"not found\"}",
                "not-recognised",
            ),
            ("dial tcp: lookup dv.example: no such host", "cannot-list"),
            ("HTTP error 503 (503 Service Unavailable)", "cannot-list"),
            ("There are errors in the following fields, storage.target_path: Field required", "invalid"),
        ] {
            let found = reason(words.to_owned());
            let found = if matches!(found, Error::NotResolvable { .. }) {
                "not-resolvable"
            } else if matches!(found, Error::NotRecognised { .. }) {
                "not-recognised"
            } else if matches!(found, Error::CannotList { .. }) {
                "cannot-list"
            } else {
                assert!(matches!(found, Error::Invalid { .. }), "{found}");
                "invalid"
            };
            assert_eq!(found, meaning, "{words}");
        }
    }
}
