//! How refusals of the domain look to a caller.

use http::StatusCode;
use mcsp_problem::{Problem, Reason};
use upload_domain::{InvalidFile, Mismatch, Refused, SourceFault};

/// A transition that the upload's state does not allow.
pub fn refused(refused: Refused) -> Problem {
    let conflict = |code, title| Problem::new(StatusCode::CONFLICT, code, title);
    match refused {
        Refused::Completed => conflict("upload_completed", "the upload was completed"),
        Refused::Cancelled => conflict("upload_cancelled", "the upload was cancelled"),
        Refused::Expired => conflict("upload_expired", "the upload was not completed in time"),
        Refused::Mismatched(mismatch) => mismatched(mismatch),
        Refused::Unfetched(fault) => unfetched(fault),
        Refused::NoParts => conflict("not_multipart", "the file of this upload goes in one piece"),
        Refused::NotCompleted | Refused::Settled => {
            conflict("conflict", "something else changed this at the same time").retry_after_s(1)
        }
    }
}

/// What arrived is not what was declared: the upload has failed.
pub fn mismatched(mismatch: Mismatch) -> Problem {
    let title = match mismatch {
        Mismatch::Size => "the file has another size than declared",
        Mismatch::Checksum => "the file has another checksum than declared",
        Mismatch::ContentType => "the file is not of the declared content type",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, mismatch.code(), title)
        .with_detail("the upload has failed and its bytes were discarded; create another one")
}

/// The file could not be fetched from where it is.
pub fn unfetched(fault: SourceFault) -> Problem {
    let title = match fault {
        SourceFault::NotAllowed => "the source leads to where nothing is fetched from",
        SourceFault::Unreachable => "the source cannot be reached",
        SourceFault::Refused => "the source refuses to give the file",
        SourceFault::TooLarge => "the file at the source is too large",
        SourceFault::Changed => "the file at the source has changed",
        SourceFault::WithoutRanges => {
            "the source gives no ranges of the file, which is too large to be fetched at once"
        }
        SourceFault::Unusable => "what the source answers cannot be used",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, fault.code(), title)
}

/// How an upload is refused whose file could not be fetched, for the API reference.
pub fn refusals_of_unfetched() -> [Problem; 7] {
    SourceFault::ALL.map(unfetched)
}

/// A field of the file that cannot be taken.
pub fn reason(invalid: InvalidFile) -> Reason {
    Reason::new(invalid.code(), invalid.to_string())
}
