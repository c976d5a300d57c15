//! What Dataverse's answer to a resume means.
//!
//! When it is sent and what follows from it is decided in the domain.

use reqwest::StatusCode;

use crate::adapters::exchange::Transport;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::publication::ResumeAnswer;

/// Sorts the answer. What may come from something between us and Dataverse is unclear, not refused.
pub(super) fn answer(outcome: Result<(StatusCode, Option<String>), Transport>) -> ResumeAnswer {
    let unreachable = |words: String| Problem::new(ProblemCode::DataverseUnreachable).saying(words);
    let (status, words) = match outcome {
        Ok(answer) => answer,
        Err(error @ Transport::NotReached(_)) => {
            return ResumeAnswer::NotSent(unreachable(error.to_string()));
        }
        Err(error @ (Transport::Timeout(_) | Transport::Broken(_) | Transport::TooLarge { .. })) => {
            return ResumeAnswer::Unclear(unreachable(error.to_string()));
        }
    };
    let told = words.clone().unwrap_or_else(|| status.to_string());
    match status.as_u16() {
        200..=299 => ResumeAnswer::Accepted,
        404 => ResumeAnswer::Unknown,
        401 => ResumeAnswer::Refused(Problem::new(ProblemCode::ResumeAddressRefused).saying(told)),
        // Its own refusal has its envelope; without one a proxy says that nothing is behind it now.
        503 if words.is_some() => {
            ResumeAnswer::Refused(Problem::new(ProblemCode::ResumeBlocked).saying(told))
        }
        429 | 503 => ResumeAnswer::NotSent(unreachable(told)),
        500..=599 => ResumeAnswer::Unclear(unreachable(told)),
        _ => ResumeAnswer::Refused(
            Problem::new(ProblemCode::ResumeRefused).saying(format!("{status}: {told}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_meaning() {
        let said = |status: u16, words: Option<&str>| {
            answer(Ok((StatusCode::from_u16(status).unwrap(), words.map(str::to_owned))))
        };
        let code = |answer| {
            let ResumeAnswer::Refused(problem) = answer else { panic!("{answer:?}") };
            problem.code
        };
        assert_eq!(said(202, None), ResumeAnswer::Accepted);
        assert_eq!(said(404, Some("Cannot find workflow invocation")), ResumeAnswer::Unknown);
        assert_eq!(code(said(401, Some("Sorry, your IP address"))), ProblemCode::ResumeAddressRefused);
        assert_eq!(code(said(503, Some("Endpoint blocked"))), ProblemCode::ResumeBlocked);
        assert!(matches!(said(503, None), ResumeAnswer::NotSent(_)));
        for unclear in [500, 502, 504] {
            assert!(matches!(said(unclear, None), ResumeAnswer::Unclear(_)), "{unclear}");
        }
        for refused in [301, 400, 403, 405] {
            assert_eq!(code(said(refused, None)), ProblemCode::ResumeRefused, "{refused}");
        }
    }
}
