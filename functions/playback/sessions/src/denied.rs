//! How a denial looks to the viewer: the reason as code, and what would help.

use http::StatusCode;
use mcsp_problem::Problem;
use playback_domain::{Denial, Reason};

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
        Reason::Blocked => ("this video is blocked", "its owner can ask for a review"),
        Reason::RegionDenied => (
            "this video may not be played where you are",
            "it can be played from a region that its owner admits",
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
        Reason::TooManyStreams => (
            "too many streams are open",
            "stop one of the account's other streams, wait until one that broke off is given up, or take a plan with more",
        ),
    };
    Problem::new(StatusCode::FORBIDDEN, denial.reason.as_str(), title).with_detail(hint)
}

/// How each denial looks that is told to the viewer.
pub(crate) fn told() -> impl Iterator<Item = Problem> {
    let told = |reason: &Reason| problem(Denial { reason: *reason, hidden: false });
    Reason::ALL.iter().map(told).filter(|problem| problem.status() == StatusCode::FORBIDDEN)
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
            let problem = problem(Denial { reason: *reason, hidden: true });
            assert_eq!((problem.status(), problem.code()), (StatusCode::NOT_FOUND, "not_found"));
        }
    }

    #[test]
    fn what_is_told_has_the_reason_as_its_code() {
        for reason in Reason::ALL {
            let code = problem(Denial { reason: *reason, hidden: false }).code();
            let expected = if *reason == Reason::Private { "not_found" } else { reason.as_str() };
            assert_eq!(code, expected);
        }
        assert!(told().all(|problem| problem.status() == StatusCode::FORBIDDEN) && told().count() > 4);
    }
}
