//! How a denial looks to the viewer: the reason as code, and what would help.

use crate::served::{SERVED_FROM, STALE_MS, Served};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use mcsp_problem::Problem;
use mcsp_reference::Refusal;
use playback_domain::{Denial, Reason};
use schemars::JsonSchema;

/// 403 with the reason as code, or the 404 of what does not exist where the viewer may not learn of it.
pub(crate) fn problem(denial: Denial) -> Problem {
    if denial.hidden {
        return Problem::not_found();
    }
    let (title, hint) = match denial.reason {
        Reason::NotFound | Reason::Private => return Problem::not_found(),
        Reason::AccountSuspended => ("the account is suspended", "its owner can ask for a review"),
        Reason::NotPublished => {
            ("this video is not published", "it can be played once its owner has published it")
        }
        Reason::Scheduled => ("this video is not published yet", "it can be played once it is"),
        Reason::Blocked => ("this video is blocked", "its owner can ask for a review"),
        Reason::RegionDenied => (
            "this video may not be played where you are",
            "it can be played from a region that its owner admits",
        ),
        Reason::AgeRestricted => (
            "this video is not for your age",
            "it can be played by those who have told that they are old enough",
        ),
        Reason::PasswordRequired => (
            "this video asks for a password",
            "it can be played by those who have given one, until the passwords change",
        ),
        Reason::SubscriptionRequired => {
            ("this video is for subscribers", "it can be played with a subscription")
        }
        Reason::PlanTooLow => {
            ("this video is for subscribers of a higher plan", "it can be played with a higher plan")
        }
        Reason::PaymentPastDue => (
            "this video is for subscribers, and a payment is missing",
            "it can be played once the subscription is paid for",
        ),
        Reason::TooManyDevices => (
            "the account has too many devices",
            "remove one that is not used any more, or take a plan with more",
        ),
        Reason::EmbeddingDenied => (
            "this video may not be played in this page",
            "it can be played on the platform's own pages, and in those that its owner admits",
        ),
        Reason::TooManyStreams => (
            "too many streams are open",
            "stop one of the account's other streams, wait until one that broke off is given up, or take a plan with more",
        ),
    };
    let problem = Problem::new(StatusCode::FORBIDDEN, denial.reason.as_str(), title);
    match denial.starts_at {
        Some(starts_at) => problem
            .with_detail(format_args!("{hint}, at {starts_at}"))
            .with_member("starts_at", starts_at.to_string()),
        None => problem.with_detail(hint),
    }
}

/// The same with where the facts came from that it was decided on. What is hidden tells nothing of them.
pub(crate) fn decided(denial: Denial, served: Served) -> Problem {
    let problem = problem(denial);
    if problem.status() != StatusCode::FORBIDDEN {
        return problem;
    }
    problem
        .with_header(SERVED_FROM, HeaderValue::from_static(served.source.as_str()))
        .with_header(STALE_MS, HeaderValue::from(served.stale_ms))
}

/// A problem document with when the video will be published.
#[derive(JsonSchema)]
#[schemars(rename = "NotPublishedYet")]
#[expect(dead_code, reason = "only described")]
struct Scheduled {
    /// Names the kind of problem, as `code` does.
    #[schemars(example = &"urn:mcsp:problem:scheduled")]
    r#type: &'static str,
    /// For people.
    #[schemars(example = &"this video is not published yet")]
    title: &'static str,
    /// The HTTP status.
    #[schemars(extend("const" = 403))]
    status: u16,
    /// What a program is to go by.
    #[schemars(extend("const" = "scheduled"))]
    code: &'static str,
    /// For people: what would help.
    #[schemars(example = &"it can be played once it is, at 2026-12-24T18:00:00Z")]
    detail: String,
    /// From when on it can be played.
    starts_at: Timestamp,
}

/// How each denial looks that is told to the viewer, for the API reference.
pub(crate) fn told() -> impl Iterator<Item = Refusal> {
    Reason::ALL.iter().filter_map(|reason| {
        let problem = decided(Denial::told(*reason), Served::REDIS);
        let is_told = problem.status() == StatusCode::FORBIDDEN;
        let refusal = is_told.then(|| Refusal::from(problem))?;
        let says_when = *reason == Reason::Scheduled;
        Some(if says_when { refusal.with_members_of::<Scheduled>() } else { refusal })
    })
}

/// The code of what cannot be known now.
pub(crate) const UNKNOWN: &str = "entitlement_unknown";

/// 503: whether the viewer may play the video cannot be known now, so the answer is no.
pub(crate) fn unknown() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        UNKNOWN,
        "whether you may play this cannot be found out right now",
    )
    .retry_after_s(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_looks_like_what_does_not_exist() {
        for reason in Reason::ALL {
            let problem = problem(Denial::hidden(*reason));
            assert_eq!((problem.status(), problem.code()), (StatusCode::NOT_FOUND, "not_found"));
        }
    }

    #[test]
    fn what_is_told_has_the_reason_as_its_code() {
        for reason in Reason::ALL {
            let code = problem(Denial::told(*reason)).code();
            let expected = if *reason == Reason::Private { "not_found" } else { reason.as_str() };
            assert_eq!(code, expected);
        }
        assert_eq!(told().count(), Reason::ALL.len() - 2, "all but the two that are hidden");
    }
}
